"""History and files through GitLab's REST API, without python-gitlab: nearly every job needs them, and importing that
takes a third of a report."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from jira_ci import __version__
from jira_ci.ci.api import (
    Asked,
    Bare,
    Brought,
    Commits,
    Refused,
    Touched,
    Unreadable,
    ask,
    commit_id,
    rows,
    said,
    touched,
    whole_blob,
)
from jira_ci.ci.bound_session import BoundSession
from jira_ci.ci.gitlab_requests import MergeRequests, moment, page_count
from jira_ci.exchange import Answer
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
        self._api, self._home = run.api_url, run.repository_id
        credential = {"PRIVATE-TOKEN": token} if token else {"JOB-TOKEN": job_token}
        self._headers = {**credential, "User-Agent": f"jira-ci/{__version__}"}
        self._requests = MergeRequests(self)

    def _get(self, address: str, **query: Any) -> tuple[Any, Mapping[str, str], str]:
        """What is at an address of the API, its headers, and the query of the next page, or an empty text."""
        asked = f"{self._api}{address}?{urlencode(query, doseq=True)}".rstrip("?")
        answer = self.session.request("GET", asked, headers=self._headers)
        # Only its query: a server behind a proxy names itself differently in its links.
        more = urlsplit(string(mapping(answer.links.get("next")).get("url"))).query
        return Answer(answer.status_code, body=answer.content).json(), answer.headers, more

    def _one(self, *path: str, **query: Any) -> Mapping[str, Any]:
        """One thing of the project.

        Raises:
            ValueError: it is none.
        """
        found = self._get(self._at(*path), **query)[0]
        if not isinstance(found, Mapping):
            raise ValueError("no object")
        return found

    def _at(self, *path: str) -> str:
        return "/".join([f"/projects/{quote(self._home, safe='')}", *(quote(part, safe="") for part in path)])

    def _listed(self, *path: str, **query: Any) -> Iterator[Mapping[str, Any]]:
        """A list, by number or by cursor, page by page as it is read (https://docs.gitlab.com/api/rest/#pagination)."""
        more: Any = query
        while more:
            found, _, following = self._get(self._at(*path), **more)
            yield from rows(found)
            more = dict(parse_qsl(following, keep_blank_values=True))

    def compare(self, base: str, head: str) -> Commits:
        self._requests.base = base

        # Not the compare endpoint: it answers with all differences and without pages.
        def question() -> Commits:
            found = _commits(self._listed("repository", "commits", ref_name=f"{base}..{head}", per_page=_PAGE))
            # A range that GitLab cannot resolve looks like one without commits: Gitaly passes over git's error
            # (https://gitlab.com/gitlab-org/gitaly/-/blob/master/internal/gitaly/service/commit/commits_helper.go).
            for end in () if found.found or base == head else (base, head):
                self._one("repository", "commits", end)
            return found

        return self._ask(f"the commits of {short(base)}..{short(head)}", question, base, head, job_token=False)

    def commit_message(self, commit: str) -> str:
        return self._ask(
            f"commit {short(commit)}", lambda: said(self._one("repository", "commits", commit).get("message")), commit
        )

    def files_of(self, commit: str) -> Touched:
        def question() -> Touched:
            found = list(self._listed("repository", "commits", commit, "diff", per_page=_PAGE))
            return touched(found, "new_path", "old_path", complete=len(found) < _FILES)

        return self._ask(f"the files of commit {short(commit)}", question, commit, job_token=False)

    def pull_request(self, number: int) -> PullRequest:
        what = f"merge request !{number}"
        return self._ask(what, lambda: _merge_request(self._one("merge_requests", str(number))))

    def pull_request_commits(self, number: int) -> Commits:
        def question() -> Commits:
            return _commits(self._listed("merge_requests", str(number), "commits", per_page=_PAGE))

        return self._ask(f"the commits of merge request !{number}", question, job_token=False)

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        def question() -> list[PullRequest]:
            found = self._listed("repository", "commits", commit, "merge_requests", per_page=_PAGE)
            return [_merge_request(part) for part in found]

        return self._ask(f"the merge requests of commit {short(commit)}", question, commit)

    def pull_requests_of_all(self, commits: Sequence[Bare], *, descriptions: bool) -> Brought:  # noqa: ARG002 - they come along
        return self._requests.of(commits)

    def merge_requests(self, what: str, **query: Any) -> tuple[list[tuple[PullRequest, Mapping[str, Any]]], int]:
        """A page of the list; see :class:`jira_ci.ci.gitlab_requests.Project`."""

        def question() -> tuple[list[tuple[PullRequest, Mapping[str, Any]]], int]:
            found, headers, _ = self._get(self._at("merge_requests"), **{"per_page": _PAGE, **query})
            return [(_merge_request(one), one) for one in rows(found)], page_count(headers)

        return self._ask(what, question, repr(query), job_token=False)

    def time_of(self, commit: str) -> datetime:
        """When a commit was made."""
        what = f"commit {short(commit)}"

        def question() -> datetime:
            return moment(self._one("repository", "commits", commit).get("committed_date"))

        return self._ask(what, question, commit, "time")

    def side_by_side(self, questions: Sequence[Callable[[], T]]) -> list[T | Unreadable]:
        """See :meth:`jira_ci.ci.bound_session.BoundSession.side_by_side`."""
        return self.session.side_by_side(questions)

    def last_good_run(self) -> tuple[int, str]:
        def question() -> tuple[int, str]:
            asked = {
                "ref": self._ref,
                "status": "success",
                "order_by": "id",
                "sort": "desc",
                "per_page": _RUNS,
                "page": 1,
            }
            for one in rows(self._get(self._at("pipelines"), **asked)[0]):
                if str(one.get("id")) != self._run_id:
                    return whole(one.get("iid")) or 0, commit_id(one.get("sha"))
            return 0, ""

        what = f"the pipelines of {self._ref} that succeeded"
        return self._ask(what, question, job_token=False) if self._ref else (0, "")

    def last_deployment(self, environment: str) -> str:
        def question() -> str:
            for known in self._listed(
                "deployments", environment=environment, status="success", order_by="id", sort="desc", per_page=20
            ):
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
            name = string(self._one().get("default_branch"))
            found = self._one("repository", "branches", name) if name else {}
            commit = sha(mapping(found.get("commit")).get("id"))
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
                found = self._one("repository", "tags", name)
                return commit_id(mapping(found.get("commit")).get("id"))
            except Refused as error:
                if error.status != 404:
                    raise
                if self.is_job_token:
                    raise Refused(0, _NOT_FOR_JOBS, denied=True) from None
                if "Tag Not Found" not in error.told:  # a token that may not see the project gets 404, too
                    raise
                return ""

        return ask(Asked("GitLab", self.session.host, f"the tag {name!r}", _NEED), question, ())

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        # A symbolic link is not followed: its content is its target's name.
        def question() -> bytes | None:
            try:
                found = self._one("repository", "files", path, ref=commit)
            except Refused as error:
                if error.status != 404:
                    raise
                # 404 too, when it is not the file that is missing.
                if sha(self._one("repository", "commits", commit).get("id")) != commit:
                    raise Refused(0, "the answer is not of the documented shape") from None
                return None
            if (whole(found.get("size")) or 0) > limit:
                raise Refused(0, f"it is larger than {limit} bytes")
            data = base64.b64decode(string(found["content"]))
            if len(data) != found["size"]:
                raise Refused(0, "its content is not complete")
            if not is_id_of(string(found.get("blob_id")), data):
                raise Refused(0, "its content is not what its id says")
            return data

        # A job token is shown commits but no files, which would look like a missing one.
        return self._ask(f"the file {path} of commit {short(commit)}", question, commit, job_token=False)

    def named_file(self, ref: str, path: str, limit: int) -> tuple[str, bytes]:
        # A job token may read it where the other project's allow list says so, and GitLab is new enough.
        def question() -> tuple[str, bytes]:
            found = self._one("repository", "files", path, ref=ref)
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
            pipeline = mapping(mapping(self._get("/job")[0]).get("pipeline"))
            if str(pipeline.get("project_id")) != self._home:
                raise Refused(0, "its token is another project's")
            return commit_id(pipeline.get("sha"))

        return self._ask("the job of CI_JOB_TOKEN", question)

    def job_user(self) -> tuple[str, str]:
        """The login of whoever started a ``CI_JOB_TOKEN``'s job, which has to be one of this pipeline, and by what the
        pipeline was started (``web``), which is empty where GitLab does not say it.

        Raises:
            Unreadable: GitLab does not say.
        """

        def question() -> tuple[str, str]:
            job = mapping(self._get("/job")[0])
            pipeline, login = mapping(job.get("pipeline")), string(mapping(job.get("user")).get("username"))
            if (str(pipeline.get("project_id")), str(pipeline.get("id"))) != (self._home, self._run_id):
                raise Refused(0, "its token is another pipeline's")
            if not login:
                raise Refused(0, "the answer names nobody")
            of_merge = string(pipeline.get("ref")).startswith("refs/merge-requests/")
            return login, "merge_request_event" if of_merge else string(pipeline.get("source"))

        return self._ask("the job of CI_JOB_TOKEN", question)

    def _ask(self, what: str, question: Callable[[], T], *about: str, job_token: bool = True) -> T:
        def permitted() -> T:
            if self.is_job_token and not job_token:
                raise Refused(0, _NOT_FOR_JOBS)
            return question()

        key = (what, *about)  # a sentence has short ids, which somebody may have made alike
        if key not in self._answers:
            self._answers[key] = ask(Asked("GitLab", self.session.host, what, _NEED), permitted, ())
        return cast("T", self._answers[key])


def _commits(found: Iterable[Mapping[str, Any]]) -> Commits:
    return Commits(tuple((said(known.get("id")), said(known.get("message"))) for known in found))


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
