"""Which request gets an answer of the APIs, which a page, and what becomes of a failure."""

from __future__ import annotations

import pytest

from bare_site import BareSite
from jira_sandbox import example
from jira_sandbox.routing import CLOUD_ID
from jira_sandbox.server import Sandbox
from pages import get, post
from submissions import build

BUILDS = f"/jira/builds/0.1/cloud/{CLOUD_ID}"
ONE_BUILD = f"{BUILDS}/pipelines/github%3A42%3Aci.yml/builds/7"
PAGES = ("/", "/issues", "/changes", "/deployments", "/requests", "/browse/WEB-12", "/browse/OPS-1002")


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the example's data."""
    example.fill(sandbox.site)
    return sandbox


def test_a_wrong_method_is_told_the_right_ones(bare: BareSite) -> None:
    answer = bare.ask("PUT", ONE_BUILD, {}, bare.bearer())
    assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET")


def test_a_failure_of_the_sandbox_itself_is_a_500_and_remembered(bare: BareSite) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    bare.context.site.changed = broken
    assert bare.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, bare.bearer()).status == 500
    assert "ZeroDivisionError" in bare.context.faults[0]


def test_pages_are_looked_at_and_not_recorded(shop: Sandbox) -> None:
    for path in PAGES:
        get(shop, path)
    assert shop.exchanges == []


@pytest.mark.parametrize(
    "path", ["/nothing", "/browse/WEB-9999", "/changes/X", "/deployments/0", "/requests/7", "/a/b"]
)
def test_what_is_not_there_has_a_page_that_says_so(path: str, sandbox: Sandbox) -> None:
    found = get(sandbox, path)
    assert (found.status, found.all("link", "rel")) == (404, ["icon", "stylesheet"])
    assert "content-security-policy" in found.headers


def test_a_program_is_told_as_jira_tells_it(sandbox: Sandbox) -> None:
    found = get(sandbox, "/nothing", Accept="application/json")
    assert (found.status, found.body) == (404, "Not Found")
    assert len(sandbox.exchanges) == 1


@pytest.mark.bad_requests("our extracts of the documents know no such operation")
def test_what_the_sandbox_lacks_it_says_in_its_own_name(sandbox: Sandbox) -> None:
    found = get(sandbox, "/rest/api/3/dashboard", Accept="application/json")
    assert (found.status, found.body) == (
        404,
        '{"sandbox": "The sandbox has no GET /rest/api/3/dashboard. Jira may have it."}',
    )


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil.example:80", ""]
)
def test_a_name_that_was_led_here_sees_no_page(host: str, shop: Sandbox) -> None:
    for path in PAGES:
        found = get(shop, path, Host=host)
        assert (found.status, "OPS" in found.body) == (403, False)
    assert post(shop, "/browse/OPS-1002/approve", {"by": "x"}, Host=host).status == 403


def test_a_link_from_another_site_opens_a_page(shop: Sandbox) -> None:
    assert get(shop, "/browse/WEB-12", Sec_Fetch_Site="cross-site", Host="localhost:80").status == 200


def test_a_failure_of_a_page_harms_no_other_one(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.site, "stored", None)
    assert get(sandbox, "/deployments").status == 500
    assert get(sandbox, "/requests").status == 200
    assert sandbox.faults.pop().startswith("GET /deployments: ")
    sandbox._context.faults.clear()
