"""No form of a secret is left, and nothing else is blackened."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.masking import Masker
from jira_ci.text import markdown, one_line

SECRETS = [
    "hunter2!",
    "p@ss/word+1=",
    "a.*b(c)[d]$^|\\",
    'quote"and\\back/slash',
    "pässwörd→€",
    "two words",
    "AAAA",
    "eyJhbGciOi.JIUzI1.NiIsInR5cCI",
    "key%20with&<html>'",
]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_of_a_secret_is_left(secret: str) -> None:
    mask = Masker([secret])
    forms = {
        "raw": secret,
        "base64": b64(secret),
        "unpadded": b64(secret).rstrip("="),
        "url-safe": base64.urlsafe_b64encode(secret.encode()).decode(),
        "quoted": quote(secret),
        "quoted completely": quote(secret, safe=""),
        "plus": quote_plus(secret),
        "form": urlencode({"x": secret})[2:],
        "small": quote(secret, safe="").lower() if secret.lower() == secret else quote(secret, safe=""),
        "json": json.dumps(secret)[1:-1],
        "json with letters": json.dumps(secret, ensure_ascii=False)[1:-1],
        "repr": repr(secret)[1:-1],
        "markdown": markdown(secret),
        "html": html.escape(secret),
    }
    assert {name: mask(f"before {form} after") for name, form in forms.items()} == dict.fromkeys(
        forms, "before *** after"
    )


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("user", ["", "u", "me", "you", "user:", "longer@acme.example:"])
def test_in_the_base64_of_user_and_secret_nothing_of_the_secret_can_be_read(secret: str, user: str) -> None:
    end = "\n"
    shown = Masker([secret])(f"Basic {b64(user + secret + end)}")
    rest = shown.removeprefix("Basic ").split("***")
    assert len(rest) == 2
    # What is left in front encodes no more than the user, behind no more than the last byte's edge.
    assert len(rest[0]) <= -(-len(user.encode()) * 8 // 6)
    assert len(rest[1]) <= 4


def test_lines_of_a_secret_are_secrets_but_short_ones_are_not() -> None:
    mask = Masker(["-----BEGIN-----\nMIIEvQIBADANBg\r\nkqhkiG9w0BAQ\n}\n-----END-----\n"])
    assert mask("MIIEvQIBADANBg and kqhkiG9w0BAQ and }") == "*** and *** and }"


def test_secrets_that_hold_or_overlap_each_other_are_gone_completely() -> None:
    assert Masker(["abcd1234", "abcd1234efgh"])("abcd1234efgh abcd1234") == "*** ***"
    assert Masker(["abcd1234", "1234efgh"])("xabcd1234efghx") == "x***x"
    assert Masker(["aaaa"])("aaaaaaa b") == "*** b"


@pytest.mark.parametrize("secret", ["", "a", "abc", "  ", "\n"])
def test_what_is_too_short_to_be_a_secret_blackens_nothing(secret: str) -> None:
    assert Masker([secret])("abc a \n  ") == "abc a \n  "


def test_a_secret_that_a_shortened_line_ends_in_is_masked_too() -> None:
    mask = Masker(["s3cr3t-0123456789-abcdef"])
    line = one_line("it said: s3cr3t-0123456789-abcdef", 24)
    assert line.endswith("…")
    assert mask(line) == "it said: ***…"
    assert mask("s3cr3t…") == "s3cr3t…"


def test_a_secret_learned_late_is_masked_from_then_on() -> None:
    mask = Masker()
    assert mask("token-1") == "token-1"
    mask.add("token-1")
    assert mask("token-1") == "***"


@pytest.mark.parametrize("secret", ["caf\udce9-secret", "half\ud83d-secret", "nul\x00-secret"])
def test_odd_bytes_in_a_secret_break_nothing(secret: str) -> None:
    assert Masker([secret])(f"x {secret} y") == "x *** y"


def test_documents_are_masked_in_keys_and_values() -> None:
    mask = Masker(["hunter2!"])
    value = {"hunter2!": ["x hunter2!", ("hunter2!", 1, None, True, 1.5)], "n": {"a": "hunter3"}}
    assert mask.document(value) == {"***": ["x ***", ["***", 1, None, True, 1.5]], "n": {"a": "hunter3"}}


@given(text=st.text(alphabet="0123456789 \n…#:[]{}", max_size=200))
def test_nothing_else_is_blackened(text: str) -> None:
    assert Masker(SECRETS)(text) == text


def test_five_megabytes_are_no_trouble() -> None:
    text = "…hunter2 eyJhbGci… " * 250_000
    assert Masker([*SECRETS, "t" * 2000])(text) == "…hunter2 ***… " * 250_000
