"""What is deployed, and the titles that it can and cannot have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.repositories import Repository
from jira_ci.errors import UsageError
from jira_ci.gate.decision import Decision
from jira_ci.gate.subject import Named, Subject, abbreviated, default_version, describe, named, seen, titled
from jira_ci.git.repository import Git
from jira_ci.run import PullRequest, Run

A, B = "a" * 40, "b" * 40
TITLE = 'Deploy "{project}" version {version} to "{environment}"'
FOR_TENANTS = TITLE + ' for "{tenant}"'


def run_of(**values: Any) -> Run:
    plain: dict[str, Any] = {
        "provider": "github",
        "repository": "acme/shop",
        "repository_id": "1",
        "repository_url": "",
        "commit": A,
        "number": 1,
        "url": "",
        "branch": "release/1",
        "default_branch": "trunk",
    }
    return Run(**{**plain, **values})


def judge(template: str = TITLE, run: Run | None = None, at: Named | None = None, **parts: Any) -> Subject | Decision:
    run = run or run_of()
    asked = {"project": "Web Site", "environment": "Prod", "version": "1.0.1", **parts}
    try:
        return titled(describe(run, at=at, **asked), template, run, at=at)
    except UsageError as error:
        return Decision.of(4, str(error))


def title(template: str = TITLE, **parts: Any) -> str:
    found = judge(template, **parts)
    assert isinstance(found, Subject), found
    return found.title


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, 'Deploy "Web Site" version 1.0.1 to "Prod"'),
        ({"version": A}, f'Deploy "Web Site" version {A} to "Prod"'),
        ({"version": "1a2b3c4"}, 'Deploy "Web Site" version 1a2b3c4 to "Prod"'),
        ({"version": "2026.03"}, 'Deploy "Web Site" version 2026.03 to "Prod"'),
        ({"version": "latest-2"}, 'Deploy "Web Site" version latest-2 to "Prod"'),
        ({"version": "release/1.0"}, 'Deploy "Web Site" version release/1.0 to "Prod"'),
        # braces of a part are text, and so is what would be JQL or a pattern
        ({"project": "{version}"}, 'Deploy "{version}" version 1.0.1 to "Prod"'),
        ({"version": "\\1 {environment} %s"}, 'Deploy "Web Site" version \\1 {environment} %s to "Prod"'),
        ({"environment": "Prod' OR '1'='1"}, "Deploy \"Web Site\" version 1.0.1 to \"Prod' OR '1'='1\""),
        ({"environment": "../Prod  EU"}, 'Deploy "Web Site" version 1.0.1 to "../Prod  EU"'),
        ({"environment": "Ａzure é é"}, 'Deploy "Web Site" version 1.0.1 to "Ａzure é é"'),
    ],
)
def test_titles_hold_the_parts_as_they_are(parts: dict[str, str], expected: str) -> None:
    assert title(**parts) == expected


def test_the_title_octopus_gives() -> None:
    octopus = 'Octopus: Deploy "{project}" version {version} to "{environment}"'
    assert (
        title(octopus, version="1.0.1-hotfix-001", environment="Dev")
        == 'Octopus: Deploy "Web Site" version 1.0.1-hotfix-001 to "Dev"'
    )


def test_a_fit_subject_is_whole() -> None:
    expected = Subject(
        "Web Site", "Prod", "Acme", "1.0.1", A, 'Deploy "Web Site" version 1.0.1 to "Prod" for "Acme"', "", "acme/shop"
    )
    assert judge(FOR_TENANTS, tenant="Acme") == expected


MOVING = [
    "latest",
    "Latest",
    "LATEST",
    "\uff4catest",
    "HEAD",
    "head",
    "main",
    "Master",
    "trunk",
    "release/1",
    "Release/1",
    "topic",
    "refs/heads/x",
    "heads/x",
    "origin/x",
    "refs/remotes/origin/x",
    "@",
    "@~1",
    "HEAD~1",
    "FETCH_HEAD",
    "v1^0",
    "v1^{commit}",
    "x@{1}",
    ":/fix",
]


@pytest.mark.parametrize("version", MOVING)
@pytest.mark.parametrize("at", [Named(), Named(commit=B)], ids=["unknown", "also a tag"])
def test_a_branch_or_latest_is_no_version(version: str, at: Named) -> None:
    run = run_of(pull_request=PullRequest(7, "", "topic"))
    found = judge(run=run, at=at, version=version)
    assert isinstance(found, Decision)
    assert (found.row, found.result) == (4, "deny")
    assert "branch" in found.reason


def test_a_tag_called_latest_is_no_version() -> None:
    run = run_of(branch="", tag="latest")
    found = judge(run=run, version="")
    assert isinstance(found, Decision)
    assert "latest" in found.reason


def test_a_name_that_is_a_branch_in_the_checkout_is_no_version_unless_the_run_is_of_that_tag() -> None:
    assert isinstance(judge(version="1.2", at=Named(is_branch=True)), Decision)
    assert isinstance(judge(run=run_of(branch="", tag="1.2"), version="1.2", at=Named(is_branch=True)), Subject)


def test_without_a_version_it_is_the_tag_else_the_whole_commit() -> None:
    assert default_version(run_of(branch="", tag="v1.0")) == "v1.0"
    assert default_version(run_of()) == A
    found = judge(version="")
    assert isinstance(found, Subject)
    assert (found.version, found.commit) == (A, A)


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"project": ""}, "project is empty"),
        ({"project": "  "}, "project is empty"),
        ({"environment": ""}, "environment is empty"),
        ({"version": " "}, "no version"),
        ({"version": "\u200b"}, "U+200B"),
        ({"project": 'Web "Site"'}, "quote"),
        ({"version": '1.0" to "Dev'}, "quote"),
        ({"environment": 'Prod"'}, "quote"),
        ({"project": " Web"}, "blank"),
        ({"version": "1.0 "}, "blank"),
        ({"environment": "Prod\u00a0"}, "blank"),
        ({"environment": "Pr\nod"}, "U+000A"),
        ({"version": "1.0\x00"}, "U+0000"),
        ({"version": "1.0\x7f1"}, "U+007F"),
        ({"version": "1.0\x851"}, "U+0085"),
        ({"version": "1\u20280"}, "U+2028"),
        ({"version": "1\u202e0"}, "U+202E"),
        ({"version": "1\u200b0"}, "U+200B"),
        ({"version": "1\ufeff0"}, "U+FEFF"),
        ({"version": "1.0\u3164"}, "U+3164"),
        ({"environment": "Prod\u2800"}, "U+2800"),
        ({"version": "1\ud8000"}, "U+D800"),
        ({"version": "1\ufffe0"}, "U+FFFE"),
        ({"project": "Web 😀"}, "U+1F600"),
        ({"environment": "𝐏rod"}, "U+1D40F"),
        ({"environment": "x" * 10_000}, "10000 characters"),
        ({"version": "1" * 220}, "256 characters"),
    ],
)
def test_parts_that_no_title_can_hold_exactly(parts: dict[str, Any], word: str) -> None:
    found = judge(**parts)
    assert isinstance(found, Decision)
    assert (found.row, found.result) == (4, "deny")
    assert word in found.reason
    assert len(found.reason) < 400


def test_255_characters_are_the_most() -> None:
    assert len(title(version="1" * 219)) == 255


@pytest.mark.parametrize(
    ("template", "tenant", "word"),
    [
        (TITLE, "Acme", "lacks {tenant}"),
        (FOR_TENANTS, "", "none was given"),
        (FOR_TENANTS, ' "Acme" ', "blank"),
        (FOR_TENANTS, "a\tb", "U+0009"),
        (" " + TITLE, "", "title begins or ends with a blank"),
        (TITLE + " 😀", "", "Correct title"),
    ],
)
def test_tenants_and_templates(template: str, tenant: str, word: str) -> None:
    found = judge(template, tenant=tenant)
    assert isinstance(found, Decision)
    assert word in found.reason


def test_a_commit_that_nobody_knows_is_unfit() -> None:
    found = judge(run=run_of(commit=""))
    assert isinstance(found, Decision)
    assert "commit" in found.reason


def test_a_description_is_there_for_unfit_subjects_too() -> None:
    found = describe(run_of(), project="", environment="\n", version="latest", tenant="x")
    assert found == Subject("", "\n", "x", "latest", A, "", "", "acme/shop")


@pytest.fixture
def checkout(tmp_path: Path) -> Repository:
    origin = Repository(tmp_path / "origin")
    origin.commits("one", "two")
    origin.run("tag", "-a", "v1", "-m", "one", "HEAD~1")
    origin.run("branch", "both", "HEAD")
    origin.run("tag", "both", "HEAD~1")
    origin.run("branch", "topic", "HEAD")
    return origin.clone(tmp_path / "work")


def test_what_a_version_names_in_the_checkout(checkout: Repository) -> None:
    old = checkout.run("rev-parse", "HEAD~1")
    assert named(checkout.git, "v1") == Named(commit=old)
    assert named(checkout.git, "both") == Named(commit=old)
    assert named(checkout.git, "topic") == Named(is_branch=True)
    assert named(checkout.git, "main") == Named(is_branch=True)
    assert named(checkout.git, "HEAD") == Named(is_branch=True)
    assert named(checkout.git, "tags/v1") == Named(commit=old)
    assert named(checkout.git, "refs/tags/v1") == Named(commit=old)
    for name in (old, old.upper(), old[:12], f"v0-3-g{old[:9]}"):
        assert named(checkout.git, name) == Named(commit=old), name
    assert named(checkout.git, "f" * 40) == Named(commit="f" * 40)
    assert named(checkout.git, "f" * 64) == Named()  # an image's digest
    for name in ("", "1.0", "v9~1", "1.0~rc1", "a..b", "-h", "v1 ", old[:6], "x\ny", "*", "20260301", "img:1.0"):
        assert named(checkout.git, name) == Named(), name


def test_what_git_knows_otherwise_moves(checkout: Repository) -> None:
    checkout.run("update-ref", "refs/remotes/upstream/next", "HEAD")
    for name in ("@", "HEAD~1", "main~1", "v1^0", "v1^{}", "v1~0", "main@{0}", "upstream/next", "origin"):
        assert named(checkout.git, name) == Named(is_branch=True), name
        assert "moves" in denied(judged(checkout, name)), name
    described = f"v1-3-g{checkout.git.head()[:9]}"
    assert named(checkout.git, described) == Named(commit=checkout.git.head())


@pytest.mark.parametrize(
    ("version", "short"),
    [
        ("1a2b3c4", "1a2b3c4"),
        ("V1.0-3-G1A2B3C4", "1a2b3c4"),
        ("v1.0-3-g1234567", "1234567"),
        ("1234567", ""),
        ("1a2b3c", ""),
        ("1.0.1", ""),
        ("20260301", ""),
    ],
)
def test_the_beginning_of_an_id_is_seen(version: str, short: str) -> None:
    assert abbreviated(version) == short


def judged(checkout: Repository, version: str, **values: Any) -> Subject | Decision:
    """The subject of a run whose checkout this is."""
    run = run_of(**{"commit": checkout.git.head(), **values})
    return judge(run=run, at=seen(checkout.git, run, version), version=version)


def denied(found: Subject | Decision) -> str:
    assert isinstance(found, Decision)
    assert (found.row, found.exit) == (4, 2)
    return found.reason


@pytest.mark.parametrize("version", ["v1", "tags/v1", "refs/tags/v1", "{old}", "{old12}", "v1-0-g{old12}", "f" * 40])
def test_a_version_that_names_another_commit_than_the_checkout_is_denied_with_both(
    checkout: Repository, version: str
) -> None:
    old, head = checkout.run("rev-parse", "HEAD~1"), checkout.git.head()
    reason = denied(judged(checkout, version.format(old=old, old12=old[:12])))
    assert f"names commit {old if version != 'f' * 40 else version}, and commit {head} is checked out" in reason


def test_a_version_that_names_what_is_checked_out_is_fit(checkout: Repository) -> None:
    checkout.run("checkout", "--quiet", "--detach", "v1")
    head = checkout.git.head()
    for version in ("v1", head, head[:10], "1.0.1", "20260301", "f" * 64):
        found = judged(checkout, version)
        assert isinstance(found, Subject), version
        assert found.commit == head


def test_a_version_that_names_nothing_is_bound_to_what_is_checked_out(checkout: Repository) -> None:
    found = judged(checkout, "1.0.1", commit=B)
    assert isinstance(found, Subject)
    assert found.commit == checkout.git.head()


@pytest.mark.parametrize("run", [{"tag": "v9", "branch": "", "commit": B}, {"commit": B}])
def test_the_runs_own_tag_or_commit_has_to_be_checked_out_too(checkout: Repository, run: dict[str, str]) -> None:
    assert f"names commit {B}, and commit {checkout.git.head()}" in denied(judged(checkout, "", **run))
    if "tag" in run:
        assert f"names commit {B}" in denied(judged(checkout, "v9", **run))


def test_a_commit_that_a_step_makes_counts_as_the_one_below(checkout: Repository) -> None:
    below = checkout.git.head()
    made = checkout.commit("Release 1.0.1")
    at = seen(checkout.git, run_of(commit=below, branch="main"), below)
    assert (at.checkout, at.on_top) == (below, made)
    found = judged(checkout, below, commit=below, branch="main")
    assert isinstance(found, Subject)
    assert found.commit == below


def test_a_commit_that_a_step_makes_on_another_branch_is_another_one(checkout: Repository) -> None:
    below = checkout.git.head()
    checkout.run("checkout", "--quiet", "-b", "aside")
    made = checkout.commit("Something else")
    at = seen(checkout.git, run_of(commit=below), "1.0.1")
    assert (at.checkout, at.on_top) == (made, "")
    assert seen(checkout.git, run_of(commit=below, branch="aside"), "1.0.1").on_top == made


def test_a_commit_that_was_checked_out_does_not_count_as_the_one_below(checkout: Repository) -> None:
    below, made = checkout.git.head(), checkout.commit("Never approved")
    checkout.run("checkout", "--quiet", "--detach", below)
    checkout.run("checkout", "--quiet", "--detach", made)
    assert made in denied(judged(checkout, below, commit=below))
    two = checkout.commits("one", "two")
    assert two[1] in denied(judged(checkout, made, commit=made))


def test_a_checkout_from_a_mirror_is_one_of_the_repository(checkout: Repository) -> None:
    checkout.run("remote", "set-url", "origin", "https://mirror.example/acme/shop.git")
    found = judged(checkout, "1.0.1", commit=B, repository_url="https://github.com/acme/shop")
    assert isinstance(found, Subject)
    assert found.commit == checkout.git.head()


def test_a_checkout_of_another_repository_tells_nothing(checkout: Repository) -> None:
    checkout.run("tag", "v7")
    checkout.run("remote", "set-url", "origin", "https://github.com/acme/tools")
    found = judged(checkout, "v7", commit=B, repository_url="https://github.com/acme/shop")
    assert isinstance(found, Subject)
    assert found.commit == B
    reason = denied(judged(checkout, "v7", commit=B, provider="gitlab"))
    assert "CI_COMMIT_SHA alone does not tell" in reason


def test_without_git_a_variable_of_gitlabs_is_not_believed(tmp_path: Path) -> None:
    git = Git(tmp_path, {"PATH": "/nonexistent"})
    run = run_of(provider="gitlab")
    assert "git is not installed" in denied(judge(run=run, at=seen(git, run, "1.0.1")))
    github = run_of()
    assert isinstance(judge(run=github, at=seen(git, github, "1.0.1")), Subject)


def test_without_git_gitlab_itself_may_say_what_the_job_is_of(tmp_path: Path) -> None:
    git = Git(tmp_path, {"PATH": "/nonexistent"})
    run = run_of(provider="gitlab")
    found = judge(run=run, at=seen(git, run, "1.0.1", lambda: ""))
    assert isinstance(found, Subject)
    assert (found.commit, found.checkout) == (run.commit, "")
    why = "GitLab says that this job is of commit x."
    assert why in denied(judge(run=run, at=seen(git, run, "1.0.1", lambda: why)))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_parts_a_title_gives_them_back(project: str, version: str, environment: str) -> None:
    found = judge(project=project, version=version, environment=environment)
    if isinstance(found, Decision):
        assert found.row == 4
        return
    left, _, right = found.title.removeprefix('Deploy "').removesuffix('"').partition('" version ')
    middle, _, end = right.rpartition(' to "')
    assert (left, middle, end) == (project, found.version, environment)
    assert found.title.strip() == found.title
    assert all(ord(character) < 0x10000 for character in found.title)
