"""The page where a CI looks for it."""

from __future__ import annotations

import os
from pathlib import Path

import scenes
from jira_ci.output.markdown import CUT, LARGEST
from jira_sandbox.server import Sandbox
from rendered import render

PATH = os.environ["PATH"]
REPORT = ("deployment", "--environment", "Prod", "--state", "success", "--issue-keys", "WEB-12")


def test_a_step_whose_summary_is_nearly_full_gets_no_more_than_github_takes(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, {})
    job.environ |= scenes.reach(sandbox)
    path = Path(job.environ["GITHUB_STEP_SUMMARY"])
    path.write_bytes(b"x\n" * (LARGEST // 2 - 100))
    assert job.jira_ci(*REPORT).code == 0
    assert LARGEST - 200 < path.stat().st_size <= LARGEST
    assert job.summary().endswith(f"\n{CUT}\n")


def test_on_gitlab_a_page_stands_beside_the_markdown_and_says_the_same(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= scenes.reach(sandbox)
    assert job.jira_ci(*REPORT).code == 0
    page = (job.folder / "jira-ci.html").read_text(encoding="utf-8")
    found = render((job.folder / "jira-ci.md").read_text(encoding="utf-8"))
    for text in (*(cell for table in found.tables for row in table for cell in row[:2]), *found.links):
        assert text in page


def test_no_secret_is_in_the_page(tmp_path: Path, sandbox: Sandbox) -> None:
    job, secret = scenes.gitlab(tmp_path, PATH), "https://door.example/#k3y&more"
    job.environ |= scenes.reach(sandbox)
    words = ("deployment", "--environment", f"Prod {secret}", "--state", "success", "--issue-keys", "WEB-12")
    assert job.jira_ci(*words, JIRA_CI_TOKEN=secret, JIRA_CI_USER="ana").code == 0
    for name in ("jira-ci.md", "jira-ci.html"):
        text = (job.folder / name).read_text(encoding="utf-8")
        assert "k3y" not in text
        assert "***" in text.replace("&#42;", "*")
