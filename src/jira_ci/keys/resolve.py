"""Which issues a run claims: explicit keys first, then those found in its texts, and what could not be read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

from jira_ci.ci.api import Commits, History, Unreadable
from jira_ci.ci.detect import connect, is_known
from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, replace
from jira_ci.git.ancestry import Overlisted
from jira_ci.git.repository import Git
from jira_ci.keys import run_range
from jira_ci.keys.parse_keys import EXPLICIT, Keys, Source, Tally, explicit
from jira_ci.keys.run_range import Asked
from jira_ci.keys.services import Service, known
from jira_ci.keys.sources import MERGE, Squashed, merged_branches, titles
from jira_ci.run import Run
from jira_ci.text import one_line, short
from jira_ci.timing import Call, Deadline, Late

_COMMIT = "commit "


@dataclass(frozen=True)
class Claim:
    """The keys of one build or of one environment's deployment."""

    keys: Keys
    gaps: tuple[str, ...]
    """Sentences about what could not be read completely."""
    first: str = ""
    """The oldest commit that was read, shortened; empty where none was, or the claim is one of a service."""

    @property
    def complete(self) -> bool:
        return not self.gaps and not self.keys.left_out


class Claims:
    """Finds the claims of one run, asking the provider only when the run's own texts and the clone do not suffice."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._explicit = explicit(context.settings.issue_keys)
        self._known: dict[str, Claim] = {}
        self._services: dict[tuple[str, str], Claim] = {}
        self._first = ""
        connected = self._connect()
        self._history = Remembered(connected) if connected else None
        self._api = self._history.as_history if self._history else None
        other = context.settings.from_repository
        self._other = self._connect(other) if other else None

    def of(self, environment: str = "", service: str = "") -> Claim:
        """The claim of a deployment to this environment, or of the build; of one service, when it is named.

        Raises:
            UsageError: ``issue-keys``, ``since`` or the service is invalid.
        """
        # Without a provider to ask, and with a given start, the range is the same for every environment.
        settings = self._context.settings
        scope = environment if self._api is not None and not settings.since else bool(environment) * "any"
        meant = known(self._context.config, [service]) if service else ()
        self._check_repository(meant[0] if meant else None)
        if meant and meant[0].paths:
            return self._of_service(scope, environment, meant[0])
        if scope not in self._known:
            found = self._settled(lambda gaps: [self._collected(environment, gaps)])[0]
            self._known[scope] = replace(found, first=self._first)
        return self._known[scope]

    def deployed(self, environment: str) -> str:
        """The commit that was deployed to this environment last, as far as the claim showed that; else empty."""
        return self._history.last.get(environment, "") if self._history else ""

    def older(self, environment: str) -> str:
        """A sentence about a deployment to this environment that takes it back, as far as the claim showed that."""
        context = self._context
        return older(self._history, context.git, context.run, environment) if self._history else ""

    def close(self) -> None:
        """Closes the connections to the provider."""
        for api in (self._api, self._other):
            if api is not None:
                api.close()

    def _of_service(self, scope: str, environment: str, service: Service) -> Claim:
        from jira_ci.keys.attribution import Whose, attribute

        if (scope, service.name) not in self._services:
            context, settings = self._context, self._context.settings
            # One pass over the range serves all that this run names.
            named = {meant.name: meant for meant in (service, *known(context.config, settings.service)) if meant.paths}
            whose = Whose(
                services=[meant.paths for meant in named.values()],
                explicit=self._explicit,
                projects=settings.projects,
            )
            asked = self._asked(environment)
            self._begin(environment)
            claims = self._settled(
                lambda gaps: attribute(whose, asked, context.run, context.git, self._api, gaps),
            )
            self._services.update({(scope, name): claim for name, claim in zip(named, claims, strict=True)})
        return self._services[scope, service.name]

    def _settled(self, read: Callable[[list[str]], Sequence[Keys]]) -> list[Claim]:
        """What is read; again, where it turned out in the end to be too much."""
        while True:
            gaps = list(self._context.run.gaps)
            try:
                with self._context.console.working("Reading the run's commits and pull requests"):
                    found = read(gaps)
            except Overlisted:
                continue
            return [Claim(keys, tuple(dict.fromkeys(gaps))) for keys in found]

    def _asked(self, environment: str) -> Asked:
        settings = self._context.settings
        return Asked(
            since=settings.since,
            environment=environment,
            version=settings.version,
            repository=settings.from_repository,
            descriptions=settings.descriptions,
            release_notes=settings.release_notes,
            payload=settings.payload,
        )

    def _collected(self, environment: str, gaps: list[str]) -> Keys:
        tally = Tally(self._context.settings.projects)
        for source in self._sources(environment, gaps, tally.knows_all_of):
            tally.add(source)
        return tally.keys()

    def _sources(self, environment: str, gaps: list[str], known: Callable[[str], bool]) -> Iterator[Source]:
        context, self._first = self._context, ""
        self._begin(environment)
        yield from (Source(EXPLICIT, key) for key in self._explicit)
        for source in texts(
            context.run,
            self._asked(environment),
            git=context.git,
            api=self._api,
            gaps=gaps,
            projects=context.settings.projects,
            other=self._other,
            known=known,
        ):
            if source.where.startswith(_COMMIT):  # newest first
                self._first = source.where.removeprefix(_COMMIT)
            yield source

    def _check_repository(self, service: Service | None) -> None:
        settings = self._context.settings
        if not settings.from_repository:
            return
        if not (settings.since and settings.version):
            raise UsageError(
                "from-repository is set, and not since and version, between which its commits lie.",
                "Set since to the version that was there before, and version to the one that is deployed.",
            )
        if service and service.paths:
            raise UsageError(
                f"from-repository is set, and the paths of {one_line(service.name, 80)} are of this repository.",
                "Take service or from-repository out.",
            )

    def _begin(self, environment: str) -> None:
        """Asks for the deployment that the range begins with beside what git is asked for."""
        settings, context = self._context.settings, self._context
        if self._history and environment and context.run.commit and not (settings.since or settings.from_repository):
            self._history.begin(environment, context.deadline)

    def _connect(self, repository: str = "") -> History | None:
        settings, run = self._context.settings, self._context.run
        if repository:
            run = replace(run, repository=repository, repository_id=repository)
        tokens = {
            "github_token": settings.github_token,
            "gitlab_token": settings.gitlab_token,
            "job_token": self._context.edges.environ.get("CI_JOB_TOKEN", ""),
        }
        if not is_known(run, **tokens):
            return None
        deadline = self._context.deadline.part(0.5)  # a provider that hangs must not cost the report
        bundle = self._context.provider_bundle
        return cast("History", Later(lambda: connect(run, **tokens, ca_bundle=bundle, deadline=deadline)))


def texts(
    run: Run,
    asked: Asked,
    *,
    git: Git,
    api: History | None,
    gaps: list[str],
    projects: Sequence[str] = (),
    other: History | None = None,
    known: Callable[[str], bool] | None = None,
) -> Iterator[Source]:
    """The texts, the most certain ones first; commits newest first.

    Args:
        git: the checkout.
        api: the provider's API for the repository; None: it is not asked.
        gaps: gets a sentence for everything that could not be read; complete once the iterator is exhausted.
        projects: only keys of these projects count when a commit is looked at for whether it has one.
        other: the provider's API for the other repository that is asked for.
        known: whether a text of many commits certainly holds nothing new; then they need not be delivered.

    Raises:
        UsageError: there is no such commit as ``since``.
        Overlisted: in the end: what came may be too much, and has to be read again.
    """
    lookup = run_range.lookup_of(run, asked, git, api, gaps)
    yield from titles(lookup, asked)
    if asked.repository:
        lookup = replace(lookup, api=other)
    squashed = Squashed(lookup, projects, every=bool(asked.environment))
    if known:
        lookup = replace(lookup, skip=lambda text: not squashed.may_see(text) and known(text))
    found, head_matters = run_range.messages(lookup, asked)
    for commit, message in found:
        squashed.see(commit, message)
        where = _COMMIT + (commit[:8] or "message")
        yield Source(where, message)
        if message.startswith(MERGE):
            yield from (Source(f"branch of {where}", branch, branch=True) for branch in merged_branches(message))
    yield from (source for _, source in squashed.read(head_matters=head_matters))


class Later:
    """The provider's history, whose library takes a while to load: when it is asked the first thing."""

    def __init__(self, connect: Callable[[], History | None]) -> None:
        self._connect, self._found, self._lock = connect, cast("History | None", None), threading.Lock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            self._found = self._found or self._connect()
        return getattr(self._found, name)

    def close(self) -> None:
        if self._found is not None:
            self._found.close()


