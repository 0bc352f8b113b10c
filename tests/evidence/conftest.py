"""A GitHub that can be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.github_graphql_server import GitHubGraph
from providers.serving import serving


@pytest.fixture
def github() -> Iterator[GitHubGraph]:
    made = GitHubGraph()
    with serving(made):
        yield made
