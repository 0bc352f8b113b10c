"""What is about to be reported, in the state that is asked for."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest

from jira_ci.context import Context, make_console, open_context
from jira_ci.edges import Edges
from jira_ci.report.plan import ended, plan_build, plan_deployment
from jira_ci.settings import resolve

FILE = "jira: {site: acme.atlassian.net}\nproject-name: Shop\n"
ENVIRON = {
    "JIRA_CI_ENVIRONMENT": "Prod",
    "JIRA_CI_ISSUE_KEYS": "WEB-12",
    "JIRA_CI_STATE": "success",
    "JIRA_CI_URL": "https://ci.example/run/12",
    "JIRA_CI_DESCRIPTION": "{state} of {project}",
}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    (tmp_path / ".jira-ci.yml").write_text(FILE, encoding="utf-8")
    edges = Edges(ENVIRON, tmp_path, io.StringIO(), io.StringIO(), clock=lambda: 1_795_000_000.0)
    settings = resolve({}, edges.environ)
    return open_context(settings, make_console(settings, edges), edges)


@pytest.mark.parametrize(("state", "planned"), [(None, "successful"), ("pending", "pending"), ("failed", "failed")])
def test_a_deployment_and_a_build_are_planned_in_a_state(context: Context, state: str | None, planned: str) -> None:
    for plan in (plan_deployment(context, state), plan_build(context, state)):
        assert plan.state == planned
        [entry] = plan.entries
        assert (entry.record["state"], entry.record["description"]) == (planned, f"{planned} of Shop")


def test_what_was_skipped_plans_nothing(context: Context) -> None:
    for plan in (plan_deployment(context, ""), plan_build(context, "")):
        assert (plan.state, plan.entries) == ("", ())


def test_the_end_of_a_deployment_is_the_same_plan_in_another_state(context: Context) -> None:
    begun = plan_deployment(context, "in_progress")
    (context.root / ".jira-ci.yml").write_text("project-name: Changed by the deployment\n", encoding="utf-8")
    later = dataclasses.replace(context, deadline=context.deadline.part(0.5))
    over = ended(begun, later, "failed", 61.0)
    [first], [last] = begun.entries, over.entries
    assert (over.state, last.record["state"]) == ("failed", "failed")
    assert last.record["description"] == "failed of Shop"
    assert last.claim is first.claim
    assert last.record["updateSequenceNumber"] > first.record["updateSequenceNumber"]
