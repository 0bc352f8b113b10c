"""The setting pull-request-comment, from the job's variables to what people read on the pull or merge request."""

from __future__ import annotations

import base64
import html
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scenes
from conversations import Conversation, serving
from jira_ci.report.comment_state import MARK, read
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox
from scenes import NOW, Job

PATH = os.environ["PATH"]
COMMENT = ("--pull-request-comment",)
DEPLOYED = (*COMMENT, "--environment", "Prod-EU", "--version", "1.4.0", "--state", "success")


@pytest.fixture
def hub() -> Iterator[Conversation]:
    with serving(Conversation("github", "/api/v3", user_status=403)) as talk:
        yield talk


@pytest.fixture
def lab() -> Iterator[Conversation]:
    with serving(Conversation("gitlab")) as talk:
        yield talk


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox, hub: Conversation) -> Job:
    """A pull request's job on GitHub."""
    made = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    made.environ |= scenes.reach(sandbox) | {"GITHUB_API_URL": hub.url, "GITHUB_TOKEN": "t0ken"}
    return made


@pytest.fixture
def merged(tmp_path: Path, sandbox: Sandbox, hub: Conversation) -> Job:
    """A deployment's job on the default branch, after two pull requests came in."""
    made = scenes.github(tmp_path / "main", PATH, {"repository": {"id": 77, "default_branch": "main"}})
    head = made.commit("Pay by card (#5)")
    made.environ |= scenes.reach(sandbox)
    made.environ |= {"GITHUB_SHA": head, "GITHUB_API_URL": hub.url, "GITHUB_TOKEN": "t0ken"}
    hub.more[f"/repos/acme/shop/commits/{head}/pulls"] = [pull(5, "WEB-12 Pay by card"), pull(6, "No issue", "web-13")]
    return made


def pull(number: int, title: str, branch: str = "topic", home: str = "acme/shop") -> dict[str, Any]:
    ends = {"head": {"ref": branch, "sha": "1" * 40}, "base": {"ref": "main", "sha": "2" * 40}}
    return {"number": number, "title": title, "html_url": f"https://github.com/{home}/pull/{number}", **ends}


def lines(body: str) -> list[str]:
    """The rows of the tables, as people read them."""
    plain = html.unescape(body).replace("\u200b", "").replace("<code>", "").replace("</code>", "")
    rows = [line for line in plain.splitlines() if line.startswith("| ") and "---" not in line]
    return [row for row in rows if not row.startswith(("| Issue", "| Environment"))]


