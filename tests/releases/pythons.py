"""The Pythons on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def _found(minor: int) -> str:
    """A Python 3 of this minor version: on PATH, else one of pyenv's; its shims only fail where nobody chose them."""
    pyenv = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    versions = sorted((pyenv / "versions").glob(f"3.{minor}.*/bin/python3.{minor}"))
    on_path = shutil.which(f"python3.{minor}")
    if on_path and "shims" not in Path(on_path).parts:
        return on_path
    return str(versions[-1]) if versions else ""


def each(*minors: int) -> list[object]:
    """A parameter for each of these versions; those that are not here are skipped."""
    return [
        pytest.param(_found(minor), id=f"3.{minor}", marks=pytest.mark.skipif(not _found(minor), reason=_reason(minor)))
        for minor in minors
    ]


def _reason(minor: int) -> str:
    return f"there is no Python 3.{minor} on this machine"
