"""GitLab's REST API, asked over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ci.servers import Api
from jira_ci.ci.api import Commits, Touched, Unreadable
from jira_ci.ci.gitlab_api import GitLabHistory
from jira_ci.run import CI, PullRequest, Run
from jira_ci.timing import Deadline

A, B = "a" * 40, "b" * 40
PROJECT = "/projects/42"
PATHS = ("repository/commits", f"repository/commits/{A}", f"repository/commits/{A}/merge_requests", "merge_requests/12",
         "merge_requests/12/commits", "deployments", f"repository/commits/{A}/diff")  # fmt: skip
Ask = Callable[[GitLabHistory], Any]
ASKED: list[Ask] = [
    lambda history: history.compare(A, B),
    lambda history: history.commit_message(A),
    lambda history: history.pull_request(12),
    lambda history: history.pull_request_commits(12),
    lambda history: history.pull_requests_of(A),
    lambda history: history.last_deployment("eu/live"),
    lambda history: history.files_of(A),
]


def connected(api: Api, job_token: str = "") -> GitLabHistory:
    run = Run(CI.GITLAB, "acme/web", "42", "", A, 1, "", run_id="9001", api_url=api.url)
    token = "" if job_token else "t0ken"
    return GitLabHistory(run, token, job_token=job_token, ca_bundle="", deadline=Deadline(20))


@pytest.fixture
def history(gitlab_api: Api) -> Iterator[GitLabHistory]:
    history = connected(gitlab_api)
    yield history
    history.close()


def commit(number: int) -> dict[str, Any]:
    return {"id": f"{number:040x}", "message": f"WEB-{number}", "title": "…"}


MERGE_REQUEST = {
    "iid": 12,
    "title": "WEB-1: login",
    "source_branch": "feature/web-2",
    "web_url": "https://gitlab.example/acme/web/-/merge_requests/12",
    "sha": B,
    "diff_refs": {"base_sha": A},
}


def test_a_range_reads_all_pages(gitlab_api: Api, history: GitLabHistory) -> None:
    gitlab_api.pages(f"{PROJECT}/repository/commits", [commit(number) for number in range(230)])
    found = history.compare(A, B)
    assert (len(found.found), found.found[0], found.complete) == (230, (f"{0:040x}", "WEB-0"), True)
    assert len(gitlab_api.requests) == 3
    assert f"ref_name={A}..{B}" in gitlab_api.requests[0][0]
    assert {headers["PRIVATE-TOKEN"] for _, headers in gitlab_api.requests} == {"t0ken"}


def test_merge_requests_and_commits(gitlab_api: Api, history: GitLabHistory) -> None:
    gitlab_api.json(f"{PROJECT}/merge_requests/12", MERGE_REQUEST)
    gitlab_api.pages(f"{PROJECT}/merge_requests/12/commits", [commit(number) for number in range(130)])
    gitlab_api.pages(f"{PROJECT}/repository/commits/{A}/merge_requests", [MERGE_REQUEST] * 120)
    gitlab_api.json(f"{PROJECT}/repository/commits/{A}", {"id": A, "message": "WEB-5"})
    url = "https://gitlab.example/acme/web/-/merge_requests/12"
    assert history.pull_request(12) == PullRequest(12, "WEB-1: login", "feature/web-2", url, A, B)
    assert len(history.pull_request_commits(12).found) == 130
    assert len(history.pull_requests_of(A)) == 120
    assert history.commit_message(A) == "WEB-5"
    assert len(gitlab_api.requests) == 6


@pytest.mark.parametrize(
    ("rows", "expected", "asked"),
    [
        ([(A, 1)], A, 1),
        ([(A, 9001), (B, 90010)], B, 1),
        ([(A, 9001)] * 45 + [(B, 2)], B, 3),
        ([(A, None)], A, 1),
        ([], "", 1),
    ],
)
def test_the_last_successful_deployment_of_another_pipeline(
    gitlab_api: Api, history: GitLabHistory, rows: list[tuple[str, int | None]], expected: str, asked: int
) -> None:
    listed = [
        {"sha": sha, "deployable": {"pipeline": {"id": pipeline}} if pipeline else None} for sha, pipeline in rows
    ]
    gitlab_api.pages(f"{PROJECT}/deployments", listed)
    assert history.last_deployment("eu/live") == expected
    assert len(gitlab_api.requests) == asked
    assert "environment=eu%2Flive" in gitlab_api.requests[0][0]
    assert "status=success" in gitlab_api.requests[0][0]
    assert "sort=desc" in gitlab_api.requests[0][0]


def test_a_job_token_is_used_where_it_may_be_and_nowhere_else(gitlab_api: Api) -> None:
    history = connected(gitlab_api, job_token="job-t0ken")
    gitlab_api.pages(f"{PROJECT}/deployments", [{"sha": A}])
    assert history.last_deployment("prod") == A
    assert gitlab_api.requests[0][1]["JOB-TOKEN"] == "job-t0ken"
    for ask in (ASKED[0], ASKED[3], ASKED[6]):
        with pytest.raises(Unreadable, match="CI_JOB_TOKEN may not read it; set gitlab-token"):
            ask(history)
    assert len(gitlab_api.requests) == 1
    history.close()


@pytest.mark.parametrize("ask", ASKED)
def test_every_refusal_is_one_sentence_after_one_request(gitlab_api: Api, ask: Ask) -> None:
    rows: list[tuple[int, dict[str, str], bytes, str]] = [
        (401, {}, b'{"message": "401 Unauthorized"}', "wrong or expired; it needs the scope read_api"),
        (403, {}, b'{"error": "insufficient_scope"}', "give the token the scope read_api"),
        (404, {}, b'{"message": "404 Not found"}', "did not find"),
        (429, {"Retry-After": "60"}, b"Retry later", "rate limit"),
        (503, {}, b"<html>GitLab is not responding</html>", "trouble of its own"),
        (302, {"Location": "/users/sign_in"}, b"", "points to another address"),
        (200, {}, b"<html>Sign in</html>", "not the JSON of an API"),
    ]
    for status, headers, body, said in rows:
        history = connected(gitlab_api)
        gitlab_api.requests.clear()
        for path in PATHS:
            gitlab_api.raw(f"{PROJECT}/{path}", body, status, headers)
        with pytest.raises(Unreadable) as caught:
            ask(history)
        history.close()
        assert said in str(caught.value)
        assert caught.value.missing == (status == 404)
        assert len(gitlab_api.requests) == 1


def refusal(ask: Ask, history: GitLabHistory) -> str:
    """Why there is no answer, or nothing when there is one of the promised kind."""
    try:
        answer = ask(history)
    except Unreadable as error:
        return str(error)
    assert isinstance(answer, (Commits, Touched, list, str, PullRequest))
    return ""


@pytest.mark.parametrize("ask", ASKED)
def test_no_shape_of_an_answer_is_a_traceback(gitlab_api: Api, ask: Ask) -> None:
    shapes: list[Any] = [{}, [], [[]], [1], ["x"], [None], {"a": {}}, [{"id": []}], {"iid": "x"}, {"message": 5}]
    for shape in shapes:
        history = connected(gitlab_api)
        for path in PATHS:
            gitlab_api.json(f"{PROJECT}/{path}", shape)
        assert refusal(ask, history).rpartition(": ")[2] in ("", "the answer is not of the documented shape."), shape
        history.close()


def test_links_of_another_host_are_asked_here(gitlab_api: Api, history: GitLabHistory) -> None:
    path = f"{PROJECT}/repository/commits/{A}/merge_requests"
    link = {"Link": f'<https://outside.example/gitlab/api/v4{path}?page=2>; rel="next"'}
    gitlab_api.json(path, [MERGE_REQUEST], headers=link)
    with pytest.raises(Unreadable, match="more than 500 requests"):
        history.pull_requests_of(A)
    assert len(gitlab_api.requests) == 500


def test_the_files_of_a_commit_from_all_pages_with_former_names(gitlab_api: Api, history: GitLabHistory) -> None:
    files = [{"new_path": f"a/{number}", "old_path": f"a/{number}"} for number in range(149)]
    gitlab_api.pages(f"{PROJECT}/repository/commits/{A}/diff", [*files, {"new_path": "new", "old_path": "old"}])
    assert history.files_of(A) == Touched((*(f"a/{number}" for number in range(149)), "new", "old"))
    assert len(gitlab_api.requests) == 2


def test_a_list_of_files_that_gitlab_cuts_is_incomplete(gitlab_api: Api, history: GitLabHistory) -> None:
    files = [{"new_path": str(number), "old_path": str(number)} for number in range(1000)]
    gitlab_api.pages(f"{PROJECT}/repository/commits/{A}/diff", files)
    found = history.files_of(A)
    assert (len(found.files), found.complete) == (1000, False)
