"""What init writes and prints, before others' judges at their defaults: zizmor, actionlint, both providers' schemas."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import scenes
from scenes import Job

BIN = Path(sys.executable).parent
_SCHEMA = (str(BIN / "check-jsonschema"), "--builtin-schema")
TWO = """
name: CI
on: [push, pull_request]
permissions: {contents: read}
concurrency: {group: ci, cancel-in-progress: false}
jobs:
  test:
    runs-on: [self-hosted, linux]
    steps: [{run: pytest --junitxml=out/unit.xml}]
"""
SHIP = """
name: Ship
on: {push: {tags: ["v*"]}}
permissions: {contents: read}
concurrency: {group: ship, cancel-in-progress: false}
jobs:
  ship:
    environment: "prod-${{ matrix.region }}"
    runs-on: [self-hosted, linux]
    strategy: {matrix: {region: [eu, us]}}
    steps: [{run: ./deploy.sh}]
  charts:
    environment: Prod-EU
    runs-on: [self-hosted, linux]
    container: {image: "alpine/helm:3"}
    steps: [{run: ./deploy.sh}]
"""
PIPELINE = """
stages: [test, ship]
test: {script: [pytest], artifacts: {reports: {junit: out/unit.xml}}}
ship: {stage: ship, image: "python:3.13-slim", environment: {name: staging}, script: [./deploy.sh]}
charts:
  stage: ship
  image: {name: "alpine/helm:3"}
  environment: {name: production}
  rules: [{if: $CI_COMMIT_TAG}]
  script: [./deploy.sh]
