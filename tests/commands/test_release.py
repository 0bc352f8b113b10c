"""``release``: by hand what follows a deployment, and its notes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from after_scenes import PRIVATE, Scene, scene
from jira_ci.cli import COMMANDS
from jira_ci.config.schema import record_problem
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox

PUBLIC = {"repository": {**PRIVATE["repository"], "private": False, "visibility": "public"}}


@pytest.fixture
def here(sandbox: Sandbox, tmp_path: Path) -> Scene:
    return scene(sandbox, tmp_path, os.environ["PATH"])


def test_it_does_what_a_deployment_does_and_reports_nothing(here: Scene) -> None:
    ended = here.release()
    assert ended.code == 0, ended.out
    assert here.status("WEB-1") == "Done"
    assert here.versions("WEB-1") == ["Shop 1.4"]
    assert not any("/deployments/" in one.path for one in here.sandbox.exchanges)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("project-name: Shop\n", "Nothing follows a deployment"),
        (
            "after: {production: {transition: Done}}\nenvironments: {Prod: testing}\n",
            "No rule under after matches Prod",
        ),
        ("after: {prod-uction: {transition: Done}}\n", "No rule under after matches Prod"),
    ],
)
def test_by_hand_it_is_a_mistake_that_nothing_follows(here: Scene, file: str, sentence: str) -> None:
    here.job.write(".jira-ci.yml", file)
    ended = here.release()
    assert ended.code == 2
    assert sentence in ended.out


def test_a_dry_run_asks_nobody(here: Scene) -> None:
    assert here.release("--dry-run").code == 0
    assert here.asked == []


def test_notes_are_all_that_stands_on_stdout(here: Scene) -> None:
    ended = here.release("--notes")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("## Shop 1&#46;4\n\n### Story\n\n- [WEB&#45;1](")
    assert "Sign in with a passkey" in ended.out
    assert here.written == []
    assert here.status("WEB-1") == "In Progress"
    assert "Sign in with a passkey" in here.job.summary()


def test_notes_in_jira_s_own_forms(here: Scene) -> None:
    assert here.release("--notes", "wiki").out.startswith("h2. Shop 1.4\n")
    assert json.loads(here.release("--notes", "adf").out)["type"] == "doc"
    assert here.release("--notes", "html").code == 2


def test_notes_as_json(here: Scene) -> None:
    found = here.release("--notes", "--format", "json").json
    assert found["notes"][0] == {"key": "WEB-1", "title": "Sign in with a passkey", "type": "Story"}
    assert found["text"].startswith("## Shop")


@pytest.mark.parametrize("event", [PUBLIC, {"repository": {"full_name": "acme/shop", "id": 77}}])
def test_a_public_repository_shows_no_title_that_strangers_do_not_see(
    sandbox: Sandbox, tmp_path: Path, event: dict[str, Any]
) -> None:
    here = scene(sandbox, tmp_path, os.environ["PATH"], event)
    ended = here.release("--notes")
    assert ended.code == 0
    assert "WEB&#45;1" in ended.out
    assert "passkey" not in ended.out + ended.err + here.job.summary()


def test_without_a_credential_there_are_no_notes(here: Scene) -> None:
    ended = here.release("--notes", JIRA_CI_USER="", JIRA_CI_TOKEN="")
    assert ended.code == 6
    assert ended.out.strip() == "" or "error" in ended.out
    assert "JIRA_CI_USER and JIRA_CI_TOKEN" in ended.out + ended.err


def test_data_center_has_notes_too(start_sandbox: Callable[..., Sandbox], tmp_path: Path) -> None:
    here = scene(start_sandbox(edition="data-center"), tmp_path, os.environ["PATH"])
    assert "passkey" in here.release("--notes").out


def test_the_command_takes_what_a_deployment_takes() -> None:
    assert set(COMMANDS["release"].groups) - {"change", "policy"} < set(COMMANDS["deployment"].groups)


def test_the_lead_time_is_an_output(here: Scene) -> None:
    here.job.environ["GITHUB_SHA"] = here.job.commit("WEB-5 Last")
    found = here.job.jira_ci(
        "deployment", "--environment", "Prod", "--version", "1.4", "--state", "success", "--since", "HEAD~1",
        "--format", "json", now=2_000_000_000.0,
    ).json  # fmt: skip
    assert 0 < found["lead-time"] < 2_000_000_000
    failed = here.job.jira_ci("deployment", "--environment", "Prod", "--state", "failure", "--format", "json").json
    assert failed["lead-time"] == ""


def _deploy(here: Scene, program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    given = ("--environment", "Prod", "--version", "1.4", "--issue-keys", "WEB-1")
    command = [sys.executable, "-I", "-m", "jira_ci", "deploy", *given, "--", sys.executable, "-I", "-c", program]
    environ = {**here.job.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environ}
    return subprocess.run(command, cwd=here.job.folder, env=environ, capture_output=True, text=True, check=False)


def test_deploy_does_it_when_its_command_went_well(here: Scene) -> None:
    ended = _deploy(here, "")
    assert ended.returncode == 0, ended.stdout
    assert here.status("WEB-1") == "Done"
    assert "After the deployment" in here.job.summary()
    order = [one.path.rpartition("/")[2] for one in here.sandbox.exchanges if one.method == "POST"]
    assert order.index("transitions") > len(order) - 1 - order[::-1].index("bulk"), "never before its report"


def test_deploy_does_nothing_when_it_failed_and_passes_its_code_on(here: Scene) -> None:
    assert _deploy(here, "raise SystemExit(7)").returncode == 7
    assert here.status("WEB-1") == "In Progress"


def test_nothing_that_follows_changes_the_commands_code(here: Scene) -> None:
    here.sandbox.site.desk.denied |= {"EDIT_ISSUES", "TRANSITION_ISSUES", "ADMINISTER_PROJECTS"}
    ended = _deploy(here, "", JIRA_CI_ON_ERROR="fail")
    assert ended.returncode == 0
    assert "Not everything was done after Prod" in ended.stdout


def test_deploy_without_credentials_for_reports_does_it_all_the_same(here: Scene) -> None:
    for name in ("JIRA_CI_CLIENT_ID", "JIRA_CI_CLIENT_SECRET"):
        del here.job.environ[name]
    ended = _deploy(here, "", JIRA_CI_JIRA_TYPE="cloud")
    assert ended.returncode == 0
    assert here.status("WEB-1") == "Done", ended.stdout


def test_the_record_holds_the_lead_time(here: Scene) -> None:
    ended = _deploy(here, "", GITHUB_SHA=here.job.commit("WEB-1 Pay"))
    assert ended.returncode == 0
    path = [line for line in here.job.output().splitlines() if "jira-ci-record" in line][-1]
    record = json.loads(Path(path.strip()).read_text(encoding="ascii"))
    assert record["deployment"]["lead-time"] >= 0
    assert record_problem(record) == ""


def test_a_version_of_which_jira_says_nothing_is_not_said_to_be_there(here: Scene) -> None:
    here.sandbox.before = lambda request: Answer(403) if request.path.endswith("/version") else None
    ended = here.release()
    assert "there already" not in ended.out
    assert "version Shop 1.4 of WEB: nobody knows whether it is there" in ended.out
    assert here.status("WEB-1") == "Done", "what can be done is done"
    assert ended.code == 0


def test_a_second_leg_of_a_matrix_does_nothing_twice(here: Scene) -> None:
    here.release()
    before = here.written
    assert here.release().code == 0
    assert here.written == before
