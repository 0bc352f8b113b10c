"""Sites without a socket."""

from __future__ import annotations

import pytest

from bare_site import BareSite
from pretend import Pretend


@pytest.fixture
def site() -> Pretend:
    return Pretend()


@pytest.fixture
def bare() -> BareSite:
    return BareSite()


@pytest.fixture
def key(site: Pretend) -> str:
    """Of a change that the pipeline raised."""
    return site.raised()
