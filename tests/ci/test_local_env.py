"""Plain git facts -> Run, and the facts of real checkouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci.repositories import ENVIRON, Repository
from jira_ci.ci import local_env
from jira_ci.ci.local_env import Facts
from jira_ci.git.repository import Git

SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("git@github.com:acme/web.git", ("acme/web", "github.com/acme/web", "https://github.com/acme/web")),
        ("https://ada:s3cret@github.com/Acme/Web.git/", ("Acme/Web", "github.com/acme/web", "https://github.com/Acme/Web")),
        ("https://oauth2:s3cret@gl.example:8443/a/b/c", ("a/b/c", "gl.example:8443/a/b/c", "https://gl.example:8443/a/b/c")),
        ("ssh://git@gl.example:7999/acme/web.git", ("acme/web", "gl.example/acme/web", "https://gl.example/acme/web")),
        ("git+ssh://git@gl.example/acme/web", ("acme/web", "gl.example/acme/web", "https://gl.example/acme/web")),
        ("http://127.0.0.1:3000/acme/web.git", ("acme/web", "127.0.0.1:3000/acme/web", "http://127.0.0.1:3000/acme/web")),
        ("box:web.git", ("web", "box/web", "https://box/web")),
        ("/srv/git/web.git", ("checkout", "checkout", "")),
        (r"C:\repos\web", ("checkout", "checkout", "")),
        ("C:/repos/web", ("checkout", "checkout", "")),
        ("file:///srv/web.git", ("checkout", "checkout", "")),
        ("ext::sh -c evil", ("checkout", "checkout", "")),
        ("https://[bad/x", ("checkout", "checkout", "")),
        ("", ("checkout", "checkout", "")),
    ],
)  # fmt: skip
def test_the_origin_names_the_repository_without_credentials(origin: str, expected: tuple[str, str, str]) -> None:
    run = local_env.read(Facts("checkout", origin=origin, head=SHA, branch="main", committed="1700000001"))
    assert (run.repository, run.repository_id, run.repository_url) == expected
    assert "s3cret" not in repr(run)


def test_the_number_grows_with_the_commits() -> None:
    run = local_env.read(Facts("web", origin="git@h.example:a/b", head=SHA, branch="main", committed="1700000001"))
    assert (run.provider, run.number, run.commit, run.branch, run.gaps) == ("local", 1700000001, SHA, "main", ())


def test_a_checkout_says_what_it_is(repository: Repository) -> None:
    head = repository.commit("WEB-1")
    repository.run("remote", "add", "origin", "git@github.com:acme/web.git")
    run = local_env.read(local_env.facts(repository.git))
    assert (run.repository, run.branch, run.tag, run.commit, run.gaps) == ("acme/web", "main", "", head, ())


def test_a_detached_head_on_a_tag_is_the_tag(repository: Repository) -> None:
    repository.commit("WEB-1")
    repository.run("tag", "v1")
    repository.run("checkout", "--quiet", "--detach")
    run = local_env.read(local_env.facts(repository.git))
    assert (run.branch, run.tag) == ("", "v1")
    assert run.gaps == (
        "HEAD is detached: the branch is not known.",
        "The repository has no remote named origin: its name is taken from its directory.",
    )


def test_an_empty_repository_is_a_run_without_a_commit(repository: Repository) -> None:
    run = local_env.read(local_env.facts(repository.git))
    assert (run.commit, run.number, run.branch, run.repository) == ("", 0, "main", "up stream")
    assert run.gaps[0] == "The repository has no commit yet."


def test_the_default_branch_is_what_origin_says(repository: Repository, tmp_path: Path) -> None:
    repository.commit("one")
    copy = repository.clone(tmp_path / "copy")
    assert local_env.read(local_env.facts(copy.git)).default_branch == "main"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "is not a git checkout; check the repository out"),
        ({"PATH": "/nonexistent"}, "git is not installed"),
    ],
)
def test_no_git_and_no_checkout_are_said(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    (tmp_path / "web").mkdir()
    limits = {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
    run = local_env.read(local_env.facts(Git(tmp_path / "web", {**ENVIRON, **limits, **environ})))
    assert (run.repository, run.commit) == ("web", "")
    assert said in run.gaps[0]


def test_an_owner_git_does_not_trust_is_said_with_the_mend(repository: Repository) -> None:
    repository.commit("one")
    git = Git(repository.path, {**ENVIRON, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert "git config --global --add safe.directory" in local_env.read(local_env.facts(git)).gaps[0]
