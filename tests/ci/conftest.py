"""Fixtures of the tests that read a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ci.repositories import Repository
from ci.servers import Api, serving

_EVENTS = Path(__file__).parent.parent / "events"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository on branch main, in a path with a space."""
    return Repository(tmp_path / "up stream")


@pytest.fixture
def github_api() -> Iterator[Api]:
    """GitHub Enterprise Server's API lies below a path; GitHub's own at the root."""
    with serving("/api/v3") as api:
        yield api


@pytest.fixture
def gitlab_api() -> Iterator[Api]:
    """GitLab, installed below a path."""
    with serving("/gitlab/api/v4") as api:
        yield api


@pytest.fixture
def github_event() -> Callable[[str], dict[str, Any]]:
    """A captured event by its file's name."""

    def load(name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((_EVENTS / "github" / f"{name}.json").read_text(encoding="utf-8"))
        return loaded

    return load


@pytest.fixture
def gitlab_environ() -> Callable[[str], dict[str, str]]:
    """A captured environment by its file's name."""

    def load(name: str) -> dict[str, str]:
        lines = (_EVENTS / "gitlab" / f"{name}.env").read_text(encoding="utf-8").splitlines()
        return dict(line.partition("=")[::2] for line in lines if line)

    return load
