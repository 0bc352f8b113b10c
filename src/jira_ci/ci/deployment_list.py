"""Every deployment that GitHub or GitLab knows and that may have begun since a moment. Imported on use only.

https://docs.github.com/rest/deployments/deployments and https://docs.gitlab.com/api/deployments/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any, Protocol, TypeVar

from jira_ci import states
from jira_ci.ci.api import Asked, Refused, Unreadable, ask, is_parked, rows
from jira_ci.ci.bound_session import Api, bound_to
from jira_ci.ci.github_graphql import GraphQL, NotServed
from jira_ci.exchange import Answer
from jira_ci.run import CI, Run
from jira_ci.text import mapping, sha, string, url, whole
from jira_ci.timing import Deadline

T = TypeVar("T")
_PAGE = 100
_PAGES = 450
"""Of one list; :class:`BoundSession` asks no more than 500 questions."""
_RUN = re.compile(r"/actions/runs/([0-9]{1,18})(?:[/?#]|$)")
_OVER = ("successful", "failed", "cancelled")


@dataclass(frozen=True)
class ProviderDeployment:
    """One deployment, as the provider tells it. Texts are empty where it does not say.

    Attributes:
        created: when it was made, which may be long before: as its pipeline was on GitLab, and on GitHub when its job
            began to wait for a review.
        began: when its job began to run; None where that is not told.
        unbegun: whether its job certainly has not begun, so that nothing was deployed.
    """

    id: str
    environment: str
    commit: str
    created: datetime
    ref: str = ""
    actor: str = ""
    """A login."""
    state: str = "unknown"
    """Jira's word; ``unknown`` also where that takes a request of its own: see :meth:`DeploymentList.told`."""
    ended: datetime | None = None
    runs: tuple[str, ...] = ()
    """Ids of the runs that told of it."""
    url: str = ""
    began: datetime | None = None
    unbegun: bool = False

    @property
    def moment(self) -> datetime:
        """When it began, as far as that is known."""
        return self.began or self.created


@dataclass
class ProviderList:
    """What was read of the list.

    Attributes:
        reached: what may have begun since this moment was read without a gap; ``None`` where nothing was.
        ended: whether that is because there is nothing older.
        born: when the repository was made, where that was asked.
        problem: why it was read no further back, as a sentence.
        denied: whether that is because the token may not.
    """

    found: dict[str, ProviderDeployment] = field(default_factory=dict)
    reached: datetime | None = None
    ended: bool = False
    born: datetime | None = None
    problem: str = ""
    denied: bool = False

    def take(self, page: Sequence[ProviderDeployment], moments: Sequence[datetime] = ()) -> None:
        """Adds a page of the list.

        Args:
            moments: by which the list is sorted; when its deployments were made, where that is left out.

        Raises:
            Refused: it holds nothing new, so that the pages repeat.
        """
        if page and all(one.id in self.found for one in page):
            raise Refused(0, "a page repeats what another one has shown")
        self.found.update((one.id, one) for one in page)
        if page:
            self.reached = min(moments or [one.created for one in page])

    def fail(self, error: Unreadable) -> None:
        """It is read no further."""
        self.problem, self.denied = str(error), error.denied


class DeploymentList(Protocol):
    """One repository's deployments. No method raises anything but Unreadable."""

    provider: CI

    def since(self, oldest: datetime) -> ProviderList:
        """Those that were made since; raises nothing, as what could be read is worth something."""

    def told(self, deployment: ProviderDeployment) -> ProviderDeployment:
        """The same, with its state and runs, which takes a request where the list does not tell them."""

    def close(self) -> None:
        """Closes the connections."""


