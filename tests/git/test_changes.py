"""Commits with the files they touch, from real repositories."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ci.repositories import ENVIRON, Repository
from jira_ci.git.changes import idle_merges
from jira_ci.git.command import GitError
from jira_ci.git.repository import Git


class Groups(dict[str, int]):
    """Every file is a group of its own."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self) + 1
        return self[name]


def touched(git: Git, base: str, head: str = "") -> list[tuple[str, set[str]]]:
    found = list(git.changes(Groups().__getitem__, head or git.head(), base))
    assert [(change.commit, change.message) for change in found] == list(git.messages(head or git.head(), base))
    return [(change.message.rstrip("\n"), set(change.files.values())) for change in found]


def test_every_kind_of_change_is_a_touch(repository: Repository) -> None:
    base = repository.touch("base", "a/one", "a/two", "a/three", content="a longer content, the same in all")
    repository.touch("changed", "a/one")
    (repository.path / "a/two").unlink()
    repository.touch("deleted")
    (repository.path / "b").mkdir()
    (repository.path / "a/three").rename(repository.path / "b/three")
    repository.touch("renamed")
    repository.commit("empty")
    (repository.path / "a/one").chmod(0o755)
    repository.touch("mode")
    assert touched(repository.git, base) == [
        ("mode", {"a/one"}),
        ("empty", set()),
        ("renamed", {"a/three", "b/three"}),
        ("deleted", {"a/two"}),
        ("changed", {"a/one"}),
    ]


@pytest.mark.parametrize("name", ["späß/ü", 'quo"te', "line\nbreak", "\nfirst", "tab\tbed", " blank ", "\\back", "-x"])
def test_names_of_any_characters(repository: Repository, name: str) -> None:
    base = repository.commit("base")
    repository.touch("WEB-1", name, "z")
    assert touched(repository.git, base) == [("WEB-1", {name, "z"})]


@pytest.mark.skipif(sys.platform != "linux", reason="such names are not possible")
def test_a_name_that_is_no_utf8_is_decoded_with_replacement(repository: Repository) -> None:
    base = repository.commit("base")
    Path(os.fsdecode(bytes(repository.path) + b"/\xff\xfe")).write_text("x")
    repository.touch("WEB-1")
    assert touched(repository.git, base) == [("WEB-1", {"\ufffd\ufffd"})]


def test_a_merge_touches_what_it_brings(repository: Repository) -> None:
    base = repository.touch("base", "f")
    repository.run("checkout", "--quiet", "-b", "topic")
    repository.touch("topic", "t/1", "t/2")
    repository.run("checkout", "--quiet", "main")
    repository.touch("main", "m")
    repository.run("merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    assert touched(repository.git, base) == [
        ("merge", {"t/1", "t/2"}),
        ("main", {"m"}),
        ("topic", {"t/1", "t/2"}),
    ]


def test_an_octopus_touches_what_all_arms_bring(repository: Repository) -> None:
    base = repository.touch("base", "f")
    for arm in ("a", "b", "c"):
        repository.run("checkout", "--quiet", "-b", arm, base)
        repository.touch(arm, arm)
    repository.run("checkout", "--quiet", "-b", "all", base)
    repository.touch("own", "own")
    repository.run("merge", "--quiet", "-m", "octopus", "a", "b", "c")
    assert touched(repository.git, base)[0] == ("octopus", {"a", "b", "c"})


