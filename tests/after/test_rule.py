"""Which rule is an environment's, and what its version is called."""

from __future__ import annotations

import pytest

from jira_ci.after.rule import Rule, rule_of, version_name
from jira_ci.environments.classify import Environment
from jira_ci.errors import UsageError

SECTION = {
    "production": {"transition": "Done"},
    "Prod-*": {"transition": "Live"},
    "Prod-EU": {"transition": "Live in Europe"},
}


@pytest.mark.parametrize(
    ("name", "kind", "transition"),
    [
        ("Prod-EU", "production", "Live in Europe"),
        ("prod-eu", "production", "Live in Europe"),
        ("Prod-US", "production", "Live"),
        ("Live", "production", "Done"),
        ("Production", "staging", "Done"),
        ("QA", "testing", None),
    ],
)
def test_the_exact_name_wins_over_globs_and_those_over_the_type(name: str, kind: str, transition: str | None) -> None:
    found = rule_of(SECTION, Environment(name, kind, ""))
    assert (found.transition if found else None) == transition


def test_two_globs_that_disagree_are_an_error() -> None:
    section = {"*-EU": {"transition": "A"}, "P-*": {"transition": "B"}}
    assert rule_of({**section, "*-EU": {"transition": "B"}}, Environment("P-EU", "production", "")) is not None
    section = {"*-E": {"transition": "A"}, "P-*": {"transition": "B"}}
    with pytest.raises(UsageError, match="equally"):
        rule_of(section, Environment("P-E", "production", ""))


def test_a_version_has_the_name_that_the_template_says() -> None:
    words = {"project": "Shop", "version": " 1.4\n"}
    assert version_name(Rule("x", "{project} {version}"), words, 255) == "Shop 1.4"


@pytest.mark.parametrize(
    ("template", "version"), [("{version}", ""), ("{version}", "\U0001f600"), ("{version}", "9" * 256)]
)
def test_a_name_that_jira_would_not_take_is_refused(template: str, version: str) -> None:
    if version == "\U0001f600":
        assert version_name(Rule("x", template), {"version": version}, 255)  # replaced, not empty
        return
    with pytest.raises(UsageError, match="fix-version"):
        version_name(Rule("x", template), {"version": version}, 255)
