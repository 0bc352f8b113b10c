"""What a CI run is: one frozen value, made once from the environment, that everything else reads.

``jira_ci.ci`` makes it, ``jira_ci.jira`` turns it into payloads; neither knows the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from jira_ci.frozen import dataclass, field
from jira_ci.text import canonical

if TYPE_CHECKING:
    from jira_ci.settings import Settings


class CI(str, Enum):
    """Who runs us. The values stand in ids and records, so they never change."""

    GITHUB = "github"
    GITLAB = "gitlab"
    HARNESS = "harness"
    DRONE = "drone"
    JENKINS = "jenkins"
    AZURE = "azure"
    BITBUCKET = "bitbucket"
    CIRCLECI = "circleci"
    BUILDKITE = "buildkite"
    TEAMCITY = "teamcity"
    LOCAL = "local"

    __str__ = str.__str__


@dataclass(frozen=True)
class PullRequest:
    """A pull request (GitHub) or merge request (GitLab)."""

    number: int
    title: str
    branch: str
    """The head branch's name, without ``refs/heads/``."""
    url: str = ""
    base_sha: str = ""
    head_sha: str = ""
    commits: int | None = None
    """How many commits it has, where the event says so: a shorter list is known to be incomplete."""
    description: str | None = None
    """What its author wrote below the title; None where that is not known, or not all of it."""


@dataclass(frozen=True)
class Run:
    """One CI pipeline execution. Texts are empty where the provider does not say; nothing here is trusted text."""

    provider: CI
    repository: str
    """``owner/name``, as people write it."""
    repository_id: str
    """The provider's own id: it survives a rename."""
    repository_url: str
    """Where a person looks at it, without credentials and without a trailing slash or ``.git``."""
    commit: str
    """The full SHA-1 or SHA-256 the run builds: for a pull request its head, not the merge commit."""
    number: int
    """Grows from run to run of one pipeline: GitHub's run number, GitLab's pipeline IID, another CI's build number;
    outside of a CI the commit's time in seconds."""
    url: str
    """Where a person looks at this run."""
    run_id: str = ""
    workflow: str = ""
    """What ``number`` counts the runs of. GitHub: the workflow file's path; Harness: account, organisation, project and
    pipeline; Jenkins: the job; Azure, Buildkite, TeamCity: the pipeline; empty elsewhere. Part of the pipeline's
    identity."""
    workflow_name: str = ""
    """What a person calls the pipeline."""
    event: str = ""
    """The provider's word: ``push``, ``pull_request``, ``schedule``, ``merge_request_event``..."""
    branch: str = ""
    """Without ``refs/heads/``; the pull request's head branch; empty on a tag."""
    tag: str = ""
    default_branch: str = ""
    base: str = ""
    """The commit before this run's own ones, where the event says so: a push's *before*, a merge queue's base."""
    messages: tuple[str, ...] = ()
    """Commit messages the event itself carries, oldest first."""
    message_ids: tuple[str, ...] = ()
    """The full commit ids of ``messages``, in the same order; empty texts where the event does not say."""
    messages_complete: bool = False
    """Whether ``messages`` are certainly all commits of the event's range."""
    attempt: int = 1
    """Which try of this run, from 1; on GitLab the job's start in epoch seconds, or else its id."""
    attempt_started: int = 0
    """Epoch milliseconds at which the attempt began, where the provider says so; else 0."""
    authors: tuple[str, ...] = ()
    """Logins of those who wrote the commits that the event carries, each once, where the provider says so."""
    pull_request: PullRequest | None = None
    release_notes: str = ""
    """The notes of the release that the run is about."""
    payload: tuple[str, ...] = ()
    """The texts in the payload of GitHub's deployment that the run is about."""
    state: str = ""
    """The provider's word for how the job went so far: ``success``, ``failed``, ``canceled``, ``running``..."""
    environment: str = ""
    """The environment name the provider already knows for this job."""
    environment_tier: str = ""
    """GitLab's own deployment tier: ``production staging testing development other``."""
    environment_action: str = ""
    """What GitLab's job does with its environment: ``start prepare stop verify access``; only *start* deploys."""
    event_state: str = ""
    """How it went, in the provider's word, with what the event is about: another's deployment, another run."""
    leg_values: tuple[str, ...] = ()
    """The values of the matrix that ``leg`` is one of."""
    several_legs: bool = False
    """Whether the job is one of several that differ in their leg alone."""
    actor: str = ""
    protected: bool = False
    """Whether the provider says that the ref is protected."""
    secrets_withheld: str = ""
    """Why the provider kept secrets from this run (a fork, Dependabot, an unprotected ref); empty when it did not."""
    server_url: str = ""
    """The provider's web address: ``https://github.com``."""
    api_url: str = ""
    """The provider's API address: ``https://api.github.com``, ``https://gitlab.com/api/v4``."""
    graphql_url: str = ""
    """Where GitHub takes GraphQL: ``https://api.github.com/graphql``; empty where the run does not say."""
    visibility: str = ""
    """Who may see the repository, in the provider's word: ``public private internal``; empty where it does not say."""
    gaps: tuple[str, ...] = field(default=())
    """What could not be read while making this value, as sentences (an unreadable event file, a missing remote)."""
    # The job's name without its leg, and the leg: what the matrix or ``parallel:`` made of the job.
    job: str = ""
    leg: str = ""


