"""One question for many answers: the same as many questions, also where something is damaged or strangely named."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ci.repositories import ENVIRON, Repository
from jira_ci.git import checkout
from jira_ci.git.repository import Git
from jira_ci.keys.run_range import Asked, lookup_of, messages
from jira_ci.run import CI, Run

ABSENT = "1234567890123456789012345678901234567890"


@pytest.fixture
def full(repository: Repository) -> Repository:
    """A repository with names of all kinds."""
    repository.touch("one", "a.txt")
    repository.run("tag", "v1")
    repository.run("tag", "--annotate", "-m", "two", "2.0")
    repository.run("tag", "tree", "HEAD^{tree}")
    repository.run("branch", "feature/grün")
    repository.commit("three")
    return repository


def test_what_a_name_stands_for_is_what_git_says_of_it_alone(full: Repository) -> None:
    names = [
        "HEAD",
        "v1",
        "2.0",
        "tree",
        "nothing",
        ABSENT,
        "feature/grün",
        "HEAD~1",
        "HEAD~9",
        "HEAD:a.txt",
        "main@{0}",
    ]
    names += [full.run("rev-parse", "HEAD"), full.run("rev-parse", "HEAD")[:8], "0" * 40, "refs/tags/2.0", "^main"]
    one, three = full.run("rev-parse", "v1"), full.run("rev-parse", "HEAD")
    expected = [three, one, one, "", "", "", one, one, "", "", three, three, three, "", one, ""]
    assert full.git.resolve_each(*names) == expected
    assert [full.git.resolve(name) for name in names] == expected
    assert full.git.resolve_each("main", "a b", "-v", "x\ny", "", "\ud800") == [three, "", "", "", "", ""]


def test_a_damaged_object_hides_no_other(full: Repository) -> None:
    one, three = full.run("rev-parse", "v1"), full.run("rev-parse", "HEAD")
    broken = full.path / ".git/objects" / three[:2] / three[2:]
    broken.chmod(0o600)
    broken.write_bytes(b"no object")
    assert full.git.resolve_each(three, one, "v1") == ["", one, one]


def test_an_id_is_asked_about_again_once_something_was_fetched(full: Repository, tmp_path: Path) -> None:
    one, three = full.run("rev-parse", "v1"), full.run("rev-parse", "HEAD")
    shallow = full.clone(tmp_path / "shallow", "--depth=1").git
    assert shallow.resolve_each(three, one) == [three, ""]
    assert shallow.deepen(1, 30, three)
    assert shallow.resolve(three) == three
    assert shallow.resolve(one) == one


def test_a_folder_may_have_a_line_break_in_its_name(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no such names there")
    repository = Repository(tmp_path / "up\nstream")
    repository.commit("one")
    repository.run("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Git(tmp_path / "linked", ENVIRON)
    assert linked.problem() == ""
    found = checkout.state(linked.directory, linked.run)
    assert found.shallow == repository.path.resolve() / ".git/shallow"
    repository.commits("two", "three")
    shallow = repository.clone(tmp_path / "shal\nlow", "--depth=1")
    assert shallow.git.boundary() == {repository.run("rev-parse", "HEAD")}


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for git")
@pytest.mark.parametrize(("kind", "most"), [("push", 3), ("branch", 4), ("since", 3), ("tag", 5)])
def test_a_report_starts_git_a_few_times(repository: Repository, tmp_path: Path, kind: str, most: int) -> None:
    base, *_, head = repository.commits("WEB-1 one", "WEB-2 two", "WEB-3 three")
    repository.run("tag", "1.0", base)
    repository.run("tag", "1.1")
    asked = tmp_path / "asked"
    stand_in = tmp_path / "bin" / "git"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho asked >> "{asked}"\nexec "$REAL_GIT" "$@"\n', encoding="utf-8")
    stand_in.chmod(0o755)
    real = next(f"{folder}/git" for folder in ENVIRON["PATH"].split(os.pathsep) if Path(folder, "git").is_file())
    git = Git(repository.path, {**ENVIRON, "PATH": f"{stand_in.parent}:{ENVIRON['PATH']}", "REAL_GIT": real})
    branch = "feature" if kind == "branch" else "main"
    pushed: dict[str, Any] = {"event": "push", "branch": branch, "base": base, "default_branch": "main"}
    run = Run(CI.GITHUB, "acme/shop", "1", "", head, 1, "", **(pushed if kind in ("push", "branch") else {}))
    deployed = {"since": Asked(since=base, environment="Prod"), "tag": Asked(environment="Prod", version="1.1")}
    gaps: list[str] = []
    what = deployed.get(kind, Asked())
    found, _ = messages(lookup_of(run, what, git, None, gaps), what)
    assert [message.split()[0] for _, message in found] == ["WEB-3", "WEB-2"]
    assert len(asked.read_text(encoding="utf-8").splitlines()) <= most