def test_a_pull_request_says_what_it_touches_and_where_it_is(job: Job, hub: Conversation, sandbox: Sandbox) -> None:
    ended = job.jira_ci("report", *DEPLOYED, "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.json["pull-request-comment"] == "https://github.com/acme/shop/pull/5#issuecomment-101"
    [body] = hub.bodies()
    assert lines(body) == [
        f"| [WEB-12]({sandbox.address}/browse/WEB-12) |",
        "| Prod-EU | production | ✅ successful | 1.4.0 | 2026-11-18 11:06 UTC |"
        " [run #41](https://github.com/acme/shop/actions/runs/9001) |",
    ]


def test_builds_and_deployments_share_one_comment(job: Job, hub: Conversation) -> None:
    job.jira_ci("build", *COMMENT, "--state", "success")
    for name, state in (("qa", "success"), ("Prod", "in_progress"), ("Prod", "failure")):
        job.jira_ci("deployment", *COMMENT, "--environment", name, "--state", state, "--version", "2")
    [body] = hub.bodies()
    assert [row.split(" | ")[:3] for row in lines(body)[1:]] == [
        ["| Prod", "production", "❌ failed"],
        ["| qa", "testing", "✅ successful"],
    ]


def test_the_same_again_sends_nothing(job: Job, hub: Conversation) -> None:
    job.jira_ci("report", *DEPLOYED)
    job.jira_ci("build", *COMMENT, "--state", "success", now=NOW + 60)
    hub.requests.clear()
    job.jira_ci("report", *DEPLOYED)
    job.jira_ci("build", *COMMENT, "--state", "failure", now=NOW + 600)
    assert hub.writes == []


def test_an_older_run_changes_nothing(job: Job, hub: Conversation) -> None:
    job.jira_ci("report", *DEPLOYED, "--version", "2", GITHUB_RUN_NUMBER="42", GITHUB_RUN_ID="9002")
    before = hub.bodies()
    job.jira_ci("report", *DEPLOYED, "--version", "1", now=NOW + 60)
    assert hub.bodies() == before


def test_it_is_off_unless_it_is_asked_for(job: Job, hub: Conversation) -> None:
    ended = job.jira_ci("report", "--environment", "Prod", "--state", "success", "--format", "json")
    assert ended.json["pull-request-comment"] == ""
    assert [request for request in hub.requests if "comments" in request] == []


def test_a_deployment_after_the_merge_tells_the_pull_requests_it_brought(merged: Job, hub: Conversation) -> None:
    ended = merged.jira_ci("report", *DEPLOYED, "--issue-keys", "OPS-7", "--format", "json")
    assert ended.json["pull-request-comment"] == "https://github.com/acme/shop/pull/6#issuecomment-101"
    assert lines(hub.bodies(5)[0])[0].startswith("| [WEB-12]")
    assert lines(hub.bodies(6)[0])[0].startswith("| [WEB-13]")
    for number in (5, 6):
        assert "Prod-EU | production | ✅ successful | 1.4.0 |" in lines(hub.bodies(number)[0])[1]
        assert "OPS" not in html.unescape(hub.bodies(number)[0])


def test_the_issues_that_the_pull_requests_own_run_found_stay(job: Job, merged: Job, hub: Conversation) -> None:
    job.jira_ci("build", *COMMENT, "--state", "success", "--issue-keys", "OPS-7")
    more = ("--issue-keys", "WEB-1")  # of another pull request that is deployed with it
    merged.jira_ci("report", *DEPLOYED, *more, GITHUB_RUN_NUMBER="42", GITHUB_RUN_ID="9002")
    [body] = hub.bodies(5)
    assert [row.partition("]")[0] for row in lines(body)] == [
        "| [OPS-7",
        "| [WEB-12",
        "| Prod-EU | production | ✅ successful | 1.4.0 | 2026-11-18 11:06 UTC | [run #42",
    ]


def test_the_commits_of_a_merged_pull_request_name_issues_too(merged: Job, hub: Conversation) -> None:
    home = "/repos/acme/shop/pulls/6"
    hub.more[home] = {**pull(6, "x"), "commits": 1, "url": hub.url + home}
    hub.more[f"{home}/commits"] = [{"sha": "1" * 40, "commit": {"message": "OPS-9 Faster"}}]
    merged.jira_ci("report", *DEPLOYED, "--issue-keys", "OPS-7")
    assert [row.partition("]")[0] for row in lines(hub.bodies(6)[0])][:2] == ["| [WEB-13", "| [OPS-9"]


def test_no_more_than_five_are_told_and_none_of_another_repository(merged: Job, hub: Conversation) -> None:
    path = f"/repos/acme/shop/commits/{merged.environ['GITHUB_SHA']}/pulls"
    hub.more[path] = [*(pull(number, "WEB-12") for number in range(1, 9)), pull(99, "WEB-12", home="upstream/shop")]
    merged.jira_ci("report", *DEPLOYED, "--issue-keys", "WEB-12")
    assert sorted(one["on"] for one in hub.comments) == [4, 5, 6, 7, 8]


def test_where_one_cannot_be_told_the_others_are(merged: Job, hub: Conversation) -> None:
    hub.refused["POST /repos/acme/shop/issues/6/comments"] = 403, {}
    ended = merged.jira_ci("report", *DEPLOYED, "--issue-keys", "WEB-12", "--format", "json")
    assert ended.code == 0
    assert ended.json["pull-request-comment"].startswith("https://github.com/acme/shop/pull/5#")
    assert "did not take a comment on pull request #6 (403)" in ended.err


def test_a_build_of_a_branch_tells_nobody(merged: Job, hub: Conversation) -> None:
    merged.jira_ci("build", *COMMENT, "--state", "success", "--issue-keys", "WEB-12")
    assert hub.comments == []


@pytest.fixture
def merge_request(tmp_path: Path, sandbox: Sandbox, lab: Conversation) -> Job:
    made = scenes.gitlab(tmp_path, PATH)
    made.environ |= scenes.reach(sandbox) | {"CI_API_V4_URL": lab.url, "JIRA_CI_GITLAB_TOKEN": "glpat"}
    made.environ |= {
        "CI_MERGE_REQUEST_IID": "5",
        "CI_MERGE_REQUEST_TITLE": "WEB-12 Pay by card",
        "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.com/acme/shop",
        "CI_COMMIT_REF_PROTECTED": "false",
    }
    return made


def test_a_merge_request(merge_request: Job, lab: Conversation) -> None:
    for _ in range(2):
        ended = merge_request.jira_ci("report", *DEPLOYED, "--format", "json")
    assert ended.json["pull-request-comment"] == "https://gitlab.com/acme/shop/-/merge_requests/5#note_101"
    [body] = lab.bodies()
    assert lines(body)[1].endswith("[run #12](https://gitlab.com/acme/shop/-/pipelines/5001) |")


def test_the_merge_requests_of_a_deployed_commit(tmp_path: Path, sandbox: Sandbox, lab: Conversation) -> None:
    made = scenes.gitlab(tmp_path, PATH)
    made.environ |= scenes.reach(sandbox) | {"CI_API_V4_URL": lab.url, "JIRA_CI_GITLAB_TOKEN": "glpat"}
    web = "https://gitlab.com/acme/shop/-/merge_requests/9"
    path = f"/projects/88/repository/commits/{made.environ['CI_COMMIT_SHA']}/merge_requests"
    lab.more[path] = [{"iid": 9, "title": "WEB-12", "source_branch": "web-13", "web_url": web}]
    made.jira_ci("report", *DEPLOYED)
    [body] = lab.bodies(9)
    assert [row.partition("]")[0] for row in lines(body)][:2] == ["| [WEB-12", "| [WEB-13"]


def test_a_job_token_writes_no_comments_which_is_said(merge_request: Job, lab: Conversation) -> None:
    del merge_request.environ["JIRA_CI_GITLAB_TOKEN"]
    ended = merge_request.jira_ci("report", *DEPLOYED, CI_JOB_TOKEN="job-token")
    assert "The merge request is not commented: gitlab-token is not set, and CI_JOB_TOKEN may not" in ended.out
    assert [request for request in lab.requests if "notes" in request] == []


@pytest.mark.parametrize(
    ("head", "environ", "said"),
    [
        ({"id": 99}, {}, "a fork's pull request may not write"),
        ({"id": 77}, {"GITHUB_TOKEN": ""}, "github-token is not set"),
        ({"id": 77}, {"GITHUB_ACTOR": "dependabot[bot]"}, "Dependabot's runs may not write"),
    ],
)
def test_who_may_not_write_says_so_in_one_quiet_line(
    head: dict[str, Any], environ: dict[str, str], said: str, tmp_path: Path, sandbox: Sandbox, hub: Conversation
) -> None:
    event = scenes.pull_request("WEB-12", head_repo=head)
    job = scenes.github(tmp_path, PATH, event, "pull_request")
    job.environ |= scenes.reach(sandbox) | {"GITHUB_API_URL": hub.url, "GITHUB_TOKEN": "t0ken", **environ}
    if not job.environ["GITHUB_TOKEN"]:
        del job.environ["GITHUB_TOKEN"]
    hub.refused["POST"] = 403, {}
    ended = job.jira_ci("report", *DEPLOYED)
    assert ended.code == 0
    [line] = [line for line in ended.out.splitlines() if "commented" in line]
    assert line.startswith("The pull request is not commented: ")
    assert said in line
    assert hub.comments == []


@pytest.mark.parametrize("on_error", ["warn", "fail"])
def test_a_missing_permission_is_a_warning_and_nothing_else(on_error: str, job: Job, hub: Conversation) -> None:
    hub.refused["POST"] = 403, {}
    ended = job.jira_ci("report", *DEPLOYED, "--on-error", on_error)
    assert ended.code == 0
    [warning] = [line for line in ended.out.splitlines() if "commented" in line]
    assert warning.startswith("::warning ")
    assert "The pull request was not commented:" in warning
    assert "give the token `permissions: pull-requests: write`" in warning
    assert "A conversation that is locked takes no comments either." in warning
    assert "Jira accepted 1 of 1." in ended.out


def test_a_provider_that_hangs_costs_a_part_of_the_time_and_no_report(job: Job, hub: Conversation) -> None:
    done = threading.Event()

    def hang() -> None:
        done.wait(20)

    hub.meanwhile["POST"] = hang
    ended = job.jira_ci("report", *DEPLOYED, "--timeout", "4s")
    done.set()
    assert ended.code == 0
    assert "Jira accepted 1 of 1." in ended.out
    assert "could not be asked for a comment on pull request #5: no answer before the deadline" in ended.out


def test_jira_is_told_first_and_what_it_answers_changes_nothing(job: Job, hub: Conversation, sandbox: Sandbox) -> None:
    def fails(request: Request) -> Answer | None:
        assert hub.writes == []
        return json_answer(400, {}) if request.path.endswith("/bulk") else None

    sandbox.before = fails
    ended = job.jira_ci("report", *DEPLOYED)
    assert "Not reported" in ended.out
    assert len(hub.comments) == 1


def test_a_dry_run_shows_the_comment_and_asks_nobody(job: Job, hub: Conversation) -> None:
    del job.environ["GITHUB_TOKEN"]
    ended = job.jira_ci("report", *DEPLOYED, "--dry-run", "--format", "json")
    assert ended.json["pull-request-comment"] == ""
    assert "Dry run, would be written on the pull request 5:" in ended.err
    assert "| Prod&#45;EU | production | ✅ successful |" in ended.err
    assert hub.requests == []


def test_nothing_in_it_is_a_secret(job: Job, hub: Conversation) -> None:
    secret = job.environ["JIRA_CI_CLIENT_SECRET"]
    job.jira_ci("report", *DEPLOYED, "--version", f"v {secret}", "--environment", f"Prod {secret}")
    [body] = hub.bodies()
    hidden = base64.b64decode(body.rpartition(MARK)[2].split()[0]).decode()
    assert secret not in html.unescape(body) + hidden
    assert "v ***" in json.loads(hidden)["places"][0]


def test_deploy_says_it_too(job: Job, hub: Conversation) -> None:
    hub.more["/repos/acme/shop"] = {"default_branch": "main"}
    hub.more["/repos/acme/shop/git/ref/heads/main"] = {"object": {"sha": "2" * 40}}
    hub.more[f"/repos/acme/shop/git/trees/{'2' * 40}"] = {"tree": [], "truncated": False}
    options = (*COMMENT, "--environment", "Dev", "--version", "3")
    ended = job.jira_ci("deploy", *options, "--", sys.executable, "-c", "")
    assert ended.code == 0, ended.err
    [body] = hub.bodies()
    assert "| Dev | development | ✅ successful | 3 |" in lines(body)[1]
    assert [place.state for place in read(body, NOW + 9).places] == ["successful"]
    assert [request.split()[0] for request in hub.writes] == ["POST", "PATCH"]
