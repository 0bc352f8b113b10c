"""What the guide for auditors shows is what they get: its commands, and the question that it asks of their output."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

import documents
from evidence_scenes import Desk, entry, listed, on_github
from jira_ci.config.schema import published
from jira_sandbox.server import Sandbox
from providers.github_graphql_server import GitHubGraph
from providers.serving import serving
from scenes import Ended

LATER = datetime(2026, 10, 2, 12, tzinfo=timezone.utc)
PAGE = documents.section("The auditor's list: every deployment of a period")


@pytest.fixture
def desk(tmp_path: Path, sandbox: Sandbox) -> Iterator[Desk]:
    provider = GitHubGraph()
    with serving(provider):
        made = on_github(tmp_path, sandbox, provider, LATER)
        made.change(*(entry(number, f"07-{number + 1:02} 10:00") for number in range(30)))
        provider.listed = [
            *(listed(number, f"07-{number + 1:02} 09:58") for number in reversed(range(30))),
            listed(99, "05-02 10:00"),
        ]
        yield made


def _ran(desk: Desk) -> dict[str, Ended]:
    """What each command of the page leaves, by the file that it is written to."""
    shown = [line for line in documents.blocks(PAGE, "console")[0].splitlines() if line.startswith("$ jira-ci ")]
    found = {}
    for line in shown:
        command, _, file = line.partition(" > ")
        found[file] = desk.job.jira_ci(*shlex.split(command)[2:], now=desk.now)
    return found


def test_the_commands_print_each_form_of_the_list(desk: Desk) -> None:
    found = _ran(desk)
    assert [ended.code for ended in found.values()] == [0, 0, 0, 7], "no record stands behind these indexes"
    assert found[""].out.splitlines()[-1].startswith("30 known; nothing is missing")
    assert len(list(csv.DictReader(io.StringIO(found["population.csv"].out)))) == 30
    assert found["population.html"].out.startswith("<!DOCTYPE html>")
    assert json.loads(found["population.json"].out)["complete"] is False


def test_the_sample_is_drawn_as_it_is_shown(desk: Desk, tmp_path: Path) -> None:
    programs = {name: shutil.which(name) for name in ("jq", "shuf")}
    if None in programs.values():
        pytest.skip(f"not here: {', '.join(name for name, path in programs.items() if path is None)}")
    [command] = re.findall(r"`(jq -r [^`]* population\.json \| shuf -n 25)`", PAGE.replace("\n   ", " "))
    ended = desk.job.jira_ci("evidence", "--from", "2026-07-01", "--to", "2026-09-30", "--format", "json", now=desk.now)
    (tmp_path / "population.json").write_text(ended.out, encoding="utf-8")
    drawn = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(set(drawn.stdout.split())) == 25


def test_the_page_names_every_finding() -> None:
    findings = published("evidence")["definitions"]["deployment"]["properties"]["finding"]["enum"]
    assert [one for one in findings if one and f"| `{one}` |" not in PAGE] == []
