"""GitLab's own clock: which child pipeline a gate's outputs come to."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from jira_ci.errors import UsageError
from jira_ci.parking.child_pipeline import child_pipeline

NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
DELAYED = {"when": "delayed", "start_in": "3610 seconds"}
NOW_AT_ONCE = {"when": "on_success"}
BY_HAND = {"when": "manual", "allow_failure": False}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "deploy.yml").write_text('other:\n  deploy: 1\n"deploy":\n  script: ./deploy.sh\n')
    return tmp_path


def rule(folder: Path, decision: str, start: str) -> Any:
    told = {"JIRA_CI_OUT_DECISION": decision, "JIRA_CI_OUT_WINDOW_START": start}
    text, said = child_pipeline(folder, "ci/deploy.yml", "deploy", told, NOW)
    document = yaml.safe_load(text)
    assert document["include"] == [{"local": "/ci/deploy.yml"}]
    assert said.startswith("deploy ")
    (found,) = document["deploy"]["rules"]
    return found


@pytest.mark.parametrize(
    ("decision", "start", "expected"),
    [
        ("proceed", "2026-11-28T11:00:00Z", NOW_AT_ONCE),
        ("proceed", "", NOW_AT_ONCE),
        ("wait", "2026-11-28T13:00:00Z", DELAYED),
        ("wait", "2026-11-28T13:00:00.769000Z", DELAYED),
        ("wait", "2026-11-28T12:30:00Z,2026-11-28T13:00:00Z", DELAYED),
        ("wait", "2026-11-28T13:00:00Z,", BY_HAND),  # one of several environments has no window
        ("wait", "", BY_HAND),
        ("wait", "2026-11-28T12:00:00Z", BY_HAND),  # open, and not approved yet
        ("wait", "2026-12-05T11:59:50Z", {"when": "delayed", "start_in": "604800 seconds"}),
        ("wait", "2026-12-05T11:59:51Z", BY_HAND),
        ("wait", "9999-12-31T23:59:59Z", BY_HAND),
        ("wait", "2026-02-30T00:00:00Z", BY_HAND),
        ("wait", "tomorrow", BY_HAND),
        ("wait", "2026-11-28T13:00:00+01:00", BY_HAND),
    ],
)
def test_when_the_job_starts(folder: Path, decision: str, start: str, expected: dict[str, Any]) -> None:
    assert rule(folder, decision, start) == expected


@pytest.mark.parametrize(
    ("file", "job", "told", "hint"),
    [
        ("ci/deploy.yml", "deploy", {}, "needs:"),
        ("ci/deploy.yml", "deploy", {"JIRA_CI_OUT_DECISION": "deny"}, "log of its job"),
        ("ci/deplyo.yml", "deploy", {"JIRA_CI_OUT_DECISION": "wait"}, "Name the file"),
        ("ci/deploy.yml", "deplyo", {"JIRA_CI_OUT_DECISION": "wait"}, "Name a job"),
        ("ci/deploy.yml", "dep.oy", {"JIRA_CI_OUT_DECISION": "wait"}, "Name a job"),
        ("/etc/passwd.yml", "deploy", {"JIRA_CI_OUT_DECISION": "wait"}, "from the top"),
        ("ci/../../x.yml", "deploy", {"JIRA_CI_OUT_DECISION": "wait"}, "from the top"),
        ("ci/$HOME.yml", "deploy", {"JIRA_CI_OUT_DECISION": "wait"}, "from the top"),
        ("ci", "deploy", {"JIRA_CI_OUT_DECISION": "wait"}, "from the top"),
    ],
)
def test_what_is_not_there_is_said(folder: Path, file: str, job: str, told: dict[str, str], hint: str) -> None:
    with pytest.raises(UsageError) as found:
        child_pipeline(folder, file, job, told, NOW)
    assert hint in found.value.hint


def test_a_job_s_name_is_nothing_else(folder: Path) -> None:
    for name in ('deploy: [x]\n"include', "\U0001f680 d\u00e9ploy"):
        (folder / "ci" / "deploy.yml").write_text(f"{name}:\n", encoding="utf-8")
        text, _ = child_pipeline(folder, "ci/deploy.yml", name, {"JIRA_CI_OUT_DECISION": "proceed"}, NOW)
        assert set(json.loads(text)) == set(yaml.safe_load(text)) == {"include", name}
