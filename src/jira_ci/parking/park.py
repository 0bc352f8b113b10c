"""Leaving a note on the change that a deployment waits for: for people, and for whoever starts the run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Protocol

from jira_ci.context import Context
from jira_ci.errors import AccessError, Exit, JiraCiError
from jira_ci.gate.change_property import Change
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.subject import Subject, where
from jira_ci.gate.targets import attempt_of
from jira_ci.jira.change_endpoints import PARKED
from jira_ci.jira.jql import quoted
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import Refused
from jira_ci.parking.note import LIFE, Note, global_id, home, is_supported, label, notes, of_run, with_note, without
from jira_ci.run import CI
from jira_ci.text import canonical, one_line
from jira_ci.timing import Deadline

_TRIES = 3
_MARKING = 10.0  # seconds
_TITLE = 255
_TAKEN_FOR_ONE = (
    "Nothing was deployed, and this job ends well (parked: success): where it has an environment, {} counts it as "
    "a deployment, and so does the next range of commits."
)
_INSTEAD = "Set deployment: false beside the environment's name, or parked: fail."
_ELSEWHERE = (
    "Ask the gate in a job of its own, with action: verify beside the environment's name, and name the one that "
    "deploys by parked-job; or say parked: fail."
)
_UNFOUND = (
    "jira-ci resume will not find this change, so that this run has to be started by hand: without our label it is "
    "looked for by its title, among changes that have none at all. Put Labels on its edit screen."
)
_FOR_PEOPLE = (4, 5)  # exit codes: not approved yet, and not in the window; of a network that fails there is no note


def park(context: Context, evaluations: Sequence[Evaluation]) -> list[Note]:
    """The notes that stand on changes now. Whatever keeps one from being written is said, and changes nothing else.

    Args:
        evaluations: of a gate that waits, all of it.
    """
    if context.given.parked == "off" or not is_supported(context.run) or attempt_of(context).objection:
        return []
    now = datetime.fromtimestamp(context.edges.clock(), timezone.utc)  # the same for all that this job waits for
    return [note for one in evaluations if one.decision.exit in _FOR_PEOPLE for note in _left(context, one, now)]


def end_parked(context: Context, gate: Waits, outputs: Mapping[str, Any], exit: int) -> tuple[dict[str, Any], int]:
    """The outputs and the exit code of a job whose gate came to its end, after it has left its notes.

    With ``parked: success`` the job ends well, but only when a note stands wherever it waits: otherwise nobody would
    start it again.
    """
    evaluations = gate.decided("wait")
    left = park(context, evaluations)
    until = min((note.expires for note in left), default=None)
    said = {"parked": bool(left), "parked-until": f"{until:%Y-%m-%dT%H:%M:%SZ}" if until else ""}
    well = bool(left) and len(left) == len(evaluations) and context.given.parked == "success"
    if well and context.run.provider == CI.GITHUB:
        _mark(context, left)
    deploys = bool(context.run.environment) and context.run.environment_action in ("", "start")
    if well and context.run.provider == CI.GITLAB and deploys:
        context.console.notice("warning", _TAKEN_FOR_ONE.format("GitLab"), hint=_ELSEWHERE)
    return {**outputs, **said}, 0 if well else exit


def _mark(context: Context, left: Sequence[Note]) -> None:
    """Lets nobody of ours take the job's deployment for one; warns where that cannot be done."""
    from jira_ci.ci.parked_deployment import mark

    deadline = Deadline(_MARKING)
    for environment in dict.fromkeys(note.environment for note in left):
        why = mark(
            context.run,
            context.given.github_token,
            environment,
            ca_bundle=context.provider_bundle,
            deadline=deadline,
        )
        if why:
            context.console.notice(
                "warning", f"{_TAKEN_FOR_ONE.format('GitHub')} It could not be marked: {why}", hint=_INSTEAD
            )


class Waits(Protocol):
    """A gate that has decided; see :class:`jira_ci.gate.gate.Gate`."""

    def decided(self, result: str) -> Sequence[Evaluation]: ...