@dataclass(frozen=True)
class PastRun:
    """One run, or one attempt of it."""

    run_id: str
    number: int
    """GitHub's run number, GitLab's pipeline IID."""
    ended: bool
    conclusion: str
    """The provider's word for how it ended; while it is going on, for what it does."""
    workflow: str = ""
    """As in :class:`Run`."""
    attempt: int = 0
    """Which attempt this is about, counted as in :class:`Run`; 0 where it is about all of them."""
    commit: str = ""
    """GitHub: what the workflow's file was read at."""

    def __str__(self) -> str:
        return f"run {self.run_id} (#{self.number})"


# What action.yml makes of GitHub's contexts: strategy.job-total, a slash, and matrix as JSON. Both are known to an
# action's input defaults (https://github.com/actions/runner/blob/main/src/Runner.Worker/action_yaml.json).
_MATRIX = r"\s*(?:([0-9]*)/)?\s*(null|\{.*\})\s*"


@dataclass(frozen=True)
class Leg:
    """One of the jobs that a job of the pipeline's file becomes."""

    job: str
    """The job's name without its leg: GitHub's job id, GitLab's job name."""
    name: str = ""
    """What tells it from the other legs; empty when there is but this one, and no matrix."""
    values: tuple[str, ...] = ()
    """Of its matrix."""
    several: bool = False
    """Whether there are others."""


def is_matrix_text(text: str) -> bool:
    """Whether this is what the action says of the matrix, and not a name that somebody chose."""
    return _matrix(text) is not None


def leg_of_matrix(text: str, job: str) -> Leg:
    """The leg of this job that the action's text speaks of; without a name when it speaks of none."""
    found = _matrix(text)
    if found is None or not found[1]:
        return Leg(job)
    total, values = found
    return leg_of_values(job, values, several=total != 1)


def leg_of_values(job: str, matrix: Mapping[str, Any], *, several: bool) -> Leg:
    """The leg with these values, in the order of their names: whoever sorts a matrix anew makes no new pipeline."""
    rows = [_shown_value(matrix[name]) for name in sorted(matrix)]
    return Leg(job, ", ".join(rows), tuple(filter(None, _scalars(matrix))), several)


def is_leg_named(leg: Leg, *names: str) -> bool:
    """Whether one of the matrix's values stands in one of these names, as a word: ``eu`` in ``prod-eu``."""
    places = [canonical(name) for name in names if name]
    values = [canonical(value) for value in leg.values]
    return any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", place) for value in values if value for place in places)


def _matrix(text: str) -> tuple[int, Mapping[str, Any]] | None:
    """How many legs there are (0: not known), and this one's values; None for any other text."""
    match = re.fullmatch(_MATRIX, text, re.DOTALL)
    if match is None:
        return None
    try:
        values = json.loads(match[2])
    except (ValueError, RecursionError):
        return None
    return int(match[1] or 0), values or {}


def _shown_value(value: Any) -> str:
    """A value as its leg's name shows it: no two values that differ are shown alike."""
    plain = _scalar(value)
    if plain is not None and plain.strip() == plain and plain and not re.search('[,"]', plain):
        return plain
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _scalars(value: Any) -> Iterator[str]:
    plain = _scalar(value)
    if plain is not None:
        yield plain
        return
    parts = value.values() if isinstance(value, Mapping) else value
    for part in parts if isinstance(value, (Mapping, list)) else ():
        yield from _scalars(part)


def _scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else None


def leg_of_run(run: Run) -> Leg:
    """The job and leg that this process is a part of."""
    return Leg(run.job, run.leg, run.leg_values, run.several_legs)


def told_apart(settings: Settings, leg: Leg, environment: str, tenant: str = "", service: str = "") -> tuple[str, str]:
    """The job and the leg that a report of this leg is of, each empty where it tells nothing apart.

    A build is one of its job and leg, unless ``pipeline`` says what it is of. A deployment is known by where it goes,
    because its start and its end may be reported by different jobs; only the legs of one job that go to the same place
    are told apart.

    Args:
        environment: what is deployed to; empty for a build.
    """
    if settings.pipeline:
        return "", settings.leg
    if not environment:
        return leg.job, settings.leg or leg.name
    apart = leg.several and not is_leg_named(leg, environment, tenant, service)
    return "", settings.leg or (leg.name if apart else "")
