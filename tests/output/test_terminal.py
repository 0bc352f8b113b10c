"""Who gets colours, and who a line that is written anew."""

from __future__ import annotations

import io

import pytest

from jira_ci.output.terminal import columns, is_terminal, painted, takes_colours, takes_live_line

TERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe", "live"),
    [
        (TERM, True, False, True),
        ({**TERM, "NO_COLOR": "1"}, False, False, True),
        ({**TERM, "NO_COLOR": "0"}, False, False, True),
        ({**TERM, "NO_COLOR": ""}, True, False, True),
        ({**TERM, "FORCE_COLOR": "1"}, True, True, True),
        ({**TERM, "FORCE_COLOR": "0"}, True, True, True),
        ({**TERM, "FORCE_COLOR": ""}, True, False, True),
        ({**TERM, "NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False, True),
        ({"TERM": "dumb"}, False, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True, False),
        ({"TERM": "unknown"}, False, False, False),
        ({"TERM": ""}, False, False, False),
        ({**TERM, "CI": "true"}, True, False, False),
        ({**TERM, "CI": "1"}, True, False, False),
        ({**TERM, "CI": "false"}, True, False, True),
        ({**TERM, "CI": ""}, True, False, True),
        ({**TERM, "CI": "true", "FORCE_COLOR": "1"}, True, True, False),
        ({**TERM, "TEAMCITY_VERSION": "2026.1"}, True, False, False),
        ({**TERM, "GITHUB_ACTIONS": "true"}, False, False, False),
        ({**TERM, "GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"}, False, False, False),
        ({**TERM, "GITLAB_CI": "true", "CI": "true"}, False, False, False),
        ({**TERM, "GITLAB_CI": "true", "FORCE_COLOR": "1"}, False, False, False),
    ],
)
def test_the_environment_decides(environ: dict[str, str], on_terminal: bool, in_pipe: bool, live: bool) -> None:
    assert (takes_colours(environ, True), takes_colours(environ, False)) == (on_terminal, in_pipe)
    assert (takes_live_line(environ, True), takes_live_line(environ, False)) == (live, False)


@pytest.mark.parametrize(
    ("line", "labels", "shown"),
    [
        ("Proceed: a", ("Proceed",), "\x1b[32mProceed\x1b[0m: a"),
        ("error: Wait: Wait: b", ("error", "Wait"), "\x1b[31merror\x1b[0m: \x1b[33mWait\x1b[0m: Wait: b"),
        ("ok       Jira: there", ("ok",), "\x1b[32mok\x1b[0m       Jira: there"),
        ("PROBLEM  Jira: gone", ("PROBLEM",), "\x1b[31mPROBLEM\x1b[0m  Jira: gone"),
        ("1 to failed (production), failed: W-1", ("failed",), "1 to failed (production), \x1b[31mfailed\x1b[0m: W-1"),
        ("a not-failed: b", ("failed",), "a not-failed: b"),
        ("a .*: b", (".*",), "a .*: b"),
        ("a: b", ("",), "a: b"),
        ("a: b", (), "a: b"),
    ],
)
def test_only_labels_are_coloured(line: str, labels: tuple[str, ...], shown: str) -> None:
    assert painted(line, *labels) == shown


def test_what_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert [is_terminal(stream) for stream in (None, io.StringIO(), closed)] == [False, False, False]
    assert columns(closed) == 80
