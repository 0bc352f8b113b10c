"""Comments on merge requests, asked with python-gitlab. Imported on use only: it brings all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import gitlab
from gitlab.exceptions import GitlabError

from jira_ci import __version__
from jira_ci.ci.api import PAGES, Asked, Comment, Refused, Unreadable, ask, read
from jira_ci.ci.gitlab_api import GitLabHistory
from jira_ci.run import Run
from jira_ci.text import mapping, string, whole
from jira_ci.timing import Deadline

T = TypeVar("T")
_COMMENTS_PAGE = 100
_COMMENTS_NEED = "the scope api and the role Developer (a project access token, given as gitlab-token)"


class GitLabComments(GitLabHistory):
    """One project's comments; see :class:`jira_ci.ci.api.Comments`."""

    def __init__(self, run: Run, token: str, *, job_token: str, ca_bundle: str, deadline: Deadline) -> None:
        super().__init__(run, token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)
        self._server = gitlab.Gitlab(
            run.api_url.removesuffix("/api/v4"),
            private_token=token or None,
            job_token=None if token else job_token,
            user_agent=f"jira-ci/{__version__}",
            retry_transient_errors=False,
            keep_base_url=True,  # a server behind a proxy names itself differently in its links to the next page
            session=self.session,
        )
        self._project = self._server.projects.get(run.repository_id, lazy=True)
        self._web = f"{run.repository_url}/-/merge_requests"

    def account(self) -> str:
        def question() -> str:
            found = whole(mapping(self._server.http_get("/user")).get("id"))
            if not found:
                raise TypeError
            return str(found)

        return self._told("the token's user", "show", question)

    def comments(self, number: int, mark: str) -> list[Comment]:
        def question() -> list[Comment]:
            found: list[Comment] = []
            notes = self._notes(number).list(iterator=True, per_page=_COMMENTS_PAGE, sort="asc", order_by="created_at")
            for count, note in enumerate(notes):
                if count >= PAGES * _COMMENTS_PAGE:
                    raise Refused(0, f"there are more than {PAGES * _COMMENTS_PAGE}")
                if mark in string(note.attributes.get("body")):
                    found.append(self._comment(number, note.attributes))
            return sorted(found, key=lambda one: one.id)

        return self._told(f"the comments of merge request !{number}", "show", question)

    def comment(self, number: int, body: str) -> Comment:
        def question() -> Comment:
            return self._comment(number, self._notes(number).create({"body": body}).attributes)

        return self._told(f"a comment on merge request !{number}", "take", question)

    def rewrite(self, number: int, comment: Comment, body: str) -> Comment:
        def question() -> Comment:
            return self._comment(number, mapping(self._notes(number).update(comment.id, {"body": body})))

        return self._told(f"the comment on merge request !{number}", "change", question)

    def delete(self, number: int, comment: Comment) -> None:
        what = f"the second comment on merge request !{number}"
        try:
            self._told(what, "delete", lambda: self._notes(number).delete(comment.id))
        except Unreadable as error:
            if not error.missing:
                raise

    def _notes(self, number: int) -> Any:
        return self._project.mergerequests.get(number, lazy=True).notes

    def _comment(self, number: int, found: Mapping[str, Any]) -> Comment:
        author = whole(mapping(found.get("author")).get("id"))
        made = read(found, str(author) if author else "", "")
        return Comment(made.id, made.body, made.author, f"{self._web}/{number}#note_{made.id}")

    def _told(self, what: str, verb: str, question: Callable[[], T]) -> T:
        return ask(Asked("GitLab", self.session.host, what, _COMMENTS_NEED, verb), question, (GitlabError,))
