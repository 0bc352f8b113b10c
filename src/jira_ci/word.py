"""The word that jira-ci gives whoever started it: that it was jira-ci that ran, and how it ended.

A file in its place may be empty, half of a download or an error page, and a ``python3`` may answer 0 to everything: an
exit code says nothing about who gave it, and a gate must not be open because nobody asked it. So the GitLab template
hands over a text, new each time, and believes no end without it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import MutableMapping

_DESCRIPTOR = 3


class Word:
    """The word of this process, when somebody wants it.

    The text is taken out of the environment and the descriptor is kept from what ``deploy`` runs: whoever holds it open
    would hold the job up.

    Args:
        environ: the process's own.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._text = environ.pop("JIRA_CI_WORD", "")
        if self._text:
            with contextlib.suppress(OSError):
                os.set_inheritable(_DESCRIPTOR, False)

    def give(self, code: object) -> None:
        """Says how the process is about to end."""
        if self._text:
            with contextlib.suppress(OSError):
                os.write(_DESCRIPTOR, f"jira-ci {self._text} {code}\n".encode())
