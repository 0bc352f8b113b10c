"""What GitHub took up in 2026 and not every judge knows yet: where it stands, and that only it is kept from act."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import published
from runners.act import PROGRAM, without_too_new
from wrappers.machine import ROOT

WORKFLOWS = {
    **{path.stem: path.read_text("utf-8") for path in sorted((ROOT / "examples" / "github").glob("*.yml"))},
    "reusable workflow": (ROOT / ".github/workflows/gated-deployment.yml").read_text("utf-8"),
    **published.workflows(),
}
_REFUSED = """
on: {{schedule: [{{cron: "1 1 * * *"{timezone}}}]}}
concurrency: {{group: a{queue}}}
jobs: {{a: {{runs-on: ubuntu-latest, environment: {{name: a{deployment}}}, steps: [{{run: "true"}}]}}}}
"""


def _load(text: str) -> Any:
    return next(yaml.load_all(text, yaml.BaseLoader))  # "on" is a word


def _pruned(node: Any) -> Any:
    """Without the three keys, wherever they stand."""
    if isinstance(node, list):
        return [_pruned(part) for part in node]
    if not isinstance(node, dict):
        return node
    new = {("queue", "max"), ("deployment", "false"), *(("timezone", zone) for zone in [node.get("timezone")])}
    return {key: _pruned(value) for key, value in node.items() if not (isinstance(value, str) and (key, value) in new)}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_exactly_these_three_are_taken_out(name: str) -> None:
    assert _load(without_too_new(WORKFLOWS[name])) == _pruned(_load(WORKFLOWS[name]))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_deployments_to_one_place_wait_their_turn(name: str) -> None:
    document = _load(WORKFLOWS[name])
    for job in document["jobs"].values():
        group = job.get("concurrency") or document.get("concurrency")
        if "environment" in job and group:
            assert group["queue"] == "max", "of three, GitHub cancels the one in the middle"
            assert group["cancel-in-progress"] == "false", "the two exclude each other"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_schedules_say_whose_clock_they_go_by(name: str) -> None:
    on = _load(WORKFLOWS[name])["on"]
    assert all("timezone" in row for row in (on.get("schedule", ()) if isinstance(on, dict) else ()))


@pytest.mark.parametrize("one", ["", "timezone", "queue", "deployment"])
def test_act_still_refuses_each(one: str, tmp_path: Path) -> None:
    if PROGRAM is None:
        pytest.skip("act is not installed here")
    rows = {"timezone": ", timezone: Europe/Berlin", "queue": ", queue: max", "deployment": ", deployment: false"}
    workflow = tmp_path / "a.yml"
    workflow.write_text(_REFUSED.format_map({name: row if name == one else "" for name, row in rows.items()}))
    command = [PROGRAM, "--validate", "--strict", "--workflows", str(workflow)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert bool(done.returncode) is bool(one), done.stderr
