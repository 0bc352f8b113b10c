"""Strangers' text made harmless: what each place would take for a command or markup is none any more."""

from __future__ import annotations

import html
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jira_ci.text
from jira_ci.config import strict_yaml
from jira_ci.environments import classify
from jira_ci.text import canonical, for_jira, identifier, markdown, nfkc, one_line, unlinked, without_login

# Python's and .NET's blanks, and the characters that a culture-sensitive comparison in .NET overlooks.
_OVERLOOKED = "\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufe00\ufe0f\ufeff"
_HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from(":#[]a \t\n\r\x00\x1b\x85\u00a0\u2028\u202e\ud800" + _OVERLOOKED), st.characters()
    ),
    max_size=40,
)


def _is_runner_command(line: str) -> bool:
    """As the GitHub runner reads a line: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs"""
    seen = "".join(character for character in line if character not in _OVERLOOKED)
    return seen.lstrip().startswith("::") or "##[" in seen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("a :: b", "a :: b"),
        ("::add-mask::e", ": :add-mask::e"),
        ("::stop-commands::x", ": :stop-commands::x"),
        ("  \t ::error::x", ": :error::x"),
        ("\u00a0::error::x", ": :error::x"),
        ("\u3000::error::x", ": :error::x"),
        ("\u200b::error::x", ": :error::x"),
        ("\ufeff \u2060::error::x", ": :error::x"),
        (":\u200b:error::x", ": :error::x"),
        ("##[error]x", "# #[error]x"),
        ("a ##[group]b ##[endgroup]", "a # #[group]b # #[endgroup]"),
        ("###[error]", "## #[error]"),
        ("#\u200d#\u00ad[error]", "# #\u00ad[error]"),
        ("one\ntwo\r\nthree", "one\\ntwo\\r\\nthree"),
        ("a\n::add-mask::b", "a\\n::add-mask::b"),
        ("tab\there", "tab here"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b[0Ksection_start:1:x\r\x1b[0K", "\\x1b[0Ksection_start:1:x\\r\\x1b[0K"),
        ("nul\x00c1\x9b", "nul\\x00c1\\x9b"),
        ("next\x85line\u2028para\u2029", "next\\x85line\\u2028para\\u2029"),
        ("user\u202egnp.exe\u2066x\u2069\u200f", "user\\u202egnp.exe\\u2066x\\u2069\\u200f"),
        ("lone \ud800 half", "lone \\ud800 half"),
        ("修正 é 😀 👩\u200d🚀", "修正 é 😀 👩\u200d🚀"),
        ("%0A::error::", "%0A::error::"),
        ("$(id) `id` ${{ x }} {{ y }}", "$(id) `id` ${{ x }} {{ y }}"),
    ],
)
def test_a_log_line_shows_text_and_no_command(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert not _is_runner_command(one_line(text))


@given(_HOSTILE)
def test_no_text_becomes_a_command_or_a_second_line(text: str) -> None:
    shown = one_line(text)
    assert not _is_runner_command(shown)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    assert one_line("  " + shown) == one_line("  " + one_line(shown))


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("12345", 5, "12345"), ("123456", 5, "12345…"), ("\n\n\n", 5, "\\n\\n\\…"), ("::x", 3, ": :…"), ("a" * 9, 0, "…")],
)
def test_a_log_line_is_cut(text: str, limit: int, shown: str) -> None:
    assert one_line(text, limit) == shown


@pytest.mark.parametrize("text", [piece * 1_000_000 for piece in ("#", "#\u200b", "\u200b", "\n", ":")])
def test_a_huge_text_is_cut_in_linear_time(text: str) -> None:
    assert len(one_line(text, 1_000_000)) <= 1_000_001
    assert len(markdown(text)) <= 501 * len("&#000;&#8203;")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 12", "plain 12"),
        ("![x](https://evil/i.png)", "&#33;&#91;x&#93;&#40;https&#58;&#47;&#47;evil&#47;i&#46;png&#41;"),
        ("<img src=x onerror=y>", "&#60;img src&#61;x onerror&#61;y&#62;"),
        ("a | b", "a &#124; b"),
        (
            "`code` **bold** _it_ ~~no~~",
            "&#96;code&#96; &#42;&#42;bold&#42;&#42; &#95;it&#95; &#126;&#126;no&#126;&#126;",
        ),
        ("&lt;", "&#38;lt&#59;"),
        ("a\n\n# b\r\n| c |", "a  &#35;&#8203; b  &#124; c &#124;"),
        ("@octocat #12", "&#64;&#8203;octocat &#35;&#8203;12"),
        ("1. x", "1&#46; x"),
        ("$(id) ${{ x }} \\", "&#36;&#40;id&#41; &#36;&#123;&#123; x &#125;&#125; &#92;"),
        ("\u202eevil\x1b\x00", " evil  "),
        ("é 修正 😀", "é 修正 😀"),
    ],
)
def test_markdown_shows_the_characters_and_no_markup(text: str, shown: str) -> None:
    assert markdown(text) == shown


