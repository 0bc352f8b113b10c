"""The page that a merge request links to, in a browser: for everybody, light and dark, on a phone, and inert."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

import scenes
from gate_jobs import POLICY, commit
from gate_subjects import approved
from jira_ci.output.html import as_html
from jira_sandbox.server import Sandbox
from summary_pages import HOSTILE, everywhere

PHONE = {"width": 390, "height": 844}


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":  # a browser asks for it by itself
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a page in ``tmp_path``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/jira-ci.html"
        server.shutdown()


@pytest.fixture
def deployed(tmp_path: Path, sandbox: Sandbox, served: str) -> str:
    """The page of a gated deployment on GitLab, as its job wrote it."""
    job = scenes.gitlab(tmp_path, os.environ["PATH"])
    commit(job, POLICY.format(site=sandbox.address, more="comments: off"))
    job.environ |= {**scenes.reach(sandbox), "CI_COMMIT_SHA": job.git("rev-parse", "HEAD")}
    job.environ |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    approved(sandbox)
    words = ("deploy", "--environment", "Prod", "--version", "1.2.3", "--issue-keys", "WEB-12,WEB-5000")
    ended = job.jira_ci(*words, "--", "true", now=sandbox.clock.now().timestamp())
    assert ended.code == 0, ended.out
    (tmp_path / "jira-ci.html").write_bytes((job.folder / "jira-ci.html").read_bytes())
    return served


def violations(page: Tab) -> list[str]:
    found = Axe().run(page)
    return [f"{one['id']}: {node['html'][:200]}" for one in found.response["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1000, "height": 900}, PHONE], ids=["desk", "phone"])
def test_the_page_is_for_everybody(
    scheme: str, size: dict[str, int], deployed: str, open_page: Callable[..., Tab]
) -> None:
    # Axe comes as a script, which the page's policy would not let in; it is looked at without the policy here.
    page = open_page(deployed, color_scheme=scheme, viewport=size, bypass_csp=True)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("h1")).to_contain_text("deployment successful")
    expect(page.get_by_role("region", name="Issues").get_by_role("row")).to_have_count(3)


def test_its_policy_lets_its_own_look_in(deployed: str, open_page: Callable[..., Tab]) -> None:
    page = open_page(deployed, color_scheme="light")
    expect(page.locator("main")).to_have_css("padding-top", "22.5px")


@pytest.mark.parametrize("bypass", [False, True], ids=["with its policy", "without"])
def test_texts_of_strangers_stay_texts(
    bypass: bool, tmp_path: Path, served: str, open_page: Callable[..., Tab]
) -> None:
    (tmp_path / "jira-ci.html").write_text(as_html(everywhere("".join(HOSTILE))), encoding="utf-8")
    page = open_page(served, bypass_csp=bypass)
    assert page.locator("script, img, svg, iframe, a[href^='javascript']").count() == 0
    expect(page.locator("h1")).to_contain_text("<script>alert(1)</script>")
