"""The examples that keep the auditor's list, run as GitHub and GitLab would run them by hand, for a quarter."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from evidence_scenes import entry, listed, on_github, on_gitlab, stamp
from jira_sandbox.server import Sandbox
from providers.github_graphql_server import GitHubGraph
from providers.gitlab_server import GitLab as GitLabServer
from providers.serving import serving
from wrappers.gitlab_runner import GitLab
from wrappers.machine import ROOT, Machine

QUARTER = {"FROM": "2026-07-01", "TO": "2026-09-30"}


def _kept(folder: Path) -> tuple[Any, int, str]:
    """The JSON, how many rows the CSV has, and the page."""
    texts = {end: (folder / f"population.{end}").read_text(encoding="utf-8") for end in ("json", "csv", "html")}
    return json.loads(texts["json"]), len(list(csv.DictReader(io.StringIO(texts["csv"])))), texts["html"]


def test_github(tmp_path: Path, sandbox: Sandbox) -> None:
    document = yaml.safe_load((ROOT / "examples" / "github" / "evidence.yml").read_text(encoding="utf-8"))
    (job,) = document["jobs"].values()
    (step,) = (step for step in job["steps"] if "jira-ci evidence" in step.get("run", ""))
    assert {"GITHUB_TOKEN", "JIRA_CI_SITE", "JIRA_CI_USER", "JIRA_CI_TOKEN", *QUARTER} == step["env"].keys()
    provider = GitHubGraph()
    with serving(provider):
        desk = on_github(tmp_path, sandbox, provider)
        desk.change(entry(1, "07-02 10:00"))
        provider.listed = [listed(1, "07-02 09:58"), listed(99, "05-02 10:00")]
        sandbox.clock.standing = None
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],  # https://docs.github.com/actions: a run without shell
            cwd=desk.job.folder,
            env={**desk.job.environ, **QUARTER, "PATH": f"{Path(sys.executable).parent}:{desk.job.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    found, rows, page = _kept(desk.job.folder)
    assert (found["complete"], found["known"], rows) == (True, 1, 1)
    assert page.startswith("<!DOCTYPE html>")


def test_gitlab(gitlab: Callable[..., GitLab], machine: Machine, tmp_path: Path, sandbox: Sandbox) -> None:
    text = (ROOT / "examples" / "gitlab" / "evidence.yml").read_text(encoding="utf-8")
    provider = GitLabServer()
    with serving(provider):
        desk = on_gitlab(tmp_path / "desk", sandbox, provider)
        desk.change(entry(1, "07-02 10:00", run="acme/web#5001/1790000000"))
        provider.listed = [
            {"id": 1, "commit": "a" * 40, "ref": "main", "status": "success", "environment": "Prod"}
            | {"created": stamp("07-02 09:58"), "run": 5001}
        ]
        sandbox.clock.standing = None
        machine.gated(sandbox)
        names = ("CI_PROJECT_ID", "CI_PROJECT_PATH", "CI_API_V4_URL", "JIRA_CI_GITLAB_TOKEN")
        given = {name: desk.job.environ[name] for name in names}
        pipeline = gitlab(text, JIRA_CI_SITE=sandbox.address, **given, **QUARTER)
        job = pipeline.run("evidence", CI_PIPELINE_SOURCE="schedule")
    assert {"population.json", "population.csv", "population.html"} <= set(job.artifacts), job.log
    found, rows, page = _kept(machine.workspace)
    assert (job.status, found["known"], rows) == ("success", 1, 1), job.log
    assert page.startswith("<!DOCTYPE html>")
