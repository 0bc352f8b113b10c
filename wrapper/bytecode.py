"""Byte code of a release, kept for the next step: compiling the sources takes longer than reporting."""

from __future__ import annotations

import atexit
import contextlib
import marshal
import os
import sys
import zlib
from collections.abc import Callable, Mapping
from importlib.machinery import FileFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from typing import TYPE_CHECKING, Any

from wrapper import private

if TYPE_CHECKING:
    from pathlib import Path

_CHECKSUM = 4  # bytes


def keep(action: Path, environ: Mapping[str, str]) -> None:
    """Lets Python keep the byte code of what is in the action's folder, in a private folder of this release.

    The folder is named by the release's content, so that a tag which moved never meets another release's byte code.
    Without a folder nothing changes. ``sys.pycache_prefix`` would hide the byte code of the standard library as well.
    """
    try:
        name = (action / "vendor" / "DIGEST").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return  # a development checkout, whose sources change
    folder = private.folder(name, environ)
    if folder:
        sys.path_hooks.insert(0, _hook(str(action), store(folder)))
        sys.path_importer_cache.clear()
        sys.dont_write_bytecode = False


def store(folder: str) -> Store:
    """What is kept in a private folder for this Python, saved when the process ends; nothing without a folder."""
    if not folder:
        return Store("")
    kept = Store(f"{folder}/{sys.implementation.cache_tag}-{sys.flags.optimize}")
    atexit.register(kept.save)
    return kept


class Store:
    """The byte code of many modules in one file: writing a file for each takes as long as compiling some of them.

    Python believes byte code, so what a crash or a full disk left of the file must not come near it: a checksum tells.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._kept: dict[str, bytes] = {}
        self._new: dict[str, bytes] = {}
        with contextlib.suppress(OSError), open(path, "rb") as file:  # noqa: PTH123
            head, content = file.read(len(MAGIC_NUMBER) + _CHECKSUM), file.read()
            if head == _head(content):
                self._kept = marshal.loads(content)  # noqa: S302 - the folder is private

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
        if not self._new:
            return
        content = marshal.dumps({**self._kept, **self._new}, 2)  # later versions look for equal parts
        scratch = f"{self._path}.{os.getpid()}"
        try:
            with open(scratch, "wb") as file:  # noqa: PTH123
                file.write(_head(content) + content)
            os.replace(scratch, self._path)  # noqa: PTH105
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(scratch)  # noqa: PTH108 - a full disk is not to be filled with halves


def _head(content: bytes) -> bytes:
    """What stands before the content: which Python wrote it, and a checksum."""
    return MAGIC_NUMBER + zlib.crc32(content).to_bytes(_CHECKSUM, "little")


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
