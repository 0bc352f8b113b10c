"""What GitHub is asked in GraphQL: held against its published schema, and misled in every way that was thought of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ci.test_deployment_list import of_github, since
from jira_ci.ci.api import Bare, Brought, Unreadable
from jira_ci.run import PullRequest
from providers.description import Absent
from providers.github_answers import refusal, sha
from providers.github_graphql_server import GitHubGraph
from providers.questions import connected
from providers.schema import problems
from providers.serving import JSON, Reply, serving


@pytest.fixture
def github() -> Iterator[GitHubGraph]:
    """Twelve squash merges: the pull request of commit n is #n."""
    made = GitHubGraph()
    made.pulls = {number: (number - 1, number) for number in range(1, 13)}
    with serving(made):
        yield made
    try:
        found = problems(made)
    except Absent:  # another test says so
        return
    assert found == []


def test_githubs_published_schema_is_at_hand(github: GitHubGraph) -> None:
    github.asked.append(('query { repository(owner: "a", name: "b") { nothing } }', {}))
    try:
        assert "Cannot query field 'nothing' on type 'Repository'" in problems(github)[0]
    except Absent as error:
        pytest.skip(f"GraphQL documents were held against nothing: {error}")
    finally:
        github.asked.clear()


def bare(*numbers: int, named: bool = False, worth: bool = True) -> list[Bare]:
    return [Bare(sha(number), number if named else 0, worth) for number in numbers]


def read(github: GitHubGraph, commits: list[Bare], *, descriptions: bool = False) -> Brought:
    with connected(github) as client:
        found: Brought = client.history.pull_requests_of_all(commits, descriptions=descriptions)
    return found


def numbers(found: Brought) -> dict[str, list[int]]:
    return {commit: [one.number for one in requests] for commit, requests in found.found.items()}


def test_the_pull_requests_of_a_hundred_commits_take_one_request(github: GitHubGraph) -> None:
    github.messages *= 20
    github.pulls = {number: (number - 1, number) for number in range(1, 241)}
    found = read(github, bare(*range(1, 231), named=True))
    assert numbers(found) == {sha(number): [number] for number in range(1, 231)}
    assert (found.gaps, len(github.asked), github.exchanges) == ((), 3, [])
    address = "https://github.com/octo/hello/pull/7"
    assert found.found[sha(7)] == [PullRequest(7, "WEB-7: login", "feature/WEB-2", address, sha(6), sha(7))]


def test_the_usual_way_needs_no_pygithub(github: GitHubGraph) -> None:
    github.deployments = [(1, ["success"], 9001)]
    with connected(github) as client:
        last = client.history.last_deployment("prod")
        range_ = client.history.compare(last, sha(12))
        client.history.pull_requests_of_all([Bare(commit, 0) for commit, _ in range_.found], descriptions=False)
        assert (last, "_rest" in vars(client.history)) == (sha(1), False)


def test_descriptions_come_only_where_they_are_wanted(github: GitHubGraph) -> None:
    assert read(github, bare(3)).found[sha(3)][0].description is None
    assert "body" not in github.asked[0][0]
    assert read(github, bare(3), descriptions=True).found[sha(3)][0].description == "Closes WEB-5003"


def test_what_was_read_is_not_asked_again(github: GitHubGraph) -> None:
    with connected(github) as client:
        client.history.pull_requests_of_all(bare(1, 2, 3), descriptions=False)
        client.history.pull_requests_of_all(bare(2, 3), descriptions=False)
        found = client.history.pull_requests_of_all(bare(3, 4), descriptions=False)
    assert numbers(found) == {sha(3): [3], sha(4): [4]}
    assert [document.count("object(oid:") for document, _ in github.asked] == [3, 1]


def test_a_commit_picked_from_another_branch_has_what_it_names_too(github: GitHubGraph) -> None:
    github.issues = {40}
    commits = [Bare(sha(3), 9), Bare(sha(4), 40), Bare(sha(5), 41), Bare(sha(6), 6)]
    found = read(github, commits)
    assert numbers(found) == {sha(3): [3, 9], sha(4): [4], sha(5): [5], sha(6): [6]}
    assert (found.gaps, len(github.asked), github.exchanges) == ((), 2, [])


def test_a_commit_of_a_direct_push_has_none(github: GitHubGraph) -> None:
    del github.pulls[3]
    found = read(github, bare(3, worth=False))
    assert (dict(found.found), found.gaps, github.exchanges) == ({sha(3): []}, (), [])


