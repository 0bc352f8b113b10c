"""GitHub's REST API, asked with PyGithub. Imported on use only: it brings all of it, which takes more than a report."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from github import Auth
from github.Commit import Commit
from github.GithubException import BadAttributeException, GithubException
from github.Repository import Repository
from github.Requester import HTTPSRequestsConnectionClass, Requester, RequestsResponse

from jira_ci import __version__
from jira_ci.ci.api import Commits, Refused, Touched, commit_id, rows, said, touched
from jira_ci.ci.bound_session import BoundSession
from jira_ci.run import PullRequest, Run
from jira_ci.text import mapping, sha, string, url, whole

if TYPE_CHECKING:
    from github.Deployment import Deployment
    from github.PullRequest import PullRequest as GitHubPullRequest

T = TypeVar("T")
_PAGE = 100
_LISTED = 250
"""A pull request's own list ends here (https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request)."""
_FILES = 3000
"""A commit's list of files ends here (https://docs.github.com/rest/commits/commits#get-a-commit)."""
ERRORS = (GithubException, BadAttributeException)
"""PyGithub's own, where an answer has not the documented shape."""


class Rest:
    """One repository. Every method raises Refused where GitHub does not answer as documented."""

    def __init__(self, session: BoundSession, run: Run, token: str) -> None:
        self.requester, self._home = _requester(session, run.api_url, token), f"/repos/{run.repository}"
        # Known well enough to ask questions about: no request of its own.
        self._repository = Repository(self.requester, {}, {"url": self._home}, completed=True)

    def message(self, commit: str) -> str:
        return _read(lambda: said(self._repository.get_git_commit(commit).message))

    def files_of(self, commit: str) -> Touched:
        def question() -> Touched:
            files: list[Mapping[str, Any]] = []
            page, more = 1, True
            while more and len(files) < _FILES:
                path = f"{self._home}/commits/{commit}?per_page={_PAGE}&page={page}"
                headers, answer = self.requester.requestJsonAndCheck("GET", path)
                files += rows(mapping(answer)["files"])
                page, more = page + 1, 'rel="next"' in string(headers.get("link"))
            return touched(files, "filename", "previous_filename", complete=not more and len(files) < _FILES)

        return _read(question)

    def pull_request(self, number: int) -> PullRequest:
        return _read(lambda: _pull_request(self._repository.get_pull(number)))

    def pull_request_commits(self, number: int) -> Commits | tuple[str, str]:
        """Its commits; its base and its head where it has more than its own list shows."""

        def question() -> Commits | tuple[str, str]:
            found = self._repository.get_pull(number)
            if found.commits > _LISTED:
                return found.base.sha, found.head.sha
            return _commits(found.get_commits(), found.commits)

        return _read(question)

    def pull_requests_of(self, commit: str) -> list[tuple[PullRequest, bool, bool]]:
        """Each with whether it was merged, and whether it comes out of a fork."""
        known = Commit(self.requester, {}, {"url": f"{self._home}/commits/{commit}"}, completed=True)
        return _read(lambda: [_and_its_fate(one) for one in known.get_pulls()])

    def deployments(self, environment: str) -> Iterator[Deployment]:
        """Newest first; a page is asked for when it is needed."""
        listed = iter(self._repository.get_deployments(environment=environment))
        while (one := _read(lambda: next(listed, None))) is not None:
            yield one

    def commit_of(self, one: Deployment) -> str:
        return _read(lambda: commit_id(one.sha))

    def statuses_of(self, one: Deployment) -> tuple[Sequence[str], Sequence[str]]:
        """The states that it ever had, and the addresses of its logs."""

        def question() -> tuple[Sequence[str], Sequence[str]]:
            statuses = list(one.get_statuses())
            addresses = [string(address) for status in statuses for address in (status.log_url, status.target_url)]
            return [status.state for status in statuses], addresses

        return _read(question)


def _read(question: Callable[[], T]) -> T:
    try:
        return question()
    except ERRORS:
        raise Refused(0, "the answer is not of the documented shape") from None


def _commits(found: Any, total: Any) -> Commits:
    read = tuple((said(commit.sha), said(commit.commit.message)) for commit in found)
    return Commits(read, complete=len(read) >= (whole(total) or 0))


def _pull_request(found: GitHubPullRequest) -> PullRequest:
    return PullRequest(
        number=found.number,
        title=string(found.title),
        branch=string(found.head.ref),
        url=url(found.html_url),
        base_sha=sha(found.base.sha),
        head_sha=sha(found.head.sha),
        # Not found.body: where a list lacks it, PyGithub asks once more.
        description=string(found._rawData["body"]) if "body" in found._rawData else None,
    )


def _and_its_fate(found: GitHubPullRequest) -> tuple[PullRequest, bool, bool]:
    """Also whether it was merged, and whether it comes out of a fork."""
    head, base = mapping(found._rawData.get("head")), mapping(found._rawData.get("base"))
    homes = [mapping(end.get("repo")).get("id") for end in (head, base)]
    return _pull_request(found), bool(found._rawData.get("merged_at")), homes[0] != homes[1]


class _Connection(HTTPSRequestsConnectionClass):
    """Hands PyGithub's requests to our session: PyGithub itself sleeps, follows redirects and knows no deadline. It has
    one connection for all threads, and gives it a request before it asks for the answer.
    """

    session_of_all: BoundSession
    base: str

    def __init__(self, host: str, port: int | None = None, *_: Any, **__: Any) -> None:
        self.host = f"{host}:{port}" if port else host
        self._own = threading.local()

    def request(self, verb: str, url: str, input: Any, headers: dict[str, str], stream: bool = False) -> None:  # noqa: ARG002
        self._own.request = verb, url, input, headers

    def getresponse(self) -> RequestsResponse:
        verb, url, data, headers = self._own.request
        address = f"{self.protocol}://{self.host}{url}"
        return RequestsResponse(self.session_of_all.request(verb, address, headers=headers, data=data))

    def close(self) -> None:
        """The session is closed by whoever made it."""


def _requester(session: BoundSession, api_url: str, token: str) -> Requester:
    class OurRequester(Requester):
        """A class of its own, so that the connection class is set for this session only."""

    def connection(protocol: str) -> Any:
        return type("Connection", (_Connection,), {"session_of_all": session, "protocol": protocol})

    OurRequester.injectConnectionClasses(connection("http"), connection("https"))
    return OurRequester(
        auth=Auth.Token(token),
        base_url=api_url,
        timeout=30,
        user_agent=f"jira-ci/{__version__}",
        per_page=_PAGE,
        verify=True,
        retry=None,
        pool_size=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
