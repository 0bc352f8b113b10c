"""How it went: everybody's words for it, and Jira's."""

from __future__ import annotations

from collections.abc import Sequence

from jira_ci.errors import UsageError, nearest
from jira_ci.run import Run
from jira_ci.text import canonical, one_line

_WORDS = {
    "successful": "success successful succeeded passed pass ok",
    "failed": "failed failure fail error errored timedout timed_out timeout startup_failure",
    "cancelled": "cancelled canceled aborted abort killed stopped terminated",
    "in_progress": "in_progress inprogress running started",
    "pending": "pending queued waiting created",
    "rolled_back": "rolled_back rollback rolledback",
    "unknown": "unknown unstable not_built",
    "": "skipped skip",
}
_MEANING = {word: state for state, words in _WORDS.items() for word in words.split()}
_OF_EVENTS = {"requested": "pending", "inactive": ""}
_OR = "event-or-"
# Of several results the first of these counts; skipped ones count for nothing.
_WORST_FIRST = ("failed", "cancelled", "rolled_back", "in_progress", "pending", "unknown", "successful")


def reported(words: Sequence[str], run: Run, environments: Sequence[str]) -> str:
    """Jira's state from the ``state`` setting, else from what the event or the CI says; empty when there is nothing to
    report, because everything was skipped.

    Args:
        environments: what was deployed to; none for a build.

    Raises:
        UsageError: nobody says, or in a word that nobody uses.
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
        UsageError: a word that nobody uses, or ``rolled_back`` for a build, which Jira does not know.
    """
    states = {_state(word) for word in words}
    if build and "rolled_back" in states:
        raise UsageError("state is rolled_back, which Jira knows for deployments only.", "Give an environment as well.")
    return next((state for state in _WORST_FIRST if state in states), "")


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

    A job that still says *running* when its end is reported has an end that nobody knows.
    """
    state = _MEANING.get(_plain(word), "unknown")
    return "unknown" if state == "in_progress" else state


def from_end(word: str) -> str:
    """Jira's state for the provider's word for how a run ended.

    Most words (``skipped``, ``neutral``, ``stale``, ``action_required``...) do not say what became of what it deployed
    or built: the run is over, so *in progress* is wrong, and that is all.
    """
    state = _MEANING.get(word, "unknown")
    return state if state in ("successful", "failed", "cancelled") else "unknown"


def _state(word: str) -> str:
    try:
        return _MEANING[_plain(word)]
    except KeyError:
        raise UsageError(
            f"state is {one_line(word, 80)!r}, which is no state.",
            nearest(_plain(word), _MEANING) or f"Use one of: {', '.join(sorted(filter(None, _WORDS)))}.",
        ) from None


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
