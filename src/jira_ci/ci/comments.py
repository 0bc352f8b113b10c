"""The comments on pull and merge requests: what a provider is asked about them, and who answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jira_ci.ci.api_answers import Refused
from jira_ci.ci.history import History
from jira_ci.ci.values import text, url, whole

PAGES = 50
"""A conversation with more pages than these, of a hundred comments each, is not read to its end."""


@dataclass(frozen=True)
class Comment:
    """One comment."""

    id: int
    """Grows from comment to comment."""
    body: str
    author: str
    """The account that wrote it, by what identifies it at the provider."""
    url: str = ""
    """Where a person looks at it."""


class Comments(History, Protocol):
    """The comments of one repository, besides its history. Each method raises Unreadable, and nothing else."""

    def account(self) -> str:
        """Who the token belongs to, as in :attr:`Comment.author`."""

    def comments(self, number: int, mark: str) -> list[Comment]:
        """The comments that hold the mark on a pull or merge request, oldest first, whoever wrote them.

        Args:
            mark: a text.
        """

    def comment(self, number: int, body: str) -> Comment:
        """Writes a new one."""

    def rewrite(self, number: int, comment: Comment, body: str) -> Comment:
        """Gives a comment another text."""

    def delete(self, number: int, comment: Comment) -> None:
        """Takes a comment away; one that is gone already is no error."""


def read(found: Mapping[str, Any], author: object, address: object) -> Comment:
    """A comment of a provider's answer.

    Args:
        author: a text that is not empty.
        address: the comment's.

    Raises:
        Refused: it does not say which comment it is, or whose.
    """
    number = whole(found.get("id"))
    if not number or not text(author):
        raise Refused(0, "the answer is not of the documented shape")
    return Comment(number, text(found.get("body")), text(author), url(address))
