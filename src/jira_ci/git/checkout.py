"""What a checkout is, found out in as few questions as that takes: a start of git costs as much as what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jira_ci.git import command as git_command
from jira_ci.git.command import GitError
from jira_ci.text import one_line
from jira_ci.text import sha as full_sha

_QUESTIONS = (
    ("--is-inside-git-dir",),
    ("--is-bare-repository",),
    ("--git-path", "objects/info/alternates"),
    ("--git-path", "shallow"),
)


class State(NamedTuple):
    """What does not change while a command runs."""

    problem: str
    """Why there is no history to read, with the hint; empty when there is."""
    shallow: Path | None
    """The file that lists the commits at which a shallow clone was cut; there is none in a complete clone."""


def state(directory: Path, run: Callable[..., str]) -> State:
    """Looks at a checkout.

    Args:
        directory: anywhere in the checkout.
        run: what git prints when it is given these arguments there; raises :class:`GitError` when it fails.
    """
    try:
        told = run("rev-parse", *(word for question in _QUESTIONS for word in question)).split("\n")[:-1]
        if len(told) != len(_QUESTIONS):  # a folder's name has a line break
            told = [run("rev-parse", *question)[:-1] for question in _QUESTIONS]
    except GitError as error:
        return State(_explain(str(error), directory), None)
    inside, bare, alternates, shallow = told
    if inside == "true" and bare == "false":
        return State(f"{directory} is inside a .git directory, not in a checkout.", None)
    return State(_lost_objects(directory / alternates), directory / shallow)


def commits(directory: Path, environ: Mapping[str, str], names: Sequence[str], seconds: float) -> list[str]:
    """The full ids of the commits that branches, tags, ids or expressions such as ``HEAD~3`` name, in one question; an
    empty text for each that names none.

    Args:
        names: without a space or a control character.
        seconds: for each question.
    """
    try:
        given = "".join(f"{name}^{{commit}}\n" for name in names).encode("utf-8", "surrogateescape")
        arguments = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
        told = git_command.output(directory, environ, arguments, seconds=seconds, stdin=given).decode().splitlines()
    except (GitError, UnicodeError):
        told = []
    if len(told) == len(names):
        return [full_sha(line.removesuffix(" commit")) for line in told]
    # At a damaged object git ends: one by one, the others are known all the same.
    return [_commit(directory, environ, name, seconds) for name in names]


def text(path: Path) -> str:
    """A file's text; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _commit(directory: Path, environ: Mapping[str, str], name: str, seconds: float) -> str:
    arguments = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    try:
        return full_sha(git_command.run(directory, environ, arguments, seconds=seconds).strip())
    except GitError:
        return ""


def _lost_objects(alternates: Path) -> str:
    objects = alternates.parent.parent
    lost = [
        line for line in text(alternates).splitlines() if line[:1] not in ("", "#") and not (objects / line).is_dir()
    ]
    if not lost:
        return ""
    return (
        f"git looks for objects of this clone in {one_line(lost[0], 200)}, which is not here"
        " (objects/info/alternates); mount it, or clone without --reference and --shared."
    )


def _explain(complaint: str, directory: Path) -> str:
    if "dubious ownership" in complaint or "safe.directory" in complaint:
        return (
            f"git does not read {directory} because somebody else owns it; run"
            f" `git config --global --add safe.directory {directory}` before jira-ci."
        )
    if "not a git repository" in complaint:
        return f"{directory} is not a git checkout; check the repository out before jira-ci, or run it there."
    if "unknown repository extension" in complaint or "repository version" in complaint:
        return (
            f"git cannot read {directory}: {complaint}. A newer git made it (another format of refs or objects); use an"
            " image whose git is as new."
        )
    if "invalid GIT_DIR" in complaint or "GIT_WORK_TREE" in complaint or "worktree" in complaint:
        return f"git cannot read {directory}: {complaint}. Unset GIT_DIR and GIT_WORK_TREE, or set them to a checkout."
    if "not installed" in complaint:
        return "git is not installed; use an image that has it."
    return f"git cannot read {directory}: {complaint}."