def test_a_merged_one_wins_over_what_is_open_and_over_a_forks(github: GitHubGraph) -> None:
    github.pulls |= {20: (2, 3), 21: (1, 5), 22: (2, 3), 30: (4, 5)}
    github.open = {20, 21, 22, 30}
    github.forks = {21, 22}
    assert numbers(read(github, bare(3)))[sha(3)] == [3]
    del github.pulls[3]
    assert numbers(read(github, bare(3)))[sha(3)] == [20]
    del github.pulls[20]
    assert numbers(read(github, bare(3)))[sha(3)] == [22], "a fork's counts for the commit that it ends with"
    github.elsewhere = {4}
    github.pulls.pop(21)
    assert numbers(read(github, bare(4)))[sha(4)] == [], "the pull requests of the repository above are not ours"


def test_a_repository_that_moved_is_read_under_its_new_name(github: GitHubGraph) -> None:
    github.name = "acme/hello"
    assert numbers(read(github, bare(3))) == {sha(3): [3]}


@pytest.mark.parametrize(("limit", "documents"), [(100, [120 - 20, 20, 50, 50]), (25, None)])
def test_a_server_that_gives_up_is_asked_for_half(github: GitHubGraph, limit: int, documents: list[int] | None) -> None:
    github.messages *= 10
    github.pulls = {number: (number - 1, number) for number in range(1, 121)}
    github.too_many = limit
    found = read(github, bare(*range(1, 121)))
    assert (numbers(found), found.gaps) == ({sha(number): [number] for number in range(1, 121)}, ())
    assert github.exchanges == []
    if documents:
        assert sorted(document.count("object(oid:") for document, _ in github.asked) == sorted(documents)


def test_a_server_that_gives_up_on_everything_is_asked_by_rest(github: GitHubGraph) -> None:
    github.faulty = {-1: Reply(504)}
    found = read(github, bare(*range(1, 13), named=True))
    assert (numbers(found), found.gaps) == ({sha(number): [number] for number in range(1, 13)}, ())
    assert sorted(github.paths) == sorted(f"/repos/octo/hello/pulls/{number}" for number in range(1, 13))


LIMIT = {"message": "Resource limits for this query exceeded.", "type": "RESOURCE_LIMITS_EXCEEDED"}
Change = Callable[[Any], Any]


def without(content: Any, *places: int, errors: list[Any]) -> Any:
    for place in places:
        content["data"]["repository"][f"c{place}"] = None
    return {**content, "errors": errors}


def test_errors_beside_data_leave_what_is_missing_to_another_request(github: GitHubGraph) -> None:
    asked = iter(range(9))
    github.odd = lambda content: without(content, 1, 2, errors=[LIMIT]) if next(asked) == 0 else content
    found = read(github, bare(1, 2, 3, 4))
    assert numbers(found) == {sha(number): [number] for number in range(1, 5)}
    assert (found.gaps, len(github.asked), github.exchanges) == ((), 2, [])


def nodes(content: Any) -> Any:
    return content["data"]["repository"]["c0"]["associatedPullRequests"]


def put(name: str, value: Any) -> Change:
    def change(content: Any) -> Any:
        nodes(content)["nodes"][0][name] = value
        return content

    return change


def connection(name: str, value: Any) -> Change:
    def change(content: Any) -> Any:
        nodes(content)[name] = value
        return content

    return change


def commit(value: Any) -> Change:
    def change(content: Any) -> Any:
        content["data"]["repository"]["c0"] = value
        return content

    return change


def instead(content: Any) -> Change:
    return lambda _: content


ODD: list[Change] = [
    commit(None), commit({}), commit([]), commit("x"), commit({"associatedPullRequests": None}),
    connection("nodes", None), connection("nodes", [None]), connection("nodes", "x"), connection("pageInfo", None),
    connection("pageInfo", {"hasNextPage": True, "endCursor": "1"}), put("number", None), put("number", 0),
    put("title", None), put("baseRepository", None), put("state", None),
    instead({"data": None}), instead({}), instead([]), instead({"data": {"repository": []}}),
    instead({"errors": [{"message": "x"}]}), instead({"errors": "x", "data": None}),
    instead({"data": None, "errors": [{"type": "NOT_FOUND", "path": ["repository"]}]}),
]  # fmt: skip


@pytest.mark.parametrize("change", ODD)
def test_whatever_is_missing_is_asked_by_rest(github: GitHubGraph, change: Change) -> None:
    github.odd = change
    found = read(github, bare(1))
    assert (numbers(found), found.gaps) == ({sha(1): [1]}, ())
    assert github.paths == [f"/repos/octo/hello/commits/{sha(1)}/pulls"]


