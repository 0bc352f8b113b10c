"""Servers that answer as the providers' published descriptions say, and are held to it after each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest

from providers.description import Absent, Description, github_description, held
from providers.github_server import GitHub
from providers.gitlab_description import EXTRACT
from providers.gitlab_server import GitLab
from providers.serving import Provider, serving

NAMES = ("api.github.com", "ghes-3.17", "ghes-3.18", "ghes-3.19")
P = TypeVar("P", bound=Provider)


@pytest.fixture(scope="session")
def published() -> dict[str, Description] | str:
    """GitHub's descriptions by name, or why they are not to be had."""
    try:
        return {name: github_description(name, GitHub.routes) for name in NAMES}
    except Absent as error:
        return str(error)


@pytest.fixture
def github(published: dict[str, Description] | str) -> Iterator[GitHub]:
    """GitHub itself."""
    yield from _held(GitHub(), [] if isinstance(published, str) else [*published.values()])


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """GitLab below a path, which administrators call a relative URL root."""
    yield from _held(GitLab("/gitlab/api/v4"), [Description(EXTRACT, "error")])


def _held(provider: P, descriptions: list[Description]) -> Iterator[P]:
    with serving(provider):
        yield provider
    problems = held(provider, descriptions)
    if problems:
        pytest.fail("\n".join(problems[:20]), pytrace=False)