class Remembered:
    """The provider's history, with its answers about deployments kept; nothing is asked twice or more because of it."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.last: dict[str, str] = {}
        """By environment, the commit that was deployed there last."""
        self.nothing_new: set[tuple[str, str]] = set()
        """Ranges, by base and head, that hold no commit."""
        self._begun: dict[str, tuple[Call[str], Deadline]] = {}

    def begin(self, environment: str, deadline: Deadline) -> None:
        """Asks for the last deployment, whose answer :meth:`last_deployment` waits for; once."""
        if environment not in self.last and environment not in self._begun:
            self._begun[environment] = Call(partial(self._history.last_deployment, environment)), deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._history, name)

    def last_deployment(self, environment: str) -> str:
        begun = self._begun.pop(environment, None)
        try:
            found = begun[0].result(begun[1]) if begun else self._history.last_deployment(environment)
        except Late:
            raise Unreadable("The provider gave no answer before the deadline (timeout).") from None
        self.last[environment] = found
        return found

    def compare(self, base: str, head: str) -> Commits:
        found = self._history.compare(base, head)
        if found.complete and not found.found:
            self.nothing_new.add((base, head))
        return found

    @property
    def as_history(self) -> History:
        return cast("History", self)


def older(remembered: Remembered, git: Git, run: Run, environment: str) -> str:
    """A sentence about a deployment that takes an environment back; empty where it does not, or that is not known."""
    last = remembered.last.get(environment, "")
    if not last or not run.commit or last == run.commit:
        return ""
    behind = (last, run.commit) in remembered.nothing_new or git.ask("merge-base", run.commit, last) == run.commit
    if not behind:
        return ""
    where = one_line(environment, 100)
    return (
        f"{where} has a newer commit, {short(last)}, than this deployment's {short(run.commit)}. Jira goes on showing "
        "the deployment with the largest number there: where this one takes the newer one back, say so with jira-ci "
        "rollback, and name the newer one's run."
    )
