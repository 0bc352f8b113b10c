"""No form of a secret is left, and nothing else is blackened."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.output.masking import Masker
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


ODD = "ATATT3xFfGF0=A1B2&<x>/é😀'\"\\ %41"


def units(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def escaped(text: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in units(text))


def by_turns(text: str) -> str:
    ways: list[Callable[[str], str]] = [escaped, percent, lambda one: f"&#{ord(one)};"]
    return "".join(ways[at % 3](one) for at, one in enumerate(text))


@pytest.mark.parametrize("secret", [*SECRETS, ODD])
@pytest.mark.parametrize(
    "write",
    {
        "json escapes": escaped,
        "json escapes in capitals": lambda text: "".join(f"\\u{unit:04X}" for unit in units(text)),
        "json in json": lambda text: json.dumps(escaped(text))[1:-1],
        "json three deep": lambda text: json.dumps(json.dumps(escaped(text))[1:-1])[1:-1],
        "as Gson and .NET": lambda text: (
            json.dumps(text).replace("&", "\\u0026").replace("<", "\\u003c").replace("=", "\\u003D")[1:-1]
        ),
        "as PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
        "braces": lambda text: "".join(f"\\u{{{ord(one):x}}}" for one in text),
        "long": lambda text: "".join(f"\\U{ord(one):08x}" for one in text),
        "bytes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
        "octal bytes": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
        "decimal entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
        "padded entities": lambda text: "".join(f"&#000{ord(one)};" for one in text),
        "hexadecimal entities": lambda text: "".join(f"&#X{ord(one):x};" for one in text),
        "named entities": lambda text: (
            html.escape(text).replace("=", "&equals;").replace("/", "&sol;").replace("%", "&percnt;")
        ),
        "html twice": lambda text: html.escape(html.escape(text)),
        "html in json": lambda text: json.dumps(html.escape(text))[1:-1],
        "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
        "percent three times": lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
        "every byte by percent": percent,
        "every byte by percent, twice": lambda text: quote(percent(text), safe=""),
        "percent in json": lambda text: json.dumps(quote(text, safe=""))[1:-1],
        "by turns": by_turns,
        "hex": lambda text: text.encode().hex(),
        "hex in capitals": lambda text: text.encode().hex().upper(),
        "hex with colons": lambda text: text.encode().hex(":"),
        "base64 twice": lambda text: b64(b64(text)),
        "base64 of user and secret in base64": lambda text: b64(b64("somebody:" + text)),
        "hex of base64": lambda text: b64(text).encode().hex(),
        "hex twice": lambda text: text.encode().hex().encode().hex(),
        "percent in base64": lambda text: b64(percent(text)),
        "json in hex": lambda text: json.dumps(text)[1:-1].encode().hex(),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_secret_is_masked_however_it_is_escaped(secret: str, write: tuple[str, Callable[[str], str]]) -> None:
    assert Masker([secret])(f"before {write[1](secret)} after") == "before *** after"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n  ", "\\n", "\\r\\n", "%0A", "%250D%250A", "&#10;"])
def test_a_secret_that_is_wrapped_is_masked_across_the_ends_of_lines(end: str) -> None:
    secret = "ATATT3xFfGF0mini" * 12

    def wrapped(text: str) -> str:
        return end.join(text[at : at + 64] for at in range(0, len(text), 64))

    mask = Masker([secret])
    assert mask(f"before {wrapped(b64(secret))} after") == "before *** after"
    assert mask(f"before {wrapped(secret.encode().hex())} after") == "before *** after"
    assert mask(f"before {wrapped(secret)} after") == "before *** after"
    shown = mask(f"before {wrapped(b64('user:' + secret))} after")
    assert len(shown) <= len("before dXNlcjp***=== after")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n  "])
@pytest.mark.parametrize("width", [3, 4, 5, 7, 13])
@pytest.mark.parametrize("escape", ["%{:02x}", "%25{:02X}", "\\u{:04x}", "\\\\u{:04x}", "&#{};", "&#x{:x};"])
def test_a_line_may_end_within_an_escape(escape: str, width: int, end: str) -> None:
    secret = "s3cr3t-Token_42/+z"
    written = "".join(escape.format(ord(character)) for character in secret)
    wrapped = end.join(written[place : place + width] for place in range(0, len(written), width))
    masked = Masker([secret])(f"before {wrapped} behind")
    assert masked.startswith("before ***")
    assert len(masked) < len("before *** behind") + 2 * width


@pytest.mark.parametrize(
    "escape", ["%{:02x}", "%25{:02X}", "\\u{:04x}", "\\x{:02x}", "\\{:03o}", "&#{};", "&#x00{:x};"]
)
def test_an_escaped_secret_that_a_shortened_line_ends_in_is_masked_too(escape: str) -> None:
    written = "".join(escape.format(ord(one)) for one in "s3cr3t-Token_42/+z")
    mask, enough = Masker(["s3cr3t-Token_42/+z"]), 9 * len(escape.format(100))
    for at in range(enough, len(written)):
        assert mask(f"before {written[:at]}… behind") == "before ***… behind", at


def test_what_stands_beside_an_escaped_secret_stays() -> None:
    mask = Masker(["s3cret=value"])
    text = '{"a": "\\u00e9 \\"s3cret\\u003dvalue\\" &amp; %20", "b": "s3cret&#61;valu"}'
    assert mask(text) == '{"a": "\\u00e9 \\"***\\" &amp; %20", "b": "s3cret&#61;valu"}'


@pytest.mark.parametrize(
    "piece", ["\\u0073", "\\\\", "%73", "%25", "%73 ", "&#115;", "&amp;", "\n", "a\n", "&#0", "&a", "\\", "\\u{0", "x"]
)
def test_megabytes_of_escapes_are_no_trouble(piece: str) -> None:
    mask = Masker([ODD, "s3cr3t-0123456789-abcdef"])
    text = piece * (2_000_000 // len(piece))
    assert mask(text) == text


@given(text=st.text(alphabet="0123456789 \n…#:[]{}&%\\;", max_size=200))
def test_nothing_else_is_blackened(text: str) -> None:
    assert Masker(SECRETS)(text) == text


def test_five_megabytes_are_no_trouble() -> None:
    text = "…hunter2 eyJhbGci… " * 250_000
    assert Masker([*SECRETS, "t" * 2000])(text) == "…hunter2 ***… " * 250_000
