"""Which CI runs us, and event files that are not as they should be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.repositories import Repository
from jira_ci.ci import detect
from jira_ci.ci.detect import read_run
from jira_ci.errors import UsageError

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "octo/hello",
    "GITHUB_RUN_ID": "1",
    "GITHUB_RUN_NUMBER": "1",
    "GITHUB_SHA": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_EVENT_PATH": "/nonexistent/event.json",
}


def test_each_ci_is_recognised(repository: Repository, gitlab_environ: Callable[[str], dict[str, str]]) -> None:
    repository.commit("one")
    of_drone = {"DRONE": "true", "DRONE_BUILD_NUMBER": "43"}
    rows = [
        (GITHUB, "github"),
        (gitlab_environ("push"), "gitlab"),
        (of_drone, "drone"),
        ({**of_drone, "HARNESS_PIPELINE_ID": "web"}, "harness"),
        ({**of_drone, **GITHUB}, "github"),
        ({"TF_BUILD": "True", "BUILD_BUILDID": "812"}, "azure"),
        ({"BITBUCKET_BUILD_NUMBER": "41"}, "bitbucket"),
        ({"CIRCLECI": "true", "CIRCLE_BUILD_NUM": "907"}, "circleci"),
        ({"BUILDKITE": "true", "BUILDKITE_BUILD_NUMBER": "55"}, "buildkite"),
        ({"TEAMCITY_VERSION": "2026.1", "BUILD_NUMBER": "7"}, "teamcity"),
        ({"JENKINS_URL": "https://ci.example/", "BUILD_NUMBER": "12"}, "jenkins"),
        ({"BUILD_TAG": "jenkins-shop-12", "BUILD_NUMBER": "12"}, "jenkins"),
        ({"JENKINS_HOME": "/var/lib/jenkins", "CIRCLECI": "true", "CIRCLE_BUILD_NUM": "9"}, "circleci"),
        ({"JENKINS_HOME": "/var/lib/jenkins"}, "local"),
        ({"CI": "true"}, "local"),
        ({}, "local"),
    ]
    for environ, provider in rows:
        assert read_run(environ, repository.git).provider == provider


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"TF_BUILD": "True"}, "Azure Pipelines, but BUILD_BUILDID is missing"),
        ({"TF_BUILD": "True", "BUILD_BUILDID": "20261128.3"}, "BUILD_BUILDID is no whole number"),
        ({"CIRCLECI": "true", "CIRCLE_BUILD_NUM": "<nil>"}, "CIRCLE_BUILD_NUM is no whole number"),
        ({"BUILDKITE": "true"}, "Buildkite, but BUILDKITE_BUILD_NUMBER is missing"),
        ({"BITBUCKET_BUILD_NUMBER": "x"}, "Bitbucket Pipelines, but BITBUCKET_BUILD_NUMBER is no"),
        ({"TEAMCITY_VERSION": "2026.1", "BUILD_NUMBER": "1.4.77"}, "TeamCity, but BUILD_NUMBER is no whole number"),
        ({"BUILD_TAG": "jenkins-shop-12"}, "Jenkins, but BUILD_NUMBER is missing"),
    ],
)
def test_a_number_is_never_guessed_and_may_be_given(repository: Repository, environ: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_run(environ, repository.git)
    assert read_run(environ, repository.git, number=7).number == 7


def test_a_given_number_counts_everywhere(repository: Repository) -> None:
    repository.commit("one")
    assert [read_run(environ, repository.git, number=7).number for environ in ({}, GITHUB)] == [7, 7]


@pytest.mark.parametrize(
    "environ",
    [
        {"TF_BUILD": "True", "BUILD_BUILDID": "812"},
        {"CIRCLECI": "true", "CIRCLE_BUILD_NUM": "907"},
        {"BUILDKITE": "true", "BUILDKITE_BUILD_NUMBER": "55", "BUILDKITE_COMMIT": "HEAD"},
        {"TEAMCITY_VERSION": "2026.1", "BUILD_NUMBER": "7"},
        {"JENKINS_URL": "https://ci.example/", "BUILD_NUMBER": "12"},
    ],
)
def test_what_a_ci_does_not_say_the_checkout_does(repository: Repository, environ: dict[str, str]) -> None:
    repository.commit("one")
    repository.run("remote", "add", "origin", "https://git.example/acme/shop.git")
    run = read_run(environ, repository.git)
    assert (run.repository, run.repository_id) == ("acme/shop", "git.example/acme/shop")
    assert (run.commit, run.branch) == (repository.git.head(), "main")


def test_the_event_file_is_read(repository: Repository, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"head_commit": {"message": "WEB-1"}}).encode())
    run = read_run({**GITHUB, "GITHUB_EVENT_PATH": str(file)}, repository.git)
    assert (run.messages, run.gaps) == (("WEB-1",), ())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[1, 2]", "does not hold a JSON object"),
        (b"\xff\xfe{\x00}\x00", "is not JSON"),
        (b" " * (detect._LARGEST + 1), "is larger than 32 MB"),
    ],
)
def test_an_event_file_that_cannot_be_meant_is_said(repository: Repository, content: bytes, said: str) -> None:
    run = read_run(GITHUB, repository.git, lambda _, limit: content[:limit])
    assert len(run.gaps) == 1
    assert said in run.gaps[0]
    assert run.commit == GITHUB["GITHUB_SHA"]


def test_an_event_file_that_cannot_be_read_is_said(repository: Repository, tmp_path: Path) -> None:
    paths = ["/nonexistent/event.json", str(tmp_path), "bad\0path", ""]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        paths.append(str(tmp_path / "pipe"))
    for path in paths:
        run = read_run({**GITHUB, "GITHUB_EVENT_PATH": path}, repository.git)
        assert len(run.gaps) == 1, path
