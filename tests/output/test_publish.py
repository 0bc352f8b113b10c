"""Outputs hold exactly our names, whatever was read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.output.publish import as_text, dotenv, github


def read_github(text: str) -> dict[str, str]:
    """What the runner makes of the file (its FileCommandManager: NAME<<DELIMITER, lines, DELIMITER)."""
    found, lines = {}, iter(text.split("\n")[:-1])
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        found[name] = "\n".join(value)
    return found


def read_dotenv(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        ([], ""),
        (["WEB-1", "ÄPFEL-2"], "WEB-1,ÄPFEL-2"),
        (("a", True), "a,true"),
        ("x", "x"),
    ],
)
def test_values_as_text(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_github_step_outputs() -> None:
    text = github({"issue-keys": ["WEB-1", "WEB-2"], "keys-complete": True, "accepted": 0}, "d")
    assert text == "issue-keys<<d\nWEB-1,WEB-2\nd\nkeys-complete<<d\ntrue\nd\naccepted<<d\n0\nd\n"


@given(values=st.dictionaries(st.sampled_from(["environment", "state", "issue-keys"]), st.text() | st.lists(st.text())))
def test_github_reads_exactly_our_names(values: dict[str, Any]) -> None:
    assert read_github(github(values, "jira-ci-0123")).keys() == values.keys()


@pytest.mark.parametrize("value", ["x\njira-ci-0123\ndecision<<E\nproceed\nE", "jira-ci-0123", "a\r\nb", "\x00", "%0A"])
def test_a_value_cannot_end_itself(value: str) -> None:
    found = read_github(github({"environment": value, "state": "ok"}, "jira-ci-0123x"))
    assert found.keys() == {"environment", "state"}
    assert found["state"] == "ok"


def test_500_of_the_longest_keys_arrive_whole_on_github() -> None:
    keys = [f"{'A' * 256}-{number:0255d}" for number in range(1, 501)]
    assert read_github(github({"issue-keys": keys}, "d"))["issue-keys"].split(",") == keys


def test_gitlab_dotenv() -> None:
    text = dotenv({"issue-keys": ["WEB-1", "ÄPFEL-2"], "keys-complete": False, "environment": "Prod (EU) $HOME `id`"})
    assert text == (
        "JIRA_CI_OUT_ISSUE_KEYS=WEB-1,ÄPFEL-2\n"
        "JIRA_CI_OUT_KEYS_COMPLETE=false\n"
        "JIRA_CI_OUT_ENVIRONMENT=Prod _EU_ _HOME _id_\n"
    )


@given(
    values=st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True),
        st.text(max_size=3000) | st.lists(st.text(), max_size=300) | st.booleans(),
        max_size=40,
    )
)
def test_dotenv_stays_small_and_safe(values: dict[str, Any]) -> None:
    text = dotenv(values)
    assert len(text.encode()) <= 5 * 1024
    assert text.count("\n") <= 20
    assert not set("$`\"'\\\r\x00#%{}()") & set(text)
    assert read_dotenv(text).keys() <= {"JIRA_CI_OUT_" + name.upper().replace("-", "_") for name in values}


def test_a_long_list_keeps_whole_parts_and_a_long_text_is_left_out() -> None:
    keys = [f"WEB-{number}" for number in range(1, 501)]
    found = read_dotenv(dotenv({"issue-keys": keys, "environment": "e" * 10_000, "state": "failed"}))
    shown = found["JIRA_CI_OUT_ISSUE_KEYS"].split(",")
    assert shown == keys[: len(shown)]
    assert len(shown) > 100
    assert "JIRA_CI_OUT_ENVIRONMENT" not in found
    assert found["JIRA_CI_OUT_STATE"] == "failed"