@given(_HOSTILE)
def test_markdown_reads_as_the_text_and_holds_no_punctuation_of_its_own(text: str) -> None:
    shown = markdown(text)
    assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"&#[0-9]+;", "", shown))
    assert not re.search(r"[@#]\w", html.unescape(shown))
    assert "\n" not in shown
    for before, after in zip(text, html.unescape(shown).replace("\u200b", ""), strict=False):
        if "\u200b" in text:
            break
        assert after in (before, " ")


def test_markdown_is_cut_before_it_grows() -> None:
    assert markdown("|" * 600, 3) == "&#124;&#124;&#124;…"


@pytest.mark.parametrize(
    ("text", "limit", "sent"),
    [
        ("", 10, ""),
        ("  \n ", 10, ""),
        (" Azure-Dev ", 255, "Azure-Dev"),
        ("deploy 🚀 now", 255, "deploy  now"),
        ("🚀", 255, "\ufffd"),
        ("\x00", 255, "\ufffd"),
        ("🚀 ", 255, "\ufffd"),
        ("lone \ud83d half", 255, "lone  half"),
        ("nul\x00 esc\x1b \uffff\ufffe", 255, "nul esc"),
        ("line\nbreak\ttab", 255, "line\nbreak\ttab"),
        ("a" * 255, 255, "a" * 255),
        ("a" * 256, 255, "a" * 254 + "…"),
        ("ab cdef", 4, "ab…"),
        ("修" * 300, 255, "修" * 254 + "…"),
        ("🚀" * 300 + "x", 255, "x"),
    ],
)
def test_a_payload_holds_only_what_jira_takes(text: str, limit: int, sent: str) -> None:
    assert for_jira(text, limit) == sent


@given(_HOSTILE, st.integers(min_value=2, max_value=50))
def test_no_payload_text_is_refused(text: str, limit: int) -> None:
    sent = for_jira(text, limit)
    assert len(sent.encode("utf-16-le")) // 2 <= limit
    assert all(character in "\t\n\r" or " " <= character <= "\ufffd" for character in sent)
    assert bool(sent) == bool(text.strip())


@pytest.mark.parametrize("text", ["", "azure-dev", "a b:c/d", "é修", "a" * 255])
def test_a_short_identifier_stays_as_it_is(text: str) -> None:
    assert identifier(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a" * 256, "a" * 257),
        ("a" * 1000 + "x", "a" * 1000 + "y"),
        ("x" + "a" * 1000, "y" + "a" * 1000),
        ("dev 🚀", "dev 🎉"),
        ("dev 🚀", "dev "),
        ("\x00a", "a"),
        ("\ud800", "\udc00"),
    ],
)
def test_two_things_never_share_an_identifier(one: str, other: str) -> None:
    assert identifier(one) != identifier(other)
    assert max(len(identifier(one)), len(identifier(other))) <= 255


def test_a_long_identifier_is_the_same_on_every_machine() -> None:
    assert identifier("a" * 300) == "a" * 238 + "-9835fa6bf4e20a9b"


