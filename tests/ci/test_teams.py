"""Who is in a team: as GitHub and GitLab say it, and never by an answer that is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ci.servers import Api, serving
from jira_ci.ci.api import Unreadable
from jira_ci.ci.teams import Teams
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline

TEAM, PERSON = "/orgs/acme/teams/sre", "/orgs/acme/teams/sre/memberships/ana"
GROUP, MEMBER = "/groups/acme%2Fsre", "/groups/acme%2Fsre/members/all/7"
ANA = {"id": 7, "username": "Ana", "state": "active"}


@pytest.fixture
def api() -> Iterator[Api]:
    with serving("/api") as api:
        yield api


def has(api: Api, provider: CI, team: str = "acme/sre") -> bool:
    run = Run(provider, "acme/shop", "1", "", "a" * 40, 1, "", api_url=api.url)
    teams = Teams(run, "t0ken", ca_bundle="", deadline=Deadline(30))
    try:
        return teams.has(team, "ana")
    finally:
        teams.close()


def sent(api: Api) -> dict[str, str]:
    return {name.lower(): value for name, value in api.requests[0][1].items()}


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({PERSON: {"state": "active", "role": "member"}}, True),
        ({PERSON: {"state": "pending", "role": "maintainer"}}, False),
        ({PERSON: {"role": "member"}}, False),
        ({TEAM: {"slug": "sre"}}, False),
    ],
)
def test_github(api: Api, answers: dict[str, Any], found: bool) -> None:
    for path, answer in answers.items():
        api.json(path, answer)
    assert has(api, CI.GITHUB) is found
    assert sent(api)["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"/users": [ANA], MEMBER: ANA}, True),
        ({"/users": [ANA], MEMBER: {**ANA, "state": "blocked"}}, False),
        ({"/users": [ANA], MEMBER: {**ANA, "id": 8}}, False),
        ({"/users": [ANA], GROUP: {"id": 3}}, False),
    ],
)
def test_gitlab(api: Api, answers: dict[str, Any], found: bool) -> None:
    for path, answer in answers.items():
        api.json(path, answer)
    assert has(api, CI.GITLAB) is found
    assert sent(api)["private-token"] == "t0ken"


@pytest.mark.parametrize(
    ("provider", "team", "answers", "told"),
    [
        (CI.GITHUB, "acme/sre", {}, "did not find the members of acme/sre"),
        (CI.GITHUB, "sre", {}, "it is no organization/team"),
        (CI.GITHUB, "acme/sre/more", {}, "it is no organization/team"),
        (CI.GITHUB, "acme/sre", {PERSON: [1]}, "not of the documented shape"),
        (CI.GITLAB, "acme/sre", {"/users": [ANA]}, "did not find the members of acme/sre"),
        (CI.GITLAB, "acme/sre", {"/users": []}, "shows nobody called ana"),
        (CI.GITLAB, "acme/sre", {"/users": [{"id": 8, "username": "ana2"}]}, "shows nobody called ana"),
        (CI.GITLAB, "acme/sre", {"/users": {"id": 7}}, "not of the documented shape"),
    ],
)
def test_what_is_not_known(api: Api, provider: CI, team: str, answers: dict[str, Any], told: str) -> None:
    for path, answer in answers.items():
        api.json(path, answer)
    with pytest.raises(Unreadable, match=told):
        has(api, provider, team)


@pytest.mark.parametrize(("provider", "path"), [(CI.GITHUB, TEAM), (CI.GITLAB, GROUP)])
def test_whether_a_team_can_be_seen(api: Api, provider: CI, path: str) -> None:
    run = Run(provider, "acme/shop", "1", "", "a" * 40, 1, "", api_url=api.url)
    teams = Teams(run, "t0ken", ca_bundle="", deadline=Deadline(30))
    with pytest.raises(Unreadable, match="did not find the members of acme/sre"):
        teams.see("acme/sre")
    api.json(path, {"id": 3})
    teams.see("acme/sre")
    teams.close()
