"""Who asks for an emergency: on GitLab as its own answer says, whatever the variables say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scenes
from ci.servers import Api, serving
from gate_jobs import Scene, Time
from jira_ci.checks.change_checks import _team
from jira_ci.gate.asker import asker, with_teams
from jira_ci.gate.policy.emergency import Emergency
from jira_sandbox.server import Sandbox

MAIN = {"project_id": 88, "id": 5001, "ref": "main"}
ANA = {"username": "ana"}


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[tuple[Scene, Api]]:
    """A job that Mallory's variables say is Octocat's, on a GitLab that answers."""
    with serving("/api/v4") as api:
        job = scenes.gitlab(tmp_path, os.environ["PATH"])
        job.git("remote", "set-url", "origin", f"{api.address}/acme/shop.git")
        job.environ |= {
            "CI_API_V4_URL": api.url,
            "CI_JOB_TOKEN": "glcbt-token",
            "CI_PIPELINE_SOURCE": "web",
            "CI_PROJECT_URL": f"{api.address}/acme/shop",
            "CI_SERVER_URL": api.address,
            "GITLAB_USER_LOGIN": "octocat",
        }
        yield Scene(job, sandbox, Time(sandbox)), api


@pytest.mark.parametrize(
    ("answer", "logins", "objection"),
    [
        ({"pipeline": MAIN, "user": ANA}, ("ana",), ""),
        ({"pipeline": {**MAIN, "source": "web"}, "user": ANA}, ("ana",), ""),
        ({"pipeline": {**MAIN, "source": "schedule"}, "user": ANA}, (), "a run of the kind schedule"),
        ({"pipeline": {**MAIN, "source": "trigger"}, "user": ANA}, (), "a run of the kind trigger"),
        ({"pipeline": {**MAIN, "source": "merge_request_event"}, "user": ANA}, (), "kind merge_request_event"),
        ({"pipeline": {**MAIN, "ref": "refs/merge-requests/5/head"}, "user": ANA}, (), "kind merge_request_event"),
        ({"pipeline": {**MAIN, "id": 5002}, "user": ANA}, (), "its token is another pipeline's"),
        ({"pipeline": {**MAIN, "project_id": 89}, "user": ANA}, (), "its token is another pipeline's"),
        ({"pipeline": MAIN}, (), "the answer names nobody"),
        ({"pipeline": MAIN, "user": {"username": ["ana"]}}, (), "the answer names nobody"),
        (None, (), "GitLab does not say who started this job"),
    ],
)
def test_gitlab_says_who_started_the_job(
    lab: tuple[Scene, Api], answer: dict[str, Any] | None, logins: tuple[str, ...], objection: str
) -> None:
    here, api = lab
    if answer is not None:
        api.json("/job", answer)
    context = here.context()
    found = asker(context, "")
    assert found.logins == logins
    assert objection in found.objection
    assert bool(found.objection) == bool(objection)
    assert asker(context, "") is found
    assert len(api.requests) <= 1


@pytest.mark.parametrize(
    "variables",
    [
        {"CI_API_V4_URL": "http://127.0.0.1:9/api/v4"},
        {"CI_PROJECT_URL": "http://127.0.0.1:9/acme/shop"},
        {"CI_API_V4_URL": "http://127.0.0.1:9/api/v4", "CI_PROJECT_URL": "http://127.0.0.1:9/acme/shop"},
    ],
)
def test_variables_lead_to_no_other_gitlab(lab: tuple[Scene, Api], variables: dict[str, str]) -> None:
    here, api = lab
    found = asker(here.context(**variables), "")
    assert found.logins == ()
    assert "the one that this checkout came from" in found.objection
    assert api.requests == []


@pytest.mark.parametrize(
    ("variables", "objection"),
    [
        ({"CI_JOB_TOKEN": ""}, "There is no CI_JOB_TOKEN"),
        ({"CI_PIPELINE_SOURCE": "schedule"}, "a run of the kind schedule"),
        ({"CI_PIPELINE_SOURCE": "parent_pipeline"}, "a run of the kind parent_pipeline"),
        ({"CI_PIPELINE_SOURCE": ""}, "a run of the kind unknown"),
    ],
)
def test_what_the_job_itself_says_against_it(lab: tuple[Scene, Api], variables: dict[str, str], objection: str) -> None:
    here, api = lab
    api.json("/job", {"pipeline": MAIN, "user": ANA})
    found = asker(here.context(**variables), "")
    assert found.logins == ()
    assert objection in found.objection


def test_of_a_merge_request_nobody_is_asked_for(lab: tuple[Scene, Api]) -> None:
    here, api = lab
    assert "this run is of a merge request" in asker(here.context(), "a merge request").objection
    assert api.requests == []


def test_elsewhere_nothing_vouches(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", os.environ["PATH"])
    job.commit("Start")
    here = Scene(job, sandbox, Time(sandbox))
    assert asker(here.context(GITHUB_ACTOR="octocat"), "").objection.startswith("nothing vouches here")


@pytest.fixture
def hub(tmp_path: Path, sandbox: Sandbox) -> Iterator[tuple[Scene, Api]]:
    """A job that Bob started and Ana started again, on a GitHub that knows who is in its teams."""
    with serving("/api/v3") as api:
        job = scenes.github(tmp_path, os.environ["PATH"], {}, "workflow_dispatch")
        job.environ |= {"GITHUB_ACTOR": "bob", "GITHUB_TRIGGERING_ACTOR": "ana", "GITHUB_API_URL": api.url}
        job.environ |= {"GITHUB_RUN_ATTEMPT": "2", "JIRA_CI_ORGANISATION_TOKEN": "ghp_teams"}
        yield Scene(job, sandbox, Time(sandbox)), api


def _member(api: Api, team: str, login: str) -> None:
    api.json(f"/orgs/acme/teams/{team}", {"slug": team})
    api.json(f"/orgs/acme/teams/{team}/memberships/{login}", {"state": "active"})


def _teams(*teams: str, who: tuple[str, ...] = ()) -> Emergency:
    return Emergency("Emergency change", 1, who, ("Implementing",), "2d", teams)


def test_a_team_vouches_for_its_members(hub: tuple[Scene, Api]) -> None:
    here, api = hub
    _member(api, "sre", "ana")
    _member(api, "db", "bob")
    context = here.context()
    found = asker(context, "")
    assert with_teams(context, found, _teams("acme/sre", "acme/db")).in_teams == ("ana", "bob")
    asked = len(api.requests)
    assert with_teams(context, found, _teams("acme/sre", "acme/db")).in_teams == ("ana", "bob")
    assert len(api.requests) == asked, "each is asked once"
    assert with_teams(context, found, _teams("acme/sre")).in_teams == ("ana",)


def test_who_is_named_needs_no_team(hub: tuple[Scene, Api]) -> None:
    here, api = hub
    context = here.context()
    found = asker(context, "")
    assert with_teams(context, found, _teams("acme/sre", who=("Ana", "bob"))) is found
    assert with_teams(context, found, _teams(who=("ana",))) is found
    assert api.requests == []


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "whether ana and bob is in a team that may is not known. GitHub"),
        ({"JIRA_CI_ORGANISATION_TOKEN": "", "GITHUB_TOKEN": ""}, "set organisation-token"),
    ],
)
def test_a_team_that_cannot_be_read_has_nobody(hub: tuple[Scene, Api], environ: dict[str, str], told: str) -> None:
    here, _ = hub
    here.job.environ = {name: text for name, text in (here.job.environ | environ).items() if text}
    context = here.context()
    found = with_teams(context, asker(context, ""), _teams("acme/nobody"))
    assert (found.logins, found.in_teams) == ((), ())
    assert told in found.objection


def test_check_says_whether_a_team_can_be_read(hub: tuple[Scene, Api]) -> None:
    here, api = hub
    assert "cannot be read, so that none of them may ask" in _team(here.context(), "acme/sre").found
    _member(api, "sre", "ana")
    assert _team(here.context(), "acme/sre").found == "the team acme/sre is there, and whoever is in it may ask"
