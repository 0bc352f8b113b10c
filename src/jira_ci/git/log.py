"""Streams commit messages out of ``git log``: any number of commits in little memory and little time."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

from jira_ci.git import command as git_command
from jira_ci.git.command import GitError
from jira_ci.text import one_line

T = TypeVar("T")
Commit = tuple[str, str, str]
"""Id, the parents' ids as git prints them, message."""
_CHUNK = 1 << 16
"""Bytes read at once."""
_PIPE = 1 << 20  # bytes, where the system lets us: git works on while the commits are looked at
_SECONDS = 300.0  # a log of a million commits takes about ten
_RECORD = re.compile(r"(?:\A|\0)([0-9a-f]{40}(?:[0-9a-f]{24})?) ?([0-9a-f ]*)(?:\n([^\0]*))?(?=\0|\Z)")
_ARGUMENTS = (
    "log",
    "-z",
    "--format=%H %P%n%B",
    "--encoding=UTF-8",
    "--no-patch",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-decorate",
    "--no-notes",
    "--no-show-signature",
)


def blocks(directory: Path, environ: Mapping[str, str], head: str, *bases: str) -> Iterator[tuple[str, list[Commit]]]:
    """Commits with their whole messages, newest first, as git prints them without a second pass: as many at once as
    came at once, behind the text that they were read from.

    All parents are followed: a release holds what its merged branches hold. The child ends with the iterator.

    Args:
        head: a full commit id.
        bases: full commit ids, which are left out with their ancestors.

    Raises:
        GitError: git is missing, fails, or takes longer than five minutes.
    """
    return follow(directory, environ, (*_ARGUMENTS, *revisions(head, *bases)), _blocks)


def stream(directory: Path, environ: Mapping[str, str], head: str, *bases: str) -> Iterator[Commit]:
    """The same commits, one after the other."""
    return (commit for _, commits in blocks(directory, environ, head, *bases) for commit in commits)


def revisions(head: str, *bases: str) -> tuple[str, ...]:
    """How git is told of the commits that head has and none of the bases."""
    return (head, *(f"^{base}" for base in bases), "--")


def follow(
    directory: Path,
    environ: Mapping[str, str],
    arguments: tuple[str, ...],
    read: Callable[[IO[bytes]], Iterator[T]],
    given: IO[bytes] | None = None,
) -> Generator[T]:
    """What ``read`` makes of what git prints, while git works on. The child ends with the iterator.

    Args:
        given: a file that git reads from, if it reads any.

    Raises:
        GitError: git is missing, fails, or takes longer than five minutes.
    """
    with tempfile.TemporaryFile() as complaints:
        child = _start(git_command.command(directory, environ, arguments), environ, given, complaints)
        _widen(child.stdout)
        watch = threading.Timer(_SECONDS, child.kill)
        watch.daemon = True
        watch.start()
        try:
            if child.stdout is not None:
                yield from read(child.stdout)
            code = child.wait()
        finally:
            watch.cancel()
            child.kill()
            if child.stdout is not None:
                child.stdout.close()
            child.wait()
        if code:
            complaints.seek(0)
            complaint = git_command.reason(complaints.read(65536))
            raise GitError(complaint or f"git {arguments[0]} ended with code {code}")


def _start(
    command: Sequence[str], environ: Mapping[str, str], given: IO[bytes] | None, complaints: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            env=git_command.environment(environ, network=False),
            stdin=given or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
    except (OSError, ValueError) as error:
        raise GitError(f"git could not be started ({error})") from None


def _widen(pipe: IO[bytes] | None) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux only, and only as far as its limits go
        import fcntl

        if pipe is not None:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def whole_records(pipe: IO[bytes]) -> Iterator[bytes]:
    """What git prints, in pieces that end where a NUL stands; the NUL between two pieces is in neither."""
    pending: list[bytes] = []
    while chunk := pipe.read(_CHUNK):
        end = chunk.rfind(b"\0")
        if end < 0:
            pending.append(chunk)
            continue
        pending.append(chunk[:end])
        yield b"".join(pending)
        pending = [chunk[end + 1 :]]
    if rest := b"".join(pending):
        yield rest


def _blocks(pipe: IO[bytes]) -> Iterator[tuple[str, list[Commit]]]:
    return map(_block, whole_records(pipe))


def _block(records: bytes) -> tuple[str, list[Commit]]:
    # In one go: most of the time of a long log would be spent per commit.
    text = records.decode("utf-8", "replace")
    found: list[Commit] = _RECORD.findall(text)
    if len(found) != text.count("\0") + 1:
        wrong = next(record for record in text.split("\0") if not _RECORD.fullmatch(record))
        raise GitError(f"git log printed {one_line(wrong.partition(chr(10))[0], 80)!r} where a commit should be")
    return text, found


def lines(pipe: IO[bytes]) -> Iterator[str]:
    """What git prints, line by line."""
    return (line.decode("ascii", "replace") for line in pipe)