def test_a_commit_with_twenty_pull_requests_has_twenty(github: GitHubGraph) -> None:
    github.pulls = dict.fromkeys(range(1, 21), (2, 3))
    found = read(github, bare(3))
    assert numbers(found) == {sha(3): list(range(1, 21))}
    assert len(github.asked) == len(github.exchanges) == 1


REFUSED: list[Reply] = [
    refusal(403, "Resource not accessible by integration"),
    refusal(404, "Not Found"),
    Reply(405),
    Reply(501),
    Reply(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"),
    Reply(301, {"Location": "https://elsewhere.invalid/"}),
    Reply(200, JSON, b'{"data": {"rep', cut=True),
]


@pytest.mark.parametrize("reply", REFUSED, ids=lambda reply: str(reply.status))
def test_where_graphql_is_refused_rest_is_asked_side_by_side(github: GitHubGraph, reply: Reply) -> None:
    github.faulty = {-1: reply}
    github.deployments = [(2, ["failure"], 5), (1, ["inactive", "success"], 6)]
    with connected(github) as client:
        assert client.history.last_deployment("prod") == sha(1)
        found = client.history.pull_requests_of_all(bare(*range(1, 13), named=True), descriptions=False)
    assert (numbers(found), found.gaps) == ({sha(number): [number] for number in range(1, 13)}, ())
    assert len(github.exchanges) == 3 + 12
    assert len(github.asked) == (1 if 400 <= reply.status < 500 else len(github.asked))


def test_the_few_that_graphql_does_not_tell_are_worth_a_request(github: GitHubGraph) -> None:
    github.odd = lambda content: without(content, 1, errors=[])
    found = read(github, bare(1, 2, 3, worth=False))
    assert (numbers(found), len(github.exchanges)) == ({sha(1): [1], sha(2): [2], sha(3): [3]}, 1)


def test_what_names_no_pull_request_is_worth_no_request_of_its_own(github: GitHubGraph) -> None:
    github.faulty = {-1: refusal(404, "Not Found")}
    found = read(github, [*bare(1), *bare(2, 3, worth=False)])
    assert (numbers(found), found.gaps, len(github.exchanges)) == ({sha(1): [1]}, (), 1)


def test_a_missing_right_is_named_once(github: GitHubGraph) -> None:
    github.permissions -= {"pull-requests"}
    found = read(github, bare(*range(1, 13)))
    assert dict(found.found) == {}
    assert "give the token `permissions: pull-requests: read`" in found.gaps[0]
    assert found.gaps[-1] == "The pull requests of 12 commits without an issue key were not read."
    assert len(found.gaps) == 2
    assert len(github.exchanges) <= 9, "after a refusal nothing more is asked"


def test_a_commit_that_github_does_not_have_is_said(github: GitHubGraph) -> None:
    gone = Bare("d" * 40)
    found = read(github, [gone, *bare(3)])
    assert numbers(found) == {sha(3): [3]}
    assert "did not find the pull requests of commit dddddddd (404): it does not exist there" in found.gaps[0]


def deployed(github: GitHubGraph) -> str:
    with connected(github) as client:
        last: str = client.history.last_deployment("prod")
    return last


def test_a_job_that_only_waited_has_deployed_nothing(github: GitHubGraph) -> None:
    github.deployments = [(6, ["success", "in_progress#jira-ci-parked", "in_progress"], 5), (4, ["success"], 6)]
    with connected(github) as client:
        assert client.history.last_deployment("prod") == sha(4)


def test_the_last_deployment_takes_one_request(github: GitHubGraph) -> None:
    github.deployments = [(6, ["success"], 777), (5, ["failure"], 5), (4, ["inactive", "success", "queued"], 6)]
    assert deployed(github) == sha(4)
    assert (len(github.asked), github.exchanges) == (1, [])


@pytest.mark.parametrize(("count", "documents"), [(29, 1), (30, 2), (129, 2), (130, 3), (999, 11)])
def test_a_thousand_failures_are_looked_through(github: GitHubGraph, count: int, documents: int) -> None:
    github.deployments = [*[(5, ["error", "in_progress"], 5)] * count, (4, ["success"], 6)]
    assert deployed(github) == sha(4)
    assert (len(github.asked), github.exchanges) == (documents, [])


def test_none_of_a_thousand_is_said_not_to_be_known(github: GitHubGraph) -> None:
    github.deployments = [(5, ["error"], 5)] * 1200
    with connected(github) as client, pytest.raises(Unreadable, match="none of the last 1000 succeeded"):
        client.history.last_deployment("prod")
    assert github.exchanges == []


def test_that_there_was_no_deployment_rest_has_to_say_too(github: GitHubGraph) -> None:
    assert (deployed(github), len(github.asked), len(github.exchanges)) == ("", 1, 1)
    github.permissions -= {"deployments"}
    github.odd = deployed_nothing
    with connected(github) as client, pytest.raises(Unreadable, match="`permissions: deployments: read`"):
        client.history.last_deployment("prod")


def deployed_nothing(content: Any) -> Any:
    nothing = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    return {"data": {"repository": {"deployments": nothing}}}


def test_there_was_none_that_succeeded(github: GitHubGraph) -> None:
    github.deployments = [(5, ["error"], 5)]
    assert (deployed(github), len(github.asked), github.exchanges) == ("", 1, [])


def deployments(change: Callable[[Any], Any]) -> Change:
    def changed(content: Any) -> Any:
        change(content["data"]["repository"]["deployments"])
        return content

    return changed


ODD_DEPLOYMENTS: list[Change] = [
    deployments(lambda found: found.update(nodes=None)),
    deployments(lambda found: found["nodes"].__setitem__(0, None)),
    deployments(lambda found: found["nodes"][0].update(commitOid=None)),
    deployments(lambda found: found["nodes"][0].update(statuses=None)),
    deployments(lambda found: found["nodes"][0]["statuses"].update(nodes=[None])),
    deployments(lambda found: found["nodes"][0]["statuses"]["pageInfo"].update(hasNextPage=True)),
    lambda content: {**content, "errors": [{"message": "partly", "path": ["repository", "deployments", "nodes", 1]}]},
    instead({"data": None, "errors": [{"message": "x", "type": "RATE_LIMITED"}]}),
]


@pytest.mark.parametrize("change", ODD_DEPLOYMENTS)
def test_whatever_is_odd_about_deployments_is_asked_by_rest(github: GitHubGraph, change: Change) -> None:
    github.deployments = [(5, ["failure"], 5), (4, ["inactive", "success"], 6)]
    github.odd = change
    assert deployed(github) == sha(4)
    assert len(github.exchanges) == 3


@pytest.mark.parametrize("page", [None, {}, {"hasNextPage": True, "endCursor": None}, {"hasNextPage": "no"}])
def test_a_list_that_does_not_say_whether_it_has_ended_is_no_answer(github: GitHubGraph, page: Any) -> None:
    github.deployments = [(5, ["failure"], 5)]
    github.odd = deployments(lambda found: found.update(pageInfo=page))
    assert deployed(github) == ""
    assert len(github.exchanges) == 2


def test_a_cursor_that_repeats_ends_the_asking(github: GitHubGraph) -> None:
    github.deployments = [(5, ["failure"], 5)] * 150 + [(4, ["success"], 6)]
    github.odd = deployments(lambda found: found.update(pageInfo={"hasNextPage": True, "endCursor": "1"}))
    assert deployed(github) == sha(4)
    assert (len(github.asked), len(github.exchanges)) == (2, 2 + 151)


def test_the_right_to_read_deployments_is_named(github: GitHubGraph) -> None:
    github.permissions -= {"deployments"}
    with connected(github) as client, pytest.raises(Unreadable, match="`permissions: deployments: read`"):
        client.history.last_deployment("prod")


@pytest.mark.parametrize(
    ("prefix", "told", "path"),
    [
        ("", "", "/graphql"),
        ("/api/v3", "", "/api/graphql"),
        ("/api/v3", "{}/api/graphql", "/api/graphql"),
        ("/api/v3", "https://elsewhere.invalid/graphql", "/api/graphql"),
    ],
)
def test_the_address_is_the_servers_own(prefix: str, told: str, path: str) -> None:
    github = GitHubGraph(prefix)
    with serving(github), connected(github, graphql_url=told.format(github.address)) as client:
        client.history.pull_requests_of_all(bare(3), descriptions=False)
        assert (client.history._graphql_url, len(github.asked)) == (github.address + path, 1)


def test_every_deployment_as_it_is_published(github: GitHubGraph) -> None:
    github.listed = [of_github(number, ("success", number, number), ("queued", number, number)) for number in range(3)]
    found = since(github)
    assert [one.actor for one in found.found.values()] == ["octocat"] * 3
    assert (found.ended, len(github.asked), github.exchanges) == (True, 1, [])
