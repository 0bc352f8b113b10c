"""``reconcile``, step by step: which runs, which of their records are open, and sending those again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from jira_ci.ci import detect, past_runs
from jira_ci.ci.api import Unreadable
from jira_ci.ci.past_runs import PastRun
from jira_ci.context import Context
from jira_ci.corrections import reported
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.reported import Jobs, Provider, Reference, Target, references, unreadable
from jira_ci.corrections.resend import Again, send, with_state
from jira_ci.corrections.tally import Action, Tally, closing, row
from jira_ci.errors import AccessError, NetworkError
from jira_ci.jira import identity, stored
from jira_ci.run import CI

_LAST = 50
"""How many runs are looked at when none is named: each costs a request to Jira for each of its possible records."""


def chosen(context: Context, provider: Provider, tally: Tally) -> list[PastRun]:
    """The runs to look at: those of the setting, else the one that the event is about, else the repository's last.

    Raises:
        UsageError: ``run`` cannot be meant, or the provider has to be asked and there is nobody.
    """
    named = references(context.settings.run)
    if named:
        return list(dict.fromkeys(past for one in named if (past := _referred(provider, one, tally))))
    if context.run.event == "workflow_run":
        past = past_runs.from_event(detect.read_event(context.edges.environ), context.run.repository)
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
    """The records to look for. On GitHub those of a run that is still going on are not: nobody can tell its jobs apart
    by what they reported, as one can on GitLab."""
    found: list[Target] = []
    jobs = Jobs(context, provider)
    for past in runs:
        if past.ended or context.run.provider == CI.GITLAB:
            found += reported.of(context, past, context.environment_names, jobs.of(past))
        else:
            tally.going.append(f"Left alone: {past} is {past.conclusion.replace('_', ' ') or 'still going on'}.")
    return reported.each_once(found)


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
    return closing(found.state, attempt, ended=past.ended, conclusion=past.conclusion, seen=past.attempt)
