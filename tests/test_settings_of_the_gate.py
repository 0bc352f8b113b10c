"""The gate's settings: strict numbers, durations and switches, and nothing said is not the same as no."""

from __future__ import annotations

import pytest

from jira_ci.errors import UsageError
from jira_ci.settings import resolve

_NOBODY: dict[str, str | None] = {}


def test_nothing_said_is_neither_true_nor_false_nor_zero() -> None:
    settings = resolve(_NOBODY, {"JIRA_CI_INPUT_CREATE": "", "JIRA_CI_INPUT_MINIMUM_APPROVALS": " "})
    assert (settings.create, settings.change_controlled, settings.minimum_approvals) == (None, None, None)
    assert (settings.wait, settings.interval, settings.jira_type, settings.gate_by) == (0.0, 30.0, "auto", "")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("1", 1), ("100", 100), ("999999", 999999)])
def test_counts(text: str, number: int) -> None:
    assert resolve({"minimum-approvals": text}, {}).minimum_approvals == number


@pytest.mark.parametrize(
    "text",
    ["", " ", " 3 ", "3 ", "-1", "+1", "01", "1.0", "1e9", "nan", "inf", "yes", "True", "one", "1_0", "٣", "9" * 7],
)
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="minimum-approvals"):
        resolve({"minimum-approvals": text}, {})


@pytest.mark.parametrize("name", ["create", "change-controlled"])
@pytest.mark.parametrize("text", ["", "True", "FALSE", "yes", "no", "1", "0", " true ", "tru", "null"])
def test_what_is_no_switch_is_refused(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=name):
        resolve({name: text}, {})


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("0s", 0.0), ("2h", 7200.0), ("90s", 90.0)])
def test_a_wait_may_be_none(text: str, seconds: float) -> None:
    assert resolve({"wait": text}, {}).wait == seconds


@pytest.mark.parametrize("text", ["", "30", " 0", "00", "-1", "-1s", "1e9", "nan", "true", "2 h", "1.5h", "2d"])
@pytest.mark.parametrize("name", ["wait", "interval"])
def test_what_is_no_duration_is_refused(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=name):
        resolve({name: text}, {})


@pytest.mark.parametrize("text", ["0", "0s"])
def test_an_interval_is_never_zero(text: str) -> None:
    with pytest.raises(UsageError, match="above zero"):
        resolve({"interval": text}, {})


def test_credentials_that_were_withheld_count_as_left_out_and_are_secrets() -> None:
    settings = resolve(_NOBODY, {"JIRA_CI_USER": "", "JIRA_CI_TOKEN": ""})
    assert (settings.user, settings.token, settings.origins) == ("", "", {})
    assert resolve({"token": "t0ken"}, {}).secrets() == ["t0ken"]


def test_credentials_of_connections_are_no_typos() -> None:
    environ = {"JIRA_CI_EMEA_TOKEN": "x", "JIRA_CI_EMEA_CLIENT_ID": "x", "JIRA_CI_WATI": "2h"}
    (sentence,) = resolve(_NOBODY, environ).unknown_variables
    assert sentence == "JIRA_CI_WATI is no setting of jira-ci and is ignored. Did you mean JIRA_CI_WAIT?"
