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
