"""Who is asked, and what importing costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jira_ci.ci.detect import connect
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline

SHA = "a" * 40


@pytest.mark.parametrize(
    ("provider", "tokens", "expected"),
    [
        ("github", {"github_token": "t"}, "GitHubHistory"),
        ("github", {"gitlab_token": "t", "job_token": "t"}, "NoneType"),
        ("gitlab", {"gitlab_token": "t"}, "GitLabHistory"),
        ("gitlab", {"job_token": "t"}, "GitLabHistory"),
        ("gitlab", {"github_token": "t"}, "NoneType"),
        ("local", {"github_token": "t", "gitlab_token": "t"}, "NoneType"),
    ],
)
def test_a_token_decides_who_is_asked(provider: str, tokens: dict[str, str], expected: str) -> None:
    run = Run(CI(provider), "a/b", "1", "", SHA, 1, "", api_url="http://127.0.0.1:1/api/v4")
    history = connect(run, **tokens, deadline=Deadline(5))
    assert type(history).__name__ == expected
    if history:
        history.close()


def test_reading_a_run_and_asking_a_provider_import_neither_library() -> None:
    code = (
        "import sys, jira_ci.keys.run_range, jira_ci.ci.detect, jira_ci.ci.github_api, jira_ci.ci.gitlab_api;"
        "sys.exit(len({'github', 'gitlab', 'requests'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
