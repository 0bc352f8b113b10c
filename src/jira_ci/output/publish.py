"""Results as each CI takes them: GitHub's step outputs and summary, GitLab's dotenv report and pages.

What is written here cannot be forged by what was read: a random delimiter on GitHub, and only harmless characters on
GitLab, whose dotenv reports know no quoting and may expand ``$``
(https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv).

Files go to places where others may have put something: a branch can commit a link under the name of our artifact, and
an earlier step can leave a FIFO there. So only a plain file with one name is written: nothing is followed, nothing is
waited for, and what is refused was not touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jira_ci.run import CI
from jira_ci.text import one_line

if TYPE_CHECKING:
    from jira_ci.context import Context, Result

_UNSAFE = re.compile(r"[^\w .,:/@+-]")  # letters of any alphabet are harmless, and issue keys hold them
_DOTENV_VALUE = 1500  # bytes
_DOTENV_FILE = 4900  # bytes; GitLab's limits are 5 KB and 20 variables
_DOTENV_VARIABLES = 20
_GITHUB_VALUE = 500_000  # characters: 500 of the longest keys fit; GitHub takes a megabyte
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
)
_FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_NOINHERIT", "O_BINARY")  # those that there are
FOLDER = ".jira-ci"
"""Where the template's artifacts are in a GitLab job's checkout. A ``.gitignore`` of its own keeps it out of git's
sight: the job's script finds its work tree as clean as without us."""
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def as_text(value: Any) -> str:
    """An output as text: lists with commas, switches as ``true`` and ``false``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(_parts(value))
    return str(value)


def _parts(values: Sequence[Any]) -> list[str]:
    """A list's parts. Positions in one list belong to those in another (change-key, change-status), so that no part may
    look like two."""
    return [as_text(part).replace(",", "_") for part in values]


def github(outputs: Mapping[str, Any], delimiter: str) -> str:
    """Lines for the file that ``GITHUB_OUTPUT`` names.

    Args:
        delimiter: random, new for every call.
    """
    return "".join(
        f"{name}<<{delimiter}\n{one_line(as_text(value), _GITHUB_VALUE)}\n{delimiter}\n"
        for name, value in outputs.items()
    )


def dotenv(outputs: Mapping[str, Any]) -> str:
    """Lines for a dotenv report: short and safe values only; what is left out stands in the JSON artifact.

    Of a list that is too long the first parts are there, of a text that is too long nothing.
    """
    lines: list[str] = []
    for name, value in list(outputs.items())[:_DOTENV_VARIABLES]:
        text = _short(value)
        line = f"JIRA_CI_OUT_{name.upper().replace('-', '_')}={text}\n"
        if text is not None and sum(map(_size, lines)) + _size(line) <= _DOTENV_FILE:
            lines.append(line)
    return "".join(lines)


def _short(value: Any) -> str | None:
    parts = [
        _UNSAFE.sub("_", as_text(part)).strip()
        for part in (_parts(value) if isinstance(value, (list, tuple)) else [value])
    ]
    text = ",".join(parts)
    while _size(text) > _DOTENV_VALUE and len(parts) > 1:
        parts.pop()
        text = ",".join(parts)
    return text if _size(text) <= _DOTENV_VALUE else None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def publish(result: Result, context: Context) -> None:
    """Writes what the run's CI takes; outside of a CI nothing."""
    if context.run.provider == CI.GITHUB:
        _github(result, context)
    elif context.run.provider == CI.GITLAB and result.outputs:
        _gitlab(result, context)
    elif context.run.provider in (CI.HARNESS, CI.DRONE):
        _harness(result, context)


def _github(result: Result, context: Context) -> None:
    mask, environ = context.console.mask, context.edges.environ
    written = {"GITHUB_OUTPUT": github(result.outputs, f"jira-ci-{secrets.token_hex(16)}")}
    written["GITHUB_STEP_SUMMARY"] = _summary(result, context, environ.get("GITHUB_STEP_SUMMARY", ""))
    for variable, text in written.items():
        if text and environ.get(variable):
            _append(Path(environ[variable]), mask(text), variable, context)
        elif text and variable == "GITHUB_OUTPUT":
            context.console.notice("warning", "GITHUB_OUTPUT is not set: there are no step outputs.")


def _summary(result: Result, context: Context, path: str) -> str:
    """In Markdown, no longer than what is left of the step's megabyte."""
    if result.summary is None or not path or _only_begun(result.outputs):
        return ""
    from jira_ci.output.markdown import LARGEST, as_markdown
    from jira_ci.output.page import with_texts

    return as_markdown(with_texts(result.summary, context.console.mask), LARGEST - _bytes(Path(path)))


def _only_begun(outputs: Mapping[str, Any]) -> bool:
    """Whether a deployment has begun and all of that was taken: what there is to say is said once, at its end."""
    begun = outputs.get("state") in ("pending", "in_progress") and bool(outputs.get("accepted"))
    return begun and "decision" not in outputs and not (outputs.get("rejected") or outputs.get("unknown-keys"))


