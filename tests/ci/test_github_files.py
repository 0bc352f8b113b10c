"""A file of another repository, and the job of a token, asked of servers that answer as GitHub and GitLab do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from ci.servers import Api, serving
from jira_ci.ci.api import Unreadable
from jira_ci.ci.detect import connect_files, connect_job
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline

COMMIT, OTHER = "c" * 40, "d" * 40
DATA = b"change-control: {enabled: true}\n"
BLOB = hashlib.sha1(b"blob %d\0%s" % (len(DATA), DATA)).hexdigest()  # noqa: S324 - git's own
HUB, LAB = "/repos/acme/policies", "/projects/acme%2Fpolicies"


def run_of(provider: str, api_url: str) -> Run:
    return Run(CI(provider), "acme/shop", "1", "", OTHER, 1, "", branch="main", api_url=api_url)


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as found:
        yield found


def ask(api: Api, provider: str, ref: str = "main", path: str = "gate/jira ci.yml", **tokens: str) -> tuple[str, bytes]:
    given: dict[str, Any] = {"github_token": "", "gitlab_token": "", "job_token": "", **tokens}
    run = run_of(provider, api.url + "/api/v4" * (provider == "gitlab"))
    files = connect_files(run, "acme/policies", **given, ca_bundle="", deadline=Deadline(20))
    assert files is not None
    try:
        return files.named_file(ref, path, 1000)
    finally:
        files.close()


def hub_file(**changed: Any) -> dict[str, Any]:
    content = base64.encodebytes(DATA).decode()
    return {
        "type": "file",
        "path": "gate/jira ci.yml",
        "sha": BLOB,
        "size": len(DATA),
        "encoding": "base64",
        "content": content,
        **changed,
    }


def lab_file(**changed: Any) -> dict[str, Any]:
    return {
        "file_path": "gate/jira ci.yml",
        "blob_id": BLOB,
        "commit_id": COMMIT,
        "size": len(DATA),
        "encoding": "base64",
        "content": base64.b64encode(DATA).decode(),
        **changed,
    }


def test_github_shows_it_in_two_requests(api: Api) -> None:
    api.json(f"{HUB}/commits/rel%2F1", {"sha": COMMIT})
    api.json(f"{HUB}/contents/gate/jira%20ci.yml", hub_file())
    assert ask(api, "github", "rel/1", github_token="t0ken") == (COMMIT, DATA)
    assert [path for path, _ in api.requests][-1].endswith(f"?ref={COMMIT}")
    assert len(api.requests) == 2
    assert ask(api, "github", COMMIT, github_token="t0ken") == (COMMIT, DATA)
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    ("tokens", "header"), [({"gitlab_token": "g"}, "PRIVATE-TOKEN"), ({"job_token": "j"}, "JOB-TOKEN")]
)
def test_gitlab_shows_it_in_one(api: Api, tokens: dict[str, str], header: str) -> None:
    api.json(f"/api/v4{LAB}/repository/files/gate%2Fjira%20ci%2Eyml", lab_file())
    api.json(f"/api/v4{LAB}/repository/files/gate%2Fjira%20ci.yml", lab_file())
    assert ask(api, "gitlab", **tokens) == (COMMIT, DATA)
    assert [headers.get(header) for _, headers in api.requests] == [next(iter(tokens.values()))]


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "symlink"},
        {"type": "dir"},
        {"path": "other.yml"},
        {"content": base64.b64encode(DATA.replace(b"true", b"fals")).decode()},
        {"size": 7},
        {"size": 1001},
        {"size": None},
        {"encoding": "none"},
        {"sha": "e" * 40},
        {"sha": None},
        {"content": None},
    ],
)
def test_github_saying_anything_else_is_no_policy(api: Api, changed: dict[str, Any]) -> None:
    api.json(f"{HUB}/commits/main", {"sha": COMMIT})
    api.json(f"{HUB}/contents/gate/jira%20ci.yml", hub_file(**changed))
    with pytest.raises(Unreadable):
        ask(api, "github", github_token="t0ken")


@pytest.mark.parametrize(
    "changed",
    [{"file_path": "x"}, {"blob_id": "e" * 40}, {"commit_id": ""}, {"size": 3}, {"size": 2000}, {"encoding": "text"}],
)
def test_gitlab_saying_anything_else_is_no_policy(api: Api, changed: dict[str, Any]) -> None:
    for name in ("gate%2Fjira%20ci%2Eyml", "gate%2Fjira%20ci.yml"):
        api.json(f"/api/v4{LAB}/repository/files/{name}", lab_file(**changed))
    with pytest.raises(Unreadable):
        ask(api, "gitlab", gitlab_token="g")


def test_gitlab_has_to_answer_about_the_very_commit(api: Api) -> None:
    for name in ("gate%2Fjira%20ci%2Eyml", "gate%2Fjira%20ci.yml"):
        api.json(f"/api/v4{LAB}/repository/files/{name}", lab_file())
    with pytest.raises(Unreadable):
        ask(api, "gitlab", OTHER, gitlab_token="g")


def test_a_file_that_is_not_there_is_unreadable_and_never_absent(api: Api) -> None:
    for provider, tokens in (("github", {"github_token": "t"}), ("gitlab", {"gitlab_token": "g"})):
        with pytest.raises(Unreadable, match="404"):
            ask(api, provider, **tokens)


def test_a_repository_that_was_renamed_is_not_followed(api: Api) -> None:
    api.raw(f"{HUB}/commits/main", b"{}", 301, {"Location": f"{api.url}/repositories/7/commits/main"})
    with pytest.raises(Unreadable, match="renamed or moved"):
        ask(api, "github", github_token="t0ken")


def test_without_a_token_or_a_provider_nobody_is_asked(api: Api) -> None:
    none: dict[str, Any] = {"github_token": "", "gitlab_token": "", "job_token": ""}
    for provider in ("github", "gitlab", "jenkins", "local"):
        run = run_of(provider, api.url)
        assert connect_files(run, "a/b", **none, ca_bundle="", deadline=Deadline(1)) is None


@pytest.mark.parametrize(
    ("answer", "commit"),
    [
        ({"pipeline": {"project_id": 1, "sha": COMMIT}}, COMMIT),
        ({"pipeline": {"project_id": 2, "sha": COMMIT}}, None),
        ({"pipeline": {"project_id": 1}}, None),
        ({}, None),
    ],
)
def test_the_job_of_a_token(api: Api, answer: dict[str, Any], commit: str | None) -> None:
    api.json("/api/v4/job", answer)
    job = connect_job(run_of("gitlab", f"{api.url}/api/v4"), "j", ca_bundle="", deadline=Deadline(20))
    assert job is not None
    if commit:
        assert job.job_commit() == commit
    else:
        with pytest.raises(Unreadable):
            job.job_commit()
    job.close()
