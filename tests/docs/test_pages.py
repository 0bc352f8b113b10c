"""What README and guides show is what a user gets: links, the file, what commands print."""

from __future__ import annotations

import os
import re
import runpy
import shlex
from pathlib import Path

import pytest
import yaml

import documents
import scenes
from jira_ci.config import model
from jira_sandbox.server import Sandbox

PATH = os.environ["PATH"]
LINKS = [
    pytest.param(page, link, id=f"{page.relative_to(documents.ROOT)} {link}")
    for page in documents.PAGES
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", documents.text(page))
]


def _configuration() -> str:
    [found] = documents.blocks(documents.section("Environments"), "yaml")
    return found


def _session(title: str) -> list[str]:
    """The lines of the first session that a section shows."""
    return documents.blocks(documents.section(title), "console")[0].splitlines()


def test_the_configuration_is_valid_and_has_the_published_keys() -> None:
    text = _configuration()
    assert model.parse(text.encode(), ".jira-ci.yml").projects == ("WEB", "OPS")
    assert yaml.safe_load(text)["environments"]["Heroku"] == {"type": "staging"}


def test_the_environments_example_prints_what_is_shown(tmp_path: Path) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.write(".jira-ci.yml", _configuration())
    command, *shown = _session("Environments")
    ended = job.jira_ci(*shlex.split(command)[2:])
    assert ended.out.splitlines() == shown


def test_the_check_example_prints_these_lines(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.write(".jira-ci.yml", "project-name: Shop\n")
    job.git("add", ".")
    job.commit("Start")
    job.environ |= scenes.reach(sandbox)
    _, *shown = _session("Credentials")
    ended = job.jira_ci("check")
    changing = re.compile(r"number \d+|[0-9a-f]{8}-[0-9a-f-]+|@[0-9a-f]{8}")
    assert [changing.sub("*", line) for line in ended.out.splitlines()] == [changing.sub("*", line) for line in shown]


def test_the_anywhere_example_reports_a_deployment(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.commit("WEB-12 Pay by card")
    [command] = [line for line in _session("Anywhere else") if line.startswith("$ jira-ci ")]
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci(*shlex.split(command)[2:])
    assert ended.code == 0, ended.err
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (deployment["environment"]["displayName"], deployment["url"]) == ("Prod-EU", "https://ci.example/run/12")


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_links_lead_to_files_and_headings(page: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    assert target.exists()
    headings = re.findall(r"^#+ (.*)$", documents.text(target), re.MULTILINE) if anchor else []
    assert not anchor or anchor in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_readme_is_short() -> None:
    assert len(documents.text(documents.PAGES[0])) <= 12_000, "a tab that is closed again tells nobody anything"


def test_every_page_is_in_the_site_and_in_llms_txt() -> None:
    contents = documents.text(documents.ROOT / "docs" / "index.md")
    index = (documents.ROOT / "docs" / "llms.txt").read_text(encoding="utf-8")
    for page in documents.PAGES[1:]:
        name = page.relative_to(documents.ROOT / "docs").with_suffix("").as_posix()
        found = contents.count(f"\n{name}\n"), index.count(f"/{name}.html)")
        assert found == ((0, 0) if name == "index" else (1, 1)), name
    assert re.findall(r"\]\((?!https:)", index) == [], "it is read by itself: a link of a page leads nowhere from there"


def test_the_reference_is_what_the_code_says() -> None:
    made = runpy.run_path(str(documents.ROOT / "docs/reference/make.py"))
    written = {path: (documents.ROOT / "docs" / path).read_text(encoding="utf-8") for path in made["pages"]()}
    assert written == made["pages"](), "make reference writes them"
    assert (documents.ROOT / "docs" / "llms.txt").read_text(encoding="utf-8") == made["llms"]()


def test_the_gates_policies_are_valid() -> None:
    found = [block for page in documents.PAGES for block in documents.blocks(documents.text(page), "yaml")]
    parsed = [model.parse(block.encode(), ".jira-ci.yml") for block in found if "change-control:\n" in block]
    assert len(parsed) >= 10
    assert sum(policy.control().get("title", "").startswith("Octopus: Deploy ") for policy in parsed) == 1