@given(st.text(max_size=600))
def test_every_identifier_is_one_that_jira_takes(text: str) -> None:
    name = identifier(text)
    assert len(name) <= 255
    assert all(character in "\t\n\r" or " " <= character <= "\ufffd" for character in name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Azure-Dev", "azure-DEV"),
        (" Azure  Dev\n", "azure dev"),
        ("Über", "U\u0308BER"),
        ("Straße", "STRASSE"),
        ("Ｐｒｏｄ", "prod"),
        ("ΐ", "Ϊ\u0301"),
        ("ΛΟΓΟΣ", "λογος"),
        ("İzmir", "i\u0307ZMIR"),
        ("prod\u200b", "prod"),
        ("\ufeffprod\u00ad", "prod"),
        ("a\u00a0b", "a b"),
    ],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), [("dev", "dev1"), ("a b", "ab"), ("prod-eu", "prod_eu"), ("dev", "déν")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(st.text(max_size=30))
def test_a_canonical_name_is_its_own(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)
    assert canonical(unicodedata.normalize("NFD", name)) == canonical(name)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60), max_size=60))
def test_a_long_text_is_normalised_piece_by_piece_as_in_one(words: list[str]) -> None:
    text = " ".join(words)
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("run", ["\u0301\u0316", "\u0f71\u0f72\u0f74", "\uff9e\u0301"])
def test_endless_accents_are_no_trouble(run: str) -> None:
    assert len(canonical("a" + run * (240_000 // len(run)))) >= 200_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://jira.example/x", "https://jira.example/x"),
        ("https://ana:pass@jira.example/x", "https://…@jira.example/x"),
        ("https://ana@jira.example", "https://…@jira.example"),
        ("see https://ana:p/a@s s@jira.example now", "see https://…@jira.example now"),
        ("ana:pass@jira.example", "…@jira.example"),
        ("a b:c@d e", "a …@d e"),
        ("ana@jira.example", "ana@jira.example"),
        ("a: b @ c", "a: b @ c"),
        ("", ""),
    ],
)
def test_no_login_of_an_address_is_left(text: str, shown: str) -> None:
    assert without_login(text) == shown


@pytest.mark.parametrize(
    ("text", "pulled_apart"),
    [
        ("4 of 5 done", "4 of 5 done"),
        ("5f3a9c1", "5f3a9c|1"),
        ("5F3A9C1 and Beefed1", "5F3A9C|1 and Beefed|1"),
        ("GH-4, gl-5 and MRGH-6", "GH-|4, gl-|5 and MRGH-6"),
        ("!4 &5 %6 ~7 $8 ^9 *a", "!|4 &|5 %|6 ~|7 $|8 ^|9 *|a"),
        ("ftp://a www.a mailto:a", "ftp:|//a www|.a mailto|:a"),
        ("[x] [ ] [X] [y]", "[|x] [| ] [|X] [y]"),
    ],
)
def test_what_a_provider_would_link_is_pulled_apart(text: str, pulled_apart: str) -> None:
    assert unlinked(text) == pulled_apart.replace("|", "\u200b")


def test_what_is_printable_holds_nothing_that_a_pattern_would_find() -> None:
    """Patterns are compiled only where a text is not printable, or not ASCII."""
    everything = [chr(point) for point in range(sys.maxunicode + 1)]
    printable = "".join(filter(str.isprintable, everything))
    in_ascii = "".join(filter(str.isascii, printable))
    sets = [jira_ci.text._CONTROL, classify._CONTROL, strict_yaml._CONTROL, strict_yaml._REFUSED]
    assert [re.search(one, printable) for one in sets] == [None] * len(sets)
    assert re.search(jira_ci.text._REFUSED_BY_JIRA, in_ascii) is None
    assert re.search(jira_ci.text._SURROGATE, in_ascii) is None


LEADS = ["", " ", "\t", "\u00a0", "\u2003", "\u034f", "\ufe0f", "\u00ad", " \u200b ", "  \ufeff"]


@pytest.mark.parametrize("lead", LEADS, ids=ascii)
def test_no_lead_hides_a_command(lead: str) -> None:
    assert one_line(f"{lead}::error::x").endswith(": :error::x")
    assert one_line(f"a#{lead}#[error]x" if lead.strip() else "a##[error]x").endswith("#[error]x")
    assert "##[" not in one_line(f"a{lead}##[error]x")
