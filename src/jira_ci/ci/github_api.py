"""History through GitHub's REST API, asked with PyGithub. Imported on use only: it brings all of PyGithub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from github import Auth
from github.Commit import Commit
from github.GithubException import BadAttributeException, GithubException
from github.PullRequest import PullRequest as GitHubPullRequest
from github.Repository import Repository
from github.Requester import HTTPSRequestsConnectionClass, Requester, RequestsResponse

from jira_ci import __version__
from jira_ci.ci.api_answers import Asked, sentence
from jira_ci.ci.api_session import ApiSession, Refused
from jira_ci.ci.history import Commits, Unreadable
from jira_ci.ci.values import sha, text, url, whole
from jira_ci.deadline import Deadline
from jira_ci.run import PullRequest, Run

_PAGE = 100
_LISTED = 250
"""A pull request's own list ends here (https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request)."""
_DEPLOYMENTS = 200
"""How many deployments are looked through, each with a request of its own, for one that succeeded."""
# What PyGithub raises, besides its own exceptions, about an answer that is not of the documented shape.
_SHAPE = (AssertionError, AttributeError, KeyError, TypeError, ValueError, RuntimeError)


class GitHubHistory:
    """One repository on GitHub or GitHub Enterprise Server; see :class:`jira_ci.ci.history.History`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        self.session = ApiSession(run.api_url, ca_bundle, deadline)
        self._run_id = run.run_id
        self._requester = _requester(self.session, run.api_url, token)
        self._home = f"/repos/{run.repository}"
        # Known well enough to ask questions about: no request of its own.
        self._repository = Repository(self._requester, {}, {"url": self._home}, completed=True)

    def compare(self, base: str, head: str) -> Commits:
        with self._asking(f"the commits of {_short(base)}..{_short(head)}", "contents: read"):
            comparison = self._repository.compare(base, head, comparison_commits_per_page=_PAGE)
            return _commits(comparison.commits, comparison.total_commits)
        raise AssertionError

    def commit_message(self, commit: str) -> str:
        with self._asking(f"commit {_short(commit)}", "contents: read"):
            return text(self._repository.get_git_commit(commit).message)
        raise AssertionError

    def pull_request(self, number: int) -> PullRequest:
        with self._asking(f"pull request #{number}", "pull-requests: read"):
            return _pull_request(self._repository.get_pull(number))
        raise AssertionError

    def pull_request_commits(self, number: int) -> Commits:
        with self._asking(f"the commits of pull request #{number}", "pull-requests: read"):
            found = self._repository.get_pull(number)
            if found.commits <= _LISTED:
                return _commits(found.get_commits(), found.commits)
            base, head = found.base.sha, found.head.sha
        return self.compare(base, head)

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        with self._asking(f"the pull requests of commit {_short(commit)}", "pull-requests: read"):
            known = Commit(self._requester, {}, {"url": f"{self._home}/commits/{commit}"}, completed=True)
            return [_pull_request(found) for found in known.get_pulls()]
        raise AssertionError

    def last_deployment(self, environment: str) -> str:
        with self._asking(f"the deployments to {environment!r}", "deployments: read"):
            for count, deployment in enumerate(self._repository.get_deployments(environment=environment)):
                if count >= _DEPLOYMENTS:
                    raise Refused(0, f"none of the last {_DEPLOYMENTS} succeeded")
                statuses = list(deployment.get_statuses())
                ours = any(self._is_ours(text(address)) for s in statuses for address in (s.log_url, s.target_url))
                # A later deployment turns success into inactive, so any success counts, not the last status:
                # https://docs.github.com/rest/deployments/deployments#inactive-deployments
                if not ours and any(status.state == "success" for status in statuses):
                    return sha(deployment.sha)
        return ""

    def close(self) -> None:
        self.session.close()

    def _is_ours(self, address: str) -> bool:
        found = re.search(r"/actions/runs/([0-9]+)(?:[/?#]|$)", address)
        return bool(found and found[1] == self._run_id)

    @contextmanager
    def _asking(self, what: str, permission: str) -> Iterator[None]:
        asked = Asked("GitHub", self.session.host, what, f"`permissions: {permission}`")
        try:
            yield
        except Refused as error:
            found = sentence(asked, error.status, error.why, error.headers)
            raise Unreadable(found, missing=error.status == 404) from None
        except (GithubException, BadAttributeException, *_SHAPE):
            raise Unreadable(sentence(asked, 0, "the answer is not of the documented shape", {})) from None


def _commits(found: Any, total: Any) -> Commits:
    read = tuple((text(commit.sha), text(commit.commit.message)) for commit in found)
    return Commits(read, complete=len(read) >= (whole(total) or 0))


def _pull_request(found: GitHubPullRequest) -> PullRequest:
    return PullRequest(
        number=found.number,
        title=text(found.title),
        branch=text(found.head.ref),
        url=url(found.html_url),
        base_sha=sha(found.base.sha),
        head_sha=sha(found.head.sha),
    )


def _short(name: str) -> str:
    return name[:8] if sha(name) else name


class _Connection(HTTPSRequestsConnectionClass):
    """Hands PyGithub's requests to our session: PyGithub itself sleeps, follows redirects and knows no deadline."""

    session_of_all: ApiSession
    base: str

    def __init__(self, host: str, port: int | None = None, *_: Any, **__: Any) -> None:
        self.host = f"{host}:{port}" if port else host

    def getresponse(self) -> RequestsResponse:
        address = f"{self.protocol}://{self.host}{self.url}"
        return RequestsResponse(self.session_of_all.request(self.verb, address, headers=self.headers))

    def close(self) -> None:
        """The session is closed by whoever made it."""


def _requester(session: ApiSession, api_url: str, token: str) -> Requester:
    class OurRequester(Requester):
        """A class of its own, so that the connection class is set for this session only."""

    def connection(protocol: str) -> Any:
        def choose(*arguments: Any, **options: Any) -> _Connection:
            made = _Connection(*arguments, **options)
            made.session_of_all, made.protocol = session, protocol
            return made

        return choose

    OurRequester.injectConnectionClasses(cast(Any, connection("http")), cast(Any, connection("https")))
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
