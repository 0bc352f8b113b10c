"""``rollback``, step by step: which deployment was rolled back, and marking it."""

from __future__ import annotations

from collections.abc import Iterator

from jira_ci import states, templates
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.corrections import past_records
from jira_ci.corrections.correction_result import Action, Again, Tally, row, send, with_state
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.past_records import Provider, Reference, Target, references, unreadable
from jira_ci.errors import RejectedError, UsageError
from jira_ci.jira.records import TEXT, inert
from jira_ci.run import PastRun, leg_of_run
from jira_ci.run_words import of_run
from jira_ci.text import for_jira, one_line

_HINT = "Name the run of the deployment that was rolled back: run: 1658821493 (the id in its address), or '#41'."


class Chooser:
    """Finds the deployment that was rolled back."""

    def __init__(self, context: Context, provider: Provider) -> None:
        self._context, self._provider = context, provider
        self._named = references(context.settings.run)
        self._before: dict[str, PastRun] = {}

    def targets(self, site: CorrectionSite) -> list[Target]:
        """The records that are meant, at this site.

        Raises:
            UsageError: the run is not named, and cannot be found out.
            AccessError, NetworkError: it could not be found out now.
        """
        if self._named:
            runs = [self._referred(reference) for reference in self._named]
            found = [target for past in runs for target in self._of(past, *self._context.environment_names)]
        else:
            found = [target for name in self._context.environment_names for target in self._found(site, name)]
        return past_records.each_once(found)

    def _referred(self, reference: Reference) -> PastRun:
        run = self._context.run
        if reference.number:
            return past_records.by_number(run, reference.number)
        if reference.run_id == run.run_id:
            return past_records.this_run(run)
        return self._provider.referred(reference)

    def _found(self, site: CorrectionSite, environment: str) -> list[Target]:
        """This run's own deployment where that failed: the one before it is good, and was perhaps restored. Else the
        last one that succeeded."""
        own = self._of(past_records.this_run(self._context.run), environment)
        records = [site.read(target.key) for target in own]
        if any(record is not None and record.state in ("failed", "cancelled") for record in records):
            return own
        if environment not in self._before:
            self._before[environment] = self._last(environment)
        return self._of(self._before[environment], environment)

    def _last(self, environment: str) -> PastRun:
        shown = one_line(environment, 100)
        try:
            runs = self._provider.need(f"for the last deployment to {shown!r}")
            past = runs.deployed(environment)
        except UsageError as error:
            raise UsageError(f"run is not set. {error.message}", _HINT) from None
        except Unreadable as error:
            failure = unreadable(error)
            failure.hint = _HINT
            raise failure from None
        if past is None:
            raise UsageError(f"run is not set, and the CI knows of no successful deployment to {shown!r}.", _HINT)
        self._context.console.say(f"The last successful deployment to {shown} was that of {past}.")
        return past

    def _of(self, past: PastRun, *environments: str) -> list[Target]:
        return past_records.of(self._context, past, environments, [leg_of_run(self._context.run)])


def mark(context: Context, site: CorrectionSite, meant: list[Target], tally: Tally) -> None:
    """Marks the deployments as rolled back.

    Raises:
        JiraCiError: the site gives no usable answer; what was found before is marked all the same.
    """
    send(context, site, _to_be_marked(context, site, meant, tally), tally)


def _to_be_marked(context: Context, site: CorrectionSite, meant: list[Target], tally: Tally) -> Iterator[Again]:
    """The records as they shall be; the others are noted."""
    for target in meant:
        found = site.read(target.key)
        if found is None:
            tally.missing.append(target)
            tally.errors.append(_not_found(site, target))
            continue
        action = decide_rollback(found.state)
        one = row(site, target, found, action)
        if action.what == "nothing":
            context.console.say(f"{one.sentence}: {action.why}.")
            tally.settled.append(one)
        elif action.what == "leave":
            tally.left.append(one)
            tally.errors.append(_going(one.sentence, found.state))
        elif record := with_state(context, found, action.state, tally):
            past = past_records.with_run_id(target, found, context.run)
            yield Again(one, {**record, **_texts(context, target)}, past)


def _texts(context: Context, target: Target) -> dict[str, str]:
    """What the record says, where it shall say something else now; the words stand for this run's values."""
    settings, run = context.settings, context.run
    project = settings.project_name or run.repository.rpartition("/")[2]
    values = of_run(run, project=project, version=settings.version.strip(), state="rolled_back")
    texts = templates.read(settings).filled({**values, **target.words})
    return {name: inert(text) if name == "url" else for_jira(text, TEXT) for name, text in texts.items() if text}


def _not_found(site: CorrectionSite, target: Target) -> RejectedError:
    return RejectedError(
        site.says(f"Jira has no {target.key}."),
        "Set run, environment, tenant, service, pipeline and leg as in the report that made it; '#41' is a number of "
        "this workflow, an id may be any workflow's.",
    )


def _going(sentence: str, state: str) -> RejectedError:
    return RejectedError(
        f"{sentence} is {state.replace('_', ' ')} in Jira: only what has ended can be rolled back.",
        "If its job was killed, run jira-ci reconcile first.",
    )


def decide_rollback(state: str) -> Action:
    """What ``rollback`` does with a record in this state: whatever has ended can be rolled back, a deployment that
    failed half-way too."""
    if state == "rolled_back":
        return Action("nothing", why="it is rolled back already")
    if states.of(state).open:
        return Action("leave", why=f"it is {state.replace('_', ' ')}")
    return Action("close", "rolled_back", f"it was {state}")
