"""A folder for byte code that nobody but this user can write to.

Whoever can write there can run code with the job's secrets, so a folder counts only when it and every folder above it
belong to this user or to root and cannot be renamed or filled by others. Temporary folders are shared between users and
jobs on self-hosted runners, and their names can be guessed: what stands at the name already is looked at, not believed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def folder(name: str, environ: Mapping[str, str]) -> str:
    """The path of this user's folder of this name, made when it is not there; ``""`` when none is safe or writable."""
    for base in _bases(environ):
        path = os.path.join(os.path.realpath(base), f"jira-ci-{_user()}-{name}")  # noqa: PTH118 - pathlib takes 10 ms
        if not is_guarded(os.path.dirname(path)):  # noqa: PTH120
            continue
        try:
            os.mkdir(path, 0o700)  # noqa: PTH102
        except FileExistsError:
            pass
        except OSError:
            continue
        if is_private(path):
            return path
    return ""


def is_private(path: str) -> bool:
    """A real folder that belongs to this user, and that nobody else may write to."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and (os.name == "nt" or (status.st_uid == _user() and not _loose(status)))


def is_guarded(path: str) -> bool:
    """Nobody but this user and root can put something else in this folder's place, or in that of one inside of it.

    The sticky bit of ``/tmp`` keeps others from renaming what is ours. The path must hold no link; one that somebody
    put into it meanwhile counts as a folder that all can write to, because such are the permissions of links.
    """
    while os.name != "nt":
        try:
            status = os.lstat(path)
        except OSError:
            return False
        if status.st_uid not in (0, _user()) or (_loose(status) and not status.st_mode & stat.S_ISVTX):
            return False
        above = os.path.dirname(path)  # noqa: PTH120
        if above == path:
            break
        path = above
    return True


def _bases(environ: Mapping[str, str]) -> Iterator[str]:
    # Windows' temporary folder may be everybody's; this one is the user's, as TMPDIR is on macOS.
    names = ("RUNNER_TEMP", "LOCALAPPDATA") if os.name == "nt" else ("RUNNER_TEMP", "RUNNER_TEMP_PROJECT_DIR", "TMPDIR")
    yield from (environ[name] for name in names if os.path.isabs(environ.get(name, "")))  # noqa: PTH117
    if os.name != "nt":
        yield "/tmp"  # noqa: S108 - what is found there is not believed


def _loose(status: os.stat_result) -> bool:
    return bool(status.st_mode & _OTHERS)


def _user() -> int:
    return 0 if os.name == "nt" else os.geteuid()
