"""GitHub's REST API, asked over real sockets: every page, every refusal, nothing twice."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ci.servers import Api, serving
from jira_ci.ci.api import Commits, Touched, Unreadable
from jira_ci.ci.github_api import GitHubHistory
from jira_ci.run import CI, PullRequest, Run
from jira_ci.timing import Deadline

A, B = "a" * 40, "b" * 40
REPO = "/repos/octo/hello"
Ask = Callable[[GitHubHistory], Any]
ASKED: list[tuple[Ask, str]] = [
    (lambda history: history.compare(A, B), "`permissions: contents: read`"),
    (lambda history: history.commit_message(A), "`permissions: contents: read`"),
    (lambda history: history.files_of(A), "`permissions: contents: read`"),
    (lambda history: history.pull_request(12), "`permissions: pull-requests: read`"),
    (lambda history: history.pull_request_commits(12), "`permissions: pull-requests: read`"),
    (lambda history: history.pull_requests_of(A), "`permissions: pull-requests: read`"),
    (lambda history: history.last_deployment("prod"), "`permissions: deployments: read`"),
]


def connected(api: Api, seconds: float = 20) -> GitHubHistory:
    run = Run(CI.GITHUB, "octo/hello", "1", "", A, 1, "", run_id="777", api_url=api.url)
    return GitHubHistory(run, "t0ken", ca_bundle="", deadline=Deadline(seconds))


@pytest.fixture
def history(github_api: Api) -> Iterator[GitHubHistory]:
    history = connected(github_api)
    yield history
    history.close()


def commit(number: int) -> dict[str, Any]:
    return {"sha": f"{number:040x}", "commit": {"message": f"WEB-{number}"}, "url": "https://elsewhere.invalid/"}


def pull(api: Api, **extra: Any) -> dict[str, Any]:
    return {
        "number": 12,
        "title": "WEB-1: login",
        "html_url": "https://github.com/octo/hello/pull/12",
        "url": f"{api.url}{REPO}/pulls/12",
        "head": {"ref": "feature/WEB-2", "sha": B},
        "base": {"ref": "main", "sha": A},
        **extra,
    }


def test_a_compare_reads_all_pages_and_nothing_else(github_api: Api, history: GitHubHistory) -> None:
    commits = [commit(number) for number in range(250)]
    github_api.pages(f"{REPO}/compare/{A}...{B}", commits, lambda page: {"total_commits": 250, "commits": page})
    found = history.compare(A, B)
    assert [message for _, message in found.found] == [f"WEB-{number}" for number in range(250)]
    assert found.complete
    assert len(github_api.requests) == 3
    assert {headers["Authorization"] for _, headers in github_api.requests} == {"token t0ken"}
    assert history.compare(A, B) == found
    assert len(github_api.requests) == 3


def test_a_compare_that_lists_fewer_than_it_counts_is_incomplete(github_api: Api, history: GitHubHistory) -> None:
    github_api.json(f"{REPO}/compare/v1...{B}", {"total_commits": 12000, "commits": [commit(1)]})
    assert history.compare("v1", B) == Commits(((f"{1:040x}", "WEB-1"),), complete=False)


def test_a_count_beyond_all_reason_is_read_so_far_and_incomplete(
    github_api: Api, history: GitHubHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jira_ci.ci.github_api._PAGES", 3)
    commits = [commit(number) for number in range(1000)]
    github_api.pages(f"{REPO}/compare/{A}...{B}", commits, lambda page: {"total_commits": 10**17, "commits": page})
    found = history.compare(A, B)
    assert (len(found.found), found.complete, len(github_api.requests)) == (300, False, 3)


def test_a_pull_request_and_its_commits(github_api: Api, history: GitHubHistory) -> None:
    github_api.json(f"{REPO}/pulls/12", pull(github_api, commits=130))
    github_api.pages(f"{REPO}/pulls/12/commits", [commit(number) for number in range(130)])
    expected = PullRequest(12, "WEB-1: login", "feature/WEB-2", "https://github.com/octo/hello/pull/12", A, B)
    assert history.pull_request(12) == expected
    found = history.pull_request_commits(12)
    assert (len(found.found), found.complete) == (130, True)


def test_a_pull_request_beyond_its_lists_limit_is_compared(github_api: Api, history: GitHubHistory) -> None:
    github_api.json(f"{REPO}/pulls/12", pull(github_api, commits=300))
    commits = [commit(number) for number in range(300)]
    github_api.pages(f"{REPO}/compare/{A}...{B}", commits, lambda page: {"total_commits": 300, "commits": page})
    found = history.pull_request_commits(12)
    assert (len(found.found), found.complete) == (300, True)
    assert f"{REPO}/pulls/12/commits" not in github_api.paths


def test_the_pull_requests_of_a_commit_need_one_request(github_api: Api, history: GitHubHistory) -> None:
    github_api.json(f"{REPO}/commits/{A}/pulls", [pull(github_api), pull(github_api, number=13)])
    assert [found.number for found in history.pull_requests_of(A)] == [12, 13]
    assert github_api.paths == [f"{REPO}/commits/{A}/pulls"]


def test_a_commits_message(github_api: Api, history: GitHubHistory) -> None:
    github_api.json(f"{REPO}/git/commits/{A}", {"sha": A, "message": "WEB-5\n\nbody"})
    assert history.commit_message(A) == "WEB-5\n\nbody"


PARKED = "#jira-ci-parked"


def deployments(api: Api, *rows: tuple[str, list[str], int]) -> None:
    """Newest first: commit, states newest first, the run that made it."""
    listed = []
    for number, (sha, states, run) in enumerate(rows):
        path = f"{REPO}/deployments/{number}"
        listed.append({"id": number, "sha": sha, "url": api.url + path, "environment": "prod"})
        log = f"https://github.com/octo/hello/actions/runs/{run}/job/5"
        addresses = [
            ("in_progress" if state == PARKED else state, f"{log}{PARKED}" if state == PARKED else log)
            for state in states
        ]
        shown = [{"state": state, "log_url": address, "target_url": address} for state, address in addresses]
        api.json(f"{path}/statuses", shown)
    api.pages(f"{REPO}/deployments", listed)


@pytest.mark.parametrize(
    ("rows", "expected", "asked"),
    [
        ([(A, ["success"], 1)], A, 2),
        ([(A, ["failure"], 1), (B, ["inactive", "success", "in_progress"], 2)], B, 3),
        ([(A, ["success", "in_progress"], 777), (B, ["success"], 7777)], B, 3),
        ([(A, ["success", PARKED, "in_progress"], 1), (B, ["success"], 2)], B, 3),
        ([(A, ["inactive", "failure"], 1), (B, [], 2)], "", 3),
        ([], "", 1),
        ([(A, ["error"], number) for number in range(130)] + [(B, ["success"], 5)], B, 133),
    ],
)
def test_the_last_deployment_that_ever_succeeded(
    github_api: Api, history: GitHubHistory, rows: list[tuple[str, list[str], int]], expected: str, asked: int
) -> None:
    deployments(github_api, *rows)
    assert history.last_deployment("prod") == expected
    assert len(github_api.requests) == asked


def test_too_many_failures_in_a_row_are_said(github_api: Api, history: GitHubHistory) -> None:
    deployments(github_api, *[(A, ["failure"], 1)] * 201)
    with pytest.raises(Unreadable, match="none of the last 200 succeeded"):
        history.last_deployment("prod")


def refusal(ask: Ask, history: GitHubHistory) -> str:
    """Why there is no answer, or nothing when there is one of the promised kind."""
    try:
        answer = ask(history)
    except Unreadable as error:
        return str(error)
    assert isinstance(answer, (Commits, list, str, PullRequest))
    return ""


JSON = {"Content-Type": "application/json"}
REFUSALS: list[tuple[int, dict[str, str], bytes, str]] = [
    (401, JSON, b'{"message": "Bad credentials"}', "the token is wrong or expired"),
    (403, JSON, b'{"message": "Resource not accessible by integration"}', "give the token `permissions: "),
    (403, {"X-RateLimit-Remaining": "0"}, b'{"message": "API rate limit exceeded"}', "its rate limit is used up"),
    (403, {"Retry-After": "60"}, b"{}", "its rate limit is used up"),
    (429, {"Retry-After": "3600"}, b"", "its rate limit is used up"),
    (404, JSON, b'{"message": "Not Found"}', "did not find"),
    (500, {}, b"", "trouble of its own"),
    (502, {}, b"<html>Bad gateway</html>", "trouble of its own"),
    (301, {"Location": "http://127.0.0.1:1/x"}, b"", "points to another address"),
    (302, {"Location": "/elsewhere"}, b"", "points to another address"),
    (307, {"Location": "https://evil.invalid/"}, b"", "points to another address"),
    (200, {"Content-Type": "text/html"}, b"<html>Sign in</html>", "not the JSON of an API"),
    (200, JSON, b"", "not the JSON of an API"),
    (200, JSON, b'{"total_commits": 1, "comm', "not the JSON of an API"),
    (200, JSON, b"null", "not the JSON of an API"),
    (200, JSON, b'"text"', "not the JSON of an API"),
    (200, {"Content-Encoding": "gzip"}, b"no gzip", "body is damaged"),
    (202, JSON, b"{}", "no usable answer"),
    (204, {}, b"", "no usable answer"),
    (418, {}, b"", "no usable answer"),
]


@pytest.mark.parametrize(("ask", "permission"), ASKED)
def test_every_refusal_is_one_sentence_after_one_request(github_api: Api, ask: Ask, permission: str) -> None:
    for status, headers, body, said in REFUSALS:
        history = connected(github_api)
        github_api.requests.clear()
        for path in (
            f"compare/{A}...{B}",
            f"git/commits/{A}",
            "pulls/12",
            f"commits/{A}",
            f"commits/{A}/pulls",
            "deployments",
        ):
            github_api.raw(f"{REPO}/{path}", body, status, headers)
        with pytest.raises(Unreadable) as caught:
            ask(history)
        history.close()
        assert said in str(caught.value), (status, body)
        assert str(caught.value).startswith("GitHub (127.0.0.1:")
        assert "t0ken" not in str(caught.value)
        assert caught.value.missing == (status == 404)
        assert len(github_api.requests) == 1, (status, body)
        if status in (401, 404) or (status == 403 and headers is JSON):
            assert permission in str(caught.value)


SHAPES: list[Any] = [
    *({}, [], [[]], [1], ["x"], [{"number": []}]),
    *({"commits": "x"}, {"total_commits": "1", "commits": [{}]}, {"commits": None, "total_commits": None}),
    *({"number": "x", "head": None}, {"message": 5}),
]


@pytest.mark.parametrize(("ask", "permission"), ASKED)
def test_no_shape_of_an_answer_is_a_traceback(github_api: Api, ask: Ask, permission: str) -> None:
    for shape in SHAPES:
        history = connected(github_api)
        for path in (
            f"compare/{A}...{B}",
            f"git/commits/{A}",
            "pulls/12",
            f"commits/{A}",
            f"commits/{A}/pulls",
            "deployments",
        ):
            github_api.json(f"{REPO}/{path}", shape)
        assert re.search("shape|another host|did not find|^$", refusal(ask, history)), shape
        history.close()


def test_the_token_goes_to_no_other_host(github_api: Api, history: GitHubHistory) -> None:
    with serving() as other:
        other.pages("/next", [commit(2)])
        for link in (f"{other.address}/next", "https://api.github.com.evil.invalid/x", "file:///etc/passwd"):
            headers = {"Link": f'<{link}>; rel="next"'}
            github_api.json(f"{REPO}/commits/{A}/pulls", [pull(github_api)], headers=headers)
            with pytest.raises(Unreadable):
                history.pull_requests_of(A)
        assert other.requests == []


def test_a_page_that_names_itself_as_the_next_one_ends(github_api: Api, history: GitHubHistory) -> None:
    link = f'<{github_api.url}{REPO}/commits/{A}/pulls>; rel="next"'
    github_api.json(f"{REPO}/commits/{A}/pulls", [pull(github_api)], headers={"Link": link})
    with pytest.raises(Unreadable, match="more than 500 requests"):
        history.pull_requests_of(A)


def test_a_server_that_is_not_there_is_said(github_api: Api) -> None:
    run = Run(CI.GITHUB, "octo/hello", "1", "", A, 1, "", api_url="http://127.0.0.1:1")
    history = GitHubHistory(run, "t0ken", ca_bundle="", deadline=Deadline(20))
    with pytest.raises(Unreadable, match="the connection failed"):
        history.pull_request(1)
    history.close()


def test_nothing_is_asked_after_the_deadline(github_api: Api) -> None:
    history = connected(github_api, seconds=0)
    with pytest.raises(Unreadable, match="no answer before the deadline"):
        history.pull_request(12)
    history.close()
    assert github_api.requests == []


def test_a_server_that_never_answers_is_left_at_the_deadline(github_api: Api) -> None:
    enough = threading.Event()

    def hang(_: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        enough.wait(60)
        return 200, {}, b"{}"

    github_api.routes[f"{REPO}/pulls/12"] = hang
    history = connected(github_api, seconds=0.3)
    with pytest.raises(Unreadable, match="no answer before the deadline"):
        history.pull_request(12)
    enough.set()
    history.close()


def test_an_answer_without_end_is_not_kept(github_api: Api, history: GitHubHistory) -> None:
    github_api.raw(f"{REPO}/pulls/12", b" " * (33 * 1024 * 1024))
    with pytest.raises(Unreadable, match="larger than 32 MB"):
        history.pull_request(12)


def test_the_files_of_a_commit_from_all_pages_with_former_names(github_api: Api, history: GitHubHistory) -> None:
    files: list[dict[str, Any]] = [{"filename": f"a/{number}"} for number in range(149)]
    files.append({"filename": "new", "previous_filename": "old", "status": "renamed"})
    github_api.pages(f"{REPO}/commits/{A}", files, lambda page: {"sha": A, "files": page})
    assert history.files_of(A) == Touched((*(f"a/{number}" for number in range(149)), "new", "old"))
    assert len(github_api.requests) == 2


def test_a_list_of_files_that_github_cuts_is_incomplete(github_api: Api, history: GitHubHistory) -> None:
    github_api.pages(
        f"{REPO}/commits/{A}", [{"filename": str(number)} for number in range(3000)], lambda page: {"files": page}
    )
    found = history.files_of(A)
    assert (len(found.files), found.complete) == (3000, False)
