"""Who is who in Jira: ids that stay the same from run to run, sequence numbers that grow within one, and what a record
is about: issues, services, a commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from jira_ci import states
from jira_ci.run import CI, Run
from jira_ci.text import canonical, for_jira, identifier

VALUES = 500
"""What Jira takes of one record, all kinds together."""
_ISSUES, _SERVICES = "issueIdOrKeys", "serviceIdOrKeys"
_LONGEST_ID = 255
_MOST = (1 << 63) - 1
_CLOCK_BITS, _JOB_CLOCK_BITS = 48, 24
_SEVERITY_BITS = 2  # of an end: the clock's uppermost
_MINUTES_TO_2020 = 26_297_280


def pipeline_id(run: Run, pipeline: str, service: str = "", *, job: str = "", leg: str = "") -> str:
    """One pipeline's id: provider, repository, workflow file, the ``pipeline`` setting that tells several apart, and
    the service's name.

    It holds the repository's id, not its name, so that a rename changes nothing; and never anything of a single run,
    or Jira would show a new pipeline every time.

    Args:
        job: the job's name, where each job is a pipeline of its own; case counts, as it does on GitLab.
        leg: its leg, where each of them is.
    """
    parts = [run.provider, run.repository_id, run.workflow, canonical(pipeline)]
    whole = ":".join(part for part in parts if part)
    for what, part in (("JOB", job), ("LEG", leg)):
        whole += f";{what}={part.replace('%', '%25').replace(';', '%3B')}" * bool(part)
    return identifier(_joined(whole, "SERVICE", service))


def environment_id(name: str, tenant: str = "") -> str:
    """One environment's id, or that of one tenant in it: two spellings that differ in case or blanks are one."""
    return identifier(_joined(canonical(name), "TENANT", tenant))


def place(environment: str) -> str:
    """What the ids of an environment and of each tenant in it begin with."""
    return environment.partition(";TENANT=")[0]


def _joined(whole: str, what: str, part: str) -> str:
    """The two in one text that no other two make: a canonical name holds no capital letter, so never the mark."""
    return f"{whole};{what}={canonical(part)}" if part else whole


def update_sequence_number(run: Run, state: str, now: int) -> int:
    """A number that is larger in every later report of one run.

    Jira drops, without a word, an update whose number is not larger than the stored one. So the attempt comes first,
    then the phase, then the time: the end of a deployment beats its start even when the next runner's clock is a day
    behind.

    Args:
        now: epoch milliseconds.

    Returns:
        An int64: attempt, phase (2 bits), time; of an end its severity (2 bits) comes before the time. The time is
        epoch milliseconds (48 bits); but GitLab's attempt is the job's start or id, which leaves 24 bits, so there the
        time counts from the job's start.
    """
    known, bits, severity = states.of(state), _clock_bits(run), 0
    head = (run.attempt << 2 | known.phase) << bits
    if known.phase == states.ENDED:
        bits -= _SEVERITY_BITS
        severity = known.severity << bits
    clock = _job_clock(run, now, bits) if run.provider == CI.GITLAB else now
    return min(head | severity | min(max(0, clock), (1 << bits) - 1), _MOST)


def attempt_of(run: Run, number: int) -> int:
    """Which attempt a number of :func:`update_sequence_number` is of."""
    return number >> _clock_bits(run) + 2


def later_number(run: Run, number: int, now: int) -> int:
    """A number that beats this one, and that a later attempt beats: of the same attempt, in the last phase.

    Args:
        number: one that is stored.
        now: epoch milliseconds.

    Returns:
        The same number, where there is no larger int64.
    """
    bits = _clock_bits(run)
    clock = now // 60_000 - _MINUTES_TO_2020 if run.provider == CI.GITLAB else now
    clock = min(max(0, clock), (1 << bits) - 1)
    return min(max((number >> bits + 2 << bits + 2) | (states.CORRECTED << bits) | clock, number + 1), _MOST)