def _bytes(path: Path) -> int:
    """In bytes: the step's other commands write to the same summary."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _gitlab(result: Result, context: Context) -> None:
    """In the checkout, where ``artifacts`` of the template pick them up."""
    mask = context.console.mask
    document = json.dumps(mask.document({**result.outputs, **result.document}), indent=2)
    written = {"jira-ci.env": mask(dotenv(result.outputs)), "jira-ci.json": document + "\n"}
    for name, text in (written | _pages(result, context)).items():
        if text:
            keep(artifact(context, name), text, context)


def _pages(result: Result, context: Context) -> dict[str, str]:
    """What a person reads: as Markdown, and as the page that a merge request links to."""
    if result.summary is None:
        return {}
    from jira_ci.output.html import as_html
    from jira_ci.output.markdown import as_markdown
    from jira_ci.output.page import with_texts

    mask, page = context.console.mask, with_texts(result.summary, context.console.mask)
    return {"jira-ci.md": mask(as_markdown(page)), "jira-ci.html": mask(as_html(page))}


def _harness(result: Result, context: Context) -> None:
    """Into the file that Harness gives a step for its output variables, where it gives one."""
    named, text = context.edges.environ.get("DRONE_OUTPUT", ""), dotenv(result.outputs)
    if named and text:
        _append(Path(named), context.console.mask(text), "DRONE_OUTPUT", context)


def _append(path: Path, text: str, variable: str, context: Context) -> None:
    try:
        write_plain(path, text, append=True)
    except OSError as error:
        context.console.notice("warning", f"{variable} could not be written: {error.strerror or error}.")


def artifact(context: Context, name: str) -> Path:
    """Where an artifact of this name is in the checkout of a GitLab job: in the template's folder, or in the checkout
    itself for those who run the command and say themselves what is kept."""
    return context.root / (FOLDER if context.edges.receipt.is_wanted else "") / name


def _prepare(folder: Path) -> None:
    """Makes the artifacts' folder, with the ``.gitignore`` that keeps git from seeing it.

    Raises:
        OSError: it cannot be made, or a branch has put something else there.
    """
    folder.mkdir(exist_ok=True)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise OSError(0, f"{folder.name} is a link")
    if not os.path.lexists(folder / ".gitignore"):
        write_plain(folder / ".gitignore", "*\n")


def keep(path: Path, text: str, context: Context, *, mode: int = 0o666) -> Path | None:
    """Writes a file of its own, in a temporary folder when its place does not take it, which is said once.

    Returns:
        Where it is; ``None`` when it could be written nowhere.
    """
    try:
        if path.parent.name == FOLDER:
            _prepare(path.parent)
        write_plain(path, text, mode=mode)
        return path
    except OSError as error:
        why = f"{path.name} could not be written to {path.parent}: {error.strerror or error}."
    said = path.name in context.spare.names
    try:
        kept = context.spare.write(path.name, text)
    except OSError as error:
        context.console.notice("warning", f"{why} Nor to a temporary folder: {error.strerror or error}.")
        return None
    if not said:
        context.console.notice("warning", f"{why} It is here: {kept}")
    return kept


def write_plain(path: Path, text: str, *, append: bool = False, mode: int = 0o666) -> None:
    """Writes the text in UTF-8, over what was in the file or behind it.

    Args:
        mode: the permissions of a new file, less the umask.

    Raises:
        OSError: it cannot be written; ``strerror`` says why in words.
    """
    with contextlib.suppress(FileNotFoundError):
        _refuse(path.lstat())
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else 0)
    for name in _FLAGS:
        flags |= getattr(os, name, 0)
    with os.fdopen(os.open(path, flags, mode), "w", encoding="utf-8", newline="\n") as file:
        _refuse(os.fstat(file.fileno()))  # it may have been exchanged meanwhile
        if not append:
            file.truncate(0)
        file.write(text)


def _refuse(found: os.stat_result) -> None:
    kind = next((words for is_one, words in _KINDS if is_one(found.st_mode)), "a device")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, f"{kind} is in its place")
    if found.st_nlink > 1:
        raise OSError(0, "it is another file's second name (a hard link)")
    if not found.st_mode & _WRITABLE:  # root may write it all the same
        raise OSError(0, "the file is read-only")


class Spare:
    """A temporary folder for what its own place does not take; it is made when it is needed first.

    Args:
        base: where it is made; empty for the machine's temporary folder.
    """

    def __init__(self, base: str) -> None:
        self._base, self._folder = base, ""
        self.names: set[str] = set()
        """Of the files that are in it."""

    def write(self, name: str, text: str) -> Path:
        """Writes a file for this user alone, and says where it is.

        Raises:
            OSError: not even here.
        """
        if not self._folder:
            folder = self._base if os.path.isdir(self._base) else None  # noqa: PTH112
            self._folder = tempfile.mkdtemp(prefix="jira-ci-", dir=folder)
        path = Path(self._folder) / name
        write_plain(path, text, mode=0o600)
        self.names.add(name)
        return path
