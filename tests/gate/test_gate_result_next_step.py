"""What to do when the gate did not proceed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate_jobs import Scene, scene
from gate_subjects import TITLE
from jira_ci.gate.decision import ROWS
from jira_ci.gate.gate_result import ACTIONS
from jira_ci.output.markdown import as_markdown
from jira_sandbox.server import Sandbox
from rendered import Rendered, render

RUN = "https://github.com/acme/shop/actions/runs/9001"


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def asked(here: Scene, *flags: str) -> Rendered:
    with here.gate(*flags) as gate:
        return render(as_markdown(gate.ask().summary))


def test_every_row_that_does_not_proceed_has_an_action() -> None:
    assert set(ACTIONS) == {row for row, (result, _) in ROWS.items() if result != "proceed"}


def test_a_change_that_waits_names_who_must_answer_and_links_to_it(here: Scene) -> None:
    key = here.sandbox.desk.create(TITLE).key
    here.sandbox.desk.transition(key, "Authorize")
    found = asked(here)
    assert found.headings == ["⏳ Jira: wait: 1.2.3 to Prod"]
    assert found.quotes == [
        f"Next: Have {key} approved by Ana Souza, and moved to Implementing, then run this job again."
    ]
    assert found.links == [f"{here.sandbox.address}/browse/{key}", RUN, f"{here.sandbox.address}/browse/{key}", RUN]
    assert found.strange == []


def test_a_window_that_is_over_is_to_be_extended(here: Scene) -> None:
    key = here.sandbox.desk.create(TITLE).key
    here.sandbox.desk.transition(key, "Authorize")
    here.sandbox.desk.window(key, "2001-01-01T10:00:00+01:00", "2001-01-01T11:00:00+01:00")
    here.sandbox.desk.approve(key)
    here.sandbox.desk.transition(key, "Implementing")
    assert asked(here).quotes == [f"Next: Extend the window of {key}, then run this job again."]


def test_where_it_proceeds_nothing_is_to_be_done(here: Scene) -> None:
    key = here.sandbox.desk.create(TITLE).key
    here.sandbox.desk.transition(key, "Authorize")
    here.sandbox.desk.approve(key)
    here.sandbox.desk.transition(key, "Implementing")
    found = asked(here)
    assert (found.headings, found.quotes) == (["✅ Jira: proceed: 1.2.3 to Prod"], [])
    assert asked(here, "dry-run=true").quotes == ["Next: Run this job again, without dry-run."]


def test_several_environments_are_one_table_and_each_step_stands_once(here: Scene) -> None:
    found = asked(here, "environment=Prod,Stage,Dev", "create=false")
    assert found.tables[0][0][:2] == ["Environment", "Decision"]
    assert found.column(0, "Decision") == ["⏳ Wait", "⏳ Wait", "✅ Proceed"]
    assert found.quotes == ["Next: Make a change in Jira, and have it approved, then run this job again."]
    assert len(found.items) == 3
