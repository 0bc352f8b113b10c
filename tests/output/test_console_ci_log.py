"""Each CI's markers, literally."""

from __future__ import annotations

import pytest

from jira_ci.output.console import GitHubLog, GitLabLog, Log, log_of
from jira_ci.run import CI


def test_every_provider_has_its_own() -> None:
    assert [type(log_of(name)) for name in (CI.GITHUB, CI.GITLAB, CI.LOCAL, None)] == [GitHubLog, GitLabLog, Log, Log]


@pytest.mark.parametrize(
    ("provider", "opens", "closes", "warns"),
    [
        ("github", "::group::T", "::endgroup::", "::warning title=jira-ci::text"),
        (
            "gitlab",
            "\x1b[0Ksection_start:5:b[collapsed=true]\r\x1b[0KT",
            "\x1b[0Ksection_end:5:b\r\x1b[0K",
            "\x1b[0;33mwarning: text\x1b[0m",
        ),
        ("local", "T", "", "warning: text"),
    ],
)
def test_the_markers(provider: str, opens: str, closes: str, warns: str) -> None:
    log = log_of(CI(provider))
    assert (log.open("T", "b", 5), log.close("b", 5), log.notice("warning", "text")) == (opens, closes, warns)


@pytest.mark.parametrize("provider", ["github", "gitlab", "local"])
@pytest.mark.parametrize(
    "text", ["a\n::error::b", "a\r\x1b[0Ksection_end:5:b\r\x1b[0K", "##[error]", "::add-mask::a", "a%0Ab"]
)
def test_one_call_writes_exactly_one_marker(provider: str, text: str) -> None:
    log = log_of(CI(provider))
    plain = log.open("", "b", 5), log.notice("error", "")
    for shown, marker in zip((log.open(text, "b", 5), log.notice("error", text)), plain, strict=True):
        assert "\n" not in shown
        assert "##[" not in shown
        assert "%0A" not in shown or provider != "github"
        for character in ("\x1b", "\r"):
            assert shown.count(character) == marker.count(character)


@pytest.mark.parametrize(
    ("provider", "shown"),
    [
        ("github", "::error title=jira-ci::no a.%0Ahint: set a"),
        ("gitlab", "\x1b[0;31merror: no a.\x1b[0m\nhint: set a"),
        ("local", "error: no a.\nhint: set a"),
    ],
)
def test_a_hint_has_a_line_of_its_own_in_the_same_notice(provider: str, shown: str) -> None:
    assert log_of(CI(provider)).notice("error", "no a.", "set a") == shown
    inert = log_of(CI(provider)).notice("error", "no a.", "a\n::error::%0Ab")
    assert (inert.count("\n"), inert.count("%0A")) == ((0, 1) if provider == "github" else (1, 1))
