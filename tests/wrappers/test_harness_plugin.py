"""A step of Harness' Jira plugin as its container sees it, with our image in the plugin's place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import scenes
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
HARNESS = {
    "CI": "true",
    "DRONE": "true",
    "DRONE_BUILD_EVENT": "push",
    "DRONE_BUILD_LINK": "https://app.harness.io/ng/account/a/ci/orgs/o/projects/p/pipelines/web/executions/e/pipeline",
    "DRONE_BUILD_NUMBER": "43",
    "DRONE_BUILD_STARTED": "1794999000",
    "DRONE_BUILD_STATUS": "success",
    "DRONE_COMMIT_BRANCH": "main",
    "DRONE_COMMIT_MESSAGE": "[WEB-12] Pay by card, OPS-3",
    "DRONE_COMMIT_SHA": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "DRONE_REPO": "acme/shop",
    "DRONE_REPO_BRANCH": "main",
    "DRONE_REPO_LINK": "https://github.com/acme/shop",
    "HARNESS_ACCOUNT_ID": "a",
    "HARNESS_BUILD_ID": "43",
    "HARNESS_ORG_ID": "o",
    "HARNESS_PIPELINE_ID": "web",
    "HARNESS_PROJECT_ID": "p",
    "HARNESS_STAGE_ID": "build",
}
PULL_REQUEST = {
    "DRONE_BUILD_EVENT": "pull_request",
    "DRONE_COMMIT_MESSAGE": "Pay by card",
    "DRONE_PULL_REQUEST": "5",
    "DRONE_PULL_REQUEST_TITLE": "[WEB-7] Sign in with a passkey",
    "DRONE_SOURCE_BRANCH": "topic",
}


@pytest.fixture
def step(tmp_path: Path, sandbox: Sandbox) -> Job:
    """The settings that the plugin calls required; there is no checkout beside them."""
    folder = tmp_path / "harness"
    folder.mkdir()
    plugin = {
        "PLUGIN_PROJECT": "WEB",
        "PLUGIN_INSTANCE": "acme",
        "PLUGIN_CLIENT_ID": sandbox.credentials.client_id,
        "PLUGIN_CLIENT_SECRET": sandbox.credentials.client_secret,
        "PLUGIN_CLOUD_ID": sandbox.cloud_id,
        "JIRA_CI_API_URL": sandbox.address,
    }
    return Job(folder, {"PATH": PATH, **HARNESS, **plugin})


def test_with_an_environment_name_the_deployment_field_is_updated(step: Job, sandbox: Sandbox) -> None:
    ended = step.jira_ci("report", PLUGIN_ENVIRONMENT_NAME="production", PLUGIN_STATE="success")
    assert ended.code == 0, ended.out + ended.err
    found = scenes.stored(sandbox, "WEB-12")
    [deployment] = found["deployments"]
    assert deployment["environment"] == {"id": "production", "displayName": "production", "type": "production"}
    assert (deployment["state"], deployment["url"]) == ("successful", HARNESS["DRONE_BUILD_LINK"])
    assert (deployment["deploymentSequenceNumber"], deployment["duration"]) == (43, 1000)
    assert deployment["pipeline"]["id"] == "harness:github.com/acme/shop:a/o/p/web"
    assert found["builds"] == []


def test_without_one_the_build_field_is(step: Job, sandbox: Sandbox) -> None:
    ended = step.jira_ci("report")
    assert ended.code == 0, ended.out + ended.err
    found = scenes.stored(sandbox, "WEB-12")
    [build] = found["builds"]
    assert (build["buildNumber"], build["state"], build["displayName"]) == (43, "successful", "web (build) #43")
    assert build["references"][0]["commit"]["id"] == HARNESS["DRONE_COMMIT_SHA"]
    assert found["deployments"] == []


def test_an_empty_environment_name_is_none(step: Job, sandbox: Sandbox) -> None:
    assert step.jira_ci("report", PLUGIN_ENVIRONMENT_NAME="").code == 0
    assert scenes.stored(sandbox, "WEB-12")["builds"]


def test_project_keeps_other_projects_keys_out(step: Job, sandbox: Sandbox) -> None:
    step.jira_ci("report")
    assert scenes.stored(sandbox, "OPS-3")["builds"] == []


def test_the_pull_requests_title_holds_the_key(step: Job, sandbox: Sandbox) -> None:
    step.environ |= PULL_REQUEST
    ended = step.jira_ci("report")
    assert ended.code == 0, ended.out + ended.err
    assert scenes.stored(sandbox, "WEB-7")["builds"]
    assert scenes.stored(sandbox, "WEB-12")["builds"] == []


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("success", "successful"),
        ("successful", "successful"),
        ("failure", "failed"),
        ("errored", "failed"),
        ("killed", "cancelled"),
        ("stopped", "cancelled"),
        ("terminated", "cancelled"),
        ("running", "in_progress"),
        ("waiting", "pending"),
        ("rollback", "rolled_back"),
    ],
)
def test_the_plugins_words_for_a_state_are_understood(step: Job, sandbox: Sandbox, word: str, state: str) -> None:
    step.jira_ci("report", PLUGIN_ENVIRONMENT_NAME="production", PLUGIN_STATE=word)
    assert [row["state"] for row in scenes.stored(sandbox, "WEB-12")["deployments"]] == [state]


def test_without_a_state_the_build_s_own_is_reported(step: Job, sandbox: Sandbox) -> None:
    step.jira_ci("report", DRONE_BUILD_STATUS="failure")
    assert scenes.stored(sandbox, "WEB-12")["builds"][0]["state"] == "failed"


def test_log_level_debug_prints_jiras_answer_without_secrets(step: Job, sandbox: Sandbox) -> None:
    ended = step.jira_ci("report", PLUGIN_LOG_LEVEL="debug")
    assert "acceptedBuilds" in ended.out
    assert sandbox.credentials.client_secret not in ended.out + ended.err
    assert "acceptedBuilds" not in step.jira_ci("report", PLUGIN_LOG_LEVEL="info").out


def test_without_a_cloud_id_the_site_of_the_instance_is_asked(step: Job, sandbox: Sandbox) -> None:
    del step.environ["PLUGIN_CLOUD_ID"], step.environ["PLUGIN_INSTANCE"]
    ended = step.jira_ci("report", JIRA_CI_SITE=sandbox.address)
    assert ended.code == 0, ended.out + ended.err
    assert scenes.stored(sandbox, "WEB-12")["builds"]


def test_a_connect_key_says_what_to_use_instead(step: Job) -> None:
    del step.environ["PLUGIN_CLIENT_ID"], step.environ["PLUGIN_CLIENT_SECRET"]
    ended = step.jira_ci("report", PLUGIN_CONNECT_KEY="abc")
    assert ended.code == 2
    assert "client-id and client-secret" in ended.out + ended.err


def test_outputs_are_appended_to_the_step_s_own_file(step: Job) -> None:
    file = step.folder / "DRONE_OUTPUT.env"
    file.write_text("BEFORE=1\n", encoding="utf-8")
    step.jira_ci("report", DRONE_OUTPUT=str(file))
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "BEFORE=1"
    assert {"JIRA_CI_OUT_ISSUE_KEYS=WEB-12", "JIRA_CI_OUT_STATE=successful", "JIRA_CI_OUT_ACCEPTED=1"} <= set(lines)


def test_two_runs_of_one_pipeline_are_two_builds_of_it(step: Job, sandbox: Sandbox) -> None:
    step.jira_ci("report")
    step.jira_ci("report", DRONE_BUILD_NUMBER="44", HARNESS_BUILD_ID="44")
    builds = scenes.stored(sandbox, "WEB-12")["builds"]
    assert {build["pipelineId"] for build in builds} == {"harness:github.com/acme/shop:a/o/p/web;JOB=build"}
    assert sorted(build["buildNumber"] for build in builds) == [43, 44]


def test_drone_s_promotion_is_a_deployment(step: Job, sandbox: Sandbox) -> None:
    step.environ = {name: value for name, value in step.environ.items() if not name.startswith("HARNESS_")}
    ended = step.jira_ci("report", DRONE_BUILD_EVENT="promote", DRONE_DEPLOY_TO="staging")
    assert ended.code == 0, ended.out + ended.err
    assert scenes.stored(sandbox, "WEB-12")["deployments"][0]["environment"]["type"] == "staging"
