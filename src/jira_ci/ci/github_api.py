"""History through GitHub's API: by GraphQL and lists of a hundred; what these do not tell is asked with PyGithub."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from jira_ci.ci.api import (
    Bare,
    Brought,
    Commits,
    Refused,
    Touched,
    Unreadable,
    ask,
    commit_id,
    is_parked,
    rows,
    said,
)
from jira_ci.ci.bound_session import ABREAST, bound_to
from jira_ci.ci.github_files import GitHubFiles
from jira_ci.ci.github_graphql import GraphQL, NotServed, bringing
from jira_ci.ci.github_pulls import PullRequests
from jira_ci.exchange import Answer
from jira_ci.run import PullRequest, Run
from jira_ci.text import mapping, short, whole
from jira_ci.timing import Deadline

if TYPE_CHECKING:
    from github.Deployment import Deployment

    from jira_ci.ci.github_rest import Rest

T = TypeVar("T")
_PAGE = 100
_DEPLOYMENTS = 200
"""How many deployments are looked through, each with a request of its own, for one that succeeded."""
_MANY_DEPLOYMENTS = 1000
"""How many, where a hundred take one request."""
_RUNS = 5
_RUN = re.compile(r"/actions/runs/([0-9]+)(?:[/?#]|$)")
_PULLS = "pull-requests: read"


class GitHubHistory(GitHubFiles):
    """One repository on GitHub or GitHub Enterprise Server; see :class:`jira_ci.ci.api.History`.

    The usual way needs no PyGithub, whose import takes more time and memory than a whole report.
    """

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        super().__init__(run, token, ca_bundle=ca_bundle, deadline=deadline)
        self._run_id, self._workflow, self._branch, self._event = run.run_id, run.workflow, run.branch, run.event
        self._run, self._token = run, token
        self._graphql_url = run.graphql_url if bound_to(run.graphql_url, run.api_url) else _graphql_of(run.api_url)
        self._graphql, self._is_refused = GraphQL(run.repository, self._post), False
        self._pulls = PullRequests(self.session, self._graphql, self._pull_requests_of_one)

    @cached_property
    def _rest(self) -> Rest:
        from jira_ci.ci.github_rest import Rest

        return Rest(self.session, self._run, self._token)

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
        return self._ask(what, "contents: read", lambda: self._rest.message(commit), commit)

    def files_of(self, commit: str) -> Touched:
        what = f"the files of commit {short(commit)}"
        return self._ask(what, "contents: read", lambda: self._rest.files_of(commit), commit)

    def pull_request(self, number: int) -> PullRequest:
        return self._ask(f"pull request #{number}", _PULLS, lambda: self._rest.pull_request(number))

    def pull_request_commits(self, number: int) -> Commits:
        def question() -> Commits:
            found = self._rest.pull_request_commits(number)
            return found if isinstance(found, Commits) else self.compare(*found)

        return self._ask(f"the commits of pull request #{number}", _PULLS, question)

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        what = f"the pull requests of commit {short(commit)}"
        return self._ask(what, _PULLS, lambda: bringing(commit, self._rest.pull_requests_of(commit)), commit)

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
        except (NotServed, Refused):
            return None
        raise Refused(0, f"none of the last {_MANY_DEPLOYMENTS} succeeded")

    def _last_by_rest(self, what: str, environment: str) -> str:
        listed = self._rest.deployments(environment)
        count = 0
        while block := list(itertools.islice(listed, min(ABREAST if count else 1, _DEPLOYMENTS - count))):
            questions = [partial(self._succeeded, one) for one in block]
            for deployment, succeeded in zip(block, self._abreast(what, "deployments: read", questions), strict=True):
                if succeeded:
                    return self._rest.commit_of(deployment)
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

    def _succeeded(self, deployment: Deployment) -> bool:
        return self._is_success(*self._rest.statuses_of(deployment))

    def _is_success(self, states: Sequence[str], addresses: Sequence[str]) -> bool:
        """Whether another run's deployment succeeded, and was one. A later one turns success into inactive, so any
        success counts and not the last status
        (https://docs.github.com/rest/deployments/deployments#inactive-deployments).
        """
        runs = [found[1] for address in addresses if (found := _RUN.search(address))]
        return self._run_id not in runs and "success" in states and not is_parked(addresses)

    def _post(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Asks GraphQL; not again after it was refused as a whole."""
        if self._is_refused:
            raise NotServed("it was refused before")
        asked = {"query": document, "variables": variables}
        try:
            headers = {**self._headers, "Content-Type": "application/json"}
            answer = self.session.request("POST", self._graphql_url, headers=headers, data=json.dumps(asked))
            return mapping(Answer(answer.status_code, body=answer.content).json())
        except Refused as error:
            self._is_refused = 400 <= error.status < 500 and not error.limited
            raise

    def _abreast(self, what: str, permission: str, questions: Sequence[Callable[[], T]]) -> list[T]:
        """What these questions answer, asked several at once."""
        asked = self._asked(what, permission)
        answers: list[T] = []
        for answer in self.session.side_by_side([partial(ask, asked, one, ()) for one in questions]):
            if isinstance(answer, Unreadable):
                raise answer
            answers.append(answer)
        return answers


def _graphql_of(api_url: str) -> str:
    """Where GraphQL is asked: ``/graphql``, on GitHub Enterprise Server ``/api/graphql`` beside ``/api/v3``."""
    return f"{api_url.rstrip('/').removesuffix('/v3')}/graphql"
