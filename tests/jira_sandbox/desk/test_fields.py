"""What may be written into a field."""

from __future__ import annotations

import pytest

from pretend import Pretend


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


def test_texts_are_as_long_as_jira_keeps_them_and_no_longer(site: Pretend, key: str) -> None:
    path, longest = f"/rest/api/2/issue/{key}", "x" * 32_767
    assert site.post(f"{path}/comment", {"body": longest})["body"] == longest
    assert "32,767" in str(site.refused("POST", f"{path}/comment", {"body": longest + "x"}))
    site.ask("PUT", path, {"fields": {"description": longest}})
    assert "description" in str(site.refused("PUT", path, {"fields": {"description": longest + "x"}}))


def test_every_kind_of_field_is_written_by_its_name(site: Pretend) -> None:
    fields = {
        "Approvers": ["ana", "Ben Okafor"],
        "Affected services": ["ari:cloud:graph::service/1"],
        "Approver groups": ["cab"],
        "Change risk": "High",
        "Backout plan": "Roll back",
        "Labels": ["a"],
        "description": "All of it",
    }
    shown = site.issue(site.desk.create("Deploy", fields=fields).key)["fields"]
    assert [one["displayName"] for one in shown["customfield_10303"]] == ["Ana Souza", "Ben Okafor"]
    assert shown["customfield_10339"] == [{"id": "ari:cloud:graph::service/1"}]
    assert shown["customfield_10380"][0]["name"] == "cab"
    assert (shown["customfield_10306"]["value"], shown["labels"]) == ("High", ["a"])
    assert shown["customfield_10343"]["content"][0]["content"][0]["text"] == "Roll back"
