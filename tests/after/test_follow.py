"""What follows a deployment, from the command on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from after_scenes import RULE, Scene, scene
from jira_sandbox.server import Sandbox
from scenes import pull_request


def test_issues_get_the_version_and_move_on(here: Scene) -> None:
    ended = here.deploy(keys="WEB-1,MOB-2")
    assert ended.code == 0, ended.out
    assert [here.status(key) for key in ("WEB-1", "MOB-2")] == ["Done", "Done"]
    assert here.versions("WEB-1") == here.versions("MOB-2") == ["Shop 1.4"]
    version = here.version("WEB")
    assert version.released
    assert version.release == "2026-11-18"
    assert [one.url for one in version.related] == ["https://github.com/acme/shop/actions/runs/9001"]
    assert "moved to Done: WEB-1, MOB-2" in ended.out
    assert "After the deployment" in here.job.summary()


def test_a_second_time_nothing_changes(here: Scene) -> None:
    here.deploy()
    before = len(here.written)
    ended = here.deploy()
    assert ended.code == 0
    assert len(here.written) == before
    assert "moved to Done, already: WEB-1, WEB-2" in ended.out


def test_other_fix_versions_stay(here: Scene) -> None:
    old = here.make("WEB", "Shop 1.3", released=True)
    here.alter("WEB-1", values={"fixVersions": [old.id]})
    here.deploy()
    assert here.versions("WEB-1") == ["Shop 1.3", "Shop 1.4"]


@pytest.mark.parametrize("state", ["failure", "cancelled", "in_progress", "skipped", "unknown"])
def test_nothing_follows_before_it_is_successful(here: Scene, state: str) -> None:
    assert here.deploy(state=state).code == 0
    assert here.written == []


def test_nothing_follows_where_nothing_is_said(here: Scene) -> None:
    here.job.jira_ci(
        "deployment", "--environment", "QA", "--version", "1.4", "--issue-keys", "WEB-1", "--state", "success"
    )
    assert here.written == []


def test_nothing_follows_a_pull_request(sandbox: Sandbox, tmp_path: Path) -> None:
    here = scene(sandbox, tmp_path, os.environ["PATH"], pull_request("WEB-1 Pay"), "pull_request")
    ended = here.deploy()
    assert ended.code == 0
    assert here.written == []
    assert "nothing was done: this run is one of a pull or merge request" in ended.out


def test_a_dry_run_says_what_would_be_done_and_asks_nobody(here: Scene) -> None:
    ended = here.deploy("--dry-run")
    assert here.asked == []
    assert "Dry run, after Prod: 2 issues would get the fix version Shop 1.4 and go to Done." in ended.out


def test_versions_are_made_in_projects_that_are_named_only(here: Scene) -> None:
    here.file(more="jira: {projects: [WEB]}")
    ended = here.deploy(keys="WEB-1", JIRA_CI_PROJECTS="WEB,OPS")
    assert ended.code == 0
    here.file(more="")
    ended = here.deploy(keys="MOB-2")
    assert here.version("MOB") is None
    assert here.versions("MOB-2") == []
    assert here.status("MOB-2") == "Done", "what can be done is done"
    assert "one is made in those projects only that jira.projects names" in ended.out


def test_a_version_that_may_not_be_made_is_said_and_fails_nothing(here: Scene) -> None:
    here.sandbox.site.desk.denied.add("ADMINISTER_PROJECTS")
    ended = here.deploy(keys="WEB-1")
    assert ended.code == 0
    assert "Administer Projects" in ended.out
    assert here.status("WEB-1") == "Done"


def test_it_fails_the_job_where_that_is_wanted(here: Scene) -> None:
    here.sandbox.site.desk.denied.add("ADMINISTER_PROJECTS")
    ended = here.deploy("--on-error", "fail", keys="WEB-1")
    assert ended.code == 8
    assert "::error" in ended.out


def test_a_commit_is_no_version(here: Scene) -> None:
    ended = here.job.jira_ci("deployment", "--environment", "Prod", "--issue-keys", "WEB-1", "--state", "success")
    assert here.version("WEB", "Shop ") is None
    assert "no version is given: set version, or deploy a tag" in ended.out
    assert here.status("WEB-1") == "Done"


@pytest.mark.parametrize("what", ["released", "archived"])
def test_a_version_that_is_there_is_taken_as_it_is(here: Scene, what: str) -> None:
    made = here.make("WEB", "shop 1.4", description="Ours", start="2026-01-01", **{what: True})
    ended = here.deploy(keys="WEB-1")
    assert ended.code == 0
    now = here.sandbox.site.desk.releases.find(made.id)
    assert (now.description, now.start) == ("Ours", "2026-01-01")
    if what == "archived":
        assert here.versions("WEB-1") == []
        assert "it is archived" in ended.out
    else:
        assert here.versions("WEB-1") == ["shop 1.4"]


def test_issues_that_are_hidden_or_moved_or_not_there_are_told_apart(here: Scene) -> None:
    here.alter("WEB-3", hidden=True)
    here.alter("WEB-4", key="MOB-1004", project=here.sandbox.site.desk.catalogue.project("MOB").id, former=("WEB-4",))
    ended = here.deploy(keys="WEB-1,WEB-3,WEB-4,WEB-4000")
    assert ended.code == 0
    assert here.status("WEB-4") == "Done"
    assert here.versions("WEB-4") == ["Shop 1.4"]
    assert here.version("MOB") is not None
    assert "After Prod: not there, or not shown to the account: WEB-3, WEB-4000\n" in ended.out


def test_credentials_of_its_own_are_used_and_no_others(here: Scene) -> None:
    here.file(RULE.replace("transition", "credentials: RELEASE, transition"))
    ended = here.deploy()
    assert ended.code == 0
    assert here.written == []
    assert "JIRA_CI_RELEASE_USER and JIRA_CI_RELEASE_TOKEN" in ended.out
    own = {
        "JIRA_CI_RELEASE_USER": here.sandbox.credentials.user,
        "JIRA_CI_RELEASE_TOKEN": here.sandbox.credentials.token,
    }
    here.deploy(**own, JIRA_CI_USER="", JIRA_CI_TOKEN="")
    assert here.status("WEB-1") == "Done"


def test_a_service_account_may_be_the_one(here: Scene) -> None:
    here.file(RULE.replace("transition", "credentials: RELEASE, transition"))
    given = here.sandbox.credentials
    own = {"JIRA_CI_RELEASE_CLIENT_ID": given.service_id, "JIRA_CI_RELEASE_CLIENT_SECRET": given.service_secret}
    here.deploy(**own)
    assert here.status("WEB-1") == "Done"


def test_the_gate_s_account_is_never_taken_silently(here: Scene) -> None:
    here.file(more="jira: {projects: [WEB]}\nchange-control: {enabled: true, service-desk: OPS}")
    ended = here.deploy()
    assert ended.code == 0
    assert here.written == []
    assert "user and token are the gate's" in ended.out
    assert "credentials: RELEASE" in ended.out


def test_the_token_goes_only_where_the_trusted_file_says(here: Scene) -> None:
    """A branch's file names another site, and the account of the rule."""
    rule = RULE.replace("transition", "credentials: RELEASE, transition")
    here.file(rule, more=f"jira: {{site: '{here.sandbox.address}', projects: [WEB]}}")
    own = {
        "JIRA_CI_RELEASE_USER": here.sandbox.credentials.user,
        "JIRA_CI_RELEASE_TOKEN": here.sandbox.credentials.token,
    }
    del here.job.environ["JIRA_CI_SITE"]
    ended = here.deploy(**own)
    assert here.asked == []
    assert "not sent to" in ended.out
    here.job.git("add", ".jira-ci.yml")
    here.job.environ["GITHUB_SHA"] = here.job.commit("Say what follows")
    here.deploy(**own)
    assert here.status("WEB-1") == "Done"


