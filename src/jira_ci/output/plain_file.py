"""Writes files in places where others may have put something: a checkout, a runner's folder.

A branch can commit a link under the name of our artifact, and an earlier step can leave a FIFO there. So only a plain
file with one name is written: nothing is followed, nothing is waited for, and what is refused was not touched.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
)
_FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_NOINHERIT", "O_BINARY")  # those that there are
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write(path: Path, text: str, *, append: bool = False, mode: int = 0o666) -> None:
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
        write(path, text, mode=0o600)
        self.names.add(name)
        return path
