"""Which branches a merge commit says that it merges, in the words of git and of those who merge by a button."""

from __future__ import annotations

import re
from collections.abc import Iterator

MERGE = ("Merge", "Pull request #")
"""What the message of such a commit begins with."""

_LINES = 3
_LONGEST = 1000
_BRANCH = r"[^\s'\"]{1,250}"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # GitHub: Merge pull request #7 from acme/feature/web-12-pay
        rf"Merge pull request #[0-9]+ from [^\s/]+/(?P<one>{_BRANCH})\Z",
        # Bitbucket Data Center: Merge pull request #7 in SHOP/web from feature/web-12-pay to main
        rf"Merge pull request #[0-9]+ in \S+ from (?P<one>{_BRANCH}) to \S+\Z",
        # its newer form, below "Pull request #7: Pay by card": Merge in SHOP/web from feature/web-12-pay to main
        rf"Merge in \S+ from (?P<one>{_BRANCH}) to \S+\Z",
        # Azure: Merge pull request 7 from feature/web-12-pay into main
        rf"Merge pull request [0-9]+ from (?P<one>{_BRANCH}) into \S+\Z",
        # Gitea: Merge pull request 'Pay by card' (#7) from feature/web-12-pay into main
        rf"Merge pull request '.*' \([#!][0-9]+\) from (?P<one>{_BRANCH}) into \S+\Z",
        # Bitbucket Cloud: Merged in feature/web-12-pay (pull request #7)
        rf"Merged in (?P<one>{_BRANCH}) \(pull request #[0-9]+\)",
        # git and GitLab: Merge branch 'x' into 'main', Merge remote-tracking branches 'origin/a' and 'origin/b'
        rf"Merge (?P<remote>remote-tracking )?branch(?:es)? (?P<many>'{_BRANCH}'(?:(?:, | and )'{_BRANCH}')*)",
    )
)


def merged_branches(message: str) -> Iterator[str]:
    """The branches' names, without the remote's or the fork's owner's; none where nothing is merged.

    Args:
        message: of a commit; only its first lines are looked at.
    """
    for line in message.split("\n", _LINES)[:_LINES]:
        subject = line[:_LONGEST].rstrip()
        found = next(filter(None, (pattern.match(subject) for pattern in _PATTERNS)), None)
        if found is None:
            continue
        named = found.groupdict()
        for branch in re.findall(r"'([^']+)'", named["many"]) if named.get("many") else [named["one"]]:
            yield branch.partition("/")[2] if named.get("remote") else branch


def without_target(message: str) -> str:
    """A merge's message without the name of the branch that it goes into."""
    subject, line_break, rest = message.partition("\n")
    return re.sub(r" into \S+\Z", "", subject) + line_break + rest
