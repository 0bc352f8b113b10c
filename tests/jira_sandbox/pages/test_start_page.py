"""The first page and its lists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jira_sandbox.server import Sandbox
from pages import get


def test_an_empty_site_has_pages_too(start_sandbox: Callable[..., Sandbox]) -> None:
    for edition in ("cloud", "data-center"):
        empty = start_sandbox(edition=edition)
        assert "Nothing has been reported yet" in get(empty, "/").text
        for path in ("/issues", "/changes", "/deployments", "/requests", "/browse/WEB-12"):
            assert get(empty, path).status == 200


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/browse?key=WEB-12", "/browse/WEB-12"),
        ("/browse?key=%20a/../b%20", "/browse/a%2F..%2Fb"),
        ("/browse?key=//evil.example", "/browse/%2F%2Fevil.example"),
        ("/browse", "/issues"),
        ("/servicedesk/customer/portal/1/OPS-1002", "/browse/OPS-1002"),
    ],
)
def test_other_addresses_lead_to_the_pages(path: str, target: str, sandbox: Sandbox) -> None:
    found = get(sandbox, path)
    assert (found.status, found.headers["location"]) == (303, target)
