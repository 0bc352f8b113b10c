"""Byte code of a release, kept for the job's next step: compiling the sources takes longer than reporting.

Python runs byte code unseen. On machines that serve one job after the other, as one user, an earlier job can leave
some at a name that it can guess. So what is kept is sealed with the job's own token, which no earlier job knows, and
what has not this seal is as good as not there. Without such a token nothing is kept.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import hmac
import marshal
import os
import stat
import sys
from collections.abc import Callable, Mapping
from importlib.machinery import FileFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from typing import TYPE_CHECKING, Any

from wrapper import private

if TYPE_CHECKING:
    from pathlib import Path

_SEAL = 32  # bytes
# Nothing is followed, and no FIFO is waited for.
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_TOKENS = ("JIRA_CI_INPUT_GITHUB_TOKEN", "CI_JOB_TOKEN")  # made for one job; GitHub's comes through an input's default


def keep(action: Path, environ: Mapping[str, str]) -> None:
    """Lets Python keep the byte code of what is in the action's folder, in a private folder of this release.

    The folder is named by the release's content, so that a tag which moved never meets another release's byte code.
    Without a folder nothing changes. ``sys.pycache_prefix`` would hide the byte code of the standard library as well.
    """
    try:
        name = (action / "vendor" / "DIGEST").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return  # a development checkout, whose sources change
    kept = store(name, environ)
    if kept.is_kept:
        sys.path_hooks.insert(0, _hook(str(action), kept))
        sys.path_importer_cache.clear()
        sys.dont_write_bytecode = False


def store(name: str, environ: Mapping[str, str]) -> Store:
    """What this job has kept for this release and this Python, saved when the process ends; nothing without a private
    folder or a token of the job's.

    Args:
        name: of the release, by its content.
    """
    token = next((environ[variable] for variable in _TOKENS if environ.get(variable)), "")
    folder = private.folder(name, environ) if token else ""
    if not folder:
        return Store("", b"")
    key = hashlib.sha256(os.fsencode(token)).digest()
    kept = Store(f"{folder}/{sys.implementation.cache_tag}-{sys.flags.optimize}", key)
    atexit.register(kept.save)
    return kept


class Store:
    """The byte code of many modules in one file: writing a file for each takes as long as compiling some of them.

    Args:
        path: of the file; ``""`` keeps nothing.
        key: of the seal.
    """

    def __init__(self, path: str, key: bytes) -> None:
        self._path, self._key = path, key
        self._kept: dict[str, bytes] = {}
        self._new: dict[str, bytes] = {}
        if not path:
            return
        with contextlib.suppress(OSError), os.fdopen(os.open(path, _READ), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return
            head, content = file.read(len(MAGIC_NUMBER) + _SEAL), file.read()
            if hmac.compare_digest(head, self._head(content)):
                self._kept = marshal.loads(content)  # noqa: S302 - this job wrote it

    @property
    def is_kept(self) -> bool:
        """Whether anything is."""
        return bool(self._path)

    def read(self, name: str) -> bytes:
        """What was kept under this name."""
        if name not in self._kept:
            raise FileNotFoundError(name)
        return self._kept[name]

    def add(self, name: str, content: bytes) -> None:
        """Keeps it, once it is saved."""
        self._new[name] = content

    def save(self) -> None:
        """Writes what is new, all or nothing; of two jobs at once the later one wins."""
        if not self._new or not self._path:
            return
        content = marshal.dumps({**self._kept, **self._new}, 2)  # later versions look for equal parts
        scratch = f"{self._path}.{os.getpid()}"
        try:
            with open(scratch, "xb") as file:  # noqa: PTH123
                file.write(self._head(content) + content)
            os.replace(scratch, self._path)  # noqa: PTH105
        except FileExistsError:  # somebody's, or of a process that died: not ours to take away
            return
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(scratch)  # noqa: PTH108 - a full disk is not to be filled with halves

    def _head(self, content: bytes) -> bytes:
        """What stands before the content: which Python wrote it, and the seal, which holds for this place alone."""
        seal = hashlib.blake2b(key=self._key, digest_size=_SEAL)
        seal.update(MAGIC_NUMBER + os.fsencode(self._path) + b"\0")
        seal.update(content)
        return MAGIC_NUMBER + seal.digest()


def _hook(action: str, store: Store) -> Callable[[str], FileFinder]:
    class Loader(SourceFileLoader):
        """Byte code goes to the store and comes from there; Python itself compares it with its source."""

        def get_data(self, path: str) -> bytes:
            return store.read(path) if path.endswith(".pyc") else super().get_data(path)

        def set_data(self, path: str, data: Any, *, _mode: int = 0) -> None:
            store.add(path, bytes(data))

    def finder(path: str) -> FileFinder:
        if not path.startswith(action):
            raise ImportError(f"{path} is not in the action's folder")
        return FileFinder(path, (Loader, [".py"]))

    return finder
