"""TeamCity's variables and property files -> Run."""

from __future__ import annotations

from pathlib import Path

import pytest

from jira_ci.ci import teamcity_env
from jira_ci.ci.detect import read_bytes
from jira_ci.run import CI, PullRequest, Run

HEAD = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
BUILD = {
    "TEAMCITY_VERSION": "2026.1 (build 1)",
    "TEAMCITY_PROJECT_NAME": "Shop",
    "TEAMCITY_BUILDCONF_NAME": "Deploy it",
    "BUILD_NUMBER": "1.4.77",
    "BUILD_VCS_NUMBER": HEAD,
}
PARAMETERS = {
    "teamcity.build.branch": "refs/heads/feature/web-7",
    "teamcity.build.id": "4711",
    "teamcity.build.triggeredBy.username": "ada",
    "teamcity.buildType.id": "Shop_Deploy",
    "teamcity.serverUrl": "https\\://tc.example",
    "vcsroot.url": "https\\://git.example/acme/shop.git",
}


def read(folder: Path, *, said: dict[str, str] | None = None, **changed: str) -> Run:
    """The build with both files, as TeamCity writes them."""
    own, others = folder / "build properties", folder / "configuration"
    others.write_text("".join(f"{name}={value}\n" for name, value in {**PARAMETERS, **(said or {})}.items()), "latin-1")
    own.write_text(f"#comment\nteamcity.configuration.properties.file={str(others).replace(chr(92), chr(92) * 2)}\n")
    return teamcity_env.read({**BUILD, "TEAMCITY_BUILD_PROPERTIES_FILE": str(own), **changed}, read_bytes)


def test_a_build_is_read_completely(tmp_path: Path) -> None:
    assert read(tmp_path) == Run(
        provider=CI.TEAMCITY,
        repository="acme/shop",
        repository_id="git.example/acme/shop",
        repository_url="https://git.example/acme/shop",
        commit=HEAD,
        number=4711,
        url="https://tc.example/viewLog.html?buildId=4711",
        run_id="4711",
        workflow="Shop_Deploy",
        workflow_name="Shop / Deploy it",
        event="build",
        branch="feature/web-7",
        actor="ada",
    )


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("<default>", ("", "")),
        ("main", ("main", "")),
        ("refs/tags/v1.2", ("", "v1.2")),
        ("%teamcity.build.branch%", ("", "")),
    ],
)
def test_branches_and_tags(tmp_path: Path, branch: str, expected: tuple[str, str]) -> None:
    run = read(tmp_path, said={"teamcity.build.branch": branch})
    assert (run.branch, run.tag) == expected


def test_a_pull_request_is_what_the_build_feature_says(tmp_path: Path) -> None:
    said = {
        "teamcity.build.branch": "pull/5",
        "teamcity.pullRequest.number": "5",
        "teamcity.pullRequest.title": "WEB-9 Pay\\: by \\u20ac",
        "teamcity.pullRequest.source.branch": "refs/heads/topic",
        "teamcity.pullRequest.target.branch": "main",
    }
    run = read(tmp_path, said=said)
    assert (run.pull_request, run.branch) == (PullRequest(5, "WEB-9 Pay: by €", "topic"), "topic")


@pytest.mark.parametrize("branch", ["pull/5", "refs/pull/5/head", "merge-requests/5", "refs/pull-requests/5/from"])
def test_without_it_the_branch_has_the_number(tmp_path: Path, branch: str) -> None:
    said = {"teamcity.build.branch": branch, "teamcity.pullRequest.number": "%teamcity.pullRequest.number%"}
    run = read(tmp_path, said=said)
    assert (run.pull_request, run.branch) == (PullRequest(5, "", ""), "")


@pytest.mark.parametrize(("text", "number"), [("77", 77), ("1.4.77", 0), ("#77", 0), ("", 0)])
def test_without_the_files_only_a_whole_number_is_one(tmp_path: Path, text: str, number: int) -> None:
    environ = {**BUILD, "BUILD_NUMBER": text, "TEAMCITY_BUILD_PROPERTIES_FILE": str(tmp_path / "gone")}
    run = teamcity_env.read(environ, read_bytes)
    assert (run.number, run.workflow, run.repository) == (number, "Shop / Deploy it", "")
