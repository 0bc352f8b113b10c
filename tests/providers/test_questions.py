"""Every question, asked through the real libraries of servers that hold to the providers' descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from jira_ci.ci.api import Commits, Provider, Unreadable
from jira_ci.ci.past_runs import Runs
from providers import gitlab_server
from providers.description import Description
from providers.github_answers import sha
from providers.github_server import GitHub
from providers.gitlab_server import GitLab
from providers.questions import GITHUB, GITLAB, GONE, OF_CI, Question, connected, settle
from providers.serving import Reply

RUN_SHA = "009b8a3a9ccbb128af87f9b1c0f4c62e8a304f6d"  # of the description's own example
WEB = {"title": "WEB-12: login", "number": 12, "base_sha": sha(2), "head_sha": sha(5)}


def test_githubs_published_description_is_at_hand(published: Mapping[str, Description] | str) -> None:
    if isinstance(published, str):
        pytest.skip(f"requests and answers of GitHub were held against nothing: {published}")
    assert sorted(published) == ["api.github.com", "ghes-3.17", "ghes-3.18", "ghes-3.19"]


@pytest.mark.parametrize("rows", [GITHUB, GITLAB], ids=["GitHub", "GitLab"])
def test_the_table_has_every_question(rows: list[Question]) -> None:
    names = {name for protocol in (Provider, Runs) for name in dir(protocol) if not name.startswith("_")}
    # What refuses nothing says in its answer why that is not whole, and has tests of its own.
    assert {row.name for row in rows} == names - {"close", "pull_requests_of_all"}


@pytest.mark.parametrize("row", GITHUB, ids=lambda row: row.name)
def test_a_question_to_github_takes_so_many_requests(github: GitHub, row: Question) -> None:
    settle(github)
    with connected(github) as client:
        row.ask(client)
    assert len(github.exchanges) == len(row.needs), github.paths


@pytest.mark.parametrize("row", GITLAB, ids=lambda row: row.name)
def test_a_question_to_gitlab_takes_so_many_requests(gitlab: GitLab, row: Question) -> None:
    settle(gitlab)
    with connected(gitlab) as client:
        row.ask(client)
    assert len(gitlab.exchanges) == len(row.needs), gitlab.paths


@pytest.mark.parametrize("row", GITHUB, ids=lambda row: row.name)
def test_what_a_token_may_not_read_on_github_names_the_line_that_lacks(github: GitHub, row: Question) -> None:
    settle(github)
    for needed in {*row.needs} - {"metadata"}:
        github.permissions = {"metadata", "contents", "pull-requests", "deployments", "actions"} - {needed}
        with connected(github) as client, pytest.raises(Unreadable) as caught:
            row.ask(client)
        assert f"(403): give the token `permissions: {needed}: read`" in str(caught.value)
        assert caught.value.denied


def test_a_job_token_that_may_not_see_a_tag_is_no_proof_that_there_is_none(gitlab: GitLab) -> None:
    for status in (401, 403, 404):
        gitlab.faults = {-1: Reply.of({"message": "no"}, status)}
        with connected(gitlab, token="", job_token="job-t0ken") as client, pytest.raises(Unreadable) as caught:
            client.history.tag("v2")
        assert caught.value.denied


@pytest.mark.parametrize("row", [row for row in GITLAB if row.name != "tag"], ids=lambda row: row.name)
def test_gitlab_is_asked_with_a_job_token_only_for_what_that_may_read(gitlab: GitLab, row: Question) -> None:
    settle(gitlab)
    with connected(gitlab, token="", job_token="job-t0ken") as client:
        if set(row.needs) == {"own"}:
            row.ask(client)
        else:
            with pytest.raises(Unreadable, match="CI_JOB_TOKEN may not read it; set gitlab-token"):
                row.ask(client)
    assert len(gitlab.exchanges) == (len(row.needs) if set(row.needs) == {"own"} else 0)
    assert {one.status for one in gitlab.exchanges} <= {200}


@pytest.mark.parametrize("row", GITLAB, ids=lambda row: row.name)
def test_a_scope_too_small_is_said(gitlab: GitLab, row: Question) -> None:
    gitlab.scopes = {"read_registry"}
    with connected(gitlab) as client, pytest.raises(Unreadable, match="give the token the scope read_api") as caught:
        row.ask(client)
    assert caught.value.denied


def test_the_answers_of_github(github: GitHub) -> None:
    settle(github)
    with connected(github) as client:
        history, runs = client.history, client.runs
        assert history.commit_message(sha(3)) == "WEB-3: part"
        assert history.compare(sha(2), sha(4)) == Commits(((sha(3), "WEB-3: part"), (sha(4), "WEB-4: part")))
        assert history.compare(sha(4), "main").found[-1] == (sha(12), "WEB-12: part")
        assert {name: getattr(history.pull_request(12), name) for name in WEB} == WEB
        assert [one.number for one in history.pull_requests_of(sha(3))] == [12]
        assert history.last_deployment("prod") == sha(4)
        assert history.last_deployment("eu/live & more") == ""
        assert history.default_commit() == ("main", sha(12))
        assert history.file(sha(3), "a b/ü.yml", 99) == b"jira: {}\n"
        assert history.files_of(sha(3)).files[128:] == ("src/128.py", "src/129.py")
        assert [one.number for one in runs.last(2)] == [43, 42]
        assert (runs.run("9001").number, runs.numbered(OF_CI, 42).run_id) == (41, "9002")
        assert runs.attempt(runs.run("9002"), 1).conclusion == "success"
        assert runs.deployed("prod").run_id == "9002"
        assert runs.deployed("none") is None
        assert history.last_good_run() == (43, RUN_SHA)


def test_the_answers_of_gitlab(gitlab: GitLab) -> None:
    settle(gitlab)
    with connected(gitlab) as client:
        history, runs = client.history, client.runs
        assert history.commit_message(sha(3)) == "WEB-3: part"
        assert history.compare(sha(2), sha(4)) == Commits(((sha(4), "WEB-4: part"), (sha(3), "WEB-3: part")))
        assert {name: getattr(history.pull_request(12), name) for name in WEB} == WEB
        assert [one.number for one in history.pull_requests_of(sha(3))] == [12]
        assert history.last_deployment("prod") == sha(4)
        assert history.default_commit() == ("main", sha(12))
        assert history.file(sha(3), "a b/ü.yml", 99) == b"jira: {}\n"
        assert history.files_of(sha(3)).files[128:] == ("src/128.py", "src/129.py")
        assert [one.number for one in runs.last(2)] == [43, 42]
        assert (runs.run("9001").number, runs.numbered("", 42).run_id) == (41, "9002")
        assert runs.deployed("prod").run_id == "9002"
        assert runs.deployed("none") is None
        assert history.last_good_run() == (42, sha(1))


@pytest.mark.parametrize(("count", "requests"), [(250, 3), (251, 4)])
def test_a_pull_request_beyond_githubs_own_list(github: GitHub, count: int, requests: int) -> None:
    github.messages = [f"WEB-{number}" for number in range(1, 300)]
    github.pulls = {12: (2, 2 + count)}
    with connected(github) as client:
        found = client.history.pull_request_commits(12)
    assert ([message for _, message in found.found], found.complete) == (
        [f"WEB-{n}" for n in range(3, count + 3)],
        True,
    )
    assert len(github.exchanges) == requests + (count == 250)


@pytest.mark.parametrize("counted", [True, False], ids=["numbers", "cursors"])
def test_gitlabs_pages_are_read_by_their_links(gitlab: GitLab, counted: bool) -> None:
    gitlab.keyset, gitlab.external = not counted, "https://outside.example"
    gitlab.messages = [f"WEB-{number}" for number in range(1, 331)]
    gitlab.requests = {12: (2, 303)} | dict.fromkeys(range(1000, 1130), (1, 3))
    gitlab.deployments = [(5, 777)] * 45 + [(4, 9002)]
    with connected(gitlab) as client:
        assert len(client.history.compare(sha(2), sha(303)).found) == 301
        assert len(client.history.pull_request_commits(12).found) == 301
        assert len(client.history.pull_requests_of(sha(3))) == 131
        assert client.history.last_deployment("prod") == sha(4)
    assert len(gitlab.exchanges) == 4 + 4 + 2 + 3


@pytest.mark.parametrize(("base", "head", "gone"), [(GONE, sha(5), 1), (sha(5), GONE, 2), ("v9", "main", 1)])
def test_a_range_that_gitlab_does_not_know_is_not_an_empty_one(gitlab: GitLab, base: str, head: str, gone: int) -> None:
    with connected(gitlab) as client, pytest.raises(Unreadable, match="did not find the commits of") as caught:
        client.history.compare(base, head)
    assert caught.value.missing
    assert len(gitlab.exchanges) == 1 + gone


def test_an_empty_range_on_gitlab_is_one(gitlab: GitLab) -> None:
    with connected(gitlab) as client:
        assert client.history.compare(sha(5), sha(3)) == Commits(())
        assert client.history.compare(sha(5), sha(5)) == Commits(())
    assert len(gitlab.exchanges) == 3 + 1


GONE_THERE: list[tuple[Any, str]] = [
    (lambda api: api.history.commit_message(GONE), "commit dddddddd"),
    (lambda api: api.history.compare(GONE, sha(5)), "the commits of dddddddd..00000000"),
    (lambda api: api.history.files_of(GONE), "the files of commit dddddddd"),
    (lambda api: api.history.pull_request(99), "99"),
    (lambda api: api.history.pull_requests_of(GONE), "requests of commit dddddddd"),
    (lambda api: api.history.file(GONE, "x.yml", 9), "the file x.yml of commit dddddddd"),
    (lambda api: api.runs.run("99"), "99"),
    (lambda api: api.runs.numbered(OF_CI, 7), "#7"),
]


@pytest.mark.parametrize(("ask", "what"), GONE_THERE)
def test_what_is_not_there_is_said_to_be_missing(github: GitHub, gitlab: GitLab, ask: Any, what: str) -> None:
    for provider in (github, gitlab):
        settle(provider)
        with connected(provider) as client, pytest.raises(Unreadable, match="did not find") as caught:
            ask(client)
        assert what in str(caught.value)
        assert (caught.value.missing, caught.value.denied) == (True, False)


@pytest.mark.parametrize(("status", "attempt", "expected"), [("failed", 1, "failed"), ("success", 1, "success")])
def test_an_attempt_on_gitlab_is_its_job(gitlab: GitLab, status: str, attempt: int, expected: str) -> None:
    settle(gitlab)
    gitlab.jobs = [{"id": attempt, "status": status, "started_at": gitlab_server.WHEN}]
    with connected(gitlab) as client:
        assert client.runs.attempt(client.runs.run("9002"), attempt).conclusion == expected


def test_two_commits_whose_ids_begin_alike_are_two(github: GitHub, gitlab: GitLab) -> None:
    assert sha(3)[:8] == sha(4)[:8]
    for provider in (github, gitlab):
        provider.files = {"x.yml": b"x"}
        with connected(provider) as client:
            assert [client.history.commit_message(sha(number)) for number in (3, 4, 3)] == [
                "WEB-3: part",
                "WEB-4: part",
                "WEB-3: part",
            ]
            assert len(client.history.compare(sha(3), sha(4)).found) == 1
            assert len(client.history.compare(sha(3), sha(5)).found) == 2
            assert client.history.file(sha(4), "x.yml", 9) == b"x"
            with pytest.raises(Unreadable, match="larger than 0 bytes"):
                client.history.file(sha(5), "x.yml", 0)
