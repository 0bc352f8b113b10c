"""``python -m jira_ci``: the same as the ``jira-ci`` command."""

import sys

from jira_ci.cli import main

sys.exit(main())
