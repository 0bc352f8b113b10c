"""Who is who in Jira: ids that stay the same from run to run, and sequence numbers that grow within one."""

from __future__ import annotations

from jira_ci.run import Run
from jira_ci.text import canonical, identifier

PHASES = {"pending": 0, "in_progress": 1}
"""Every other state ends a record: phase 2. Closing what a killed job left open is phase 3."""
_END = 2
_MOST = (1 << 63) - 1
_JOB_CLOCK_BITS = 24
_MINUTES_TO_2020 = 26_297_280


def pipeline_id(run: Run, pipeline: str) -> str:
    """One pipeline's id: provider, repository, workflow file, and the ``pipeline`` setting that tells several apart.

    It holds the repository's id, not its name, so that a rename changes nothing; and never anything of a single run,
    or Jira would show a new pipeline every time.
    """
    parts = [run.provider, run.repository_id, run.workflow, canonical(pipeline)]
    return identifier(":".join(part for part in parts if part))


def environment_id(name: str) -> str:
    """One environment's id: two spellings that differ in case or blanks are one environment."""
    return identifier(canonical(name))


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
    bits = _JOB_CLOCK_BITS if run.provider == "gitlab" else 48
    clock = _job_clock(run, now) if run.provider == "gitlab" else now
    clock = min(max(0, clock), (1 << bits) - 1)
    return min((run.attempt << bits + 2) | (phase << bits) | clock, _MOST)


def _job_clock(run: Run, now: int) -> int:
    """A time that grows through a job of any length and fits into 24 bits: milliseconds for the first two hours, then
    seconds; without the job's start, minutes since 2020."""
    if not run.attempt_started:
        return now // 60_000 - _MINUTES_TO_2020
    fine, passed = 1 << _JOB_CLOCK_BITS - 1, now - run.attempt_started
    return passed if passed < fine else fine + (passed - fine) // 1000
