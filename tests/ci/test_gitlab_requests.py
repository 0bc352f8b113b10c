"""The merge requests of many commits on GitLab, however they came to the branch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jira_ci.ci.api import Bare, Brought
from providers.description import Description, held
from providers.gitlab_description import EXTRACT
from providers.gitlab_server import GitLab, refusal, sha
from providers.questions import TOKEN, connected
from providers.serving import JSON, Reply, serving


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """Twelve commits; !1 to !12 are merged, and left one commit each, in ways that differ."""
    made = GitLab("/gitlab/api/v4")
    ways = ("squash_commit_sha", "merge_commit_sha", "sha")
    made.requests = {number: (number, 1) for number in range(1, 13)}
    made.left = {number: {ways[number % 3]: sha(number)} for number in range(1, 13)}
    with serving(made):
        yield made
    assert held(made, [Description(EXTRACT, "error")]) == []


def bare(*numbers: int, named: bool = False, worth: bool = False) -> list[Bare]:
    return [Bare(sha(number), number if named else 0, named or worth) for number in numbers]


def read(gitlab: GitLab, commits: list[Bare], *, job_token: bool = False, base: int = 0) -> Brought:
    with connected(gitlab, token="" if job_token else TOKEN, job_token="job-t0ken" * job_token) as client:
        if base:
            client.history.compare(sha(base), sha(12))
            gitlab.exchanges.clear()
        found: Brought = client.history.pull_requests_of_all(commits, descriptions=False)
    return found


def numbers(found: Brought) -> dict[str, list[int]]:
    return {commit: [one.number for one in requests] for commit, requests in found.found.items()}


def places(gitlab: GitLab) -> list[str]:
    return [path.removeprefix("/projects/42/").partition("/")[0] for path in gitlab.paths]


def test_squashed_merged_and_fast_forwarded_ones_are_found_in_one_list(gitlab: GitLab) -> None:
    found = read(gitlab, bare(*range(12, 3, -1)))
    assert numbers(found) == {sha(number): [number] for number in range(4, 13)}
    assert (found.gaps, places(gitlab)) == ((), ["repository", "merge_requests"])


def test_the_time_is_that_of_the_commit_before(gitlab: GitLab) -> None:
    gitlab.updated = {5: "2026-02-27T00:00:00Z", 6: "2026-03-01T11:00:00Z"}
    found = read(gitlab, bare(*range(12, 3, -1)), base=3)
    assert numbers(found)[sha(5)] == [], "what changed last before the range began is none of it"
    assert numbers(found)[sha(6)] == [6]
    assert gitlab.paths[0] == f"/projects/42/repository/commits/{sha(3)}"
    assert "updated_after=2026-02-28T12%3A00%3A00" in gitlab.exchanges[1].target


@pytest.mark.parametrize("counted", [True, False])
def test_a_long_list_is_read_to_its_end(gitlab: GitLab, counted: bool) -> None:
    gitlab.counts_pages = counted
    gitlab.messages *= 40
    gitlab.requests = {number: (number, 1) for number in range(1, 481)}
    gitlab.left = {number: {"squash_commit_sha": sha(number)} for number in range(1, 481)}
    found = read(gitlab, bare(*range(480, 1, -1)))
    assert numbers(found) == {sha(number): [number] for number in range(2, 481)}
    assert len(gitlab.exchanges) == 1 + 5


def test_what_commits_name_is_asked_for_by_its_number(gitlab: GitLab) -> None:
    found = read(gitlab, [*bare(1, 2, 3, named=True), Bare(sha(4), 99)])
    assert numbers(found) == {sha(1): [1], sha(2): [2], sha(3): [3], sha(4): []}
    assert (found.gaps, places(gitlab)) == ((), ["merge_requests"])
    assert "iids%5B%5D=1&iids%5B%5D=2&iids%5B%5D=3&iids%5B%5D=99" in gitlab.exchanges[0].target


def test_a_few_are_asked_for_one_by_one(gitlab: GitLab) -> None:
    gitlab.requests = {12: (2, 5)}
    found = read(gitlab, bare(3, worth=True))
    assert (numbers(found), gitlab.paths) == (
        {sha(3): [12]},
        [f"/projects/42/repository/commits/{sha(3)}/merge_requests"],
    )


def test_what_is_deployed_may_be_of_one_that_is_not_merged(gitlab: GitLab) -> None:
    gitlab.requests[40] = (10, 12)
    gitlab.left.pop(12)
    found = read(gitlab, [*bare(12, worth=True), *bare(*range(10, 3, -1))])
    assert numbers(found)[sha(12)] == [40]
    assert places(gitlab) == ["repository", "merge_requests", "repository"]


def test_a_job_token_reads_them_one_by_one(gitlab: GitLab) -> None:
    gitlab.requests = {12: (2, 5)}
    found = read(gitlab, [*bare(3, worth=True), *bare(4, 6), Bare(sha(7), 12)], job_token=True)
    assert numbers(found) == {sha(3): [12], sha(4): [12], sha(6): [], sha(7): [12]}
    assert (found.gaps, len(gitlab.exchanges)) == ((), 4)


def test_the_token_that_reads_more_than_a_job_token_is_named(gitlab: GitLab) -> None:
    gitlab.messages *= 25
    gitlab.requests = {}
    found = read(gitlab, bare(*range(300, 0, -1)), job_token=True)
    assert (len(found.found), len(gitlab.exchanges)) == (200, 200)
    assert found.gaps == (
        "The merge requests of 100 commits without an issue key were not read (gitlab-token, with the scope read_api,"
        " reads them in a few requests).",
    )


def test_the_scope_that_is_missing_is_named(gitlab: GitLab) -> None:
    gitlab.scopes = {"read_repository"}
    found = read(gitlab, bare(*range(12, 0, -1)))
    assert (dict(found.found), len(found.gaps), len(gitlab.exchanges)) == ({}, 1, 1)
    assert "give the token the scope read_api" in found.gaps[0]


ODD = [
    Reply.of([None]), Reply.of([{}]), Reply.of({}), Reply.of([{"iid": 1}]), Reply(200, JSON, b"null"), Reply(500),
    refusal(404, "404 Project Not Found"), Reply(302, {"Location": "/users/sign_in"}),
    Reply(200, JSON, b"[{", cut=True),
]  # fmt: skip


@pytest.mark.parametrize("reply", ODD)
@pytest.mark.parametrize("step", [0, 1])
def test_whatever_is_missing_is_said(gitlab: GitLab, reply: Reply, step: int) -> None:
    gitlab.faults = {step: reply}
    found = read(gitlab, bare(*range(12, 0, -1)))
    assert (dict(found.found), len(found.gaps), len(gitlab.exchanges)) == ({}, 1, step + 1)
    assert "t0ken" not in found.gaps[0]


def test_more_than_anybody_reads_is_said(gitlab: GitLab) -> None:
    gitlab.requests = dict.fromkeys(range(1, 3200), (1, 1))
    gitlab.left = {number: {} for number in gitlab.requests}
    found = read(gitlab, bare(*range(12, 0, -1)))
    assert found.gaps == ("GitLab has more than 3000 merge requests since 00000000.",)
    assert len(gitlab.exchanges) == 2


def test_what_was_read_is_not_asked_again(gitlab: GitLab) -> None:
    with connected(gitlab) as client:
        for _ in range(2):
            client.history.pull_requests_of_all(bare(*range(12, 0, -1)), descriptions=False)
    assert len(gitlab.exchanges) == 2
