"""``reconcile``, step by step: which runs, which of their records are open, and sending those again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from jira_ci import states
from jira_ci.ci import detect, github_env
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.corrections import past_records
from jira_ci.corrections.correction_result import Action, Again, Tally, row, send, with_state
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.past_records import Jobs, Provider, Reference, Target, references, unreadable
from jira_ci.errors import AccessError, NetworkError
from jira_ci.jira import identity, stored
from jira_ci.run import CI, PastRun

_LAST = 50
"""How many runs are looked at when none is named: each costs a request to Jira for each of its possible records."""


def chosen(context: Context, provider: Provider, tally: Tally) -> list[PastRun]:
    """The runs to look at: those of the setting, else the one that the event is about, else the repository's last.

    Raises:
        UsageError: ``run`` is invalid, or the provider has to be asked and none answers.
    """
    named = references(context.settings.run)
    if named:
        return list(dict.fromkeys(past for one in named if (past := _referred(provider, one, tally))))
    if context.run.event == "workflow_run":
        past = github_env.from_event(detect.read_event(context.edges.environ), context.run.repository)
        if past:
            return [past]
    runs = provider.need("for the last runs")
    try:
        return runs.last(_LAST)
    except Unreadable as error:
        tally.errors.append(unreadable(error))
        return []


def _referred(provider: Provider, reference: Reference, tally: Tally) -> PastRun | None:
    try:
        return provider.referred(reference)
    except (AccessError, NetworkError) as error:
        tally.errors.append(error)
        return None


def wanted(context: Context, runs: Sequence[PastRun], provider: Provider, tally: Tally) -> list[Target]:
    """The records to look for. On GitHub those of a run that is still going on are not: its jobs cannot be told apart
    by what they reported, as one can on GitLab."""
    found: list[Target] = []
    jobs = Jobs(context, provider)
    for past in runs:
        if past.ended or context.run.provider == CI.GITLAB:
            found += past_records.of(context, past, context.environment_names, jobs.of(past))
        else:
            tally.going.append(f"Left alone: {past} is {past.conclusion.replace('_', ' ') or 'still going on'}.")
    return past_records.each_once(found)


def close(
    context: Context, site: CorrectionSite, looked_for: Sequence[Target], provider: Provider, tally: Tally
) -> None:
    """Closes what the runs left open at one site; a run's records before the next one's are looked at, so that as much
    as possible is done when time runs out.

    Raises:
        JiraCiError: the site gives no usable answer.
    """
    for _, group in groupby(looked_for, key=lambda target: target.past):
        send(context, site, _open(context, site, list(group), provider, tally), tally)


def _open(
    context: Context, site: CorrectionSite, looked_for: Sequence[Target], provider: Provider, tally: Tally
) -> Iterator[Again]:
    """The records to be closed, as they shall be; the others are noted."""
    for target in looked_for:
        found = site.read(target.key)
        if found is None:
            tally.missing.append(target)
            continue
        action = _decide(context, target, found, provider, tally)
        one = row(site, target, found, action)
        if action.what != "close":
            (tally.left if action.what == "leave" else tally.settled).append(one)
            continue
        record = with_state(context, found, action.state, tally)
        if record is not None:
            yield Again(one, record, target.past)


def _decide(context: Context, target: Target, found: stored.Stored, provider: Provider, tally: Tally) -> Action:
    attempt, past = identity.attempt_of(context.run, found.sequence), target.past
    if found.going and provider.runs is not None:
        try:
            past = provider.runs.attempt(past, attempt)
        except Unreadable as error:
            tally.errors.append(unreadable(error))
            return Action("leave", why=f"how attempt {attempt} of its run ended could not be read")
    return decide_closing(found.state, attempt, ended=past.ended, conclusion=past.conclusion, seen=past.attempt)


def decide_closing(state: str, attempt: int, *, ended: bool, conclusion: str, seen: int) -> Action:
    """What to do with a record.

    Args:
        state: Jira's word for it now.
        attempt: which attempt of the run reported it.
        ended: whether the provider says that the run, or that attempt of it, is over.
        conclusion: the provider's word for how it ended, or for what it does.
        seen: the attempt that these two are about; 0 where they are about the whole run.
    """
    if not states.of(state).open:
        return Action("nothing", why=f"it is {state} already")
    if not ended:
        return Action("leave", why=f"its run is {conclusion or 'still going on'}".replace("_", " "))
    if seen and attempt > seen:
        return Action("leave", why=f"attempt {attempt} reported it, and only attempt {seen} is known to be over")
    if seen and attempt < seen:
        return Action("leave", why=f"attempt {attempt} reported it, and how that ended is not known")
    found = states.from_end(conclusion)
    if state == "pending" and found == "successful":  # no report said that it began: the job may have been skipped
        found = "unknown"
    return Action("close", found, f"its run ended: {conclusion.replace('_', ' ') or 'how is not known'}")
