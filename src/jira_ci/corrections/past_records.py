"""Which runs are meant, by the setting ``run``, and which records they may have made."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from jira_ci.ci.api import Unreadable
from jira_ci.ci.github_env import UnknownLegs, legs_of_workflow
from jira_ci.ci.past_runs import Runs
from jira_ci.context import Context
from jira_ci.errors import AccessError, JiraCiError, NetworkError, UsageError
from jira_ci.git.command import GitError
from jira_ci.jira import identity
from jira_ci.jira.stored import Key, Stored
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS
from jira_ci.keys.services import known
from jira_ci.run import CI, Leg, PastRun, Run, leg_of_run, told_apart
from jira_ci.text import one_line

_REFERENCE = re.compile(r"(#?)([0-9]{1,18})")


@dataclass(frozen=True)
class Reference:
    """One run, by its id or by its number."""

    run_id: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"run {self.run_id}" if self.run_id else f"run #{self.number}"


def references(texts: Sequence[str]) -> tuple[Reference, ...]:
    """The runs that the setting names, each once.

    Raises:
        UsageError: something is neither an id nor a number.
    """
    found = []
    for text in texts:
        match = _REFERENCE.fullmatch(text)
        if match is None or not int(match[2]):
            raise UsageError(
                f"run names {one_line(text, 80)!r}, which is no run.",
                "Give the id that stands in the run's address, as 1658821493, or its number, as '#41' (in quotes: "
                "YAML and shells take # for a comment).",
            )
        found.append(Reference(number=int(match[2])) if match[1] else Reference(str(int(match[2]))))
    return tuple(dict.fromkeys(found))


_NAMES = {CI.GITHUB: "GitHub", CI.GITLAB: "GitLab"}
_SHARE = 0.5  # of the time that is left; a provider that hangs must not cost everything


class Provider:
    """Whoever answers for this repository's runs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._connected = False

    @cached_property
    def runs(self) -> Runs | None:
        """Who answers; None outside GitHub and GitLab, or without a token."""
        from jira_ci.ci.detect import connect_runs

        context, self._connected = self._context, True
        return connect_runs(
            context.run,
            github_token=context.settings.github_token,
            gitlab_token=context.settings.gitlab_token,
            job_token=context.edges.environ.get("CI_JOB_TOKEN", ""),
            ca_bundle=context.provider_bundle,
            deadline=context.deadline.part(_SHARE),
        )

    def need(self, what: str) -> Runs:
        """Who answers.

        Args:
            what: is asked for, as in *GitHub cannot be asked ...*.

        Raises:
            UsageError: none does.
        """
        if self.runs is not None:
            return self.runs
        name = _NAMES.get(self._context.run.provider, "")
        if not name:
            raise UsageError(
                f"No provider can be asked {what}: this is no run on GitHub or GitLab.",
                "Name the run by its number: run.",
            )
        token = f"{name.lower()}-token"
        raise UsageError(f"{token} is not set, so {name} cannot be asked {what}.", f"Set {token}.")

    def referred(self, reference: Reference) -> PastRun:
        """The run that is meant, as the provider knows it.

        Raises:
            UsageError: there is no provider to ask.
            AccessError, NetworkError: there was no usable answer.
        """
        runs = self.need(f"about {reference}")
        try:
            if reference.run_id:
                return runs.run(reference.run_id)
            return runs.numbered(self._context.run.workflow, reference.number)
        except Unreadable as error:
            raise unreadable(error) from None

    def close(self) -> None:
        """Hangs up."""
        if self._connected and self.runs is not None:
            self.runs.close()


def unreadable(error: Unreadable) -> JiraCiError:
    """The provider's refusal as an error with an exit code."""
    return (AccessError if error.denied else NetworkError)(str(error))


_TOGETHER = Leg("")
"""All jobs of a run as one, as 0.1 reported them, and as a workflow does that follows another."""
_LARGEST = 1 << 20  # bytes of a workflow's file
_MOST = 50  # jobs of one run: each is a request to Jira