by hand: {stage: ship, image: alpine, environment: prod-us, when: manual, script: [./deploy.sh]}
"""


def _job(tmp_path: Path, origin: str, files: dict[str, str]) -> Job:
    job = scenes.local(tmp_path / "checkout", "/usr/bin:/bin")
    job.git("remote", "set-url", "origin", origin)
    for name, text in files.items():
        job.write(name, text)
    return job


@pytest.fixture(params=["empty", "full", "elsewhere"])
def on_github(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Job, list[str]]:
    """A repository with what init wrote, and the next steps; the steps that it prints are put where it says."""
    host = "github.acme.example" if request.param == "elsewhere" else "github.com"
    theirs = {} if request.param == "empty" else {".github/workflows/ci.yml": TWO, ".github/workflows/ship.yml": SHIP}
    job = _job(tmp_path, f"git@{host}:acme/web.git", theirs)
    ended = job.jira_ci("init", "--gate", "--site", "acme.atlassian.net", "--format", "json", TZ="Europe/Berlin")
    assert ended.code == 0, ended.err
    return job, ended.json["next"]


def _written(job: Job) -> list[Path]:
    return sorted((job.folder / ".github" / "workflows").glob("jira*.yml"))


def _copied(job: Job, steps: list[str]) -> list[Path]:
    """Workflows that hold the steps and the job that were printed."""
    found = [text for text in steps if "uses: jira-ci/jira-ci@" in text]
    for number, text in enumerate(found):
        lines = "\n".join(line for line in text.splitlines() if line.startswith(("  ", "      ")))
        whole = lines.startswith("  charts-jira:")
        head = SHIP.partition("jobs:")[0]
        theirs = "  charts: {runs-on: ubuntu-latest, steps: [{run: make}]}\n"
        above = (
            "" if whole else "  a:\n    runs-on: ubuntu-latest\n    strategy: {matrix: {region: [eu]}}\n    steps:\n"
        )
        job.write(f".github/workflows/copied-{number}.yml", f"{head}jobs:\n{theirs}{above}{lines}\n")
    return sorted((job.folder / ".github" / "workflows").glob("copied*.yml"))


def _said(*command: str | Path, where: Path) -> tuple[int, str]:
    done = subprocess.run([str(part) for part in command], cwd=where, capture_output=True, text=True, timeout=100)
    return done.returncode, done.stdout + done.stderr


def test_judges_at_their_defaults_find_nothing_of_medium_weight(on_github: tuple[Job, list[str]]) -> None:
    job, steps = on_github
    files = [*_written(job), *_copied(job, steps)]
    assert len(files) >= 2
    code, said = _said(BIN / "zizmor", "--offline", "--no-progress", "--min-severity=medium", *files, where=job.folder)
    assert code == 0, said
    code, said = _said(*_SCHEMA, "vendor.github-workflows", *files, where=job.folder)
    assert code == 0, said


def test_actionlint_finds_nothing(on_github: tuple[Job, list[str]]) -> None:
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint is not installed here (https://github.com/rhysd/actionlint)")
    job, steps = on_github
    # timezone: is GitHub's since March 2026, and an actionlint from before does not know it.
    options = ("-shellcheck=", "-pyflakes=", "-ignore", 'element of "schedule" section must be mapping')
    code, said = _said(program, *options, *_written(job), *_copied(job, steps), where=job.folder)
    assert code == 0, said


def test_what_is_there_decides_what_is_written(tmp_path: Path) -> None:
    theirs = {".github/workflows/ci.yml": TWO, ".github/workflows/ship.yml": SHIP}
    job = _job(tmp_path, "git@github.com:acme/web.git", theirs)
    job.jira_ci("init", "--gate", TZ="Europe/Berlin")
    steps = "\n".join(job.jira_ci("init", "--dry-run", "--format", "json").json["next"])
    for file in _written(job):
        text = file.read_text("utf-8")
        assert "runs-on: [self-hosted, linux]\n" in text
        assert ("timezone: Europe/Berlin" in text) is (file.name == "jira-resume.yml")
    assert "          test-results: out/unit.xml\n" in steps
    assert steps.count('environment: "prod-${{ matrix.region }}"') == 2, "one for the start, one for the end"
    assert "          state: in_progress\n" in steps
    assert "The legs of a matrix are told apart by themselves." in steps
    assert "job charts: its container alpine/helm:3 has no Python" in steps
    assert "state: ${{ needs.charts.result }}" in steps
    assert re.search(r"git ls-remote https://github.com/jira-ci/jira-ci 'refs/tags/v[\d.]+\^\{\}'", steps)
    assert "GitHub Connect" not in steps


def test_behind_a_gate_one_step_takes_the_place_of_two(tmp_path: Path) -> None:
    job = _job(tmp_path, "git@github.com:acme/web.git", {".github/workflows/ship.yml": SHIP})
    [gated] = [step for step in job.jira_ci("init", "--gate", "--format", "json").json["next"] if "./deploy.sh" in step]
    [step] = yaml.safe_load("\n".join(line for line in gated.splitlines() if line.startswith("      ")))
    assert step["with"].keys() == {
        *("command", "script", "environment", "client-id", "client-secret", "user", "token"),
    }
    assert (step["with"]["command"], step["with"]["environment"]) == ("deploy", "prod-${{ matrix.region }}")
    steps = "\n".join(job.jira_ci("init", "--gate", "--format", "json").json["next"])
    assert "state: in_progress" not in steps, "it would be told before the gate has spoken"
    assert "job charts: its container alpine/helm:3 has no Python. The gate stands in the job that deploys" in steps


def test_what_deploys_without_a_queue_gets_one(tmp_path: Path) -> None:
    ship = SHIP.replace("concurrency: {group: ship, cancel-in-progress: false}\n", "")
    job = _job(tmp_path, "git@github.com:acme/web.git", {".github/workflows/ship.yml": ship})
    steps = "\n".join(job.jira_ci("init", "--dry-run", "--gate", "--format", "json").json["next"])
    assert "Give ship, charts a queue, beside steps:\n    concurrency:\n" in steps
    assert '      group: "deploy-prod-${{ matrix.region }}"\n      cancel-in-progress: false\n      queue: max' in steps


def test_another_server_gets_no_words_that_it_does_not_know(tmp_path: Path) -> None:
    job = _job(tmp_path, "https://github.acme.example/acme/web", {".github/workflows/ci.yml": TWO})
    steps = "\n".join(job.jira_ci("init", "--gate", "--format", "json", TZ="Europe/Berlin").json["next"])
    for file in _written(job):
        assert not re.search(r"timezone:|queue:|deployment: false", file.read_text("utf-8"))
    assert "github.acme.example takes actions from github.com where GitHub Connect is on" in steps


def test_what_gitlab_gets_fits_its_schema_and_its_images(tmp_path: Path) -> None:
    job = _job(tmp_path, "https://gitlab.acme.example/acme/web.git", {".gitlab-ci.yml": PIPELINE})
    steps = job.jira_ci("init", "--format", "json").json["next"]
    ours = job.folder / ".gitlab" / "jira-ci.yml"
    text = ours.read_text("utf-8")
    assert "its image has no git, so that fewer commits are read.\nship:\n  extends: .jira-ci-deployment\n" in text
    assert not re.search(r"^(charts|by hand):", text, re.MULTILINE)
    [beside] = [step for step in steps if "its image alpine/helm:3 has no Python" in step]
    (job.folder / "beside.yml").write_text("\n".join(line[2:] for line in beside.splitlines()[1:]) + "\n", "utf-8")
    options = ("vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    code, said = _said(*_SCHEMA, *options, ours, job.folder / "beside.yml", where=job.folder)
    assert code == 0, said
    assert beside.count("rules: !reference [charts, rules]") == 3
    assert beside.count("needs: [charts]") == 2
    joined = "\n".join(steps)
    assert "by hand: its image alpine has no Python and no git, so nothing was added to it. A person" in joined
    assert "test: for counts of its tests, let it report its own build:" in joined
    assert "JIRA_CI_TEST_RESULTS: out/unit.xml" in joined
    assert "where its runners do not reach gitlab.com" in joined


def test_behind_a_gate_a_gitlab_job_waits_and_is_not_told_to_have_begun(tmp_path: Path) -> None:
    ship = "ship: {stage: ship, image: 'python:3.13', environment: prod-us, script: [./deploy.sh]}\n"
    job = _job(tmp_path, "https://gitlab.com/acme/web.git", {".gitlab-ci.yml": PIPELINE + ship})
    steps = "\n".join(job.jira_ci("init", "--gate", "--format", "json").json["next"])
    ours = yaml.safe_load((job.folder / ".gitlab" / "jira-ci.yml").read_text("utf-8").replace("!reference ", ""))
    assert ours["ship"] == {"extends": ".jira-ci-gated-deployment"}
    assert "In the script of ship, charts, by hand, put the command" in steps
    assert "\n  - jira_ci deploy -- ./deploy.sh" in steps
    assert "Give ship, charts, by hand a queue:\n  resource_group: prod-us" in steps
    assert (
        "charts: its image alpine/helm:3 has no Python and no git, so nothing was added to it. The gate stands" in steps
    )
    assert "  extends: .jira-ci-gated-deployment" in steps
    assert "-jira-start" not in steps


def test_names_of_strangers_stay_names(tmp_path: Path) -> None:
    hostile = "a]: {x: [y"
    job = {"stage": "s", "image": "alpine", "environment": {"name": "p, q"}, "script": ["x"], "rules": [{"if": "$A"}]}
    repository = _job(tmp_path, "https://gitlab.com/a/b", {".gitlab-ci.yml": yaml.safe_dump({hostile: job})})
    steps = repository.jira_ci("init", "--format", "json").json["next"]
    [text] = [step for step in steps if "has no Python" in step]
    loaded: dict[str, Any] = yaml.safe_load(text.partition("\n")[2].replace("!reference ", ""))
    assert [row["environment"]["name"] for row in loaded.values()] == ["p, q"] * 3
    assert all(hostile in row.get("needs", [hostile]) for row in loaded.values())
