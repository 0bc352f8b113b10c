"""Runs ``jira-ci.pyz`` where it stands: nothing is unpacked, and its byte code is kept for the next time.

What was compiled is in one file of a private folder, sealed with the job's token. The folder's name is the archive's
SHA-256, so that another archive never meets it; without a folder or a token everything is compiled each time.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from types import CodeType
from typing import TYPE_CHECKING, Any
from zipimport import zipimporter

from wrapper import bytecode

if TYPE_CHECKING:
    from pathlib import Path


def run(path: str) -> int:
    """Runs the command that the process's arguments name.

    Args:
        path: of the archive.
    """
    if sys.executable and not (sys.flags.isolated and sys.flags.no_site):
        return _isolated(path)
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes 10 ms
        name = hashlib.sha256(file.read()).hexdigest()[:32]
    store = bytecode.store(name, os.environ)
    sys.path_hooks.insert(0, lambda entry: Importer(entry, path, store))
    sys.path_importer_cache.clear()
    from jira_ci.cli import main

    return main()


def _isolated(path: str) -> int:
    """Starts again without the user's variables for Python and without anybody's site-packages."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", path, *sys.argv[1:]]
    if os.name != "nt":
        os.execv(sys.executable, command)  # noqa: S606 - the signals of the CI have to reach it
    import subprocess

    return subprocess.call(command)


class Importer(zipimporter):
    """Python's importer of zip files, for one of them, with byte code.

    Args:
        entry: of ``sys.path``: the archive, or a folder in it.
        path: the archive's.
        store: for its byte code.

    Raises:
        ImportError: the entry is not in this archive.
    """

    def __init__(self, entry: str, path: str, store: bytecode.Store) -> None:
        super().__init__(entry)
        if self.archive != path:
            raise ImportError(f"{entry} is not in {path}")
        self._store = store

    def get_code(self, fullname: str) -> CodeType:
        """The module's code, compiled once."""
        try:
            return marshal.loads(self._store.read(fullname))  # type: ignore[no-any-return]  # noqa: S302 - sealed
        except FileNotFoundError:
            code = super().get_code(fullname)
            self._store.add(fullname, marshal.dumps(code))
            return code

    def get_filename(self, fullname: str) -> str:
        """Where the module is; asked for each one, and Python's own way of finding it out is to compile it."""
        inside = f"{os.sep}__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}{os.sep}{self.prefix}{fullname.rpartition('.')[2]}{inside}"

    def get_resource_reader(self, fullname: str) -> Any:
        """The files beside a module; those of certifi on no disk, which may be full or not to be written to."""
        if fullname == "certifi" and hasattr(os, "memfd_create"):
            reader = _InMemory(self.get_data(f"{self.archive}{os.sep}certifi{os.sep}cacert.pem"))
            if os.path.exists(reader.resource_path("cacert.pem")):  # noqa: PTH110 - not where /proc is missing
                return reader
        return super().get_resource_reader(fullname)  # makes a temporary file


class _InMemory:
    """One file as a reader of resources has it: OpenSSL takes nothing but a path. Linux only."""

    def __init__(self, content: bytes) -> None:
        self._handle = os.memfd_create("jira-ci")
        with open(self._handle, "wb", closefd=False) as file:
            file.write(content)

    def files(self) -> _InMemory:
        """The package's folder."""
        return self

    def joinpath(self, name: str) -> Path:
        """The file, whatever its name."""
        from pathlib import Path

        return Path(self.resource_path(name))

    def resource_path(self, name: str) -> str:  # noqa: ARG002 - there is one only
        """The same, as Python 3.10 asks for it."""
        return f"/proc/self/fd/{self._handle}"