class Jobs:
    """Finds out about the jobs of runs; what cannot be found out is said once.

    Args:
        provider: asked for what the clone does not hold.
    """

    def __init__(self, context: Context, provider: Provider) -> None:
        self._context, self._provider = context, provider
        self._said: set[str] = set()

    def of(self, past: PastRun) -> Sequence[Leg]:
        """The legs of the run's jobs, and all of them together."""
        context = self._context
        if context.settings.pipeline:
            return (_TOGETHER,)
        if past.run_id and past.run_id == context.run.run_id:
            return (_TOGETHER, leg_of_run(context.run))
        try:
            found = self._legs(past)
        except (UnknownLegs, Unreadable) as error:
            return (_TOGETHER, *self._unknown(past, str(error).rstrip(".")))
        if len(found) > _MOST:
            return (_TOGETHER, *self._unknown(past, f"there are {len(found)}, and {_MOST} are looked for"))
        return (_TOGETHER, *found)

    def _legs(self, past: PastRun) -> list[Leg]:
        if past.commit and past.workflow:
            try:
                data = self._context.git.file(past.commit, past.workflow, _LARGEST)
            except GitError:
                data = None
            if data is not None:
                return legs_of_workflow(data.decode("utf-8", "replace"))
        of_gitlab = self._context.run.provider == CI.GITLAB
        if self._provider.runs is None or not past.run_id or not (past.commit or of_gitlab):
            raise UnknownLegs("no provider can be asked about it")
        return self._provider.runs.legs(past)

    def _unknown(self, past: PastRun, why: str) -> tuple[()]:
        whose = past.workflow or str(past)
        if whose not in self._said:
            self._said.add(whose)
            self._context.console.notice(
                "warning",
                f"Which jobs of {one_line(whose, 200)} reported is not known: {one_line(why, 300)}. What each of them "
                "reported on its own is found by the setting pipeline, if the reports have it; forget finds it by run.",
            )
        return ()


_IN_ADDRESS = re.compile(r"/(?:actions/runs|-/pipelines)/([0-9]{1,18})(?:[/?#]|\Z)")


@dataclass(frozen=True)
class Target:
    """A record that may be there, and the run that would have made it."""

    key: Key
    past: PastRun
    title: str
    """For people: ``deployment #41 to Prod for Tenant A``."""
    words: Mapping[str, str]
    """What ``environment``, ``tenant`` and ``service`` mean in its texts."""


def this_run(run: Run) -> PastRun:
    """The run that this process is a part of."""
    return PastRun(run.run_id, run.number, ended=False, conclusion="in_progress", workflow=run.workflow)


def by_number(run: Run, number: int) -> PastRun:
    """A run of the same workflow, of which only the number is known."""
    return PastRun("", number, ended=False, conclusion="", workflow=run.workflow)


def as_run(run: Run, past: PastRun) -> Run:
    """The past run, as far as a record's identity and its properties are concerned."""
    workflow = past.workflow or ("" if run.provider == CI.GITLAB else run.workflow)
    return replace(run, run_id=past.run_id, number=past.number, workflow=workflow)


def of(context: Context, past: PastRun, environments: Sequence[str], legs: Sequence[Leg]) -> list[Target]:
    """A target for each environment, tenant, service, and whatever the reports of these legs are told apart by; without
    an environment for the builds.

    Args:
        legs: of the run's jobs; one without a name stands for all of them together, as 0.1 knew them.

    Raises:
        UsageError: the file has no such service.
    """
    settings, run = context.settings, as_run(context.run, past)
    found: dict[Key, Target] = {}
    places = [(name, tenant) for name in environments for tenant in settings.tenant or ("",)] or [("", "")]
    for service, (name, tenant), leg in itertools.product(_services(context), places, legs):
        job, which = told_apart(settings, leg, name, tenant, service)
        pipeline = identity.pipeline_id(run, settings.pipeline, service, job=job, leg=which)
        about = " of ".join([f"#{past.number}", *filter(None, [", ".join(filter(None, [job, which])), service])])
        words = {"environment": name, "tenant": tenant, "service": service}
        key, title = Key(BUILDS, pipeline, past.number), f"build {about}"
        if name:
            key = Key(DEPLOYMENTS, pipeline, past.number, identity.environment_id(name, tenant))
            title = f"deployment {about} to {name}" + (f" for {tenant}" if tenant else "")
        found.setdefault(key, Target(key, past, one_line(title, 300), words))
    return list(found.values())


def each_once(found: Iterable[Target]) -> list[Target]:
    """Without those whose record is meant already: an id and a number may name one run, two spellings one place."""
    once: dict[Key, Target] = {}
    for target in found:
        once.setdefault(target.key, target)
    return list(once.values())


def _services(context: Context) -> Sequence[str]:
    if not context.settings.service:
        return ("",)
    return [service.name for service in known(context.config, context.settings.service)]


def with_run_id(target: Target, stored: Stored, run: Run) -> PastRun:
    """The run with its id, read from the record's address where only the number was known."""
    url = str(stored.record.get("url", ""))
    match = _IN_ADDRESS.search(url) if run.repository_url and url.startswith(run.repository_url + "/") else None
    return replace(target.past, run_id=match[1]) if match and not target.past.run_id else target.past
