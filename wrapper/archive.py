"""Runs ``jira-ci.pyz``: from a private folder that it was unpacked to once, or from the archive where there is none.

A zip file is slow to import from, and holds no byte code. The folder's name is the archive's SHA-256, so that another
archive never meets its files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Mapping

from wrapper import private


def run(path: str) -> int:
    """Runs the command that the process's arguments name.

    Args:
        path: of the archive.
    """
    if sys.executable and not (sys.flags.isolated and sys.flags.no_site):
        return _isolated(path)
    folder = _unpacked(path, os.environ)
    if folder:
        sys.path[0] = folder
        sys.path_importer_cache.clear()
    sys.dont_write_bytecode = not folder
    from jira_ci.cli import main

    return main()


def _isolated(path: str) -> int:
    """Starts again without the user's variables for Python and without anybody's site-packages."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", path, *sys.argv[1:]]
    if os.name != "nt":
        os.execv(sys.executable, command)  # noqa: S606 - the signals of the CI have to reach it
    import subprocess

    return subprocess.call(command)


def _unpacked(path: str, environ: Mapping[str, str]) -> str:
    """The folder with everything in it; ``""`` when nothing can be written."""
    with open(path, "rb") as file:  # noqa: PTH123
        name = hashlib.sha256(file.read()).hexdigest()[:32]
    manifest = __loader__.get_data(f"{path}{os.sep}MANIFEST").decode()  # type: ignore[name-defined]
    base = private.folder(name, environ)
    if not base:
        return ""
    folder = os.path.join(base, "files")  # noqa: PTH118 - pathlib takes 10 ms
    if _is_whole(folder, manifest):
        return folder
    with contextlib.suppress(OSError):
        _unpack(path, base, folder, manifest)
    return folder if _is_whole(folder, manifest) else ""


def _is_whole(folder: str, manifest: str) -> bool:
    """Nothing is missing: systems clean their temporary folders file by file."""
    try:
        for line in manifest.splitlines():
            size, _, name = line.partition(" ")
            if os.stat(f"{folder}/{name}").st_size != int(size):  # noqa: PTH116
                return False
    except OSError:
        return False
    return True


def _unpack(path: str, base: str, folder: str, manifest: str) -> None:
    """Beside the final place first, so that twenty jobs at once see all or nothing."""
    import tempfile
    import zipfile

    with tempfile.TemporaryDirectory(dir=base, ignore_cleanup_errors=True) as scratch:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(f"{scratch}/files")
        if not _is_whole(folder, manifest):  # or another job was faster
            with contextlib.suppress(FileNotFoundError):
                os.rename(folder, f"{scratch}/incomplete")  # noqa: PTH104
            os.rename(f"{scratch}/files", folder)  # noqa: PTH104
