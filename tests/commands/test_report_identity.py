"""Whose record it is: jobs, legs and child pipelines of one run, each with one of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import scenes
from jira_sandbox.server import Sandbox
from scenes import Job, under

PATH = os.environ["PATH"]


@pytest.fixture
def github(job: Job) -> Job:
    return job


@pytest.fixture
def gitlab(tmp_path: Path, sandbox: Sandbox) -> Job:
    made = scenes.gitlab(tmp_path, PATH)
    made.environ |= scenes.reach(sandbox)
    return made


def leg(total: int = 2, **values: Any) -> str:
    """What the action says of a leg with these values."""
    return f"{total}/{json.dumps(values or None)}"


def builds(sandbox: Sandbox) -> dict[str, str]:
    found = scenes.stored(sandbox, "WEB-12")["builds"]
    return {one["displayName"].removesuffix(" #41").removesuffix(" #12"): one["state"] for one in found}


def deployments(sandbox: Sandbox) -> dict[str, str]:
    found = scenes.stored(sandbox, "WEB-12")["deployments"]
    return {f"{one['pipeline']['displayName']}: {one['environment']['displayName']}": one["state"] for one in found}


def test_a_job_that_fails_is_not_hidden_by_one_that_passes(github: Job, sandbox: Sandbox) -> None:
    github.jira_ci("build", "--state", "failure", GITHUB_JOB="lint")
    github.jira_ci("build", "--state", "success", GITHUB_JOB="test")
    assert builds(sandbox) == {"CI (lint)": "failed", "CI (test)": "successful"}


def test_every_leg_of_a_matrix_is_a_build(github: Job, sandbox: Sandbox) -> None:
    for system, state in (("ubuntu", "failure"), ("windows", "success")):
        said = leg(os=system, python="3.12")
        github.jira_ci("build", "--state", state, GITHUB_JOB="test", JIRA_CI_INPUT_LEG=said)
    assert builds(sandbox) == {"CI (test, ubuntu, 3.12)": "failed", "CI (test, windows, 3.12)": "successful"}


def test_a_build_s_leg_stays_the_same_when_it_is_the_only_one_today(github: Job, sandbox: Sandbox) -> None:
    for total, state in ((2, "failure"), (1, "success")):
        environ = {
            "GITHUB_JOB": "test",
            "JIRA_CI_INPUT_LEG": leg(total, os="ubuntu"),
            "GITHUB_RUN_ATTEMPT": str(3 - total),
        }
        under(github, environ).jira_ci("build", "--state", state)
    assert builds(sandbox) == {"CI (test, ubuntu)": "successful"}


def test_jobs_whose_names_differ_in_case_alone_are_two(gitlab: Job, sandbox: Sandbox) -> None:
    gitlab.jira_ci("build", CI_JOB_NAME="Test", CI_JOB_STATUS="failed")
    gitlab.jira_ci("build", CI_JOB_NAME="test")
    assert builds(sandbox) == {"acme/shop (Test)": "failed", "acme/shop (test)": "successful"}


@pytest.mark.parametrize("pair", [(("a;LEG=b", ""), ("a", "b")), (("a", "b;SERVICE=c"), ("a", "b"))])
def test_no_name_of_a_job_passes_for_a_job_and_a_leg(
    github: Job, sandbox: Sandbox, pair: tuple[tuple[str, str], tuple[str, str]]
) -> None:
    for job, name in pair:
        flags = ["--leg", name] if name else []
        github.jira_ci("build", "--state", "success", *flags, GITHUB_JOB=job)
    assert len(builds(sandbox)) == 2


def test_pipeline_makes_one_build_of_several_jobs(github: Job, sandbox: Sandbox) -> None:
    for job in ("lint", "test"):
        flags = ("--pipeline", "checks", "--state", "in_progress" if job == "lint" else "success")
        github.jira_ci("build", *flags, GITHUB_JOB=job, JIRA_CI_INPUT_LEG=leg(os=job))
    assert builds(sandbox) == {"CI (checks)": "successful"}


def test_a_leg_that_somebody_chose_tells_apart_what_has_one_pipeline(github: Job, sandbox: Sandbox) -> None:
    for name in ("eu", "us"):
        github.jira_ci("build", "--pipeline", "checks", "--leg", name, "--state", "success", GITHUB_JOB="test")
    assert builds(sandbox) == {"CI (checks, eu)": "successful", "CI (checks, us)": "successful"}


def test_of_two_jobs_that_share_a_record_the_worse_end_stays(github: Job, sandbox: Sandbox) -> None:
    for state in ("failure", "cancelled", "success", "unknown"):
        github.jira_ci("build", "--pipeline", "checks", "--state", state)
    assert builds(sandbox) == {"CI (checks)": "failed"}
    github.jira_ci("build", "--pipeline", "checks", "--state", "success", GITHUB_RUN_ATTEMPT="2")
    assert builds(sandbox) == {"CI (checks)": "successful"}


def test_a_deployment_is_one_whichever_job_reports_it(github: Job, sandbox: Sandbox) -> None:
    github.jira_ci("deployment", "--environment", "Prod", "--state", "in_progress", GITHUB_JOB="start")
    github.jira_ci("deployment", "--environment", "Prod", "--state", "success", GITHUB_JOB="end")
    assert deployments(sandbox) == {"CI: Prod": "successful"}


def test_legs_that_deploy_to_one_place_are_told_apart_and_that_is_said(github: Job, sandbox: Sandbox) -> None:
    for region, state in (("eu", "failure"), ("us", "success")):
        ended = github.jira_ci(
            "deployment",
            "--environment",
            "Prod",
            "--state",
            state,
            GITHUB_JOB="deploy",
            JIRA_CI_INPUT_LEG=leg(region=region),
        )
        assert (
            f"Several legs of the job deploy deploy to Prod: this one, {region}, is a pipeline of its own." in ended.out
        )
    assert deployments(sandbox) == {"CI (eu): Prod": "failed", "CI (us): Prod": "successful"}


@pytest.mark.parametrize(
    "flags",
    [
        ("--environment", "prod-eu"),
        ("--environment", "Prod", "--tenant", "EU"),
    ],
)
def test_a_leg_that_the_place_names_is_no_part_of_a_deployment(
    github: Job, sandbox: Sandbox, flags: tuple[str, ...]
) -> None:
    github.jira_ci("deployment", *flags, "--state", "in_progress", JIRA_CI_INPUT_LEG=leg(region="eu", os="x"))
    github.jira_ci("deployment", *flags, "--state", "success")  # a job without a matrix ends it
    [state] = deployments(sandbox).values()
    assert state == "successful"


def test_the_only_leg_is_no_part_of_a_deployment(github: Job, sandbox: Sandbox) -> None:
    github.jira_ci("deployment", "--environment", "Prod", "--state", "success", JIRA_CI_INPUT_LEG=leg(1, os="x"))
    assert deployments(sandbox) == {"CI: Prod": "successful"}


def test_another_job_ends_what_a_leg_began_by_the_same_leg(github: Job, sandbox: Sandbox) -> None:
    flags = ("deployment", "--environment", "Prod", "--state")
    github.jira_ci(*flags, "in_progress", JIRA_CI_INPUT_LEG=leg(region="eu"))
    ended = github.jira_ci(*flags, "success", "--leg", "eu")
    assert deployments(sandbox) == {"CI (eu): Prod": "successful"}
    assert "Several legs" not in ended.out


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"JIRA_CI_INPUT_LEG": "chosen", "JIRA_CI_LEG": "other"}, "CI (test, chosen)"),
        ({"JIRA_CI_INPUT_LEG": "1/null", "JIRA_CI_LEG": "other"}, "CI (test, other)"),
        ({"JIRA_CI_INPUT_LEG": leg(os="x"), "JIRA_CI_LEG": "other"}, "CI (test, other)"),
        ({"JIRA_CI_INPUT_LEG": "1/null"}, "CI (test)"),
        ({}, "CI (test)"),
    ],
)
def test_what_somebody_chose_beats_the_matrix(
    github: Job, sandbox: Sandbox, environ: dict[str, str], name: str
) -> None:
    under(github, environ).jira_ci("build", "--state", "success", GITHUB_JOB="test")
    assert list(builds(sandbox)) == [name]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"CI_JOB_NAME": "test: [ruby, linux]"}, {"CI_JOB_NAME": "test: [ruby, mac]"}),
        ({"CI_JOB_NAME": "test 1/2"}, {"CI_JOB_NAME": "test 2/2"}),
        ({"CI_JOB_NAME": "lint", "CI_NODE_INDEX": ""}, {"CI_JOB_NAME": "test", "CI_NODE_INDEX": ""}),
    ],
)
def test_gitlab_s_jobs_and_their_legs_are_builds(
    gitlab: Job, sandbox: Sandbox, first: dict[str, str], second: dict[str, str]
) -> None:
    under(gitlab, {"CI_JOB_STATUS": "failed", "CI_NODE_TOTAL": "2", "CI_NODE_INDEX": "1", **first}).jira_ci("build")
    under(gitlab, {"CI_NODE_TOTAL": "2", "CI_NODE_INDEX": "2", "CI_JOB_ID": "70002", **second}).jira_ci("build")
    assert sorted(builds(sandbox).values()) == ["failed", "successful"]


def test_a_retried_leg_on_gitlab_updates_its_record(gitlab: Job, sandbox: Sandbox) -> None:
    node = {"CI_JOB_NAME": "test: [a]", "CI_NODE_TOTAL": "2", "CI_NODE_INDEX": "1"}
    under(gitlab, node).jira_ci("build", CI_JOB_STATUS="failed")
    under(gitlab, node).jira_ci("build", CI_JOB_ID="70009", CI_JOB_STARTED_AT="2026-11-18T01:00:00Z")
    assert builds(sandbox) == {"acme/shop (test, a)": "successful"}


def test_child_pipelines_with_jobs_of_one_name_are_pipelines_of_their_own(gitlab: Job, sandbox: Sandbox) -> None:
    for number, name in ((13, "web"), (14, "api")):
        child = {"CI_PIPELINE_SOURCE": "parent_pipeline", "CI_PIPELINE_NAME": name, "CI_PIPELINE_IID": str(number)}
        under(gitlab, child).jira_ci("build", CI_JOB_NAME="test")
    gitlab.jira_ci("build", CI_JOB_NAME="test", CI_PIPELINE_NAME="Release 1.4.0")
    found = {one["pipelineId"] for one in scenes.stored(sandbox, "WEB-12")["builds"]}
    assert found == {"gitlab:88:web;JOB=test", "gitlab:88:api;JOB=test", "gitlab:88;JOB=test"}


@pytest.mark.parametrize(
    "written",
    [
        "acme/shop/.github/workflows/ci.yml@refs/heads/main",
        "acme/shop/.github/workflows/ci.yml@refs/heads/a@b.yml@c",
        "acme/shop/.github/workflows/ci.yml@" + "a" * 40,
        "acme/shop/.github/workflows/ci.yml@" + "b" * 64,
        "acme/shop/.github/workflows/ci.yml@main",
        "acme/shop/.github/workflows/ci.yml@",
        "acme/shop/.github/workflows/ci.yml",
        "Acme/Shop/.github/workflows/ci.yml@refs/tags/v1",
    ],
)
def test_a_workflow_is_its_file_whatever_ref_it_was_read_at(github: Job, sandbox: Sandbox, written: str) -> None:
    github.jira_ci("build", "--state", "success", GITHUB_WORKFLOW_REF=written)
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert build["pipelineId"] == "github:77:.github/workflows/ci.yml"


def test_a_workflow_without_a_file_is_known_without_its_ref(github: Job, sandbox: Sandbox) -> None:
    for ref in ("@refs/heads/main", "@" + "a" * 40, "@", ""):
        github.jira_ci("build", "--state", "success", GITHUB_WORKFLOW_REF=f"dynamic/pages/build{ref}")
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert build["pipelineId"] == "github:77:dynamic/pages/build"
