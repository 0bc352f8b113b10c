"""Comments on pull requests through GitHub's REST API. Imported on use only: it brings all of PyGithub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from jira_ci.ci.api import PAGES, Asked, Comment, Refused, Unreadable, ask, read
from jira_ci.ci.github_api import GitHubHistory
from jira_ci.ci.github_rest import ERRORS
from jira_ci.run import Run
from jira_ci.text import mapping, string
from jira_ci.timing import Deadline

T = TypeVar("T")
_COMMENTS_PAGE = 100
_PERMISSION = "`permissions: pull-requests: write`"
_INSTALLATION = "ghs_"
"""https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"""
_ACTIONS = "github-actions[bot]"
_GHOST = "ghost"  # how a deleted account is shown


class GitHubComments(GitHubHistory):
    """One repository's comments; see :class:`jira_ci.ci.api.Comments`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        super().__init__(run, token, ca_bundle=ca_bundle, deadline=deadline)
        self._of_app = token.startswith(_INSTALLATION)

    def account(self) -> str:
        def question() -> str:
            name = "" if self._of_app else self._user()
            return (name or self._app()).lower()

        return self._ask("the token's user", "pull-requests: write", question)

    def comments(self, number: int, mark: str) -> list[Comment]:
        def question() -> list[Comment]:
            found: list[Comment] = []
            for page in range(1, PAGES + 1):
                path = f"{self._home}/issues/{number}/comments?per_page={_COMMENTS_PAGE}&page={page}"
                headers, answer = self._rest.requester.requestJsonAndCheck("GET", path)
                if not isinstance(answer, list):
                    raise TypeError
                marked = [part for part in map(mapping, answer) if mark in string(part.get("body"))]
                found += [_comment(part, _GHOST) for part in marked]
                if 'rel="next"' not in string(headers.get("link")):
                    return sorted(found, key=lambda one: one.id)
            raise Refused(0, f"there are more than {PAGES * _COMMENTS_PAGE}")

        return self._told(f"the comments of pull request #{number}", "show", question)

    def comment(self, number: int, body: str) -> Comment:
        path = f"{self._home}/issues/{number}/comments"
        return self._told(f"a comment on pull request #{number}", "take", lambda: self._sent("POST", path, body))

    def rewrite(self, number: int, comment: Comment, body: str) -> Comment:
        path = f"{self._home}/issues/comments/{comment.id}"
        what = f"the comment on pull request #{number}"
        return self._told(what, "change", lambda: self._sent("PATCH", path, body))

    def delete(self, number: int, comment: Comment) -> None:
        path = f"{self._home}/issues/comments/{comment.id}"
        what = f"the second comment on pull request #{number}"
        try:
            self._told(what, "delete", lambda: self._rest.requester.requestJsonAndCheck("DELETE", path))
        except Unreadable as error:
            if not error.missing:
                raise

    def _user(self) -> str:
        """The user's name; empty when the token is no user's."""
        try:
            return string(mapping(self._rest.requester.requestJsonAndCheck("GET", "/user")[1]).get("login"))
        except Refused as error:
            if error.status not in (403, 404):
                raise
            return ""

    def _app(self) -> str:
        """The name that an app writes under: its own tokens may not ask for ``/user``, but for this. The workflow's own
        token is one of the app github-actions, which is assumed where nobody answers."""
        try:
            _, answer = self._rest.requester.graphql_query("query { viewer { login } }", {})
        except (Refused, *ERRORS):
            return _ACTIONS
        name = string(mapping(mapping(mapping(answer).get("data")).get("viewer")).get("login"))
        if not name:
            return _ACTIONS
        return f"{name}[bot]" if self._of_app and not name.endswith("[bot]") else name

    def _sent(self, verb: str, path: str, body: str) -> Comment:
        return _comment(mapping(self._rest.requester.requestJsonAndCheck(verb, path, input={"body": body})[1]))

    def _told(self, what: str, verb: str, question: Callable[[], T]) -> T:
        asked = Asked("GitHub", self.session.host, what, _PERMISSION, verb)
        return ask(asked, question, ERRORS)


def _comment(found: Mapping[str, Any], unknown: str = "") -> Comment:
    author = string(mapping(found.get("user")).get("login")).lower()
    return read(found, author or unknown, found.get("html_url"))
