"""One comment, whoever writes at the same time: the oldest of our account's counts, what newer ones know is taken over,
and they go; and after each writing it is looked at again, until there is nothing left to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jira_ci.ci.history import Unreadable
from jira_ci.report.comment_state import MARK, is_ours

if TYPE_CHECKING:
    from jira_ci.ci.comments import Comment, Comments

_ROUNDS = 5
"""How often it is looked at again; each needs another job that wrote in between."""


def settle(comments: Comments, number: int, write: Callable[[Sequence[str]], str]) -> Comment:
    """Writes what there is to write, and nothing that is there already.

    Args:
        number: the pull or merge request's.
        write: the comment's text, from those of the comments that are there, oldest first.

    Raises:
        Unreadable: the provider did not answer, or took nothing.
    """
    written: Comment | None = None
    gone: Unreadable | None = None
    for _ in range(_ROUNDS):
        found = _own(comments, number, written)
        text = write([one.body for one in found])
        if not found:
            written = comments.comment(number, text)
            continue
        oldest, *newer = found
        changed = _same(oldest.body) != _same(text)
        if changed:
            try:
                oldest = comments.rewrite(number, oldest, text)
            except Unreadable as error:
                if not error.missing:
                    raise
                gone = error  # somebody took it away a moment ago
                written = None
                continue
        for one in newer:
            comments.delete(number, one)
        written = oldest
        if not changed:
            return oldest
    if written is None:
        raise gone or Unreadable("The comment was not there when it was looked for.")
    return written


def _own(comments: Comments, number: int, written: Comment | None) -> list[Comment]:
    """Our account's, oldest first. What was just written counts, although a list may not have it yet."""
    listed = [one for one in comments.comments(number, MARK) if is_ours(one.body)]
    if not listed:
        return [written] if written else []
    account = written.author if written else comments.account()
    own = [one for one in listed if one.author == account]
    if written and all(one.id != written.id for one in own):
        own.append(written)
    return sorted(own, key=lambda one: one.id)


def _same(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
