"""History and comments through GitHub's REST API, asked with PyGithub. Imported on use only: it brings all of it."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from github import Auth
from github.Commit import Commit
from github.GithubException import BadAttributeException, GithubException
from github.Repository import Repository
from github.Requester import HTTPSRequestsConnectionClass, Requester, RequestsResponse

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
)
from jira_ci.ci.bound_session import ABREAST, BoundSession, bound_to
from jira_ci.ci.github_files import GitHubFiles
from jira_ci.ci.github_graphql import GraphQL, NotServed, bringing
from jira_ci.ci.github_pulls import PullRequests
from jira_ci.run import PullRequest, Run
from jira_ci.text import mapping, sha, short, string, url, whole
from jira_ci.timing import Deadline

if TYPE_CHECKING:
    from github.Deployment import Deployment
    from github.PullRequest import PullRequest as GitHubPullRequest

T = TypeVar("T")
_PAGE = 100
_LISTED = 250
"""A pull request's own list ends here (https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request)."""
_FILES = 3000
"""A commit's list of files ends here (https://docs.github.com/rest/commits/commits#get-a-commit)."""
_DEPLOYMENTS = 200
"""How many deployments are looked through, each with a request of its own, for one that succeeded."""
_MANY_DEPLOYMENTS = 1000
"""How many, where a hundred take one request."""
_RUNS = 5
_ERRORS = (GithubException, BadAttributeException)
_RUN = re.compile(r"/actions/runs/([0-9]+)(?:[/?#]|$)")
_PULLS = "pull-requests: read"


