"""The wheels of a release: pure Python, with the hashes of the lock.

PyYAML and MarkupSafe have wheels for every platform but no pure one. Those are built here from their source
distributions, without libyaml and without a compiler; what builds them is locked as well. pip knows where packages come
from; that is nobody else's business.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = ("markupsafe", "pyyaml")
"""Packages without a pure wheel on the index."""
_PURE = ("--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none")
_OLDEST = ("--python-version", "3.10")


@dataclass(frozen=True)
class Wheel:
    """One package of a release.

    Attributes:
        path: the pure wheel.
        fetched: the file that the index has: the wheel, or the source distribution that it was built from.
    """

    path: Path
    fetched: Path

    def sha256(self) -> str:
        """Of the fetched file."""
        return hashlib.sha256(self.fetched.read_bytes()).hexdigest()


def fetch(locks: Path, cache: Path) -> list[Wheel]:
    """Every wheel that ``vendor.txt`` names, sorted by name; from the cache when it is complete.

    Args:
        locks: the folder of ``vendor.txt`` and ``vendor-build.txt``.
        cache: a folder for downloads; one below it is used for these locks.

    Raises:
        SystemExit: pip could not get one, or it is not what the lock says.
    """
    lock, tools = locks / "vendor.txt", locks / "vendor-build.txt"
    folder = cache / hashlib.sha256(lock.read_bytes() + tools.read_bytes()).hexdigest()[:16]
    if not folder.is_dir():
        _fill(folder, lock, tools)
    hashes = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock.read_text(encoding="utf-8")))
    pure = [Wheel(path, path) for path in folder.glob("*.whl")]
    built = [Wheel(path, _source(folder, path)) for path in (folder / "built").glob("*.whl")]
    for wheel in (*pure, *built):
        if wheel.sha256() not in hashes:
            raise SystemExit(f"{wheel.fetched} has another hash than {lock} says. Remove {folder}, and run this again.")
        if not wheel.path.name.endswith("-none-any.whl"):
            raise SystemExit(f"{wheel.path} is not pure Python.")
    return sorted((*pure, *built), key=lambda wheel: wheel.path.name.lower())


def _fill(folder: Path, lock: Path, tools: Path) -> None:
    """All or nothing, so that two builds at once and one that was interrupted do no harm."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as temporary:
        scratch = Path(temporary)
        sources, wheels = _split(lock.read_text(encoding="utf-8"))
        (scratch / "wheels.txt").write_text(wheels, encoding="utf-8")
        (scratch / "sources.txt").write_text(sources, encoding="utf-8")
        got = scratch / "got"
        _pip("download", *_PURE, *_OLDEST, "--dest", str(got), "--requirement", str(scratch / "wheels.txt"))
        _pip("download", *_PURE, *_OLDEST, "--dest", str(scratch / "tools"), "--requirement", str(tools))
        for path in (scratch / "tools").glob("*.whl"):
            with zipfile.ZipFile(path) as wheel:
                wheel.extractall(scratch / "path")
        build = {"PYTHONPATH": str(scratch / "path"), "PYYAML_FORCE_LIBYAML": "0", "CC": "false"}
        no_wheels = ("--no-binary", ":all:", "--no-build-isolation")
        _pip("download", *no_wheels, "--dest", str(got), "--requirement", str(scratch / "sources.txt"), **build)
        for path in sorted(got.glob("*.tar.gz")):
            _pip("wheel", *no_wheels, "--no-index", "--wheel-dir", str(got / "built"), str(path), **build)
        try:
            got.rename(folder)
        except OSError:
            if not folder.is_dir():  # or another build was faster
                raise


def _split(lock: str) -> tuple[str, str]:
    """The lines of the lock for source distributions, and those for wheels."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    sources = [block for block in blocks if block.partition("==")[0] in SOURCES]
    return "".join(sources), "".join(block for block in blocks if block not in sources)


def _source(folder: Path, wheel: Path) -> Path:
    name, version = wheel.name.split("-")[:2]
    return folder / f"{name}-{version}.tar.gz"


def _pip(verb: str, *options: str, **environ: str) -> None:
    require = () if verb == "wheel" else ("--require-hashes",)
    command: Sequence[str] = [
        sys.executable, "-m", "pip", verb, "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir",
        "--no-deps", *require, *options,
    ]  # fmt: skip
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stdout}{done.stderr}\npip {verb} could not get what {options[-1]} names.")