def test_without_secrets_nothing_is_done(here: Scene) -> None:
    ended = here.deploy(JIRA_CI_USER="", JIRA_CI_TOKEN="")
    assert ended.code == 0
    assert here.written == []
    assert "There are no credentials for what follows the deployment." in ended.out


def test_the_secret_stands_nowhere(here: Scene) -> None:
    ended = here.deploy("--log-level", "debug")
    text = ended.out + ended.err + here.job.summary() + here.job.output()
    assert here.sandbox.credentials.token not in text


def test_the_document_tells_each_issue(here: Scene) -> None:
    here.alter("WEB-2", issue_type="10002")
    found = here.deploy("--format", "json", keys="WEB-1,WEB-2,WEB-4000").json
    [after] = found["after"]
    assert after["environment"] == "Prod"
    assert after["issues"] == [
        {"key": "WEB-1", "fix-version": {"result": "done", "why": ""}, "transition": {"result": "done", "why": ""}},
        {
            "key": "WEB-2",
            "fix-version": {"result": "left alone", "why": "it is a sub-task"},
            "transition": {"result": "left alone", "why": "it is a sub-task"},
        },
    ]
    assert after["missing"] == ["WEB-4000"]
    assert after["versions"] == [
        {"project": "WEB", "name": "Shop 1.4", "made": True, "released": True, "error": ""},
    ]


