"""The sandbox's pages over a socket: that they are there, what they send along, and whom they refuse."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jira_sandbox
from jira_sandbox import example
from jira_sandbox.moments import moment
from jira_sandbox.pages.deployments_page import MOST
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.server import Sandbox
from pages import get, post
from submissions import build, deployment

PAGES = ("/", "/issues", "/changes", "/deployments", "/requests", "/browse/WEB-12", "/browse/OPS-1002")


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the example's data."""
    example.fill(sandbox.site)
    return sandbox


@pytest.mark.parametrize("path", [*PAGES, "/changes/OPS-1002", "/browse/web-12", "/requests?only=problems"])
def test_a_page_is_whole_and_brings_nothing_from_elsewhere(path: str, shop: Sandbox) -> None:
    found = get(shop, path)
    assert found.status == 200
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["x-content-type-options"] == "nosniff"
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    names = [name for name, _ in found.elements]
    assert names.count("h1") == names.count("main") == names.count("nav") == 1
    assert found.all("html", "lang") == ["en"]
    loaded = [*found.all("script", "src"), *found.all("link", "href"), *found.all("img", "src")]
    assert loaded
    assert all(address.startswith("/pages/") for address in loaded)
    handlers = [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    assert handlers + [name for _, attributes in found.elements for name in attributes if name == "style"] == []
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


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


def test_an_empty_site_has_pages_too(start_sandbox: Callable[..., Sandbox]) -> None:
    for edition in ("cloud", "data-center"):
        empty = start_sandbox(edition=edition)
        assert "Nothing has been reported yet" in get(empty, "/").text
        for path in ("/issues", "/changes", "/deployments", "/requests", "/browse/WEB-12"):
            assert get(empty, path).status == 200


def test_a_page_that_has_not_changed_is_not_sent_again(shop: Sandbox) -> None:
    for path in PAGES:
        tag = get(shop, path).headers["etag"]
        again = get(shop, path, If_None_Match=tag)
        assert (again.status, again.body) == (304, "")
    tag = get(shop, "/deployments").headers["etag"]
    shop.site.submit(DEPLOYMENTS, {"deployments": [deployment()]})
    assert get(shop, "/deployments", If_None_Match=tag).status == 200


def test_files_may_be_kept_for_ever_under_the_address_of_their_version(sandbox: Sandbox) -> None:
    first = get(sandbox, "/")
    addresses = [*first.all("script", "src"), *first.all("link", "href")]
    types = {get(sandbox, address).headers["content-type"] for address in addresses}
    assert types == {"text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml"}
    assert all("immutable" in get(sandbox, address).headers["cache-control"] for address in addresses)
    assert get(sandbox, "/pages/style.css").headers["cache-control"] == "no-cache"
    assert get(sandbox, "/favicon.ico").headers["content-type"] == "image/svg+xml"
    assert get(sandbox, "/pages/__init__.py").status == 404


def test_the_head_of_a_page_is_that_of_its_get(shop: Sandbox) -> None:
    assert get(shop, "/", "HEAD").headers["etag"] == get(shop, "/").headers["etag"]
    assert get(shop, "/", "HEAD").body == ""
    assert (get(shop, "/", "PUT").status, get(shop, "/", "PUT").headers["allow"]) == (405, "GET")


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


def test_a_thousand_deployments_are_no_heavy_page(sandbox: Sandbox) -> None:
    records = example.deployments(MOST + 100, sandbox.clock.now())
    for start in range(0, len(records), 100):
        sandbox.site.submit(DEPLOYMENTS, {"deployments": records[start : start + 100]})
    found = get(sandbox, "/deployments")
    assert found.all("a", "class").count("m") == MOST
    assert "The newest 1,000 of 1,100" in found.text
    assert len(found.body.encode()) <= 300_000


def many(environments: int, name: str, version: str, days: int) -> list[dict[str, Any]]:
    """A thousand deployments, one after the other to each of the environments, over so many days."""
    first = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    return [
        deployment(
            deploymentSequenceNumber=number,
            environment={
                "id": str(number % environments),
                "displayName": name.format(number % environments),
                "type": "testing",
            },
            label=version.format(number),
            duration=100 + number,
            lastUpdated=f"{first + datetime.timedelta(days=number * days // MOST):%Y-%m-%dT%H:%M:%SZ}",
            associations=[
                {"associationType": "issueIdOrKeys", "values": [f"WEB-{number % 900 + 1}", "OPS-7", "MOB-12"]}
            ],
        )
        for number in range(MOST)
    ]


@pytest.mark.parametrize("environments", [10, 300, 1000])
@pytest.mark.parametrize(
    ("name", "version", "days", "most"),
    [
        ("prod-eu-{:04}", "1.0.{}", 30, MOST),
        ("Production for tenant {}", "2026.11.{}", MOST, 0),
        ("{} " + "漢" * 240, "{} " + "漢" * 240, 30, 0),
        ("{} " + '<"&\u202e' * 60, "{} " + "\u202e" * 240, 30, 0),
    ],
)
def test_a_page_has_room_for_any_names_and_as_many_deployments_as_fit(
    name: str, version: str, days: int, most: int, environments: int, sandbox: Sandbox
) -> None:
    records = many(environments, name, version, days)
    for start in range(0, MOST, 100):
        sandbox.site.submit(DEPLOYMENTS, {"deployments": records[start : start + 100]})
    found = get(sandbox, "/deployments")
    shown = found.all("a", "class").count("m")
    assert len(found.body.encode()) <= 300_000
    assert shown >= (most or 250)
    assert (f"The newest {shown} of 1,000" in found.text) is (shown < MOST)
    assert "MOB-12" in get(sandbox, "/deployments?find=7").text


def test_an_environment_or_a_tenant_is_found_by_a_part_of_its_name(sandbox: Sandbox) -> None:
    for number, name in enumerate(("Prod-EU for Aurora", "Prod-EU for Borealis", "Dev")):
        environment = {"id": name, "displayName": name, "type": "production"}
        sandbox.site.submit(
            DEPLOYMENTS, {"deployments": [deployment(deploymentSequenceNumber=number, environment=environment)]}
        )
    found = get(sandbox, "/deployments?find=%20bOREalis")
    assert "Prod-EU for Borealis" in found.text
    assert "Aurora" not in found.text
    assert found.all("a", "class").count("m") == 1
    assert found.headers["etag"] != get(sandbox, "/deployments").headers["etag"]
    nothing = get(sandbox, "/deployments?find=%3Cb%3E%FF").text
    assert "No environment's name holds <b>\ufffd." in nothing
    assert get(sandbox, "/deployments?find=").all("a", "class").count("m") == 3


def test_every_moment_that_jira_takes_can_be_shown(sandbox: Sandbox) -> None:
    moments = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999999999Z", "2026-01-01t00:00:00z"]
    for number, at in enumerate(moments):
        sandbox.site.submit(DEPLOYMENTS, {"deployments": [deployment(deploymentSequenceNumber=number, lastUpdated=at)]})
        sandbox.site.submit(BUILDS, {"builds": [build(buildNumber=number, lastUpdated=at)]})
    assert get(sandbox, "/deployments").all("a", "class").count("m") == 3
    assert get(sandbox, "/browse/WEB-12").status == 200


def test_a_failure_of_a_page_harms_no_other_one(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.site, "stored", None)
    assert get(sandbox, "/deployments").status == 500
    assert get(sandbox, "/requests").status == 200
    assert sandbox.faults.pop().startswith("GET /deployments: ")
    sandbox._context.faults.clear()


def test_the_pages_are_in_a_zip_file_too(tmp_path: Path) -> None:
    package = Path(jira_sandbox.__file__).parent
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        for path in package.rglob("*"):
            if path.suffix in (".py", ".html", ".css", ".js", ".svg"):
                packed.write(path, path.relative_to(package.parent))
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'packed.zip')!r})\n"
        "from jira_sandbox.dispatch import Api\n"
        "from jira_sandbox.http_types import Request\n"
        "from jira_sandbox.routing import Context\n"
        "answer = Api(Context()).page(Request('GET', '/', headers={'host': '127.0.0.1'}))\n"
        "import jira_sandbox; print(jira_sandbox.__file__, answer.status, len(answer.body))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert re.search(r"packed\.zip\S+ 200 [1-9]\d{3}", done.stdout), done.stderr


def test_the_example_is_believable(shop: Sandbox) -> None:
    times = [record["lastUpdated"] for record, _ in shop.site.stored(DEPLOYMENTS)]
    now = f"{moment(shop.clock.milliseconds()):%Y-%m-%dT%H:%M:%SZ}"
    assert max(times) <= now
    assert {record["state"] for record, _ in shop.site.stored(DEPLOYMENTS)} > {"failed", "in_progress", "rolled_back"}
    assert {one.status for one in shop.site.desk.ledger.all()} >= {"10102", "10105", "10106"}
