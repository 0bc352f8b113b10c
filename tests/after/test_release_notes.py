"""Release notes: who may read which title, in each form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from atlassian import document_check
from jira_ci.after.release_notes import FORMS, Note, adf, markdown, notes_of, plain, wiki, written
from jira_ci.jira.issue_edits import WorkItem

STORY = WorkItem("1", "WEB-10", "10", "WEB", "Pay by card", "10001", "Story", False, "3", "Done", "done")
BUG = replace(STORY, id="2", key="WEB-9", title="Wrong total", type="Bug")
SECRET = replace(STORY, id="3", key="WEB-2", title="A hole in the login", restricted=True)
EVIL = "]( https://evil.example ) <img src=x> @all {panel} ::error:: \u202e `x` WEB-1"


def test_notes_stand_by_type_and_key() -> None:
    assert notes_of([STORY, BUG, SECRET]) == [
        Note("WEB-9", "Wrong total", "Bug"),
        Note("WEB-2", "", "Story"),
        Note("WEB-10", "Pay by card", "Story"),
    ]


def test_an_issue_with_a_security_level_gives_its_key_only() -> None:
    for form in FORMS:
        assert SECRET.title not in written(form, "Shop 1.4", notes_of([SECRET]), "https://acme.atlassian.net")


def test_in_public_titles_are_those_that_everybody_sees() -> None:
    notes = notes_of([STORY, BUG], {"WEB-9": "Wrong total"})
    assert [(note.key, note.title) for note in notes] == [("WEB-9", "Wrong total"), ("WEB-10", "")]
    assert "Pay by card" not in markdown("", notes, "")


def test_markdown_leads_to_the_issues() -> None:
    assert markdown("Shop", [Note("WEB-9", "Total", "Bug"), Note("WEB-1", "", "")], "https://acme.example") == (
        "## Shop\n\n### Bug\n\n- [WEB&#45;9](https://acme.example/browse/WEB-9): Total\n\n"
        "### Other\n\n- [WEB&#45;1](https://acme.example/browse/WEB-1)\n"
    )
    assert markdown("", [], "") == "\n"


def test_no_heading_refers_to_anything() -> None:
    told = markdown("GH-3 !4", [Note("WEB-9", "", "www.evil.example")], "")
    assert not any(one in told for one in ("GH&#45;3", "&#33;4", "www&#46;"))


def test_wiki_markup_and_text() -> None:
    notes = [Note("WEB-9", "Total", "Bug")]
    assert wiki("Shop", notes) == "h2. Shop\n\nh3. Bug\n\n* WEB-9 Total\n"
    assert plain([*notes, Note("WEB-1")]) == "WEB-9 Total\nWEB-1"


def test_a_title_is_a_text_in_every_form() -> None:
    notes = notes_of([replace(STORY, title=EVIL)])
    told = markdown("", notes, "")
    assert "](" not in told
    assert "<img" not in told
    assert "{panel}" not in wiki("", notes).replace("\\{panel\\}", "")
    assert all("\u202e" not in written(form, "", notes, "") for form in FORMS)
    assert len(plain(notes).splitlines()) == 1


@pytest.mark.parametrize("notes", [[], [Note("WEB-9", EVIL, "Bug"), Note("WEB-1", "", "Story")]])
def test_jira_s_own_form_keeps_atlassian_s_schema(notes: list[Note]) -> None:
    document = adf("Shop 1.4", notes)
    document_check()(document)
    assert json.loads(written("adf", "Shop 1.4", notes, "")) == document
