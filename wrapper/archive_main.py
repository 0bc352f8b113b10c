"""The start of ``jira-ci.pyz``: ``__main__.py`` there. Says where Python is too old, in words that Python 2 reads."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - whatever "python3" is on the user's machine runs this
    sys.stderr.write("jira-ci needs Python 3.10 or newer, and this is %d.%d.\n" % sys.version_info[:2])  # noqa: UP031
    sys.exit(2)

from wrapper import archive

sys.exit(archive.run(sys.path[0]))
