"""Fixtures of the tests that ask git."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository on branch main, in a path with a space."""
    return Repository(tmp_path / "up stream")
