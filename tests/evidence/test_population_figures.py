"""How many requests and how much memory a population takes, counted: a thousand deployments on a thousand changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evidence.test_population import LATER
from evidence_scenes import QUARTER, Desk, entry, listed, on_github
from gate_subjects import known
from jira_ci.gate.kept_records import INDEX, merged
from jira_sandbox.server import Sandbox
from providers.github_answers import refusal
from providers.github_graphql_server import GitHubGraph

_PROGRAM = """\
import dataclasses, sys
from jira_ci.cli import main
from jira_ci.edges import real_edges
code = main(sys.argv[2:], dataclasses.replace(real_edges(), clock=lambda: float(sys.argv[1])))
if sys.platform == "linux":  # getrusage tells the peak of the process that started this one, too
    peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")]
    print("peak", *peak, file=sys.stderr)
sys.exit(code)
"""
MOST_REQUESTS = 60
MOST_MEMORY = 60_000  # KB
MANY = 1000


@pytest.fixture
def desk(tmp_path: Path, sandbox: Sandbox, github: GitHubGraph) -> Desk:
    """A thousand changes with a deployment each, of which GitHub knows, and as many issues that are nothing of ours."""
    found = on_github(tmp_path, sandbox, github, LATER)
    for number in range(MANY):
        began = _began(number)
        found.change(entry(number, began, commit=f"{number:040x}"), summary=f"Deploy {number}")
    github.listed = [
        *(listed(number, _began(number), commit=f"{number:040x}") for number in reversed(range(MANY))),
        listed(9999, "05-02 10:00"),
    ]
    return found


def _began(number: int) -> str:
    """One after the other, from July on."""
    return f"{7 + number // 340:02}-{1 + number % 340 // 14:02} {number % 14:02}:00"


def _asked(desk: Desk, *arguments: str) -> tuple[Any, str, int]:
    command = [sys.executable, "-c", _PROGRAM, str(desk.now), "evidence", *QUARTER, *arguments, "--format", "json"]
    environ = {**desk.job.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=desk.job.folder, env=environ, capture_output=True, text=True, check=False)
    return json.loads(done.stdout), done.stderr, done.returncode


def test_a_thousand_of_each_take_few_requests_and_little_memory(desk: Desk, github: GitHubGraph) -> None:
    before = len(desk.sandbox.exchanges)
    found, err, code = _asked(desk)
    assert code == 0, err
    assert (found["known"], found["with-record"]) == (MANY, MANY)
    requests = len(desk.sandbox.exchanges) - before + len(github.asked) + len(github.exchanges)
    assert requests <= MOST_REQUESTS
    assert requests <= 30, "eleven pages of GitHub's, ten of Jira's, and what it takes to read the policy and to log in"
    peak = [int(line.split()[1]) for line in err.splitlines() if line.startswith("peak ")]
    assert max(peak, default=0) <= MOST_MEMORY


def test_by_rest_it_takes_no_more(desk: Desk, github: GitHubGraph) -> None:
    github.faulty[-1] = refusal(403, "Resource not accessible by integration")
    extra = [listed(20000 + number, "09-29 10:00", commit="f" * 40) for number in range(50)]
    github.listed = [*extra, *github.listed]
    before = len(desk.sandbox.exchanges)
    found, ended = desk.found()
    assert (found["known"], found["without-record"], ended.code) == (MANY + 50, 50, 0)
    assert len(desk.sandbox.exchanges) - before + len(github.asked) + len(github.exchanges) <= MOST_REQUESTS


def test_a_full_index_is_no_reason_to_read_what_is_older(desk: Desk, github: GitHubGraph) -> None:
    key = desk.change(summary="Deploy often")
    number = known(desk.sandbox, key).id
    entries = [
        entry(5000 + n, f"0{1 + n // 28 % 9}-{1 + n % 28:02} 09:00", run=f"octo/hello#{n}/1") for n in range(240)
    ]
    index = merged({}, entries, {f"{n:016x}" for n in range(9000, 9600)})
    assert (index["full"], len(index["older"])) == (True, 500)
    desk.sandbox.site.desk.extras.set_property(number, INDEX, index)
    before = len(desk.sandbox.exchanges)
    desk.found("--from", "2026-09-15", "--to", "2026-09-30")
    assert len(desk.sandbox.exchanges) - before <= 20