def test_bringing_a_branch_up_to_date_touches_nothing(repository: Repository) -> None:
    base = repository.touch("base", "f")
    repository.run("checkout", "--quiet", "-b", "topic")
    repository.touch("topic", "t")
    repository.run("checkout", "--quiet", "main")
    repository.touch("others", "m")
    repository.run("checkout", "--quiet", "topic")
    repository.run("merge", "--quiet", "--no-ff", "-m", "update", "main")
    assert dict(touched(repository.git, repository.git.resolve("main")))["update"] == set(), "a range of the branch"
    repository.run("checkout", "--quiet", "main")
    repository.run("merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    found = dict(touched(repository.git, base))
    assert found["update"] == set()
    assert found["merge"] == {"t"}


@pytest.mark.parametrize(
    ("listed", "idle"),
    [
        ("m p t\np b\nt b", set()),  # a branch
        ("m p u\np b\nu t p\nt b", {"u"}),  # brought up to date
        ("m p u\np b\nu t b\nt b", {"u"}),  # with what is outside of the range
        ("m p u\np b\nu t s\nt b\ns b", set()),  # a branch of the branch
        ("m p d\np b\nd d1 f\nd1 b\nf g d1\ng b", {"f"}),  # of a develop branch that main takes
        ("m p u\np b\nu t p s\nt b\ns b", set()),  # an octopus that brings something, too
        ("m b", set()),
        ("", set()),
    ],
)
def test_idle_merges(listed: str, idle: set[str]) -> None:
    assert idle_merges(listed.splitlines(), "m") == idle


def test_a_git_without_first_parent_diffs_says_the_same(repository: Repository, tmp_path: Path) -> None:
    test_a_merge_touches_what_it_brings(repository)
    real = next(Path(folder, "git") for folder in ENVIRON["PATH"].split(":") if Path(folder, "git").exists())
    (tmp_path / "old").mkdir()
    script = tmp_path / "old" / "git"
    script.write_text(
        "#!/bin/sh\n"
        'case "$*" in *--diff-merges*) echo "fatal: unrecognized argument: --diff-merges" >&2; exit 128;; esac\n'
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    old = Git(repository.path, {**ENVIRON, "PATH": f"{script.parent}:{ENVIRON['PATH']}"})
    base = old.resolve("HEAD~2")
    assert touched(old, base) == touched(repository.git, base)


def test_settings_of_the_repository_change_nothing(repository: Repository) -> None:
    base = repository.touch("base", "sub/f")
    repository.touch("WEB-1", "sub/g", "h")
    for name, value in [
        ("diff.relative", "true"),
        ("diff.orderFile", "/nonexistent"),
        ("log.diffMerges", "combined"),
        ("diff.renames", "copies"),
        ("log.showRoot", "false"),
        ("core.quotePath", "true"),
        ("diff.noprefix", "true"),
    ]:
        repository.run("config", name, value)
    below = Git(repository.path / "sub", ENVIRON)
    assert touched(below, base) == [("WEB-1", {"sub/g", "h"})]
    assert [set(change.files.values()) for change in below.changes_of([base], Groups().__getitem__)] == [{"sub/f"}]


def test_a_submodule_that_moves_is_a_touch(repository: Repository) -> None:
    base = repository.commit("base")
    repository.run("config", "diff.ignoreSubmodules", "all")
    repository.run("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},libs/money")
    repository.commit("WEB-1")
    assert touched(repository.git, base) == [("WEB-1", {"libs/money"})]


def test_a_clone_without_files_needs_none_and_one_without_trees_fails_quietly(
    repository: Repository, tmp_path: Path
) -> None:
    repository.run("config", "uploadpack.allowFilter", "true")
    base = repository.touch("base", "f")
    repository.touch("WEB-1", "a/b")
    bare = repository.clone(tmp_path / "blobless", "--filter=blob:none", "--no-checkout")
    assert touched(bare.git, base) == [("WEB-1", {"a/b"})]
    bare = repository.clone(tmp_path / "treeless", "--filter=tree:0", "--no-checkout")
    with pytest.raises(GitError):
        touched(bare.git, base)


def test_groups_are_kept_and_not_their_files(repository: Repository) -> None:
    base = repository.commit("base")
    repository.touch("WEB-1", *(f"a/{number}" for number in range(30)), "b/1", "c/1")
    sort = {"a": 1, "b": 2, "c": 0}
    found = list(repository.git.changes(lambda name: sort[name[0]], repository.git.head(), base))
    assert [dict(change.files) for change in found] == [{1: "a/0", 2: "b/1"}]