def _clock_bits(run: Run) -> int:
    """How many bits stand behind the phase."""
    return _JOB_CLOCK_BITS if run.provider == CI.GITLAB else _CLOCK_BITS


def _job_clock(run: Run, now: int, bits: int) -> int:
    """A time that grows through a job of any length and fits into 24 bits: milliseconds for the first two hours, then
    seconds; without the job's start, minutes since 2020. In 22 bits it is a quarter as long fine, and half as fine."""
    coarse = 1 + (bits < _JOB_CLOCK_BITS)
    if not run.attempt_started:
        return (now // 60_000 - _MINUTES_TO_2020) // coarse**2
    fine, passed = 1 << bits - 1, now - run.attempt_started
    return passed if passed < fine else fine + (passed - fine) // (1000 * coarse)


class Association(TypedDict):
    """What a record is about: keys of issues, ids of services, a commit or a repository."""

    associationType: str
    values: list[Any]


def associations(
    keys: Sequence[str], service_ids: Sequence[str] = (), run: Run | None = None
) -> list[Association] | None:
    """The associations of a record; ``None`` when there is nothing to name.

    Args:
        keys: the first of them are kept, as many as fit; see :func:`room`.
        service_ids: with some, what was deployed is named too.
        run: what was deployed.
    """
    ids = [one for one in dict.fromkeys(service_ids) if one][:VALUES]
    source = _source(run) if run and 0 < len(ids) < VALUES else []
    left = VALUES - len(ids) - len(source)
    return [*_one(_ISSUES, list(dict.fromkeys(keys))[:left]), *_one(_SERVICES, ids), *source] or None


def room(service_ids: Sequence[str], run: Run) -> int:
    """How many issue keys fit beside a service's ids and the commit."""
    taken = associations((), service_ids, run) or ()
    return VALUES - sum(len(one["values"]) for one in taken)


def keys_of(record: Mapping[str, Any]) -> list[str]:
    """The issue keys a record claims."""
    return _values(record, _ISSUES)


def services_of(record: Mapping[str, Any]) -> list[str]:
    """The ids of the services a record is of."""
    return _values(record, _SERVICES)


def with_keys(record: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The same record, claiming these issues, and associated with all else that it was."""
    others = [one for one in record.get("associations", ()) if one["associationType"] != _ISSUES]
    rest = {name: value for name, value in record.items() if name != "associations"}
    about = [*_one(_ISSUES, keys), *others]
    return {**rest, "associations": about} if about else rest


def without(records: Sequence[dict[str, Any]], hidden: Sequence[str]) -> list[dict[str, Any]]:
    """The records without these issues; those of which nothing is left to be shown on are not there any more."""
    unseen = frozenset(hidden)
    kept = [with_keys(record, [key for key in keys_of(record) if key not in unseen]) for record in records]
    return [record for record in kept if is_shown(record)] if unseen else list(records)


def is_shown(record: Mapping[str, Any]) -> bool:
    """Whether the record names an issue or a service to be shown on; Jira keeps no others."""
    return bool(keys_of(record) or services_of(record))


def _source(run: Run) -> list[Association]:
    """The commit where it is known, else the repository. Of an id that had to be cut nobody would know anything."""
    repository, commit = _whole(run.repository_id), _whole(run.commit)
    if repository and commit:
        return _one("commit", [{"commitHash": commit, "repositoryId": repository}])
    return _one("repository", [{"repositoryId": repository}] if repository else [])


def _whole(text: str) -> str:
    return text if for_jira(text, _LONGEST_ID) == text else ""


def _one(kind: str, values: Iterable[Any]) -> list[Association]:
    listed = list(values)
    return [{"associationType": kind, "values": listed}] if listed else []


def _values(record: Mapping[str, Any], kind: str) -> list[str]:
    found = [one["values"] for one in record.get("associations", ()) if one["associationType"] == kind]
    return list(found[0]) if found else []
