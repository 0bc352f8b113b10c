"""What ``check`` asks one Jira site that gates deployments itself: the client, and whether it is told about gating."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jira_ci.checks.line import Line, attempt, warning
from jira_ci.context import Context
from jira_ci.gate.decision import Decision
from jira_ci.gate.docket import occasion
from jira_ci.gate.stakes import Stake
from jira_ci.gate.subject import describe, fit_untitled, seen
from jira_ci.jira.gating import Identity
from jira_ci.jira.gating_site import GatingSite
from jira_ci.text import one_line

_NOTHING = Identity("jira-ci-check", "jira-ci-check", 1)


def gating_lines(site: GatingSite, context: Context, stakes: Sequence[Stake]) -> Iterator[Line]:
    """A line for each thing; nothing is submitted. Without a client that is let in, nothing else is tested."""
    credentials = attempt("gate credentials", lambda: _let_in(site))
    yield credentials
    if credentials.exit:
        return
    yield attempt("gate gating", lambda: _served(site))
    if not context.settings.service and not context.service_ids:
        yield warning(
            "gate gating",
            "No service is named: Jira gates deployments of services that are connected to a service desk.",
            "Set service to one of the file's, whose ids are its Service ID in Jira.",
        )
    for stake in stakes:
        yield _stake(context, stake)


def _let_in(site: GatingSite) -> str:
    site.connect()
    return "the gateway gave an access token for client-id and client-secret (gate-by: jira)"


def _served(site: GatingSite) -> str:
    site.status(_NOTHING)
    return (
        "Jira answers this client about gating (asked about a deployment that does not exist); whether it gates one "
        "shows only with a deployment, and none was submitted"
    )


def _stake(context: Context, stake: Stake) -> Line:
    name = one_line(stake.name, 80)
    version, run = context.given.version, context.run
    at = seen(context.git, context.run, version)
    subject = describe(run, project=stake.policy.project, environment=stake.name, version=version, at=at)
    unfit = fit_untitled(subject, run, at=at)
    if isinstance(unfit, Decision):
        return Line("gate gating", f"{name}: {unfit.reason}", exit=unfit.exit)
    objection = occasion(context).objection or ("" if stake.policy.create else "create: false")
    then = f"none is submitted here ({objection})" if objection else "its deployments are submitted as pending"
    return Line("gate gating", f"{name}: {then}")
