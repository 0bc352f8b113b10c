"""Questions to real repositories: merged, shallow, strangely encoded, poisoned."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import subprocess
from pathlib import Path

import pytest

from ci.repositories import ENVIRON, Repository
from ci.servers import serving
from jira_ci.git import log
from jira_ci.git.command import GitError
from jira_ci.git.repository import Git

ABSENT = "1234567890123456789012345678901234567890"


def said(git: Git, base: str, head: str) -> list[str]:
    return [message.rstrip("\n") for _, message in git.messages(head, base)]


def test_a_range_is_newest_first_and_follows_merged_branches(repository: Repository) -> None:
    base = repository.commit("base")
    repository.run("checkout", "--quiet", "-b", "feature")
    repository.commits("WEB-1 in the branch", "WEB-2 in the branch")
    repository.run("checkout", "--quiet", "main")
    repository.commit("WEB-3 on main")
    repository.run("merge", "--quiet", "--no-ff", "-m", "Merge WEB-4", "feature")
    expected = ["Merge WEB-4", "WEB-3 on main", "WEB-2 in the branch", "WEB-1 in the branch"]
    assert said(repository.git, base, repository.git.head()) == expected
    assert repository.git.count(repository.git.head(), base) == 4


def test_an_octopus_brings_all_its_arms(repository: Repository) -> None:
    base = repository.commit("base")
    for arm in ("a", "b", "c"):
        repository.run("checkout", "--quiet", "-b", arm, base)
        repository.commit(f"WEB-{arm}")
    repository.run("checkout", "--quiet", "main")
    repository.run("merge", "--quiet", "-m", "octopus", "a", "b", "c")
    assert set(said(repository.git, base, repository.git.head())) == {"octopus", "WEB-a", "WEB-b", "WEB-c"}


def test_messages_of_any_bytes_are_delivered(repository: Repository) -> None:
    base = repository.commit("base")
    repository.raw_commit("WEB-1 gr\xfc\xdfe".encode("latin-1"), b"encoding ISO-8859-1\n")
    repository.raw_commit("WEB-2 gr\xfc\xdfe".encode("latin-1"))
    repository.raw_commit(b"WEB-3 one\r\nline\rtwo \x1b[31m\x01")
    repository.raw_commit(b"")
    repository.raw_commit("WEB-4 é 日本 ".encode() * 40_000)
    found = said(repository.git, base, repository.git.head())
    assert found[0] == "WEB-4 é 日本 " * 40_000
    assert found[1:] == ["", "WEB-3 one\r\nline\rtwo \x1b[31m\x01", "WEB-2 gr��e", "WEB-1 grüße"]


def test_many_commits_arrive_whole_and_in_order(repository: Repository) -> None:
    stream = b"".join(
        b"commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 200\n%s\n"
        % (1_600_000_000 + number, f"WEB-{number} ".encode().ljust(199, b".") + b"\n")
        for number in range(5_000)
    )
    repository.run("fast-import", "--quiet", stdin=stream)
    base = repository.run("rev-list", "--max-parents=0", "main")
    found = [message.split()[0] for message in said(repository.git, base, repository.run("rev-parse", "main"))]
    assert found == [f"WEB-{number}" for number in range(4_999, 0, -1)]


def test_a_stream_that_is_left_early_ends_its_child(repository: Repository) -> None:
    base = repository.commit("base")
    repository.commits(*(f"WEB-{number} " + "x" * 2000 for number in range(40)))
    stream = repository.git.messages(repository.git.head(), base)
    assert next(stream)[1].startswith("WEB-39 ")
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(stream)


def test_a_range_that_is_not_here_is_an_error(repository: Repository) -> None:
    head = repository.commit("one")
    with pytest.raises(GitError, match="bad object"):
        list(repository.git.messages(head, ABSENT))
    assert repository.git.count(head, ABSENT) == -1


@pytest.mark.parametrize("name", ["main", "v1", "HEAD~1", "refs/heads/main", "ünï"])
def test_names_become_commits(repository: Repository, name: str) -> None:
    first, second = repository.commits("one", "two")
    repository.run("tag", "-a", "-m", "tag", "v1")
    repository.run("branch", "ünï")
    assert repository.git.resolve(name) == (first if name == "HEAD~1" else second)


@pytest.mark.parametrize(
    "name", ["", "-q", "--output=canary", "no-such", "main\n", "HEAD:file", "a b", "\0", "main..HEAD", ABSENT]
)
def test_what_is_no_commit_is_none(repository: Repository, name: str) -> None:
    repository.commit("one")
    assert repository.git.resolve(name) == ""
    assert not (repository.path / "canary").exists()


def test_a_directory_inside_the_git_directory_is_no_checkout(repository: Repository) -> None:
    repository.commit("one")
    assert "not in a checkout" in Git(repository.path / ".git", ENVIRON).problem()


def test_the_top_is_found_from_below(repository: Repository, tmp_path: Path) -> None:
    (repository.path / "a" / "b").mkdir(parents=True)
    assert Git(repository.path / "a" / "b", ENVIRON).top() == repository.path
    assert Git(tmp_path, {**ENVIRON, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}).top() is None


def test_a_git_inside_the_checkout_is_not_run(repository: Repository) -> None:
    program = repository.path / "git"
    program.write_text("#!/bin/sh\ntouch canary\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    git = Git(repository.path, {**ENVIRON, "PATH": f"{repository.path}{os.pathsep}{ENVIRON['PATH']}"})
    assert "lies inside the checkout" in git.problem()
    assert not (repository.path / "canary").exists()


# --- shallow clones


def test_a_shallow_clone_holds_only_what_it_has_completely(repository: Repository, tmp_path: Path) -> None:
    shas = repository.commits("one", "two", "three", "four")
    shallow = repository.clone(tmp_path / "shallow", "--depth=3")
    git = shallow.git
    assert git.boundary() == {shas[1]}
    assert not git.holds(shas[3], shas[0])
    assert git.holds(shas[3], shas[1])
    assert said(git, shas[1], shas[3]) == ["four", "three"]


def test_a_remote_that_failed_is_asked_once(repository: Repository, tmp_path: Path) -> None:
    repository.commits("one", "two")
    shallow = repository.clone(tmp_path / "shallow", "--depth=1")
    shallow.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    git = shallow.git
    assert not git.deepen(5, 30, git.head())
    shallow.run("remote", "set-url", "origin", repository.path.as_uri())
    assert not git.deepen(5, 30, git.head())
    assert shallow.git.deepen(5, 30, git.head())


def test_a_partial_clone_answers_without_its_remote(repository: Repository, tmp_path: Path) -> None:
    (repository.path / "file").write_text("x", encoding="utf-8")
    repository.run("add", "file")
    shas = repository.commits("WEB-1", "WEB-2")
    repository.run("config", "uploadpack.allowFilter", "true")
    partial = repository.clone(tmp_path / "partial", "--filter=tree:0", "--no-checkout")
    partial.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    assert said(partial.git, shas[0], shas[1]) == ["WEB-2"]
    assert partial.git.resolve(ABSENT) == ""


# --- a poisoned checkout


def test_no_setting_of_the_repository_runs_a_program(repository: Repository, tmp_path: Path) -> None:
    shas = repository.commits("one", "two", "three")
    poisoned = repository.clone(tmp_path / "poisoned", "--depth=1")
    canary = tmp_path / "canary"
    program = tmp_path / "evil"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\n', encoding="utf-8")
    program.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("reference-transaction", "post-index-change", "pre-auto-gc", "post-checkout"):
        (hooks / hook).symlink_to(program)
        (poisoned.path / ".git" / "hooks").mkdir(exist_ok=True)
        (poisoned.path / ".git" / "hooks" / hook).symlink_to(program)
    for name in (
        "core.fsmonitor", "core.sshCommand", "core.askPass", "core.pager", "pager.log", "core.editor", "core.gitProxy",
        "core.alternateRefsCommand", "diff.external", "diff.x.textconv", "diff.x.command", "gpg.program",
        "remote.origin.uploadpack", "sequence.editor", "uploadpack.packObjectsHook", "filter.x.smudge",
    ):  # fmt: skip
        poisoned.run("config", name, str(program))
    poisoned.run("config", "credential.helper", f"!{program}")
    poisoned.run("config", "alias.log", f"!{program}")
    poisoned.run("config", "log.showSignature", "true")
    poisoned.run("config", "core.hooksPath", str(hooks))
    git = poisoned.git
    canary.unlink(missing_ok=True)  # our own use of the poisoned checkout set it off
    assert git.deepen(5, 30, shas[2])
    assert said(git, shas[0], shas[2]) == ["three", "two"]
    assert (git.message(shas[2]), git.count(shas[2], shas[0]), git.top()) == ("three", 2, poisoned.path)
    assert not canary.exists(), canary.read_text(encoding="utf-8")


WAYS: list[tuple[dict[str, str], list[str]]] = [
    ({"core.fsmonitor": "{evil}"}, ["status"]),
    ({"core.hooksPath": "{hooks}"}, ["update-ref", "refs/heads/x", "HEAD"]),
    ({"core.sshCommand": "{evil}", "remote.origin.url": "ssh://127.0.0.1:1/x"}, ["fetch"]),
    ({"core.askPass": "{evil}", "remote.origin.url": "{http}"}, ["fetch"]),
    ({"credential.helper": "!{evil}", "remote.origin.url": "{http}"}, ["fetch"]),
    ({"credential.{http}.helper": "!{evil}", "remote.origin.url": "{http}"}, ["fetch"]),
    ({"core.gitProxy": "{evil}", "remote.origin.url": "git://127.0.0.1:1/x"}, ["fetch"]),
    ({"core.alternateRefsCommand": "{evil}"}, ["fetch", "origin"]),
    ({"gpg.program": "{evil}", "log.showSignature": "true"}, ["log", "-1"]),
    ({"core.pager": "{evil}", "pager.log": "true"}, ["log", "-1"]),
]


@pytest.mark.parametrize(("settings", "arguments"), WAYS)
def test_what_would_run_a_program_does_not_here(
    repository: Repository, tmp_path: Path, settings: dict[str, str], arguments: list[str]
) -> None:
    repository.commit("one")
    repository.raw_commit(b"two", b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n")
    poisoned = repository.clone(tmp_path / "poisoned")
    repository.commit("three")
    other = repository.clone(tmp_path / "other")
    (poisoned.path / ".git/objects/info/alternates").write_text(f"{other.path}/.git/objects\n", encoding="utf-8")
    canary, evil, hooks = tmp_path / "canary", tmp_path / "evil", tmp_path / "hooks"
    evil.write_text(f"#!/bin/sh\ntouch {canary}\n", encoding="utf-8")
    evil.chmod(0o755)
    hooks.mkdir()
    (hooks / "reference-transaction").symlink_to(evil)
    with serving() as server:
        server.raw("/x/info/refs", b"", 401, {"WWW-Authenticate": "Basic"})
        names = {"evil": evil, "hooks": hooks, "http": f"{server.address}/x"}
        for name, value in settings.items():
            poisoned.run("config", name.format(**names), value.format(**names))
        if "core.pager" not in settings:  # git asks a pager only on a terminal
            subprocess.run(["git", "-C", str(poisoned.path), *arguments], env=ENVIRON, check=False, capture_output=True)
            assert canary.exists(), "the test no longer shows what it is about"
            canary.unlink()
        with contextlib.suppress(GitError):
            poisoned.git.run(*arguments, network=True)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("remote.origin.url", "ext::touch {canary}"),
        ("remote.origin.url", "fd::17"),
        ("remote.origin.url", "ssh://-oProxyCommand=touch {canary}/x"),
        ("remote.origin.url", "git://127.0.0.1/x"),
        ("remote.origin.vcs", "ext"),
        ("url.ext::touch {canary} .insteadOf", "file://"),
    ],
)
def test_no_remote_of_the_repository_runs_a_program(
    repository: Repository, tmp_path: Path, name: str, value: str
) -> None:
    repository.commits("one", "two")
    poisoned = repository.clone(tmp_path / "poisoned", "--depth=1")
    canary = tmp_path / "canary"
    poisoned.run("config", "protocol.allow", "always")
    poisoned.run("config", name.format(canary=canary), value.format(canary=canary))
    assert not poisoned.git.deepen(5, 30, poisoned.git.head())
    assert not canary.exists()


# --- what a work tree does not show


def sparse(repository: Repository, path: Path, *arguments: str) -> Repository:
    repository.touch("one", ".jira-ci.yml", content="jira: {}")
    repository.touch("two", "src/x")
    copy = repository.clone(path, "--no-checkout", *arguments)
    copy.run("config", "core.sparseCheckout", "true")
    (copy.path / ".git/info").mkdir(exist_ok=True)
    (copy.path / ".git/info/sparse-checkout").write_text("src/\n", encoding="ascii")
    copy.run("checkout", "--quiet", "main")
    return copy


def test_a_file_that_a_sparse_checkout_leaves_out_is_read_as_it_is_committed(
    repository: Repository, tmp_path: Path
) -> None:
    repository.run("config", "uploadpack.allowFilter", "true")
    for name, arguments in (("whole", []), ("partial", ["--filter=blob:none"])):
        copy = sparse(repository, tmp_path / name, *arguments)
        assert copy.git.left_out(copy.path, ".jira-ci.yml", 100) == b"jira: {}"
        assert copy.git.left_out(copy.path, "src/x", 100) is None
        assert copy.git.left_out(copy.path, "no-such", 100) is None
        assert copy.git.left_out(copy.path / "src", ".jira-ci.yml", 100) is None
        with pytest.raises(GitError, match="8 bytes"):
            copy.git.left_out(copy.path, ".jira-ci.yml", 7)
    lost = sparse(repository, tmp_path / "lost", "--filter=blob:none")
    lost.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    with pytest.raises(GitError):
        lost.git.left_out(lost.path, ".jira-ci.yml", 100)


def test_a_file_that_somebody_deleted_is_not_there(repository: Repository) -> None:
    repository.touch("one", ".jira-ci.yml")
    (repository.path / ".jira-ci.yml").unlink()
    repository.run("config", "core.sparseCheckout", "true")
    assert repository.git.left_out(repository.path, ".jira-ci.yml", 100) is None


def test_what_keeps_git_from_reading_is_named(repository: Repository, tmp_path: Path) -> None:
    head = repository.commit("one")
    borrowed = repository.clone(tmp_path / "borrowed")
    (borrowed.path / ".git/objects/info/alternates").write_text(f"{tmp_path}/gone/objects\n", encoding="utf-8")
    assert "gone/objects, which is not here (objects/info/alternates)" in borrowed.git.problem()
    newer = repository.clone(tmp_path / "newer")
    newer.run("config", "core.repositoryFormatVersion", "1")
    newer.run("config", "extensions.notYetKnown", "x")
    assert "use an image whose git is as new" in newer.git.problem()
    elsewhere = {**ENVIRON, "GIT_DIR": str(repository.path / ".git"), "GIT_WORK_TREE": str(tmp_path)}
    assert Git(repository.path, elsewhere).head() == head


@pytest.mark.parametrize("name", ["GIT_LITERAL_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_NOGLOB_PATHSPECS"])
def test_what_a_shell_says_about_paths_changes_nothing(repository: Repository, name: str) -> None:
    repository.touch("one", "a")
    git = Git(repository.path, {**ENVIRON, name: "1"})
    assert git.file(git.head(), "a", 100) == b"one"


@pytest.mark.parametrize("printed", [b"note: x\n" + b"0" * 40 + b" msg\0", b"warning\n", b"\0"])
def test_what_is_no_commit_is_not_taken_for_one(printed: bytes) -> None:
    with pytest.raises(GitError, match="where a commit should be"):
        list(log._blocks(io.BytesIO(printed)))