class GitHubHistory(GitHubFiles):
    """One repository on GitHub or GitHub Enterprise Server; see :class:`jira_ci.ci.api.History`."""

    _errors = (GithubException, BadAttributeException)

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        super().__init__(run, token, ca_bundle=ca_bundle, deadline=deadline)
        self._run_id, self._workflow, self._branch, self._event = run.run_id, run.workflow, run.branch, run.event
        self._requester = _requester(self.session, run.api_url, token)
        # Known well enough to ask questions about: no request of its own.
        self._repository = Repository(self._requester, {}, {"url": self._home}, completed=True)
        self._graphql_url = run.graphql_url if bound_to(run.graphql_url, run.api_url) else self._requester.graphql_url
        self._graphql, self._is_refused = GraphQL(run.repository, self._post), False
        self._pulls = PullRequests(self.session, self._graphql, self._pull_requests_of_one)

    def compare(self, base: str, head: str) -> Commits:
        what = f"the commits of {short(base)}..{short(head)}"

        def page(number: int) -> tuple[list[tuple[str, str]], int]:
            path = f"/compare/{quote(base)}...{quote(head)}?per_page={_PAGE}&page={number}"
            answer = self._get(path)
            found = [(said(one.get("sha")), said(one["commit"].get("message"))) for one in rows(answer["commits"])]
            return found, whole(answer["total_commits"]) or 0

        def question() -> Commits:
            found, total = page(1)
            # A first page that is not full is all that there is, whatever is counted.
            pages = range(2, -(-total // _PAGE) + 1) if len(found) == _PAGE else ()
            for answer in self._abreast(what, "contents: read", [partial(page, number) for number in pages]):
                found += answer[0]
            return Commits(tuple(found), complete=len({commit for commit, _ in found}) >= total)

        return self._ask(what, "contents: read", question, base, head)

    def commit_message(self, commit: str) -> str:
        what = f"commit {short(commit)}"
        return self._ask(what, "contents: read", lambda: said(self._repository.get_git_commit(commit).message), commit)

    def files_of(self, commit: str) -> Touched:
        def question() -> Touched:
            files: list[Mapping[str, Any]] = []
            page, more = 1, True
            while more and len(files) < _FILES:
                path = f"{self._home}/commits/{commit}?per_page={_PAGE}&page={page}"
                headers, answer = self._requester.requestJsonAndCheck("GET", path)
                files += rows(mapping(answer)["files"])
                page, more = page + 1, 'rel="next"' in string(headers.get("link"))
            return touched(files, "filename", "previous_filename", complete=not more and len(files) < _FILES)

        return self._ask(f"the files of commit {short(commit)}", "contents: read", question, commit)

    def pull_request(self, number: int) -> PullRequest:
        what = f"pull request #{number}"
        return self._ask(what, _PULLS, lambda: _pull_request(self._repository.get_pull(number)))

    def pull_request_commits(self, number: int) -> Commits:
        def question() -> Commits:
            found = self._repository.get_pull(number)
            if found.commits > _LISTED:
                return self.compare(found.base.sha, found.head.sha)
            return _commits(found.get_commits(), found.commits)

        return self._ask(f"the commits of pull request #{number}", _PULLS, question)

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        known = Commit(self._requester, {}, {"url": f"{self._home}/commits/{commit}"}, completed=True)
        what = f"the pull requests of commit {short(commit)}"
        return self._ask(
            what, _PULLS, lambda: bringing(commit, [_and_its_fate(one) for one in known.get_pulls()]), commit
        )

    def pull_requests_of_all(self, commits: Sequence[Bare], *, descriptions: bool) -> Brought:
        return self._pulls.of(commits, descriptions=descriptions)

    def _pull_requests_of_one(self, one: Bare) -> Sequence[PullRequest]:
        if not one.number:
            return self.pull_requests_of(one.commit)
        try:
            return [self.pull_request(one.number)]
        except Unreadable as error:
            if not error.missing:
                raise
            return []  # "(#12)" may as well name an issue

    def last_deployment(self, environment: str) -> str:
        def question() -> str:
            found = self._last_by_graphql(environment)
            return self._last_by_rest(what, environment) if found is None else found

        what = f"the deployments to {environment!r}"
        return self._ask(what, "deployments: read", question)

    def _last_by_graphql(self, environment: str) -> str | None:
        """The commit; None where GraphQL does not say, or shows no deployment at all: it shows nothing of what a token
        may not read either."""
        count = 0
        try:
            for count, one in enumerate(self._graphql.deployments(environment), 1):
                if self._is_success(one.states, one.addresses):
                    return one.commit
                if count > _MANY_DEPLOYMENTS:
                    break
            else:
                return "" if count else None
        except (NotServed, Refused, AssertionError, *_ERRORS):
            return None
        raise Refused(0, f"none of the last {_MANY_DEPLOYMENTS} succeeded")

    def _last_by_rest(self, what: str, environment: str) -> str:
        listed = iter(self._repository.get_deployments(environment=environment))
        count = 0
        while block := list(itertools.islice(listed, min(ABREAST if count else 1, _DEPLOYMENTS - count))):
            questions = [partial(self._succeeded, one) for one in block]
            for deployment, succeeded in zip(block, self._abreast(what, "deployments: read", questions), strict=True):
                if succeeded:
                    return commit_id(deployment.sha)
            count += len(block)
        if next(listed, None) is not None:
            raise Refused(0, f"none of the last {_DEPLOYMENTS} succeeded")
        return ""

    def last_good_run(self) -> tuple[int, str]:
        def question() -> tuple[int, str]:
            name = quote(self._workflow.rpartition("/")[2], safe="")
            on = f"branch={quote(self._branch, safe='')}" if self._branch else f"event={quote(self._event, safe='')}"
            answer = self._get(f"/actions/workflows/{name}/runs?status=success&{on}&per_page={_RUNS}")
            for found in rows(answer["workflow_runs"]):
                if str(found["id"]) != self._run_id:
                    return whole(found["run_number"]) or 0, commit_id(found["head_sha"])
            return 0, ""

        what = "the runs of this workflow that succeeded"
        return self._ask(what, "actions: read", question) if self._workflow else (0, "")

    def tag(self, name: str) -> str:
        # /commits/tags/NAME peels annotated tags: https://docs.github.com/rest/commits/commits#get-a-commit
        def question() -> str:
            try:
                return commit_id(self._get(f"/commits/tags/{quote(name)}?per_page=1").get("sha"))
            except Refused as error:
                if "No commit found" not in error.told:  # 404 is what a token gets that may not see the repository
                    raise
                return ""

        return ask(self._asked(f"the tag {name!r}", "contents: read"), question, _ERRORS)

    def _succeeded(self, deployment: Deployment) -> bool:
        statuses = list(deployment.get_statuses())
        addresses = [string(address) for status in statuses for address in (status.log_url, status.target_url)]
        return self._is_success([status.state for status in statuses], addresses)

    def _is_success(self, states: Sequence[str], addresses: Sequence[str]) -> bool:
        """Whether another run's deployment succeeded. A later one turns success into inactive, so any success
        counts and not the last status (https://docs.github.com/rest/deployments/deployments#inactive-deployments).
        """
        runs = [found[1] for address in addresses if (found := _RUN.search(address))]
        return self._run_id not in runs and "success" in states

    def _post(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Asks GraphQL; not again after it was refused as a whole."""
        if self._is_refused:
            raise NotServed("it was refused before")
        asked = {"query": document, "variables": variables}
        try:
            return mapping(self._requester.requestJsonAndCheck("POST", self._graphql_url, input=asked)[1])
        except Refused as error:
            self._is_refused = 400 <= error.status < 500 and not error.limited
            raise

    def _abreast(self, what: str, permission: str, questions: Sequence[Callable[[], T]]) -> list[T]:
        """What these questions answer, asked several at once."""
        asked = self._asked(what, permission)
        answers: list[T] = []
        for answer in self.session.side_by_side([partial(ask, asked, one, _ERRORS) for one in questions]):
            if isinstance(answer, Unreadable):
                raise answer
            answers.append(answer)
        return answers

    def _asked(self, what: str, permission: str) -> Asked:
        return Asked("GitHub", self.session.host, what, f"`permissions: {permission}`")


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