class _Api(Api):
    """One repository's API, and its GraphQL."""

    def ask(self, what: str, permission: str, question: Callable[[], T]) -> T:
        return ask(Asked(self._name, self._session.host, what, permission), question, (NotServed,))

    def graphql(self, address: str, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        sent = {"query": document, "variables": variables}
        answer = self._session.request("POST", address, json=sent, headers=self._headers)
        return mapping(Answer(answer.status_code, body=answer.content).json())

    def sheets(self, path: str, **parameters: str | int) -> Iterator[list[Mapping[str, Any]]]:
        """The pages of a list, each as a list."""
        for page in range(1, _PAGES + 1):
            found = rows(self.get(path, **parameters, per_page=_PAGE, page=page))
            yield found
            if len(found) < _PAGE:
                return
        raise Refused(0, f"more than {_PAGES * _PAGE} would have to be read")

    def born(self) -> datetime | None:
        """When the repository was made, where that is said."""
        try:
            return _moment(string(mapping(self.get("")).get("created_at")))
        except Refused:
            return None


_DEPLOYMENTS = "`permissions: deployments: read`"
_WHAT = "the deployments"


class GitHubDeployments:
    """On GitHub or GitHub Enterprise Server: by GraphQL, which tells a hundred with all that became of them in one
    request, else by REST, which tells of each how it went in a request of its own."""

    provider = CI.GITHUB

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        self._api = _Api.of_github(run, token, ca_bundle=ca_bundle, deadline=deadline)
        usual = f"{run.api_url.removesuffix('/v3')}/graphql"
        address = run.graphql_url if bound_to(run.graphql_url, run.api_url) else usual
        self._graphql = GraphQL(run.repository, lambda *asked: self._api.graphql(address, *asked))

    def since(self, oldest: datetime) -> ProviderList:
        tried = []
        for read in (self._by_graphql, self._by_rest):
            listed = ProviderList()
            tried.append(listed)
            try:
                if self._api.ask(_WHAT, _DEPLOYMENTS, partial(read, listed, oldest)):
                    return listed
            except Unreadable as error:
                listed.fail(error)
        # What was read before something came in between is worth more than what was not.
        return max(reversed(tried), key=lambda one: len(one.found))

    def told(self, deployment: ProviderDeployment) -> ProviderDeployment:
        def question() -> ProviderDeployment:
            found = [one for page in self._api.sheets(f"/deployments/{deployment.id}/statuses") for one in page]
            return _with_statuses(deployment, found, ("log_url", "target_url"), "created_at")

        return self._api.ask(f"the statuses of deployment {deployment.id}", _DEPLOYMENTS, question)

    def close(self) -> None:
        self._api.close()

    def _by_graphql(self, into: ProviderList, oldest: datetime) -> bool:
        """Whether that is the list. GraphQL shows nothing of what a token may not read, so that REST has to say that
        there is nothing."""
        try:
            for born, nodes in self._graphql.every_deployment():
                into.born = _moment(born)
                into.take([_of_graphql(one) for one in nodes])
                if into.reached and into.reached < oldest:
                    return True
        except (NotServed, ValueError):
            into.problem = "GitHub's GraphQL did not show all deployments, and REST none of the others."
            return False
        into.ended = True
        return bool(into.found)

    def _by_rest(self, into: ProviderList, oldest: datetime) -> bool:
        for page in self._api.sheets("/deployments"):
            into.take([_of_rest(one) for one in page])
            if into.reached and into.reached < oldest:
                return True
        into.ended = True
        into.born = self._api.born()
        return True


_NEED = "the scope read_api (a project access token, given as gitlab-token)"


class GitLabDeployments:
    """On GitLab. A job token may read deployments, and not when the project was made
    (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access).

    A deployment is made with its pipeline, and a manual job may be played long after. So the list is the one of those
    that were touched since: whatever has begun was. GitLab wants that order and that limit together
    (https://docs.gitlab.com/api/deployments/#list-project-deployments).
    """

    provider = CI.GITLAB

    def __init__(self, run: Run, token: str, *, job_token: str, ca_bundle: str, deadline: Deadline) -> None:
        self._api = _Api.of_gitlab(run, token, job_token, ca_bundle=ca_bundle, deadline=deadline)
        self._has_token = bool(token)

    def since(self, oldest: datetime) -> ProviderList:
        listed = ProviderList()
        try:
            self._api.ask(_WHAT, _NEED, lambda: self._read(listed, oldest))
        except Unreadable as error:
            listed.fail(error)
        return listed

    def told(self, deployment: ProviderDeployment) -> ProviderDeployment:
        return deployment

    def close(self) -> None:
        self._api.close()

    def _read(self, into: ProviderList, oldest: datetime) -> None:
        limit = oldest.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in self._api.sheets("/deployments", order_by="updated_at", sort="desc", updated_after=limit):
            into.take([_of_gitlab(one) for one in page], [_touched(one) for one in page])
            if into.reached and into.reached < oldest:
                return
        into.ended = True
        if self._has_token:
            into.born = self._api.born()


def deployment_list(
    run: Run, *, github_token: str, gitlab_token: str, job_token: str, ca_bundle: str, deadline: Deadline
) -> DeploymentList | None:
    """Who answers for this repository's deployments; None without a token or outside GitHub and GitLab."""
    if run.provider == CI.GITHUB and run.api_url and github_token:
        return GitHubDeployments(run, github_token, ca_bundle=ca_bundle, deadline=deadline)
    if run.provider == CI.GITLAB and run.api_url and (gitlab_token or job_token):
        return GitLabDeployments(run, gitlab_token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)
    return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.astimezone(timezone.utc) if found.tzinfo else None


def _made(number: object, created: object, **known: Any) -> ProviderDeployment:
    """One that says which it is, and when it was made.

    Raises:
        ValueError: it does not.
    """
    identity, moment = whole(number), _moment(string(created))
    if not identity or moment is None:
        raise ValueError("a deployment without id or moment")
    return ProviderDeployment(str(identity), created=moment, **known)


def _of_graphql(found: Mapping[str, Any]) -> ProviderDeployment:
    made = _made(
        found.get("databaseId"),
        found.get("createdAt"),
        environment=string(found.get("environment")),
        commit=sha(found.get("commitOid")),
        ref=string(mapping(found.get("ref")).get("name")),
        actor=string(mapping(found.get("creator")).get("login")),
    )
    return _with_statuses(made, rows(mapping(found.get("statuses")).get("nodes")), ("logUrl",), "createdAt")


def _of_rest(found: Mapping[str, Any]) -> ProviderDeployment:
    return _made(
        found.get("id"),
        found.get("created_at"),
        environment=string(found.get("environment")),
        commit=sha(found.get("sha")),
        ref=string(found.get("ref")),
        actor=string(mapping(found.get("creator")).get("login")),
    )


def _touched(found: Mapping[str, Any]) -> datetime:
    """Raises ValueError where that is not said."""
    moment = _moment(string(found.get("updated_at")) or string(found.get("created_at")))
    if moment is None:
        raise ValueError("a deployment without a moment")
    return moment


_NOT_BEGUN = ("created", "blocked", "skipped")
"""GitLab's statuses of a manual job that nobody has played, of one that has to be approved, and of one left out."""


def _of_gitlab(found: Mapping[str, Any]) -> ProviderDeployment:
    job = mapping(found.get("deployable"))
    pipeline = mapping(job.get("pipeline"))
    state = states.from_event(string(found.get("status")) or "unknown")
    ended = string(job.get("finished_at")) or string(found.get("updated_at"))
    number = whole(pipeline.get("id"))
    waits = string(found.get("status")) in _NOT_BEGUN or ("started_at" in job and not job["started_at"])
    return _made(
        found.get("id"),
        found.get("created_at"),
        environment=string(mapping(found.get("environment")).get("name")),
        commit=sha(found.get("sha")),
        ref=string(found.get("ref")),
        actor=string(mapping(found.get("user")).get("username")),
        state=state or "unknown",
        ended=_moment(ended) if state in _OVER else None,
        runs=(str(number),) if number else (),
        url=url(job.get("web_url")) or url(pipeline.get("web_url")),
        began=_moment(string(job.get("started_at"))),
        unbegun=waits,
    )


def _with_statuses(
    made: ProviderDeployment, statuses: Sequence[Mapping[str, Any]], addresses: Sequence[str], when: str
) -> ProviderDeployment:
    """The deployment as its statuses tell of it. A later deployment turns *success* into *inactive*, which says nothing
    of how this one went (https://docs.github.com/rest/deployments/deployments#inactive-deployments); and of a job that
    is marked as one that only waits, *success* says nothing."""
    told = [(_moment(string(one.get(when))) or made.created, string(one.get("state")).lower()) for one in statuses]
    known = [(at, states.from_event(word)) for at, word in told if word != "inactive"]
    last = max(known, key=lambda one: (one[0], states.of(one[1]).phase, states.of(one[1]).severity), default=None)
    at, state = last or (None, "unknown")
    began = min((at for at, state in known if states.of(state).phase == states.GOING), default=None)
    links = [url(one.get(name)) for one in statuses for name in addresses]
    runs = tuple(dict.fromkeys(match[1] for link in links if (match := _RUN.search(link))))
    state = "pending" if is_parked(links) or not told else state if known else "unknown"
    return replace(
        made,
        state=state,
        ended=at if state in _OVER else None,
        runs=runs,
        url=next(filter(None, links), ""),
        began=began,
    )
