"""History and comments through GitLab's REST API, asked with python-gitlab. Imported on use only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import quote

import gitlab
from gitlab.exceptions import GitlabError

from jira_ci import __version__
from jira_ci.ci.api import (
    PAGES,
    Asked,
    Bare,
    Brought,
    Comment,
    Commits,
    Refused,
    Touched,
    Unreadable,
    ask,
    commit_id,
    read,
    rows,
    said,
    touched,
    whole_blob,
)
from jira_ci.ci.bound_session import BoundSession
from jira_ci.ci.gitlab_requests import MergeRequests, moment, page_count
from jira_ci.git.objects import is_id_of
from jira_ci.run import PullRequest, Run
from jira_ci.text import mapping, sha, short, string, url, whole
from jira_ci.timing import Deadline

_PAGE = 100
_FILES = 1000
"""A commit's list of files ends here (https://docs.gitlab.com/administration/diff_limits/)."""
_RUNS = 5
_NEED = "the scope read_api (a project access token, given as gitlab-token)"
_NOT_FOR_JOBS = "CI_JOB_TOKEN may not read it; set gitlab-token to a token with the scope read_api"
T = TypeVar("T")


class GitLabHistory:
    """One project on GitLab; see :class:`jira_ci.ci.api.History`.

    Without a token of its own only what a job token may read is asked for
    (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access).
    """

    def __init__(self, run: Run, token: str, *, job_token: str, ca_bundle: str, deadline: Deadline) -> None:
        self.session = BoundSession(run.api_url, ca_bundle, deadline)
        self.is_job_token = not token
        self._run_id, self._ref = run.run_id, run.branch or run.tag
        self._answers: dict[tuple[str, ...], Any] = {}  # several environments ask the same questions
        server = self._server = gitlab.Gitlab(
            run.api_url.removesuffix("/api/v4"),
            private_token=token or None,
            job_token=None if token else job_token,
            user_agent=f"jira-ci/{__version__}",
            retry_transient_errors=False,
            keep_base_url=True,  # a server behind a proxy names itself differently in its links to the next page
            session=self.session,
        )
        self._home = run.repository_id
        self._project = server.projects.get(run.repository_id, lazy=True)
        self._requests = MergeRequests(self)

    def compare(self, base: str, head: str) -> Commits:
        self._requests.base = base

        # Not the compare endpoint: it answers with all differences and without pages.
        def question() -> Commits:
            listed = self._project.commits.list(ref_name=f"{base}..{head}", iterator=True, per_page=_PAGE)
            found = _commits(listed)
            # A range that GitLab cannot resolve looks like one without commits: Gitaly passes over git's error
            # (https://gitlab.com/gitlab-org/gitaly/-/blob/master/internal/gitaly/service/commit/commits_helper.go).
            for end in () if found.found or base == head else (base, head):
                self._project.commits.get(end)
            return found

        return self._ask(f"the commits of {short(base)}..{short(head)}", question, base, head, job_token=False)

    def commit_message(self, commit: str) -> str:
        what = f"commit {short(commit)}"
        return self._ask(what, lambda: said(self._project.commits.get(commit).attributes.get("message")), commit)

    def files_of(self, commit: str) -> Touched:
        def question() -> Touched:
            found = self._project.commits.get(commit, lazy=True).diff(get_all=True, per_page=_PAGE)
            return touched(rows(list(found)), "new_path", "old_path", complete=len(found) < _FILES)

        return self._ask(f"the files of commit {short(commit)}", question, commit, job_token=False)

    def pull_request(self, number: int) -> PullRequest:
        what = f"merge request !{number}"
        return self._ask(what, lambda: _merge_request(self._project.mergerequests.get(number).attributes))

    def pull_request_commits(self, number: int) -> Commits:
        def question() -> Commits:
            return _commits(self._project.mergerequests.get(number, lazy=True).commits(per_page=_PAGE))

        return self._ask(f"the commits of merge request !{number}", question, job_token=False)

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        def question() -> list[PullRequest]:
            found = self._project.commits.get(commit, lazy=True).merge_requests(get_all=True, per_page=_PAGE)
            return [_merge_request(part) for part in found]

        return self._ask(f"the merge requests of commit {short(commit)}", question, commit)

    def pull_requests_of_all(self, commits: Sequence[Bare], *, descriptions: bool) -> Brought:  # noqa: ARG002 - they come along
        return self._requests.of(commits)

    def merge_requests(self, what: str, **query: Any) -> tuple[list[tuple[PullRequest, Mapping[str, Any]]], int]:
        """A page of the list; see :class:`jira_ci.ci.gitlab_requests.Project`."""

        def question() -> tuple[list[tuple[PullRequest, Mapping[str, Any]]], int]:
            path = f"/projects/{quote(self._home, safe='')}/merge_requests"
            answer = self._server.http_request("get", path, query_data={"per_page": _PAGE, **query})
            return [(_merge_request(one), one) for one in rows(answer.json())], page_count(answer.headers)

        return self._ask(what, question, repr(query), job_token=False)

    def time_of(self, commit: str) -> datetime:
        """When a commit was made."""
        what = f"commit {short(commit)}"

        def question() -> datetime:
            return moment(self._project.commits.get(commit).attributes.get("committed_date"))

        return self._ask(what, question, commit, "time")

    def side_by_side(self, questions: Sequence[Callable[[], T]]) -> list[T | Unreadable]:
        """See :meth:`jira_ci.ci.bound_session.BoundSession.side_by_side`."""
        return self.session.side_by_side(questions)

    def last_good_run(self) -> tuple[int, str]:
        def question() -> tuple[int, str]:
            listed = self._project.pipelines.list(
                ref=self._ref, status="success", order_by="id", sort="desc", per_page=_RUNS, page=1
            )
            for pipeline in listed:
                if str(pipeline.attributes.get("id")) != self._run_id:
                    return whole(pipeline.attributes.get("iid")) or 0, commit_id(pipeline.attributes.get("sha"))
            return 0, ""

        what = f"the pipelines of {self._ref} that succeeded"
        return self._ask(what, question, job_token=False) if self._ref else (0, "")

    def last_deployment(self, environment: str) -> str:
        def question() -> str:
            for deployment in self._project.deployments.list(
                environment=environment, status="success", order_by="id", sort="desc", iterator=True, per_page=20
            ):
                known = deployment.attributes
                pipeline = mapping(mapping(known.get("deployable")).get("pipeline")).get("id")
                if str(pipeline) != self._run_id:
                    return commit_id(known.get("sha"))
            return ""

        found = self._ask(f"the deployments to {environment!r}", question)
        self._requests.base = found
        return found

    def close(self) -> None:
        self.session.close()

    def default_commit(self) -> tuple[str, str]:
        def question() -> tuple[str, str]:
            name = string(self._server.projects.get(self._home).attributes.get("default_branch"))
            commit = sha(mapping(self._project.branches.get(name).attributes.get("commit")).get("id")) if name else ""
            if not commit:
                raise Refused(0, "the answer does not name it")
            return name, commit

        return self._ask("the default branch's commit", question, job_token=False)

    def tag(self, name: str) -> str:
        # Its commit is that of an annotated tag, peeled: https://docs.gitlab.com/api/tags/#retrieve-a-tag
        # Not every version lets a job token ask (https://gitlab.com/gitlab-org/gitlab/-/merge_requests/216463), and 404
        # may be what it answers then.
        def question() -> str:
            try:
                return commit_id(mapping(self._project.tags.get(name).attributes.get("commit")).get("id"))
            except Refused as error:
                if error.status != 404:
                    raise
                if self.is_job_token:
                    raise Refused(0, _NOT_FOR_JOBS, denied=True) from None
                if "Tag Not Found" not in error.told:  # a token that may not see the project gets 404, too
                    raise
                return ""

        return ask(Asked("GitLab", self.session.host, f"the tag {name!r}", _NEED), question, (GitlabError,))

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        # A symbolic link is not followed: its content is its target's name.
        def question() -> bytes | None:
            try:
                found = self._project.files.get(file_path=path, ref=commit)
            except Refused as error:
                if error.status != 404:
                    raise
                # 404 too, when it is not the file that is missing.
                if sha(self._project.commits.get(commit).attributes.get("id")) != commit:
                    raise Refused(0, "the answer is not of the documented shape") from None
                return None
            if (whole(found.attributes.get("size")) or 0) > limit:
                raise Refused(0, f"it is larger than {limit} bytes")
            data = found.decode()
            if len(data) != found.attributes["size"]:
                raise Refused(0, "its content is not complete")
            if not is_id_of(string(found.attributes.get("blob_id")), data):
                raise Refused(0, "its content is not what its id says")
            return data

        # A job token is shown commits but no files, which would look like a missing one.
        return self._ask(f"the file {path} of commit {short(commit)}", question, commit, job_token=False)

    def named_file(self, ref: str, path: str, limit: int) -> tuple[str, bytes]:
        # A job token may read it where the other project's allow list says so, and GitLab is new enough.
        def question() -> tuple[str, bytes]:
            found = self._project.files.get(file_path=path, ref=ref).attributes
            commit = commit_id(found.get("commit_id"))
            if string(found.get("file_path")) != path or (sha(ref) and sha(ref) != commit):
                raise Refused(0, "the answer is about another file")
            return commit, whole_blob(found, string(found.get("blob_id")), limit)

        return self._ask(f"the file {path} of {self._home}", question, ref)

    def job_commit(self) -> str:
        """The full id of the commit that the pipeline of a ``CI_JOB_TOKEN``'s job runs for (https://docs.gitlab.com/api/jobs/#get-job-tokens-job).

        Raises:
            Unreadable: GitLab does not say.
        """

        def question() -> str:
            pipeline = mapping(mapping(self._server.http_get("/job")).get("pipeline"))
            if str(pipeline.get("project_id")) != self._home:
                raise Refused(0, "its token is another project's")
            return commit_id(pipeline.get("sha"))

        return self._ask("the job of CI_JOB_TOKEN", question)

    def _ask(self, what: str, question: Callable[[], T], *about: str, job_token: bool = True) -> T:
        def permitted() -> T:
            if self.is_job_token and not job_token:
                raise Refused(0, _NOT_FOR_JOBS)
            return question()

        key = (what, *about)  # a sentence has short ids, which somebody may have made alike
        if key not in self._answers:
            self._answers[key] = ask(Asked("GitLab", self.session.host, what, _NEED), permitted, (GitlabError,))
        return cast("T", self._answers[key])


def _commits(found: Iterable[Any]) -> Commits:
    attributes = (commit.attributes for commit in found)
    return Commits(tuple((said(known.get("id")), said(known.get("message"))) for known in attributes))


def _merge_request(found: Any) -> PullRequest:
    found = mapping(found)
    if not whole(found.get("iid")):
        raise ValueError("no number")
    refs = mapping(found.get("diff_refs"))
    return PullRequest(
        number=whole(found.get("iid")) or 0,
        title=said(found.get("title")),
        branch=string(found.get("source_branch")),
        url=url(found.get("web_url")),
        base_sha=sha(refs.get("base_sha")),
        head_sha=sha(found.get("sha")),
        description=string(found["description"]) if "description" in found else None,
    )


_COMMENTS_PAGE = 100
_COMMENTS_NEED = "the scope api and the role Developer (a project access token, given as gitlab-token)"


class GitLabComments(GitLabHistory):
    """One project's comments; see :class:`jira_ci.ci.api.Comments`."""

    def __init__(self, run: Run, token: str, *, job_token: str, ca_bundle: str, deadline: Deadline) -> None:
        super().__init__(run, token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)
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