def test_data_center_knows_no_operations_on_many(start_sandbox: object, tmp_path: Path) -> None:
    sandbox = start_sandbox(edition="data-center")  # type: ignore[operator]
    here = scene(sandbox, tmp_path, os.environ["PATH"])
    ended = here.deploy(keys=",".join(f"WEB-{number}" for number in range(1, 24)))
    assert ended.code == 0, ended.out
    assert here.status("WEB-23") == "Done"
    assert here.versions("WEB-23") == ["Shop 1.4"]
    assert here.version("WEB").released
    assert not any("/bulk/" in one or "relatedwork" in one for one in here.written)


def test_jira_s_texts_are_inert(here: Scene) -> None:
    here.alter("WEB-1", summary="::error::x <img src=x>")
    here.file('{fix-version: "{project} {version}", transition: "No such \\u202e thing"}')
    ended = here.deploy(keys="WEB-1")
    assert "\u202e" not in ended.out
    assert "\n::error::x" not in ended.out


def test_a_version_s_description_is_filled_in_once(here: Scene) -> None:
    here.file('{fix-version: "{project} {version}", description: "To {environment}:\\n{notes}"}')
    here.alter("WEB-1", summary="Pay by card")
    here.deploy()
    assert here.version("WEB").description == "To Prod:\nWEB-1 Pay by card\nWEB-2 Search by article number"


def test_a_rule_that_cannot_be_meant_fails_the_job_and_loses_no_report(here: Scene) -> None:
    here.job.write(
        ".jira-ci.yml",
        'after: {"Pro*": {transition: Done}, "*rod": {transition: Live}}\nenvironments: {Prod: production}\n',
    )
    ended = here.deploy("--format", "json")
    assert ended.code == 2
    assert ended.json["accepted"] == 1
    assert "equally" in ended.json["after"][0]["error"]["message"]


def test_a_misspelt_rule_is_said_when_something_is_deployed(here: Scene) -> None:
    here.job.write(".jira-ci.yml", "after: {prodution: {transition: Done}}\nenvironments: {Prod: production}\n")
    ended = here.deploy()
    assert ended.code == 0
    assert "after.prodution is no type, and no environment of the file: nothing follows it." in ended.out
    assert "Did you mean production?" in ended.out
    assert here.written == []


def test_an_environment_need_not_be_in_the_file(here: Scene) -> None:
    rules = "after: {Production-EU: {transition: Done}, Prod: {transition: Done}}\n"
    here.job.write(".jira-ci.yml", rules)
    ended = here.deploy()
    assert "no environment of the file" not in ended.out
    assert here.status("WEB-1") == "Done"
