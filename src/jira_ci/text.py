"""Untrusted text: read as what it should be, and made harmless for each place it is written to.

Titles, commit messages, branch and environment names come from people we do not know. What is not of the expected type
or form counts as absent. Each function that writes is for one kind of place; none of them is for two.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc")
"""Letters, marks and signs that are drawn as a blank, or not at all, and count as neither."""
LONGEST_NAME = 500
"""Characters that a name (of an environment, a tenant, a service) may have where it is written down; Jira shows
255."""

# What Jira's store refuses ("Invalid binary character"), and with it the whole request: everything outside XML's
# characters of the Basic Multilingual Plane. GitLab's integration removes the same set.
# Written as what is refused: compiling the opposite, long ranges, costs ten times as much at every start.
_REFUSED_BY_JIRA = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\U00010000-\U0010ffff]"
_CONTROL = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
_INVISIBLE = "\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff"
_COMMAND = rf"(#)[{_INVISIBLE}]*(#[{_INVISIBLE}]*(?i:vso|teamcity)?\[)|^[\s{_INVISIBLE}]*(:)[{_INVISIBLE}]*(:)"
# Before a character of ASCII, which no composition takes, or where there is none for long.
_PIECES = r"(?s:.{1,250}(?![^\x00-\x7f])|.{1,250})"
# Providers look for references in the text that is shown, where no escape protects it: "!3", "GH-12", "&5", an address,
# a commit's id, the box of a task.
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
# https://docs.gitlab.com/user/markdown/#gitlab-specific-references
_REFERENCES = (
    r"[!&%~$^*](?=[\w\"])|(?<=\b[Gg][HhLl])-(?=\d)|:(?=//)|\b[Ww]{3}(?=\.)|\b[Mm][Aa][Ii][Ll][Tt][Oo](?=:)"
    r"|\[(?=[a-z_]+:|[ xX]\])|\b[0-9A-Fa-f]{6}(?=[0-9A-Fa-f]+\b)"
)
HYPERTEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
"""For ``str.translate``, what ``html.escape`` does: its module loads the names of two thousand characters."""
_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")


def named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For ``json.loads(..., object_pairs_hook=named_once)``: an object that has each name once.

    Raises:
        ValueError: it has one twice, and readers differ in which value they take
            (https://www.rfc-editor.org/rfc/rfc8259#section-4).
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a name twice")
    return found


def one_line(text: str, limit: int = 500) -> str:
    """For a log line: no control characters, line breaks or reading-direction tricks, and no runner command.

    The GitHub runner takes ``##[command]`` anywhere in a line, and ``::command::`` at its start after blanks. It
    compares in a way that overlooks invisible characters, so a visible blank comes between
    (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs). GitLab's section markers need an
    escape or a carriage return, which are gone with the control characters. Azure Pipelines takes ``##vso[command]``
    (https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands), TeamCity ``##teamcity[message]``
    (https://www.jetbrains.com/help/teamcity/service-messages.html).
    """
    shown = _without_controls(text[: limit + 1], _escape)
    begin = shown.lstrip(" ")[:1]
    if ("#" in shown and "[" in shown) or begin == ":" or begin > "~":
        shown = re.sub(_COMMAND, _pulled_apart, shown)
    return shown if len(shown) <= limit else shown[:limit] + "…"


def without_login(text: str) -> str:
    """For a message that shows what was written: addresses without the user name and password they may hold.

    Rather too much is left out than too little: a password may hold a slash, a blank or an ``@``.
    """
    scheme, slashes, rest = text.partition("//")
    if slashes and "@" in rest:
        return f"{scheme}//…@{rest.rpartition('@')[2]}"
    return " ".join(map(_without_login, text.split(" "))) if "@" in text else text


def _without_login(word: str) -> str:
    before, _, after = word.rpartition("@")
    return f"…@{after}" if ":" in before else word


def markdown(text: str, limit: int = 500) -> str:
    """For Markdown, also inside a table: every punctuation character as an entity, so that nothing is markup.

    Mentions and references are found after that, in the text that is shown: an invisible blank follows their sign.
    """
    shown = _without_controls(text[:limit], " ") + "…" * (len(text) > limit)
    return _MARKDOWN.sub(lambda match: f"&#{ord(match[0])};" + "&#8203;" * (match[0] in "@#"), shown)


def unlinked(text: str) -> str:
    """For :func:`markdown`, before it: an invisible blank inside of all that a provider would make a link of.

    :func:`markdown` puts one behind ``@`` and ``#`` itself.
    """
    return re.sub(_REFERENCES, "\\g<0>\u200b", text)


def hypertext(text: str, limit: int = 500) -> str:
    """For HTML, also inside a quoted attribute."""
    return (_without_controls(text[:limit], " ") + "…" * (len(text) > limit)).translate(HYPERTEXT)


def for_jira(text: str, limit: int) -> str:
    """For a payload: without the characters Jira refuses, and no longer than its limit in UTF-16 units and characters.

    A text of which nothing is left becomes U+FFFD, because Jira refuses an empty name too.
    """
    clean = _accepted_by_jira(text).strip()
    if len(clean) > limit:
        clean = clean[: limit - 1].rstrip() + "…"
    return clean if clean or not text.strip() else "\ufffd"


def identifier(text: str, limit: int = 255) -> str:
    """For an id that has to stay the same: a long text ends in a hash of the whole, so that two never become one."""
    clean = _accepted_by_jira(text)
    if len(clean) <= limit and clean == text:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{clean[: limit - 17]}-{digest}"


def nfkc(text: str) -> str:
    """The text in Unicode's form NFKC, in linear time: the standard library sorts long runs of accents in quadratic
    time (nfd_nfkd in https://github.com/python/cpython/blob/main/Modules/unicodedata.c), so they are taken piece by
    piece."""
    if len(text) <= LONGEST_NAME:
        return unicodedata.normalize("NFKC", text)
    return "".join(unicodedata.normalize("NFKC", piece) for piece in re.findall(_PIECES, text))


def canonical(name: str) -> str:
    """A name by which two spellings of one thing are the same: any case, any run of blanks, any Unicode form, and with
    or without invisible characters."""
    visible = "".join(character for character in name if unicodedata.category(character) != "Cf")
    folded = nfkc(nfkc(visible).casefold())
    return " ".join(folded.casefold().split())


# To compile a pattern with such sets takes longer than all that is asked of it in a usual run, whose texts are
# printable: nothing in them is a control character, half of a pair, or moves the reading direction.
def _without_controls(text: str, by: str | Callable[[re.Match[str]], str]) -> str:
    return text if text.isprintable() else re.sub(_CONTROL, by, text)


def _accepted_by_jira(text: str) -> str:
    return text if text.isascii() and text.isprintable() else re.sub(_REFUSED_BY_JIRA, "", text)


def _pulled_apart(match: re.Match[str]) -> str:
    return " ".join(part for part in match.groups() if part)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    plain = {"\n": "\\n", "\r": "\\r", "\t": " "}.get(match[0])
    return plain or (f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}")


_SHA = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_SURROGATE = "[\ud800-\udfff]"
_WHOLE = re.compile(r"[0-9]{1,18}\Z")


def string(value: object) -> str:
    """The string, or an empty one. Lone surrogates (``"\\ud800"`` in JSON, odd bytes in the environment), which no
    encoder takes, become U+FFFD.
    """
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else re.sub(_SURROGATE, "\ufffd", value)


def whole(value: object) -> int | None:
    """A whole number from zero up, also written as digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and value.isascii() and _WHOLE.match(value) else None


def sha(value: object) -> str:
    """A full commit id; empty for anything else and for the all-zeros one, which means *none*."""
    found = string(value).lower()
    return found if _SHA.match(found) and found.strip("0") else ""


def short(name: str) -> str:
    """A commit's id as people write it; any other name as it is."""
    return name[:8] if sha(name) else name


def mapping(value: object) -> Mapping[str, Any]:
    """The mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The mappings in a list, or none."""
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def url(value: object) -> str:
    """An ``http`` or ``https`` address without credentials and without a trailing slash; else empty."""
    found = string(value).strip().rstrip("/")
    try:
        parts = urlsplit(found)
        sound = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.password
    except ValueError:
        return ""
    return found if sound and not re.search(r"[\s\x00-\x1f\x7f\\\"<>]", found) else ""


def strip_ref(ref: str, kind: str = "heads") -> str:
    """``main`` from ``refs/heads/main``; empty when the ref is of another kind."""
    prefix = f"refs/{kind}/"
    return ref[len(prefix) :] if ref.startswith(prefix) else ""


def variables(environ: Mapping[str, str], nothing: re.Pattern[str]) -> Callable[[str], str]:
    """What reads a variable by its name: without blanks around it, and empty where it is not there.

    Args:
        nothing: texts that stand for nothing as well, such as an expression that was not resolved.
    """

    def get(name: str) -> str:
        value = string(environ.get(name)).strip()
        return "" if nothing.fullmatch(value) else value

    return get


def first(values: Iterable[str]) -> str:
    """The first text that is not empty."""
    return next((value for value in values if value), "")
