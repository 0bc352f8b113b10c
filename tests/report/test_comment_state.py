"""What the comment says and what it remembers: as literals, and against people who may edit it."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

import pytest

from jira_ci.report.comment_state import MARK, Known, Place, Source, hidden, is_ours, merged, read
from jira_ci.report.comment_text import Links, body, inert

NOW = 1_795_252_320  # 2026-11-21 09:12 UTC
A, B = "a" * 40, "b" * 40
ONE, TWO = "1" * 16, "2" * 16
LINKS = Links(
    lambda key: f"https://acme.atlassian.net/browse/{key}",
    lambda run: f"https://github.com/acme/shop/actions/runs/{run}" if run else "",
)


def place(name: str = "Prod-EU", **changes: Any) -> Place:
    found: dict[str, Any] = {
        "id": f"{sum(map(ord, name)):016x}",
        "name": name,
        "type": "production",
        "state": "successful",
        "version": "1.4.0",
        "when": NOW,
        "number": 42,
        "sequence": 7,
        "pipeline": ONE,
        "run_id": "9001",
    }
    return Place(**{**found, **changes})


def source(*keys: str, workflow: str = ONE, commit: str = A, number: int = 1, when: int = NOW) -> Source:
    return Source(workflow, commit, number, when, keys)


def visible(text: str) -> str:
    return text[: text.index(MARK)]


def test_the_comment_in_full() -> None:
    known = Known((source("WEB-12", "WEB-13"),), (place(), place("QA", type="testing", state="in_progress")))
    assert visible(body(known, LINKS, "pull request")) == "\n".join(
        [
            "### Jira",
            "",
            "| Issue |",
            "| --- |",
            "| [WEB&#45;12](https://acme.atlassian.net/browse/WEB-12) |",
            "| [WEB&#45;13](https://acme.atlassian.net/browse/WEB-13) |",
            "",
            "| Environment | Type | State | Version | When | Run |",
            "| --- | --- | --- | --- | --- | --- |",
            "| Prod&#45;EU | production | ✅ successful | <code>1&#46;4&#46;0</code> | 2026-11-21 09:12 UTC |"
            " [run &#35;&#8203;42](https://github.com/acme/shop/actions/runs/9001) |",
            "| QA | testing | ⏳ in progress | <code>1&#46;4&#46;0</code> | 2026-11-21 09:12 UTC |"
            " [run &#35;&#8203;42](https://github.com/acme/shop/actions/runs/9001) |",
            "",
            "",
        ]
    )


def test_titles_and_status_have_columns_where_they_are_known() -> None:
    cards = {"WEB-12": ("Pay | by card", "In Progress"), "WEB-13": ("", "Done")}
    text = body(Known((source("WEB-12", "WEB-13", "WEB-14"),), (), cards), LINKS, "merge request")
    assert "| Issue | Title | Status |\n| --- | --- | --- |\n" in text
    assert "/WEB-12) | Pay &#124; by card | In Progress |" in text
    assert "/WEB-14) |  |  |" in text
    assert "No deployment of it was reported yet." in text


def test_without_issues_or_addresses() -> None:
    text = body(Known((), (place(run_id="", version=""),)), Links(lambda _: "", lambda _: ""), "merge request")
    assert "This merge request names no issue." in text
    assert "|  | 2026-11-21 09:12 UTC | run &#35;&#8203;42 |" in text


def test_fifty_issues_are_shown_and_all_are_remembered() -> None:
    keys = [f"WEB-{number}" for number in range(1, 301)]
    text = body(Known((source(*keys),)), LINKS, "pull request")
    assert "| … and 250 more |" in text
    assert read(text, NOW).keys == tuple(keys)


def test_what_is_written_is_read_again() -> None:
    known = Known(
        (source("WEB-12", "ÄÖ-3"), source("OPS-1", workflow=TWO)),
        (place("Größe |`x` -->", version="v --> 1"), place("QA", type="testing", state="rolled_back")),
        {"WEB-12": ("--> <b> ✅", "Done")},
    )
    text = body(known, LINKS, "pull request")
    assert read(text, NOW) == merged(Known(), known)
    assert read(text.replace("\n", "\r\n"), NOW) == merged(Known(), known)
    assert body(read(text, NOW), LINKS, "pull request") == text


def written(document: Any) -> str:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return f"### Jira\n\n{MARK}{base64.b64encode(data).decode()} -->"


ROW = [ONE, "Prod", "production", "successful", "1", NOW, 42, 7, ONE, "9001"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "### Jira",
        f"{MARK}-->",
        f"{MARK}%%% -->",
        f"{MARK}abc -->",
        written(b"\xff\xfe"),
        written(b"[" * 5000),
        written([]),
        written(None),
        written({"sources": 7, "places": "x", "cards": []}),
        written({"sources": [7, None, "abcde", [], [ONE, A, 1, NOW]], "places": [{}, [1] * 10]}),
        written({"places": [ROW]}) + "\n" + written({"places": [ROW]}),
        f"> {written({'places': [ROW]}).splitlines()[-1]}",
        written({"places": [[*ROW[:1], "x" * 80_000, *ROW[2:]]]}),
        *[
            written({"places": [[*ROW[:index], wrong, *ROW[index + 1 :]]]})
            for index, wrong in [
                (0, "../../1"),
                (1, 7),
                (1, None),
                (2, "prod | [x](https://evil.example)"),
                (2, ["production"]),
                (3, "done"),
                (4, {}),
                (5, NOW + 200_000),
                (5, -1),
                (5, True),
                (5, 1e300),
                (6, "42"),
                (7, 1 << 63),
                (8, ""),
                (9, "1/../../x"),
                (9, 9001),
            ]
        ],
    ],
)
def test_of_what_was_tampered_with_nothing_is_believed(text: str) -> None:
    assert read(text, NOW) == Known()


def test_keys_and_cards_are_checked_one_by_one() -> None:
    keys = ["WEB-1", "web-2", "WEB-3](https://evil.example)", 7, "X-1", "OPS-4", "A" * 300 + "-1"]
    cards = {"WEB-1": ["t" * 999, "s"], "OPS-4": ["t"], "bad": ["a", "b"]}
    found = read(written({"sources": [[ONE, "HEAD", 1, NOW, keys]], "cards": cards}), NOW)
    assert found == Known((Source(ONE, "", 1, NOW, ("WEB-1", "OPS-4")),), (), {"WEB-1": ("t" * 150, "s")})


def test_what_is_read_is_bounded_and_what_is_written_fits() -> None:
    rows = [[f"{number:016x}", "@" * 999, *ROW[2:4], "#" * 999, NOW - number, *ROW[6:]] for number in range(60)]
    many = [place("@" * 150, id=f"{number:016x}", when=NOW - number) for number in range(60)]
    found = read(written({"places": rows[:25]}), NOW)
    assert {len(one.name) for one in found.places} == {150}
    known = merged(Known((source(*(f"WEB-{number}" for number in range(1, 501))),)), Known((), tuple(many)))
    assert len(known.places) == 40
    text = body(known, LINKS, "pull request")
    assert len(text.encode()) <= 65_536
    assert f"{0:016x}" in [one.id for one in read(text, NOW).places]


@pytest.mark.parametrize(
    ("changes", "wins"),
    [
        ({"number": 43}, "new"),
        ({"number": 41}, "old"),
        ({"sequence": 8}, "new"),
        ({"sequence": 6}, "old"),
        ({"number": 41, "sequence": 9, "when": NOW + 60}, "old"),
        ({"number": 43, "sequence": 1, "when": NOW - 90_000}, "new"),
        ({}, "new"),
        ({"pipeline": TWO, "number": 1, "when": NOW + 1}, "new"),
        ({"pipeline": TWO, "number": 99, "when": NOW - 1}, "old"),
    ],
)
def test_an_older_report_never_replaces_a_newer_one(changes: dict[str, Any], wins: str) -> None:
    old, new = place(version="old"), place(version="new", **changes)
    [found] = merged(Known((), (old,)), Known((), (new,))).places
    assert found.version == wins


def test_other_environments_are_kept() -> None:
    found = merged(Known((), (place("QA"), place("Prod"))), Known((), (place("Dev"), place("QA", version="2"))))
    assert [(one.name, one.version) for one in found.places] == [("Dev", "1.4.0"), ("Prod", "1.4.0"), ("QA", "2")]


@pytest.mark.parametrize(
    ("kept", "new", "keys"),
    [
        ([source("WEB-1")], source("WEB-2"), ("WEB-1", "WEB-2")),  # two jobs of one run
        ([source("WEB-1")], source("WEB-2", number=2), ("WEB-2",)),  # the title was corrected
        ([source("WEB-1", number=2)], source("WEB-2"), ("WEB-1",)),
        ([source("WEB-1")], source("WEB-2", workflow=TWO), ("WEB-1", "WEB-2")),  # two workflows of one commit
        ([source("WEB-1")], source("WEB-2", workflow=TWO, commit=B, when=NOW + 1), ("WEB-2",)),
        ([source("WEB-1")], source("WEB-2", workflow=TWO, commit=B, when=NOW - 1), ("WEB-1",)),
        ([source("WEB-1")], Source("", "", 0, 0, ("WEB-2",)), ("WEB-1",)),
        ([Source("", "", 0, 0, ("WEB-2",))], source("WEB-1"), ("WEB-1",)),
        ([], Source("", "", 0, 0, ("WEB-2",)), ("WEB-2",)),
    ],
)
def test_the_issues_are_those_of_the_newest_commit(kept: list[Source], new: Source, keys: tuple[str, ...]) -> None:
    assert merged(Known(tuple(kept)), Known((new,))).keys == keys


HOSTILE = (
    "<!-- --> `x` |y| <img src=x> ![a](https://evil.example/x.png) @all @acme/owners #12 !3 &4 %5 ~bug $6 ^alert#1 GH-7"
    " gl-8 octo/hello#9 https://evil.example www.evil.example mailto:a@evil.example 1234567890abcdef :tada: /close"
    ' [vulnerability:1] *iteration:1 %"v 1" ~"x y"\r\n/approve\n| x |\x1b[31m'
)


def test_nothing_a_stranger_writes_is_markup_or_leads_anywhere() -> None:
    def made(text: str) -> str:
        cards = {"WEB-1": (text, text)}
        known = Known((source("WEB-1"),), (place(text, id=ONE, version=text),), cards)
        return visible(body(known, LINKS, "pull request"))

    hostile, plain = made(HOSTILE), made("plain")
    for character in "`<![@|\x1b\n\r(":
        assert hostile.count(character) == plain.count(character)
    shown = html.unescape(re.sub(r"<code>.*?</code>|\]\([^)]*\)", "", hostile))
    for reference in (
        r"@\w",
        r"(?<!run )#\d",
        r"!\d",
        r"[&%$]\d",
        r'[~%][\w"]',
        r"\^\w",
        r"\*\w",
        r"(?i)\bg[hl]-\d",
        "://",
        r"www\.",
        "mailto:",
        r"\b[0-9a-f]{7,}\b(?<!\u200b)",
        r"\[vuln",
    ):
        assert not re.search(reference, shown), reference


def test_an_id_of_a_commit_is_pulled_apart_and_a_word_is_not() -> None:
    assert inert("see 1a2b3c4d5e6f of defaced") == "see 1a2b3c\u200b4d5e6f of deface\u200bd"
    assert inert("Reverts FACADE99 and Cafebabe") == "Reverts FACADE\u200b99 and Cafeba\u200bbe"
    assert inert("Prod EU 2026") == "Prod EU 2026"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (f"{MARK}x -->", True),
        (f"### Jira\r\n\r\n{MARK}", True),
        (f"> {MARK}x -->", False),
        (f"see `{MARK}`", False),
        ("<!-- jira-ci:other -->", False),
    ],
)
def test_a_quoted_mark_makes_no_comment_ours(text: str, ours: bool) -> None:
    assert is_ours(text) == ours


def test_the_hidden_line_holds_nothing_that_could_end_it() -> None:
    line = hidden(Known((), (place("--> @all #1 <b>"),)))
    assert re.fullmatch(r"<!-- jira-ci:comment [A-Za-z0-9+/=]+ -->", line)
