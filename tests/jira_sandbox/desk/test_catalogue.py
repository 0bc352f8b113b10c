"""Fields can be missing and can share a name."""

from __future__ import annotations

import pytest

from pretend import Pretend


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


def test_fields_of_one_name_and_missing_fields_can_be_had(site: Pretend, key: str) -> None:
    catalogue = site.desk.desk.catalogue
    again = catalogue.duplicate_field("Planned start")
    catalogue.remove_field("Planned end")
    names = [one["name"] for one in site.get("/rest/api/3/field")]
    assert (names.count("Planned start"), names.count("Planned end")) == (2, 0)
    site.desk.edit(key, {again.id: "2026-03-01T10:00:00Z"})
    fields = site.issue(key)["fields"]
    assert (fields["customfield_10345"], fields[again.id]) == (None, "2026-03-01T10:00:00.000+0000")
    assert "customfield_10346" not in fields
