"""The window and the fields of a change on its page."""

from __future__ import annotations

import pytest

from jira_sandbox.server import Sandbox
from pages import Page, get, post


@pytest.fixture
def key(sandbox: Sandbox) -> str:
    return sandbox.desk.create('Deploy "Shop" version 1.4.0 to "Prod"').key


def do(sandbox: Sandbox, key: str, step: str, **fields: str) -> Page:
    return post(sandbox, f"/browse/{key}/{step}", fields)


def test_its_window_is_set_and_taken_away(sandbox: Sandbox, key: str) -> None:
    do(sandbox, key, "window", start="2026-12-01T22:00", end="2026-12-02T01:30")
    found = get(sandbox, f"/browse/{key}")
    assert "1 Dec 2026, 22:00 – 2 Dec 2026, 01:30" in found.text
    assert "2026-12-01T22:00" in found.all("input", "value")
    assert do(sandbox, key, "window", start="tomorrow").status == 400
    assert "1 Dec 2026, 22:00" in get(sandbox, f"/browse/{key}").text
    do(sandbox, key, "window", start="2026-12-01T22:00", preset="none")
    assert "None: it may be implemented at any time." in get(sandbox, f"/browse/{key}").text
    sandbox.clock.standing = 1_795_000_000
    do(sandbox, key, "window", preset="now")
    assert "18 Nov 2026, 11:06 – 13:06" in get(sandbox, f"/browse/{key}").text


def test_a_site_without_the_fields_has_no_window(sandbox: Sandbox, key: str) -> None:
    for name in ("Planned start", "Planned end"):
        sandbox.site.desk.catalogue.remove_field(name)
    found = get(sandbox, f"/browse/{key}")
    assert (found.status, "Planned start" in found.text) == (200, False)


def test_a_field_that_holds_what_no_form_takes_is_shown(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.raw(key, "Planned start", "soon")
    assert "soon – open" in get(sandbox, f"/browse/{key}").text
