"""Every deployment of GitHub and GitLab: their lists, read to the end or to a moment, and never for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jira_ci.ci.api import Refused
from jira_ci.ci.deployment_list import DeploymentList, ProviderDeployment, ProviderList, deployment_list
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline
from providers.github_answers import refusal, sha
from providers.github_graphql_server import GitHubGraph
from providers.github_server import GitHub
from providers.gitlab_server import GitLab
from providers.serving import Provider, Reply, serving

NOON = datetime(2026, 9, 30, 12, tzinfo=timezone.utc)
LONG_AGO = NOON - timedelta(days=5000)


TOKEN = "t0ken"


def stamp(hours: int) -> str:
    return (NOON - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def of_github(number: int, *told: tuple[str, int, int], **changes: Any) -> dict[str, Any]:
    """The deployment of so many hours before noon; told are states with their own hours, and runs."""
    known = {"id": 1000 - number, "commit": sha(1), "environment": "Prod", "created": stamp(number), "ref": "v1"}
    states = [(state, stamp(hours), run) for state, hours, run in told]
    return {**known, "actor": "octocat", "told": states, **changes}


def of_gitlab(number: int, **changes: Any) -> dict[str, Any]:
    known = {"id": 1000 - number, "commit": sha(1), "environment": "Prod", "created": stamp(number), "ref": "v1"}
    return {**known, "status": "success", "run": 9000 + number, **changes}


def asked(provider: Provider, *, token: str = TOKEN, job_token: str = "") -> DeploymentList:
    github = isinstance(provider, GitHub)
    names = (CI.GITHUB, "octo/hello", "1") if github else (CI.GITLAB, "acme/web", "42")
    found = deployment_list(
        Run(*names, "", sha(5), 1, "", api_url=provider.url),
        github_token=token if github else "",
        gitlab_token="" if github else token,
        job_token=job_token,
        ca_bundle="",
        deadline=Deadline(30),
    )
    assert found is not None
    return found


def since(provider: Provider, oldest: datetime = LONG_AGO, **tokens: str) -> ProviderList:
    client = asked(provider, **tokens)
    found = client.since(oldest)
    client.close()
    return found


@pytest.fixture
def github() -> Iterator[GitHubGraph]:
    made = GitHubGraph()
    with serving(made):
        yield made


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    made = GitLab()
    with serving(made):
        yield made


@pytest.mark.parametrize(
    ("told", "state", "ended"),
    [
        ([], "pending", None),
        ([("queued", 5, 7)], "pending", None),
        ([("in_progress", 4, 7), ("queued", 5, 7)], "in_progress", None),
        ([("success", 3, 7), ("in_progress", 4, 7)], "successful", 3),
        ([("inactive", 1, 8), ("success", 3, 7), ("in_progress", 4, 7)], "successful", 3),
        ([("in_progress", 4, 7), ("failure", 3, 7)], "failed", 3),
        ([("success", 4, 7), ("failure", 2, 7)], "failed", 2),
        ([("success", 4, 7), ("in_progress", 4, 7)], "successful", 4),
        ([("success", 4, 7), ("failure", 4, 7)], "failed", 4),
        ([("failure", 4, 7), ("success", 4, 7)], "failed", 4),
        ([("inactive", 1, 8)], "unknown", None),
        ([("error", 1, 8)], "failed", 1),
        ([("success", 3, 7), ("in_progress#jira-ci-parked", 4, 7)], "pending", None),
    ],
)
def test_how_a_deployment_of_githubs_went(
    github: GitHubGraph, told: Sequence[tuple[str, int, int]], state: str, ended: int | None
) -> None:
    github.listed = [of_github(6, *told)]
    [found] = since(github).found.values()
    assert (found.state, found.ended) == (state, None if ended is None else NOON - timedelta(hours=ended))
    assert found.runs == tuple(dict.fromkeys(str(run) for _, _, run in told))


def test_pages_are_read_to_their_end_and_no_further_than_they_need_be(github: GitHubGraph) -> None:
    github.listed = [of_github(number, ("success", number, number)) for number in range(250)]
    whole = since(github)
    assert (len(whole.found), len(github.asked), whole.ended, whole.problem) == (250, 3, True, "")
    assert whole.reached == NOON - timedelta(hours=249)
    assert whole.born == datetime(2020, 1, 1, tzinfo=timezone.utc)
    github.asked.clear()
    part = since(github, NOON - timedelta(hours=150))
    assert (len(part.found), len(github.asked), part.ended) == (200, 2, False)


@pytest.mark.parametrize("refused", [refusal(403, "Resource not accessible"), Reply(502, {}, b"<html>")])
def test_where_graphql_is_refused_rest_is_asked(github: GitHubGraph, refused: Reply) -> None:
    github.listed = [of_github(number, ("success", number, 7000 + number)) for number in range(150)]
    github.faulty[-1] = refused
    client = asked(github)
    found = client.since(LONG_AGO)
    assert (len(found.found), found.ended, found.problem) == (150, True, "")
    assert github.paths == ["/repos/octo/hello/deployments"] * 2 + ["/repos/octo/hello"]
    first = found.found["1000"]
    assert (first.state, first.runs) == ("unknown", ())
    told = client.told(first)
    assert (told.state, told.runs, told.ended) == ("successful", ("7000",), NOON)
    client.close()


def test_a_hundred_pages_are_read_to_their_end(github: GitHubGraph) -> None:
    github.listed = [of_github(number, id=10_000 - number) for number in range(9_950)]
    github.faulty[-1] = refusal(403, "Resource not accessible")
    found = since(github)
    assert (len(found.found), found.ended, found.problem) == (9_950, True, "")
    assert len(github.paths) == 101, "a hundred pages, and when the repository was made"


def test_what_a_token_may_not_read_is_no_empty_list(github: GitHubGraph) -> None:
    github.permissions = {"metadata"}
    found = since(github)
    assert (found.found, found.ended, found.denied) == ({}, False, True)
    assert "`permissions: deployments: read`" in found.problem


def test_an_empty_list_is_told_by_rest(github: GitHubGraph) -> None:
    found = since(github)
    assert (found.found, found.ended, found.reached, found.problem) == ({}, True, None, "")
    assert github.paths == ["/repos/octo/hello/deployments", "/repos/octo/hello"]


def test_what_was_read_before_the_list_broke_is_kept(github: GitHubGraph) -> None:
    github.listed = [of_github(number) for number in range(150)]
    github.faulty[1] = Reply(200, {"Content-Type": "text/html"}, b"<html>")
    github.faults[-1] = refusal(429, "API rate limit exceeded")
    found = since(github)
    assert (len(found.found), found.ended) == (100, False)
    assert found.reached == NOON - timedelta(hours=99)
    assert found.problem


def test_pages_that_repeat_end(github: GitHubGraph) -> None:
    github.listed = [of_github(number) for number in range(100)]
    github.faulty[-1] = refusal(403, "no")
    page = github.answer("/repos/octo/hello/deployments?per_page=100", {"authorization": "Bearer t0ken"})
    github.exchanges.clear()
    github.faults = {0: page, 1: page}
    found = since(github)
    assert "repeats" in found.problem
    assert (len(found.found), found.ended) == (100, False)


def test_gitlabs_list(gitlab: GitLab) -> None:
    gitlab.listed = [
        of_gitlab(1),
        of_gitlab(2, status="failed"),
        of_gitlab(3, status="running"),
        of_gitlab(4, status="canceled", run=0),
        of_gitlab(5, status="blocked"),
    ]
    found = list(since(gitlab).found.values())
    assert [one.state for one in found] == ["successful", "failed", "in_progress", "cancelled", "unknown"]
    assert [one.runs for one in found] == [("9001",), ("9002",), ("9003",), (), ("9005",)]
    assert (found[0].actor, found[0].ref, found[0].environment) == ("ada", "v1", "Prod")
    assert [one.ended for one in found][1:3] == [NOON - timedelta(hours=2), None]


def test_what_gitlab_made_long_before_it_began(gitlab: GitLab) -> None:
    gitlab.listed = [
        of_gitlab(900, started=stamp(5), updated=stamp(4)),  # a manual job, played weeks after its pipeline was made
        of_gitlab(901, started=None, status="created", updated=stamp(3)),
        of_gitlab(902, started=None, status="canceled", updated=stamp(2)),
        of_gitlab(903, started=None, status="skipped", updated=stamp(1)),
        of_gitlab(904, run=0, updated=stamp(1)),
        of_gitlab(905),
    ]
    found = since(gitlab, NOON - timedelta(hours=6)).found
    assert [(one.id, one.unbegun) for one in sorted(found.values(), key=lambda one: -int(one.id))] == [
        ("100", False),
        ("99", True),
        ("98", True),
        ("97", True),
        ("96", False),
    ]
    assert found["100"].moment == NOON - timedelta(hours=5)
    assert found["96"].moment == NOON - timedelta(hours=904), "the API made it, and nothing else is told"


def test_what_github_made_when_its_job_began_to_wait(github: GitHubGraph) -> None:
    told = [("success", 1, 7), ("in_progress", 2, 7), ("queued", 3, 7), ("waiting", 99, 7)]
    github.listed = [of_github(99, *told), of_github(100, ("success", 98, 8))]
    first, second = since(github).found.values()
    assert (first.moment, first.created) == (NOON - timedelta(hours=2), NOON - timedelta(hours=99))
    assert second.moment == second.created, "who never said that it began made it then"


def test_gitlabs_pages_stop_where_they_may_also_for_a_job_token(gitlab: GitLab) -> None:
    gitlab.listed = [of_gitlab(number) for number in range(250)]
    assert len(since(gitlab, NOON - timedelta(hours=120)).found) == 120
    assert len(gitlab.paths) == 3, "two pages, and when the project was made"
    whole = since(gitlab, token="", job_token="job-t0ken")
    assert (len(whole.found), whole.ended, whole.born, whole.problem) == (250, True, None, "")
    assert since(gitlab).born == datetime(2020, 1, 1, tzinfo=timezone.utc)


def test_a_page_that_overlaps_the_one_before_is_no_loop() -> None:
    def one(number: int) -> ProviderDeployment:
        return ProviderDeployment(str(number), "Prod", "", NOON - timedelta(hours=number))

    listed = ProviderList()
    listed.take([one(1), one(2)])
    listed.take([one(2), one(3)])
    assert sorted(listed.found) == ["1", "2", "3"]
    with pytest.raises(Refused):
        listed.take([one(2), one(3)])


def test_nobody_is_asked_without_a_token() -> None:
    run = Run(CI.GITHUB, "octo/hello", "1", "", sha(5), 1, "", api_url="http://127.0.0.1:1")
    assert (
        deployment_list(run, github_token="", gitlab_token="x", job_token="", ca_bundle="", deadline=Deadline(1))
        is None
    )
