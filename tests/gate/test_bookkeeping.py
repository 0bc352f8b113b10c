"""What stands on a change after its deployment, and after one that never began."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate_jobs import Scene, pinned, scene
from gate_subjects import known
from jira_ci.gate.record import Deployment, digest
from jira_ci.timing import Deadline
from jira_sandbox.server import Sandbox


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def kept(here: Scene, key: str) -> dict[str, Any]:
    """What became of each deployment whose record the change keeps, by the record's name."""
    found = here.sandbox.site.desk.extras.properties(known(here.sandbox, key).id)
    shown = {
        name.removeprefix("jira-ci.record."): value["deployment"]["state"]
        for name, value in found.items()
        if name.startswith("jira-ci.record.")
    }
    assert {one["record"]: one["state"] for one in found["jira-ci.records"]["records"]} == shown
    return shown


def test_a_record_of_a_start_that_does_not_come_says_so(here: Scene) -> None:
    key = pinned(here)
    with here.gate() as gate:
        name = digest(gate.ask().records[0])[:16]
        gate.keep()
        assert kept(here, key) == {name: None}
        gate.forgo(Deadline(10))
        gate.forgo(Deadline(10))
    assert kept(here, key) == {name: "cancelled"}


def test_of_two_looks_that_allowed_it_the_later_one_tells_what_became_of_it(here: Scene) -> None:
    key = pinned(here)
    with here.gate() as gate:
        first = digest(gate.ask().records[0])[:16]
        gate.keep()
        here.time.sleep(31)
        last = digest(gate.confirm().records[0])[:16]
        gate.amend(Deployment(state="successful", exit=0))
        gate.keep()
        gate.forgo(Deadline(10))
    assert first != last
    assert kept(here, key) == {first: "cancelled", last: "successful"}


def test_a_gate_that_only_asks_leaves_the_outcome_to_whoever_deploys(here: Scene) -> None:
    key = pinned(here)
    with here.gate() as gate:
        gate.ask()
        gate.keep()
    assert list(kept(here, key).values()) == [None]
