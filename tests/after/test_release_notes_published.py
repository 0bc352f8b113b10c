"""Release notes in a tag's release: between two marks, and nothing else of it is touched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from after_scenes import PRIVATE, Scene, scene
from jira_ci.after.release_notes import BEGIN, END, Note, bounded, markdown, templated, with_notes
from jira_sandbox.server import Sandbox
from pretend_ci import PretendCI, pretend_ci
from scenes import gitlab, reach

MAKING = '{notes: "{notes}", create-release: true}'
RULE = '{notes: "## What is in {version}\\n\\n{notes}", transition: Done}'
PUBLIC = {"repository": {**PRIVATE["repository"], "private": False, "visibility": "public"}}
TAG = "v1.4"


@pytest.fixture
def ci() -> Iterator[PretendCI]:
    with pretend_ci() as made:
        yield made


def at(ci: PretendCI) -> dict[str, str]:
    """A run of the tag, and where its provider is."""
    return {
        "GITHUB_REF": f"refs/tags/{TAG}",
        "GITHUB_REF_NAME": TAG,
        "GITHUB_REF_TYPE": "tag",
        "GITHUB_API_URL": f"{ci.address}/github",
        "GITHUB_TOKEN": "t0ken",
    }


@pytest.fixture
def here(sandbox: Sandbox, tmp_path: Path, ci: PretendCI) -> Scene:
    made = scene(sandbox, tmp_path, os.environ["PATH"])
    made.job.environ |= at(ci)
    made.file(RULE)
    return made


def written(ci: PretendCI) -> list[str]:
    return [one for one in ci.asked if one.startswith(("PATCH", "PUT"))]


def on_gitlab(sandbox: Sandbox, folder: Path, ci: PretendCI, rule: str) -> Scene:
    """A pipeline of the tag app/1.4, whose job token may write releases."""
    sandbox.site.desk.denied.clear()
    job = gitlab(folder, os.environ["PATH"])
    job.environ |= reach(sandbox)
    job.environ |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    job.environ |= {"CI_COMMIT_TAG": "app/1.4", "CI_API_V4_URL": f"{ci.address}/gitlab", "CI_JOB_TOKEN": "job"}
    job.environ["CI_PROJECT_VISIBILITY"] = "private"
    made = Scene(sandbox, job)
    made.file(rule)
    return made


def test_a_deployment_writes_its_notes_into_the_release_once(here: Scene, ci: PretendCI) -> None:
    ci.releases[TAG] = "Made by hand.\r\n\r\n* everything"
    first = here.deploy()
    assert first.code == 0, first.out
    text = ci.releases[TAG]
    assert text.startswith(f"Made by hand.\r\n\r\n* everything\n\n{BEGIN}\n\n## What is in 1&#46;4\n\n### ")
    assert "Sign in with a passkey" in text
    assert text.endswith(f"{END}\n")
    assert "Release notes written into the release v1.4." in first.out
    again = here.deploy()
    assert "Release notes stand already in the release v1.4." in again.out
    assert (ci.releases[TAG], len(written(ci))) == (text, 1)
    assert here.status("WEB-1") == "Done"


def test_by_hand_they_are_printed_and_published(here: Scene, ci: PretendCI) -> None:
    ci.releases[TAG] = ""
    ended = here.release("--notes", "--publish")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("## What is in 1&#46;4\n\n### ")
    assert ci.releases[TAG] == f"{BEGIN}\n\n{ended.out.strip()}\n\n{END}\n"
    assert here.status("WEB-1") != "Done"
    ci.releases[TAG] = ci.releases[TAG].replace("\n", "\r\n")  # somebody has edited it in a browser
    found = here.release("--notes", "--publish", "--format", "json").json
    assert found["release"] == {"tag": TAG, "made": False, "written": False, "error": ""}


REFUSED: dict[str, tuple[dict[str, str], tuple[int, Any] | None, dict[str, str], str]] = {
    "no release": ({}, None, {}, "has no published release: make one first"),
    "may not": ({TAG: ""}, (403, {"message": "Resource not accessible by integration"}), {}, "contents: write"),
    "in trouble": ({TAG: ""}, (502, {}), {}, "trouble"),
    "no token": ({TAG: ""}, None, {"GITHUB_TOKEN": ""}, "there is no token for releases here"),
    "full": ({TAG: "x" * 125_000}, None, {}, "no room left"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_keeps_them_out_is_said_and_fails_nothing(here: Scene, ci: PretendCI, name: str) -> None:
    ci.releases, ci.refuse, environ, said = REFUSED[name]
    before = dict(ci.releases)
    ended = here.deploy(**environ)
    assert ended.code == 0, ended.out
    assert said in ended.out
    assert here.status("WEB-1") == "Done"
    assert ci.releases == before


def test_it_fails_where_that_is_wanted(here: Scene) -> None:
    assert here.deploy("--on-error", "fail").code == 8
    assert here.release("--notes", "--publish", "--on-error", "fail").code == 8


def test_a_dry_run_writes_nothing(here: Scene, ci: PretendCI) -> None:
    ci.releases[TAG] = ""
    assert "be named in its release notes" in here.deploy("--dry-run").out
    assert "would get these notes" in here.release("--notes", "--publish", "--dry-run").err
    assert written(ci) == []


def test_a_run_of_no_tag_has_no_release(here: Scene) -> None:
    ended = here.deploy(GITHUB_REF="refs/heads/main", GITHUB_REF_NAME="main", GITHUB_REF_TYPE="branch")
    assert "the tag 1.4 has no published release" in ended.out, "the version may be one"
    here.job.environ |= {"GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch"}
    ended = here.job.jira_ci("release", "--environment", "Prod", "--issue-keys", "WEB-1", "--notes", "--publish")
    assert "No release notes in a release: this run is of no tag" in ended.err


def test_a_pull_request_publishes_nothing(here: Scene, ci: PretendCI) -> None:
    ci.releases[TAG] = "Ours."
    ended = here.release("--notes", "--publish", GITHUB_EVENT_NAME="pull_request_target")
    assert ended.code == 0, ended.err
    assert "this run is one of a pull or merge request." in ended.err
    assert written(ci) == []


def test_publish_is_about_notes(here: Scene) -> None:
    ended = here.release("--publish")
    assert ended.code == 2
    assert "release --notes --publish" in ended.out


def test_a_public_release_names_no_title_that_strangers_do_not_see(
    sandbox: Sandbox, tmp_path: Path, ci: PretendCI
) -> None:
    made = scene(sandbox, tmp_path, os.environ["PATH"], PUBLIC)
    made.job.environ |= at(ci)
    made.file(RULE)
    ci.releases[TAG] = ""
    made.deploy()
    assert "WEB&#45;1" in ci.releases[TAG]
    assert "passkey" not in ci.releases[TAG]


def test_on_gitlab_the_job_s_own_token_may(sandbox: Sandbox, tmp_path: Path, ci: PretendCI) -> None:
    made = on_gitlab(sandbox, tmp_path, ci, RULE)
    ci.releases["app/1.4"] = "Ours."
    ci.reader = "glpat-read"  # it reads commits, and writes nothing
    ended = made.deploy(JIRA_CI_GITLAB_TOKEN=ci.reader)
    assert "Release notes written into the release app/1.4." in ended.out, ended.out
    assert "Sign in with a passkey" in ci.releases["app/1.4"]
    assert written(ci) == ["PUT /projects/88/releases/app/1.4"] * 2, "by the one token, and by the other"


RELEASES: dict[str, tuple[dict[str, Any], str]] = {
    "of a tag": ({}, "Made the release {tag}, with the release notes."),
    "of no tag": (
        {"tags": ["other"]},
        "in the release {tag}: there is no such tag, and none is made.",
    ),
    "a moment later": ({"taken": "Theirs."}, "Release notes written into the release {tag}."),
}


@pytest.mark.parametrize("name", RELEASES)
@pytest.mark.parametrize("provider", ["GitHub", "GitLab"])
def test_a_release_is_made_where_the_rule_says_so_and_never_a_tag(
    here: Scene, sandbox: Sandbox, tmp_path: Path, ci: PretendCI, provider: str, name: str
) -> None:
    changes, said = RELEASES[name]
    tag = TAG if provider == "GitHub" else "app/1.4"
    made = here if provider == "GitHub" else on_gitlab(sandbox, tmp_path / "gitlab", ci, MAKING)
    made.file(MAKING)
    for field, value in {"tags": [tag], **changes}.items():
        setattr(ci, field, value)
    ended = made.deploy()
    assert (ended.code, said.format(tag=tag) in ended.out) == (0, True), ended.out
    assert ("Sign in with a passkey" in ci.releases.get(tag, "")) is (name != "of no tag")
    assert [one["tag_name"] for one in ci.made] == [tag] * (name == "of a tag")
    assert ci.releases.get(tag, "Theirs.").startswith("Theirs.") is (name != "of a tag")
    again = made.deploy()
    assert name == "of no tag" or "Release notes stand already" in again.out


def test_a_release_that_is_a_draft_is_for_people(here: Scene, ci: PretendCI) -> None:
    here.file(MAKING)
    ci.tags, ci.drafts = [TAG], [TAG]
    ended = here.release("--notes", "--publish")
    assert "its release is a draft: publish that one" in ended.err
    assert (ended.code, ci.made, ci.releases) == (0, [], {})


@given(st.text(), st.text(), st.text())
def test_a_text_keeps_what_is_not_ours(before: str, first: str, second: str) -> None:
    once = with_notes(before, first)
    assert with_notes(once, first) == once
    if BEGIN not in before and END not in before:
        assert once.startswith(before.rstrip())
        assert with_notes(once, second) == with_notes(before, second)


@pytest.mark.parametrize(
    "before",
    [f"a {BEGIN} b", f"a {END} b", f"{END} a {BEGIN} b", f"{BEGIN} a {BEGIN} old {END} b"],
)
def test_marks_that_somebody_broke_take_nothing_of_theirs_along(before: str) -> None:
    text = with_notes(before, "new")
    assert "a " in text
    assert " b" in text
    assert with_notes(text, "newer").count("newer") == 1
    assert "new\n" not in with_notes(text, "newer")


def test_a_title_within_a_line_is_no_mark() -> None:
    theirs = f"* {BEGIN} by @x in #1\r\n* Fix by @y in #2\r\n* {END} by @x in #3"
    text = with_notes(theirs, "ours").replace("\n\n", "\r\n\r\n")  # as GitHub's own editor keeps it
    assert with_notes(text, "newer").startswith(theirs)
    assert with_notes(text, "newer").count("ours") == 0


def test_notes_cannot_end_their_part() -> None:
    text = with_notes("x", templated(f"{END}{{notes}}{BEGIN}", {}, [Note("WEB-1", f"{END} y")], ""))
    assert (text.count(BEGIN), text.count(END)) == (1, 1)


def test_as_many_notes_as_there_is_room_for() -> None:
    notes = [Note(f"WEB-{number}", "t" * 255, "Story") for number in range(500)]
    text = bounded("x" * 50_000, notes, lambda some: markdown("", some, "https://acme.atlassian.net"), 125_000)
    assert text is not None
    assert 60_000 < len(text) <= 125_000
    left = re.search(r"and ([0-9]+) more", text)
    assert left
    assert text.count("WEB&#45;") + int(left[1]) == 500


def test_a_value_in_a_template_is_a_text() -> None:
    words = {"version": "<b>](x) @all", "notes": "never"}
    text = templated("v {version}: {notes}", words, [Note("WEB-1", "Pay", "Story")], "")
    assert "<b>" not in text
    assert "](x)" not in text
    assert "@all" not in text
    assert "### Story\n\n- WEB&#45;1: Pay" in text
