"""Pages are whole, harmless whatever a stranger wrote, and sent again only when they have changed."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import jira_sandbox
from jira_sandbox import example
from jira_sandbox.pages.rendering import clipped, plural, visible, web_address
from jira_sandbox.report_rules import DEPLOYMENTS
from jira_sandbox.server import Sandbox
from pages import HOSTILE, Page, get, report
from submissions import build, deployment


def harmless(found: Page) -> bool:
    names = {name for name, _ in found.elements}
    attributes = {name for _, given in found.elements for name in given}
    links = [*found.all("a", "href"), *found.all("form", "action")]
    return (
        found.status == 200
        and not names & {"base", "iframe", "object", "embed", "style"}
        and len(found.all("script", "src")) == [name for name, _ in found.elements].count("script") == 1
        and not any(name.startswith("on") or name == "style" for name in attributes)
        and all(link.startswith(("/", "https://ci.example", "#")) for link in links)
        and not any(char in found.body for char in "\u202e\u2066\u200b\x1b")
        and "1337" not in found.text
    )


PAGES = ("/", "/issues", "/changes", "/deployments", "/requests", "/browse/WEB-12", "/browse/OPS-1002")


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the example's data."""
    example.fill(sandbox.site)
    return sandbox


def test_texts_of_strangers_do_nothing(sandbox: Sandbox) -> None:
    short = HOSTILE[:200].replace("\x1b", "")
    kind = {"displayName": HOSTILE.replace("\x1b", "")[:250], "type": "testing", "id": HOSTILE[:90].replace("\x1b", "")}
    report(
        sandbox.site,
        build(displayName=short, description=short, label=short, url="javascript:alert(document.domain)"),
        deployment(displayName=short, label=short, description=short, environment=kind, url="data:text/html,x"),
    )
    change = sandbox.desk.create(HOSTILE[:250].replace("\x1b", ""), description=HOSTILE, fields={"Test plan": HOSTILE})
    sandbox.site.desk.extras.comment(change.id, "nobody", HOSTILE, sandbox.clock.milliseconds(), public=True)
    sandbox.desk.edit(change.key, {"Backout plan": HOSTILE})
    marks = [one for one in get(sandbox, "/deployments").all("a", "href") if one.startswith("/deployments/")]
    for path in ("/", "/issues", "/changes", "/deployments", marks[0], "/browse/WEB-12", f"/browse/{change.key}"):
        found = get(sandbox, path)
        assert harmless(found), path
    assert "<script>document.title='owned'</script>" in get(sandbox, "/browse/WEB-12").text
    assert "\\u202egnp.exe\\u2066\\u200b\\u001b[31m" in get(sandbox, f"/browse/{change.key}").text


@pytest.mark.parametrize(
    "address",
    [
        "https://ci.example/7",
        "http://127.0.0.1:8080/a?b=c&d=(e)#f",
        "HTTPS://CI.example/o'hara",
        "https://münchen.example/",
    ],
)
def test_an_address_of_the_web_becomes_a_link(address: str) -> None:
    assert web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/relative",
        "https://",
        "https:evil.example",
        "https://user:secret@ci.example/",
        "https://good.example\\@evil.example",
        "https://ci.example/\u202egnp",
        'https://ci.example/"onmouseover=',
        "https://[broken/",
        "https://ci.example/" + "a" * 2000,
        "",
        None,
        7,
    ],
)
def test_nothing_else_becomes_one(address: object) -> None:
    assert web_address(address) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\tÄ 日本", "plain\n\tÄ 日本"),
        ("a\r\nb\rc", "a\nb\\u000dc"),
        ("\u202e\u2066\u200f\u061c\ufeff", "\\u202e\\u2066\\u200f\\u061c\\ufeff"),
        ("\x1b]0;x\x07\x00\x85\ud800", "\\u001b]0;x\\u0007\\u0000\\u0085\\ud800"),
        (7, 7),
        (None, None),
    ],
)
def test_characters_that_nobody_sees_are_written_out(text: object, shown: object) -> None:
    assert visible(text) == shown


def test_texts_are_cut_and_counted() -> None:
    assert [clipped("abcdef", 6), clipped("abcdefg", 6)] == ["abcdef", "abcde…"]
    assert [plural(1, "build"), plural(2000, "build"), plural(0, "key", "keys")] == [
        "1 build",
        "2,000 builds",
        "0 keys",
    ]


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
