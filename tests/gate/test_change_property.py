"""What a change was made for: the property, and the words that it names."""

from __future__ import annotations

from typing import Any

import pytest

from gate_subjects import Subject
from jira_ci.gate.change_property import change_property, same_binding
from jira_ci.gate.subject import Attempt


def test_the_property_holds_what_binds_the_change() -> None:
    assert change_property(Subject(tenant="EU"), Attempt(run="7")) == {
        "schema": "jira-ci.change/1",
        "project": "Web Site",
        "environment": "Prod",
        "tenant": "EU",
        "version": "1.2.3",
        "commit": Subject().commit,
        "run": "7",
    }


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"commit": "another"}, True),
        ({"tenant": None}, True),
        ({"tenant": "EU"}, False),
        ({"version": "1.2.4"}, False),
        ({"project": "Other"}, False),
        ({"environment": "prod"}, False),
        ({"environment": ["Prod"]}, False),
    ],
)
def test_a_binding_is_the_same_when_all_of_it_is(changed: dict[str, Any], same: bool) -> None:
    assert same_binding({**change_property(Subject(), Attempt()), **changed}, Subject()) is same
