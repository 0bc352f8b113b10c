"""Who is who in Jira: ids that stay the same from run to run, and sequence numbers that grow within one."""

from __future__ import annotations

from jira_ci.run import CI, Run
from jira_ci.text import canonical, identifier

PHASES = {"pending": 0, "in_progress": 1}
"""Every other state ends a record: phase 2. Closing what a killed job left open is phase 3."""
_END, _RECONCILE = 2, 3
_MOST = (1 << 63) - 1
_JOB_CLOCK_BITS = 24
_MINUTES_TO_2020 = 26_297_280


def pipeline_id(run: Run, pipeline: str, service: str = "") -> str:
    """One pipeline's id: provider, repository, workflow file, the ``pipeline`` setting that tells several apart, and
    the service's name.

    It holds the repository's id, not its name, so that a rename changes nothing; and never anything of a single run,
    or Jira would show a new pipeline every time.
    """
    parts = [run.provider, run.repository_id, run.workflow, canonical(pipeline)]
    return identifier(_joined(":".join(part for part in parts if part), "SERVICE", service))


def environment_id(name: str, tenant: str = "") -> str:
    """One environment's id, or that of one tenant in it: two spellings that differ in case or blanks are one."""
    return identifier(_joined(canonical(name), "TENANT", tenant))


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
        An int64: attempt, phase (2 bits), time. The time is epoch milliseconds (48 bits); but GitLab's attempt is the
        job's start or id, which leaves 24 bits, so there the time counts from the job's start.
    """
    phase = PHASES.get(state, _END)
    bits = _clock_bits(run)
    clock = _job_clock(run, now) if run.provider == CI.GITLAB else now
    clock = min(max(0, clock), (1 << bits) - 1)
    return min((run.attempt << bits + 2) | (phase << bits) | clock, _MOST)


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
    return min(max((number >> bits + 2 << bits + 2) | (_RECONCILE << bits) | clock, number + 1), _MOST)


def _clock_bits(run: Run) -> int:
    return _JOB_CLOCK_BITS if run.provider == CI.GITLAB else 48


def _job_clock(run: Run, now: int) -> int:
    """A time that grows through a job of any length and fits into 24 bits: milliseconds for the first two hours, then
    seconds; without the job's start, minutes since 2020."""
    if not run.attempt_started:
        return now // 60_000 - _MINUTES_TO_2020
    fine, passed = 1 << _JOB_CLOCK_BITS - 1, now - run.attempt_started
    return passed if passed < fine else fine + (passed - fine) // 1000
