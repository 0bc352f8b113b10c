"""The user's own properties, strictly read."""

from __future__ import annotations

import pytest

from jira_ci import templates
from jira_ci.errors import UsageError
from jira_ci.settings import resolve


def test_names_and_values() -> None:
    assert templates.given(resolve({}, {})) == {}
    settings = resolve({"property": "train=2026-11, team = web,query=a=b"}, {})
    assert templates.given(settings) == {"train": "2026-11", "team": "web", "query": "a=b"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train", "property (--property): 'train' is not of the form name=value. Write it as release-train=2026-11."),
        ("=x", "has no name"),
        ("x=", "has no value"),
        ("a:b=x", "a colon"),
        ("_a=x", "underscore at its start"),
        ("repository=x", "jira-ci uses itself"),
        ("run=x", "jira-ci uses itself"),
        ("a=1,a=2", "given twice"),
        ("a=1,b=2,c=3,d=4", "names 4; Jira keeps 3 besides ours"),
        ("a=" + "x" * 256, "longer than 255"),
        ("x" * 256 + "=a", "longer than 255"),
        ("a=🚀", "some that Jira refuses"),
        ("a\x1b=x", "some that Jira refuses"),
    ],
)
def test_what_jira_would_refuse_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        templates.given(resolve({"property": text}, {}))
    assert said in str(caught.value)


def test_a_value_may_be_as_long_as_jira_takes_it() -> None:
    assert templates.given(resolve({"property": "a=" + "x" * 255}, {})) == {"a": "x" * 255}
