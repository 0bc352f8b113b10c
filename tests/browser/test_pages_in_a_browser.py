"""The sandbox's pages as a person uses them: by mouse and keyboard, in light and dark, on a desk and on a phone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from gate_jobs import scene
from jira_sandbox import example
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.server import Sandbox
from submissions import build, deployment

PHONE = {"width": 390, "height": 844}
PAGES = (
    "/",
    "/issues",
    "/changes",
    "/deployments",
    "/deployments?find=prod",
    "/requests",
    "/requests/1",
    "/browse/WEB-12",
    "/browse/OPS-1002",
)
HOSTILE = "<script>alert(1)</script><svg onload=alert(2)><img src=x onerror=alert(3)> \u202egnp.exe javascript:alert(4)"


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the example's data and a request."""
    import requests

    example.fill(sandbox.site)
    requests.get(f"{sandbox.address}/_edge/tenant_info", timeout=10)
    return sandbox


@pytest.fixture
def gate(sandbox: Sandbox, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A gate in a process of its own, which has made its change and waits."""
    job = scene(tmp_path, sandbox).job
    command = [sys.executable, "-m", "jira_ci", "gate", "--environment", "Prod", "--version", "1.2.3"]
    command += ["--wait", "1m", "--interval", "1s"]
    environ = {**os.environ, **job.environ}
    with subprocess.Popen(
        command, cwd=job.folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        process.kill()


def violations(page: Page) -> list[str]:
    found = Axe().run(page)
    return [f"{one['id']}: {node['html'][:200]}" for one in found.response["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_for_everybody(scheme: str, shop: Sandbox, open_page: Callable[..., Page]) -> None:
    page = open_page(shop.address, color_scheme=scheme, reduced_motion="reduce")
    paths = list(PAGES)
    page.goto(f"{shop.address}/deployments")
    paths.append(str(page.locator(".m").last.get_attribute("href")))
    for path in paths:
        page.goto(shop.address + path)
        assert violations(page) == [], path
        expect(page.locator("h1")).to_be_visible()
    page.goto(f"{shop.address}/deployments")


def test_every_page_fits_on_a_phone(shop: Sandbox, open_page: Callable[..., Page]) -> None:
    page = open_page(shop.address, viewport=PHONE, has_touch=True, is_mobile=True)
    for path in PAGES:
        page.goto(shop.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        cut = "[...document.querySelectorAll('.wide')].filter(one => one.scrollWidth > one.clientWidth).length"
        assert page.evaluate(cut) == 0, f"a table of {path} goes beyond the screen"
        assert violations(page) == [], path
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is None or min(box["width"], box["height"]) >= 24, path


def test_long_names_push_nothing_off_the_page(sandbox: Sandbox, open_page: Callable[..., Page]) -> None:
    long = {"displayName": "9" * 255, "label": "9" * 255}
    environment = {"id": "e", "displayName": "very-long-name-" * 17, "type": "unmapped"}
    keys = [{"associationType": "issueIdOrKeys", "values": ["WEB-12", "OPS-7"]}]
    sandbox.site.submit(BUILDS, {"builds": [build(**long)]})
    sandbox.site.submit(DEPLOYMENTS, {"deployments": [deployment(**long, environment=environment, associations=keys)]})
    page = open_page(sandbox.address, viewport={"width": 1280, "height": 800})
    for path in ("/", "/issues", "/deployments", "/browse/WEB-12"):
        page.goto(sandbox.address + path)
        cut = "[document.documentElement, ...document.querySelectorAll('.wide')]"
        assert page.evaluate(f"{cut}.filter(one => one.scrollWidth > one.clientWidth).length") == 0, path
        for key in page.locator("td .key").all():
            assert (key.bounding_box() or {"height": 99})["height"] < 30, "a key stays in one line"
    page.goto(f"{sandbox.address}/deployments")
    page.locator(".m").click()
    assert page.locator("h1").inner_text().count("9") < 100
    expect(page.get_by_text("9" * 255, exact=True).first).to_be_visible()


def test_a_click_lets_the_waiting_gate_proceed(
    gate: subprocess.Popen[str], sandbox: Sandbox, open_page: Callable[..., Page]
) -> None:
    page = open_page(sandbox.address)
    page.get_by_role("link", name="OPS-1000").click(
        timeout=30_000
    )  # the first page shows it as soon as the gate has made it
    expect(page.locator("h1")).to_have_text('Deploy "Web Site" version 1.2.3 to "Prod"')
    assert gate.poll() is None
    page.get_by_role("button", name="Approve as Ana Souza").click()
    expect(page.get_by_role("status").filter(has_text="Approved.")).to_be_visible()
    out, _ = gate.communicate(timeout=30)
    assert gate.returncode == 0, out


def test_on_a_phone_tables_stay_tables_and_marks_are_whole(shop: Sandbox, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{shop.address}/deployments", viewport={"width": 390, "height": 844})
    expect(page.get_by_role("table").get_by_role("row").nth(1).get_by_role("cell")).to_have_count(7)
    page.wait_for_function("document.querySelector('.timeline .cut')")
    shown = """marks => {
        const edge = document.querySelector('.axis .name').getBoundingClientRect().right;
        const seen = marks.filter(one => getComputedStyle(one).visibility === 'visible');
        return seen.map(one => one.firstElementChild.getBoundingClientRect())
            .filter(one => one.right > edge && one.left < edge - 1).length;
    }"""
    assert page.locator(".timeline .m").evaluate_all(shown) == 0


def test_a_change_is_approved_by_keyboard_alone(shop: Sandbox, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{shop.address}/browse/OPS-1002", java_script_enabled=False)
    for _ in range(30):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        style = focused.evaluate("one => getComputedStyle(one).outlineStyle")
        assert style != "none", "the focus can be seen"
        if focused.inner_text().split() == ["Approve", "as", "Ana", "Souza"]:
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approved. A gate")).to_be_visible()
    expect(page.locator(".steps .now")).to_have_text("Implementing")


def test_marks_are_reached_by_arrow_keys_and_tell_their_details(shop: Sandbox, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{shop.address}/deployments")
    lane = page.locator(".timeline section > div").first
    lane.locator(".m").last.focus()
    expect(lane.locator(".m").last.locator("span")).to_have_css("opacity", "1")
    expect(lane.locator(".m").last).to_contain_text("Dev\nSuccessful")
    page.keyboard.press("ArrowLeft")
    expect(lane.locator(".m").nth(-2)).to_be_focused()
    tip = lane.locator(".m").nth(-2).locator("span")
    expect(tip).to_have_css("opacity", "1")
    expect(tip).to_be_in_viewport(ratio=1)
    page.screenshot(path=Path(__file__).parents[2] / "build" / "screenshots" / "details.png")
    page.keyboard.press("Escape")
    expect(tip).to_have_css("opacity", "0")
    page.keyboard.press("Home")
    expect(lane.locator(".m").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".timeline section > div").nth(1).locator(".m").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("to Dev for Aurora")


def test_pages_follow_what_is_reported(sandbox: Sandbox, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{sandbox.address}/deployments")
    expect(page.get_by_text("Nothing was deployed yet")).to_be_visible()
    sandbox.site.submit(DEPLOYMENTS, {"deployments": [deployment(state="in_progress")]})
    expect(page.locator(".m use[href='#in_progress']")).to_be_visible()
    page.locator(".m").focus()
    sandbox.site.submit(DEPLOYMENTS, {"deployments": [deployment(updateSequenceNumber=2)]})
    expect(page.locator(".m use[href='#successful']")).to_be_visible()
    expect(page.locator(".m")).to_be_focused()
    expect(page.locator("#news")).to_have_text("1 deployment. The latest: Release 1.4 to Prod EU, successful.")


def test_what_is_being_written_is_left_alone(shop: Sandbox, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{shop.address}/browse/OPS-1002")
    page.get_by_label("Add a comment").fill("Half a sent")
    shop.desk.transition("OPS-1002", "Implementing")
    expect(page.locator(".steps .now")).to_have_text("Implementing")
    expect(page.get_by_label("Add a comment")).to_have_value("Half a sent")
    page.get_by_role("button", name="Add internal note").click()
    expect(page.get_by_text("Half a sent")).to_be_visible()


def test_texts_of_strangers_stay_texts(sandbox: Sandbox, open_page: Callable[..., Page]) -> None:
    report = {"displayName": HOSTILE, "description": HOSTILE, "label": HOSTILE, "url": "javascript:alert(5)"}
    sandbox.site.submit(BUILDS, {"builds": [build(**report)]})
    sandbox.site.submit(DEPLOYMENTS, {"deployments": [deployment(**report)]})
    change = sandbox.desk.create(HOSTILE, description=HOSTILE)
    page = open_page(sandbox.address)
    for path in ("/", "/changes", "/deployments", "/browse/WEB-12", f"/browse/{change.key}"):
        page.goto(sandbox.address + path)
        assert page.locator("main script, main img, main svg[onload], a[href^='javascript']").count() == 0
    expect(page.locator("h1")).to_have_text(HOSTILE.replace("\u202e", "\\u202e"))
