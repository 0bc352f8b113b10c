"""The change goes on when its deployment has ended: never before its comment and its record."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import scenes
from gate_jobs import POLICY, Scene, commit, scene
from gate_subjects import approved
from jira_sandbox.desk.workflow import Transition
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox

ENDS = "end-status: {successful: Completed, failed: Failed, cancelled: Canceled}"


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    made = scene(tmp_path, sandbox, more=ENDS)
    made.job.environ |= scenes.reach(sandbox)
    return made


def deploy(here: Scene, program: str = "", *flags: str, **environ: str) -> scenes.Ended:
    options = ("--environment", "Prod", "--version", "1.2.3", "--issue-keys", "WEB-12", *flags)
    command = [sys.executable, "-I", "-m", "jira_ci", "deploy", *options, "--", sys.executable, "-I", "-c", program]
    done = subprocess.run(
        command,
        cwd=here.job.folder,
        env={**here.job.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return scenes.Ended(done.returncode, done.stdout, done.stderr)


def status(sandbox: Sandbox, key: str) -> str:
    found = sandbox.site.issue(key)
    assert found is not None
    return sandbox.site.desk.workflow.status(found.status).name


@pytest.mark.parametrize(("program", "name", "code"), [("", "Completed", 0), ("raise SystemExit(3)", "Failed", 3)])
def test_the_change_goes_where_its_policy_says(
    here: Scene, sandbox: Sandbox, program: str, name: str, code: int
) -> None:
    key = approved(sandbox)
    ended = deploy(here, program)
    assert ended.code == code, ended.out
    assert status(sandbox, key) == name
    assert f"{key} was moved to {name}." in ended.out


def test_it_is_closed_after_its_comments_and_with_its_dates(here: Scene, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    deploy(here)
    order = [
        one.path.rpartition("/")[2]
        for one in sandbox.exchanges
        if one.method == "POST" and key_of(sandbox, key) in one.path
    ]
    assert order[-1] == "transitions"
    assert order.count("comment") == 3, "its pin, the start and the end"
    issue = sandbox.site.issue(key)
    assert issue is not None
    assert {"customfield_10308", "customfield_10309"} <= issue.values.keys()


def key_of(sandbox: Sandbox, key: str) -> str:
    found = sandbox.site.issue(key)
    assert found is not None
    return f"/{found.id}/"


def test_a_change_without_its_comment_stays_open(here: Scene, sandbox: Sandbox) -> None:
    key = approved(sandbox)

    def mute(request: Request) -> Answer | None:
        return json_answer(500, {}) if request.method == "POST" and request.path.endswith("/comment") else None

    sandbox.before = mute
    ended = deploy(here)
    assert ended.code == 0
    assert status(sandbox, key) == "Implementing"


def test_who_closed_it_already_was_right(here: Scene, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    before = [False]

    def closed(request: Request) -> Answer | None:
        if request.path.endswith("/editmeta") and not before[0]:
            before[0] = True
            sandbox.site.desk.enter(key, "Completed", "somebody")
        return None

    sandbox.before = closed
    ended = deploy(here)
    assert ended.code == 0
    assert "::warning" not in "".join(line for line in ended.out.splitlines() if key in line and "moved" in line)
    assert status(sandbox, key) == "Completed"


def test_a_transition_that_asks_for_something_is_named(here: Scene, sandbox: Sandbox) -> None:
    key, flow = approved(sandbox), sandbox.site.desk.workflow
    flow.transitions = tuple(
        Transition(one.id, one.name, one.sources, one.target, ("customfield_10344",)) if one.name == "Complete" else one
        for one in flow.transitions
    )
    ended = deploy(here)
    assert ended.code == 0
    assert status(sandbox, key) == "Implementing"
    assert "its transition asks for Test plan" in ended.out


def test_a_desk_without_such_fields_is_closed_without_dates(here: Scene, sandbox: Sandbox) -> None:
    for name in ("Change start date", "Change completion date"):
        sandbox.site.desk.catalogue.remove_field(name)
    key = approved(sandbox)
    deploy(here)
    assert status(sandbox, key) == "Completed"


def test_an_account_of_its_own_may_close_it(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, more="end-status: {successful: Completed, credentials: CLOSER}")
    here.job.environ |= scenes.reach(sandbox)
    key = approved(sandbox)
    ended = deploy(here)
    assert status(sandbox, key) == "Implementing", "the gate's account does not do it instead"
    assert "was not moved to Completed" in ended.out
    given = sandbox.credentials
    own = {"JIRA_CI_CLOSER_CLIENT_ID": given.service_id, "JIRA_CI_CLOSER_CLIENT_SECRET": given.service_secret}
    deploy(here, **own)
    assert status(sandbox, key) == "Completed"


def test_a_dry_run_and_a_denial_close_nothing(here: Scene, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    deploy(here, "", "--dry-run")
    assert status(sandbox, key) == "Implementing"


def test_without_the_option_nothing_is_closed(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox)
    here.job.environ |= scenes.reach(sandbox)
    key = approved(sandbox)
    deploy(here)
    assert status(sandbox, key) == "Implementing"


def by_hand(here: Scene, *flags: str, **environ: str) -> scenes.Ended:
    here.job.environ |= environ
    return here.job.jira_ci("release", "--environment", "Prod", "--version", "1.2.3", "--issue-keys", "WEB-12", *flags)


def test_by_hand_the_change_goes_where_a_success_takes_it(here: Scene, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    ended = by_hand(here)
    assert ended.code == 0, ended.out + ended.err
    assert status(sandbox, key) == "Completed"
    assert f"{key} was moved to Completed." in ended.out
    again = by_hand(here)
    assert again.code == 0
    assert "none with the title" in again.out
    named = by_hand(here, "--change", key)
    assert f"{key} is in Completed." in named.out, named.out


def test_by_hand_a_dry_run_and_a_change_of_something_else_move_nothing(here: Scene, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    assert "Dry run: the change of Prod would be moved on." in by_hand(here, "--dry-run").out
    other = by_hand(here, "--version", "1.2.4", "--change", key)
    assert other.code == 0
    assert "does not name" in other.out
    assert "No change of Prod was moved on" in other.out
    assert status(sandbox, key) == "Implementing"


def test_by_hand_a_policy_that_cannot_be_read_is_said(here: Scene, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    here.job.git("update-ref", "-d", "refs/remotes/origin/main")
    ended = by_hand(here, GITHUB_SHA="c" * 40)
    assert "No change of Prod was moved on: " in ended.out, ended.out
    assert status(sandbox, key) == "Implementing"


def test_by_hand_the_organisation_s_policy_counts_where_the_repository_has_none(here: Scene, sandbox: Sandbox) -> None:
    policy = (here.job.folder / ".jira-ci.yml").read_text("utf-8")
    commit(here.job, "environments: {Prod: production}\n")
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")
    key = approved(sandbox)
    ended = by_hand(here, JIRA_CI_ORGANISATION_POLICY="inline", JIRA_CI_ORGANISATION_POLICY_TEXT=policy)
    assert f"{key} was moved to Completed." in ended.out, ended.out + ended.err


def test_by_hand_a_change_for_several_goes_on_with_the_last_of_them(here: Scene, sandbox: Sandbox) -> None:
    commit(here.job, POLICY.format(site=sandbox.address, more=f"{ENDS}\n  one-change-for: [Prod, Stage]"))
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")
    key = approved(sandbox, summary='Deploy "Web Site" version 1.2.3 to "Prod, Stage"')
    one = by_hand(here)
    assert f"{key} stays open for Stage." in one.out, one.out
    assert status(sandbox, key) == "Implementing"
    both = by_hand(here, "--environment", "Stage")
    assert f"{key} was moved to Completed." in both.out, both.out
    assert "stays open" not in both.out
