"""Archives and folders whose bytes depend on nothing but the files: sorted, without time, owner or umask.

How well they are compressed is up to zlib, and a Python with zlib-ng (Windows' since 3.14) writes other bytes that mean
the same: compare archives that were built with the same kind.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

_FIRST = (1980, 1, 1, 0, 0, 0)  # no zip file knows an earlier time
_FILE, _PROGRAM, _FOLDER = 0o100644, 0o100755, 0o040755


def zip_file(tree: Mapping[str, bytes], before: bytes) -> bytes:
    """A compressed zip file, with something in front of it."""
    buffer = io.BytesIO()
    buffer.write(before)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted({**dict.fromkeys(_folders(tree), b""), **tree}.items()):
            entry = zipfile.ZipInfo(name, _FIRST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = (_FOLDER if name.endswith("/") else _FILE) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _folders(tree: Mapping[str, bytes]) -> set[str]:
    """Every folder, by a name that ends in a slash: Python finds packages without ``__init__.py`` by them."""
    return {f"{folder.as_posix()}/" for name in tree for folder in PurePosixPath(name).parents if folder.name}


def tar(tree: Mapping[str, bytes], folder: str, programs: Collection[str]) -> bytes:
    """A compressed tar file with everything in one folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(tree.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), (_PROGRAM if name in programs else _FILE) & 0o777
            archive.addfile(entry, io.BytesIO(content))
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, packed, mtime=0) as file:
        file.write(buffer.getvalue())
    return packed.getvalue()


def write_tree(tree: Mapping[str, bytes], folder: Path, programs: Collection[str]) -> None:
    """The files in a folder that holds nothing else afterwards."""
    if folder.exists():
        shutil.rmtree(folder)
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if name in programs:
            path.chmod(_PROGRAM & 0o777 & ~_umask())


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