def unpark(context: Context, gate: Waits) -> None:
    """Takes the notes of this run off the changes that let it go on, or deny it: somebody has started it again by hand,
    and nobody may ever sweep. Asks nothing where there is none; whatever goes wrong is said, and changes nothing."""
    run = context.run
    denied = [one for one in gate.decided("deny") if one.decision.exit in (Exit.DENIED, Exit.WINDOW)]
    for one in [*gate.decided("proceed"), *denied] if is_supported(run) else ():
        place = canonical(one.subject.environment), canonical(one.subject.tenant)
        own = [note for note in notes(one.notes) if (note.home, note.run, note.place) == (home(run), run.run_id, place)]
        if own and one.change is not None and one.service is not None and not attempt_of(context).objection:
            try:
                take_note_off(one.service, one.change.id, own[0], one.service.property(one.change.id, PARKED))
            except JiraCiError as error:
                said = f"{one.change.key} still has the note of this run, which does no harm: {error}"
                context.console.notice("warning", said)


def take_note_off(service: Service, change: str, note: Note, held: Any, *, labelled: bool = True) -> None:
    """Takes a note off, with the link beside it, and the label where no other note of the repository stands there.

    Args:
        change: its id.
        held: what its property with notes holds.
        labelled: whether it may have the label.

    Raises:
        JiraCiError: Jira gives no usable answer.
    """
    left = without(held, [note])
    alone = not any(one.home == note.home for one in notes(left))
    if alone and labelled:
        service.unpark(change, left, label(note.home))
    else:
        service.set_property(change, PARKED, left)
    service.remove_remote_link(change, global_id(note))


def _left(context: Context, evaluation: Evaluation, now: datetime) -> Iterator[Note]:
    change, service = evaluation.change, evaluation.service
    if change is None or service is None or evaluation.emergency is not None:  # who asks for an emergency is there
        return
    runner = context.edges.environ.get("RUNNER_NAME" if context.run.provider == CI.GITHUB else "CI_JOB_ID", "")
    job, actor = context.given.parked_job, attempt_of(context).actor
    note = of_run(context.run, evaluation.subject, job=job, runner=runner, actor=actor, now=now)
    if evaluation.frozen_for() > LIFE.total_seconds():
        late = f"{change.key} gets no note for jira-ci resume: this run could not be run again when the freeze is over."
        context.console.notice("warning", f"{late} Start a new one then.")
        return
    try:
        said = _write(service, change, note, evaluation.subject)
    except JiraCiError as error:
        why = f"{change.key} has no note for jira-ci resume, so that this run has to be started by hand: {error}"
        context.console.notice("warning", why)
        return
    for sentence in said:
        context.console.notice("warning", sentence)
    context.console.say(f"Parked on {change.key} until {note.expires:%Y-%m-%d %H:%M} UTC, for jira-ci resume.")
    yield note


def _write(service: Service, change: Change, note: Note, subject: Subject) -> list[str]:
    """Writes the note among those of other runs, which may write theirs at the same time, and what goes with it.

    Returns:
        What could not be written beside it, as sentences.

    Raises:
        JiraCiError: it does not stand there.
    """
    for _ in range(_TRIES):
        service.set_property(change.id, PARKED, with_note(service.property(change.id, PARKED), note))
        said = list(_decorate(service, change, note, subject))
        # Last of all, so that whoever took off another note meanwhile has written by now.
        if any(one == note for one in notes(service.property(change.id, PARKED))):
            return said
    raise AccessError(f"The property {PARKED} did not keep it.", "Run the job again.")


def _decorate(service: Service, change: Change, note: Note, subject: Subject) -> Iterator[str]:
    """The link for people, and the label by which the note is found among many changes; a change that takes no label is
    found as one without any, by the words of its title."""
    title = f"Deployment of {one_line(subject.version, 80)} to {one_line(where(subject), 80)} waits for this change"
    try:
        service.remote_link(change.id, note.url, title[:_TITLE], global_id(note))
    except JiraCiError as error:
        yield f"The change has no link to this run: {error}"
    try:
        service.label(change.id, label(note.home), add=True)
    except (AccessError, Refused) as error:
        if not _is_found_without(service, change, subject):
            yield f"{_UNFOUND} {error}"
    except JiraCiError as error:
        yield f"The change has no label for jira-ci resume: {error}"


def _is_found_without(service: Service, change: Change, subject: Subject) -> bool:
    try:
        listed = service.noted(f"key = {quoted(change.key)}").values
    except JiraCiError:
        return True  # as far as is known
    return change.summary == subject.title and not any(one.labels for one in listed)
