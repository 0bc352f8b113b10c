"""Jira's states of builds and deployments, in one table, and every CI's words for them.

A state that Jira adds is one row. What else depends on a state is read from here: the sequence numbers, what counts as
ended, the tone of pages, comments and the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import dataclass
from jira_ci.run import Run
from jira_ci.text import canonical, one_line

BEFORE, GOING, ENDED, CORRECTED = range(4)
"""The phases of a record, in the order in which the reports of one attempt replace each other."""


@dataclass(frozen=True)
class State:
    """One of Jira's states (https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/)."""

    name: str
    """Jira's word."""
    phase: int
    severity: int
    """0 to 3. Of two ends of one attempt, which jobs or legs may report that share a record, the worse one stays."""
    tone: str
    """One of :data:`jira_ci.output.page.TONES`: the sign and colour with which it is shown."""
    words: str
    """What the CIs and people call it."""
    of_builds: bool = True
    """Whether a build can be in it."""

    @property
    def open(self) -> bool:
        """Whether something is still to come: Jira shows the record as not ended."""
        return self.phase < ENDED


# Of several results the first row counts.
_TABLE = (
    State("failed", ENDED, 3, "bad", "failure fail error errored timedout timed_out timeout startup_failure"),
    State("cancelled", ENDED, 2, "off", "canceled aborted abort killed stopped terminated"),
    State("rolled_back", CORRECTED, 0, "back", "rollback rolledback", of_builds=False),
    State("in_progress", GOING, 0, "busy", "inprogress running started"),
    State("pending", BEFORE, 0, "busy", "queued waiting created"),
    State("unknown", ENDED, 0, "unknown", "unstable not_built"),
    State("successful", ENDED, 1, "good", "success succeeded passed pass ok"),
)
STATES: Mapping[str, State] = MappingProxyType({state.name: state for state in _TABLE})
"""By Jira's word, the worst first."""
_SKIPPED = ("skipped", "skip")  # no state: of several results these count for nothing
_MEANING = {word: state.name for state in _TABLE for word in (state.name, *state.words.split())}
_MEANING |= dict.fromkeys(_SKIPPED, "")
_OF_EVENTS = {"requested": "pending", "inactive": ""}
_OR = "event-or-"


def of(name: str) -> State:
    """The state of this name; a word that is none of Jira's is as good as ``unknown``."""
    return STATES.get(name, STATES["unknown"])


def reported(words: Sequence[str], run: Run, environments: Sequence[str]) -> str:
    """Jira's state from the ``state`` setting, else from what the event or the CI says; empty when there is nothing to
    report, because everything was skipped.

    Args:
        environments: what was deployed to; none for a build.

    Raises:
        UsageError: nothing says it, or a word says it that is no state.
    """
    told = run.event_state if _is_about(run, environments) else ""
    # The action's default is the job's status, and where the event is about something else also the event's: what
    # somebody chose stands alone.
    defaults = [word.removeprefix(_OR) for word in words if word.startswith(_OR)]
    if told and len(defaults) == len(words):
        return from_event(told)
    if words:
        return from_words([word.removeprefix(_OR) for word in words], build=not environments)
    if run.state:
        return from_ci(run.state)
    raise UsageError(
        "state is not set, and this CI does not say how the job went.",
        "Pass it: state: ${{ job.status }} on GitHub, --state success elsewhere.",
    )


def from_words(words: Sequence[str], *, build: bool) -> str:
    """Jira's state for one or several results (``needs.*.result``): the worst counts.

    Returns:
        Jira's word, or ``""`` when everything was skipped and nothing is to be sent.

    Raises:
        UsageError: a word that is no state, or a build's state that Jira knows for deployments only.
    """
    found = {_state(word) for word in words}
    for state in _TABLE:
        if build and not state.of_builds and state.name in found:
            raise UsageError(
                f"state is {state.name}, which Jira knows for deployments only.", "Give an environment as well."
            )
    return next((name for name in STATES if name in found), "")


def _is_about(run: Run, environments: Sequence[str]) -> bool:
    """Whether the event is about what is reported: another run, whose build it is, or a deployment to where this is."""
    if not environments:
        return run.event == "workflow_run"
    return run.event == "deployment_status" and {*map(canonical, environments)} == {canonical(run.environment)}


def from_event(word: str) -> str:
    """Jira's state for what GitHub says of another's deployment or of another run, which may be going on.

    https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_status and ``#workflow_run``
    """
    plain = _plain(word)
    return _OF_EVENTS[plain] if plain in _OF_EVENTS else _MEANING.get(plain, "unknown")


def from_ci(word: str) -> str:
    """Jira's state for what the CI itself says of the job (GitLab's ``CI_JOB_STATUS``).

    A job that still says *running* when its end is reported has an end that is not known.
    """
    state = _MEANING.get(_plain(word), "unknown")
    return "unknown" if state == "in_progress" else state


def from_end(word: str) -> str:
    """Jira's state for how a provider says that a run ended. ``skipped``, ``neutral``, ``stale``, ``action_required``
    or whatever comes does not say it: the run is over, so *in progress* is wrong, and that is all."""
    state = STATES.get(_MEANING.get(word, ""))
    return state.name if state and state.phase == ENDED else "unknown"


def _state(word: str) -> str:
    try:
        return _MEANING[_plain(word)]
    except KeyError:
        raise UsageError(
            f"state is {one_line(word, 80)!r}, which is no state.",
            nearest(_plain(word), _MEANING) or f"Use one of: {', '.join(sorted(STATES))}.",
        ) from None


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
