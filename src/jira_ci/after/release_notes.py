"""Release notes: the issues of a deployment by their types and titles, as Markdown, as text, and in Jira's own forms.

A title is shown to those only who may see the issue anyway: in a public repository what Jira shows to everybody, and
nowhere that of an issue with a security level. The key stands there either way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from jira_ci.jira import rich_text
from jira_ci.jira.issue_edits import WorkItem
from jira_ci.jira.rich_text import Line
from jira_ci.output.markdown import inert
from jira_ci.run_words import fill
from jira_ci.text import markdown as escaped
from jira_ci.text import one_line

Form = Literal["markdown", "wiki", "adf"]
FORMS: tuple[Form, ...] = ("markdown", "wiki", "adf")
_OTHERS = "Other"
_LONGEST = 255


@dataclass(frozen=True)
class Note:
    """One issue; an empty title is one that the readers may not see."""

    key: str
    title: str = ""
    type: str = ""


def notes_of(items: Iterable[WorkItem], public: Mapping[str, str] | None = None) -> list[Note]:
    """A note for each issue, by type and key.

    Args:
        public: for a public repository the titles, by key, that Jira shows to everybody; ``None`` elsewhere.
    """
    found = [Note(one.key, _title(one, public), one_line(one.type, 60)) for one in items]
    return sorted(found, key=lambda note: (note.type.casefold(), *_order(note.key)))


def _title(item: WorkItem, public: Mapping[str, str] | None) -> str:
    title = public.get(item.key, "") if public is not None else "" if item.restricted else item.title
    return one_line(title, _LONGEST)


def _order(key: str) -> tuple[str, int]:
    project, _, number = key.rpartition("-")
    return project, int(number) if number.isdecimal() else 0


def by_type(notes: Sequence[Note]) -> dict[str, list[Note]]:
    """Notes under the names of their types, in their order."""
    found: dict[str, list[Note]] = {}
    for note in notes:
        found.setdefault(note.type or _OTHERS, []).append(note)
    return found


def plain(notes: Sequence[Note]) -> str:
    """A line for each, as a version's description shows it."""
    return "\n".join(f"{note.key} {note.title}".strip() for note in notes)


def markdown(heading: str, notes: Sequence[Note], site: str) -> str:
    """For a release at GitHub or GitLab.

    Args:
        heading: of the whole; may be empty.
        site: its address, for links; may be empty.
    """
    lines = [f"## {inert(heading)}", ""] if heading else []
    for kind, some in by_type(notes).items():
        lines += [f"### {inert(kind)}", ""]
        lines += [f"- {_linked(note, site)}{': ' + inert(note.title) if note.title else ''}" for note in some]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def templated(template: str, words: Mapping[str, str], notes: Sequence[Note], site: str) -> str:
    """The template, which is Markdown, with its words filled in: ``{notes}`` are the notes, all else is a text."""
    values = {**words, "notes": markdown("", notes, site).strip("\n")}
    return fill(template, values, lambda word, value: value if word == "notes" else inert(value)).rstrip() + "\n"


def _linked(note: Note, site: str) -> str:
    shown = escaped(note.key)
    return f"[{shown}]({site}/browse/{quote(note.key, safe='')})" if site else shown


def wiki(heading: str, notes: Sequence[Note]) -> str:
    """Jira's wiki markup, for Data Center. Jira makes links of the keys by itself."""
    lines = [f"h2. {rich_text.escaped(heading)}", ""] if heading else []
    for kind, some in by_type(notes).items():
        lines += [f"h3. {rich_text.escaped(kind)}", ""]
        lines += [f"* {note.key} {rich_text.escaped(note.title)}".rstrip() for note in some]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def adf(heading: str, notes: Sequence[Note]) -> dict[str, Any]:
    """An Atlassian document.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
    """
    content = [_heading(2, heading)] if heading else []
    for kind, some in by_type(notes).items():
        lines: list[Line] = [[f"{note.key} {note.title}".strip()] for note in some]
        items = [{"type": "listItem", "content": rich_text.document([line])["content"]} for line in lines]
        content += [_heading(3, kind), {"type": "bulletList", "content": items}]
    return {"type": "doc", "version": 1, "content": content}


def _heading(level: int, text: str) -> dict[str, Any]:
    return {"type": "heading", "attrs": {"level": level}, "content": [{"type": "text", "text": text}]}


def written(form: Form, heading: str, notes: Sequence[Note], site: str) -> str:
    """The notes in one of the forms."""
    if form == "markdown":
        return markdown(heading, notes, site)
    return wiki(heading, notes) if form == "wiki" else json.dumps(adf(heading, notes), ensure_ascii=False) + "\n"
