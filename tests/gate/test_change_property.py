"""What a change was made for: the description for people."""

from __future__ import annotations

from gate_subjects import Subject
from jira_ci.gate.change_property import description
from jira_ci.gate.subject import Attempt
from jira_ci.jira.rich_text import plain


def test_people_read_what_is_deployed_where() -> None:
    attempt = Attempt("https://ci.example/7", "7", "octocat", ("WEB-1", "WEB-2"))
    assert plain(description(Subject(tenant="[EU]"), attempt)).splitlines() == [
        "Project: Web Site",
        "Version: 1.2.3",
        "Environment: Prod",
        "Tenant: [EU]",
        f"Commit: {Subject().commit}",
        "Run: https://ci.example/7",
        "Issues: WEB-1, WEB-2",
        "",
        "Made by jira-ci. The deployment begins when this change allows it.",
    ]
