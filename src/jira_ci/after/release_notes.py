"""Release notes: the issues of a deployment by their types and titles, as Markdown, as text, and in Jira's own forms.

A title is shown to those only who may see the issue anyway: in a public repository what Jira shows to everybody, and
nowhere that of an issue with a security level. The key stands there either way.

In the text of a tag's release at GitHub or GitLab they are a part of its own, between two marks. Everything else of the
text stays as it is, and notes that say the same are not written again. A release that is not there is made
only where the rule says so, and never a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from jira_ci.after.outcome import NotesOutcome
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.exchange import Request
from jira_ci.http import Client
from jira_ci.jira import issue_edits, rich_text
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.issue_edits import WorkItem
from jira_ci.jira.parse import WrongShape
from jira_ci.jira.rich_text import Line
from jira_ci.output.markdown import inert
from jira_ci.run import CI
from jira_ci.run_words import fill
from jira_ci.text import markdown as escaped
from jira_ci.text import one_line

if TYPE_CHECKING:
    from jira_ci.ci.provider_release import Releases

Form = Literal["markdown", "wiki", "adf"]
FORMS: tuple[Form, ...] = ("markdown", "wiki", "adf")
_OTHERS = "Other"
_LONGEST = 255
BEGIN, END = "<!-- jira-ci:notes -->", "<!-- /jira-ci:notes -->"
_BEGINS, _ENDS = (rf"^{re.escape(mark)}(?=[ \t\r]*$)" for mark in (BEGIN, END))
# Only lines of their own count: the text that GitHub makes holds titles of pull requests, whoever wrote them.
_OURS = re.compile(rf"{_BEGINS}(?:(?!{_BEGINS}).)*?{_ENDS}", re.DOTALL | re.MULTILINE)


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


def publish_notes(
    context: Context,
    told: NotesOutcome,
    notes: Sequence[Note],
    text_of: Callable[[Sequence[Note]], str],
    *,
    make: bool = False,
) -> None:
    """Writes the notes into the tag's release.

    Args:
        told: gets what became of it.
        text_of: Markdown of these notes.
        make: whether a release is made where the tag has none.
    """
    from jira_ci.ci.provider_release import releases

    given, run = context.given, context.run
    if not told.tag:
        told.why = "this run is of no tag, and so of no release"
        return
    token = context.edges.environ.get("CI_JOB_TOKEN", "")
    found = releases(
        run,
        github=given.github_token,
        gitlab=given.gitlab_token,
        job=token,
        ca_bundle=context.provider_bundle,
        deadline=context.deadline,
    )
    if not found:
        has_releases = run.provider in (CI.GITHUB, CI.GITLAB)
        token = "github-token" if run.provider == CI.GITHUB else "gitlab-token"
        none = f"there is no token for releases here: {token}"
        told.why = none if has_releases else "this run is none of GitHub or GitLab"
        return
    for one in found:
        with closing(one):
            try:
                told.why = _publish(one, told, notes, text_of, make=make)
                return
            except Unreadable as error:
                tag = told.tag[:100]
                none = (
                    f"the tag {tag} has no published release: make one first, or say create-release: true in the rule"
                )
                told.why = none if error.missing else str(error).rstrip(".")
                if not error.denied:
                    return


def _publish(
    found: Releases, told: NotesOutcome, notes: Sequence[Note], text_of: Callable[[Sequence[Note]], str], *, make: bool
) -> str:
    """What kept the notes out of the release, the end of a sentence; empty where they stand in it.

    Raises:
        Unreadable: the provider gives no usable answer, or there is no release.
    """
    from jira_ci.ci.provider_release import TAKEN

    try:
        before = found.text(told.tag)
    except Unreadable as error:
        if not (error.missing and make):
            raise
        why = found.make(told.tag, bounded("", notes, text_of, found.longest) or "")
        told.made = told.written = not why
        if why != TAKEN:
            return why
        before = found.text(told.tag)
    after = bounded(before, notes, text_of, found.longest)
    if after is None:
        return "the release has no room left for them"
    # Whoever edits a release in a browser leaves other ends of lines.
    if after.replace("\r\n", "\n") != before.replace("\r\n", "\n"):
        found.write(told.tag, after)
        told.written = True
    return ""


def bounded(text: str, notes: Sequence[Note], text_of: Callable[[Sequence[Note]], str], longest: int) -> str | None:
    """The text with as many notes as there is room for; ``None`` where there is none."""
    count = len(notes)
    while True:
        more = f"\n\nand {len(notes) - count} more\n" if count < len(notes) else ""
        merged = with_notes(text, text_of(notes[:count]).rstrip("\n") + more)
        if len(merged) <= longest:
            return merged
        if not count:
            return None
        count = count * 3 // 4


def with_notes(text: str, notes: str) -> str:
    """The text with these notes in place of those that we wrote before, or behind everything."""
    ours = f"{BEGIN}\n\n{notes.replace(BEGIN, '').replace(END, '').strip()}\n\n{END}"
    if _OURS.search(text):
        return _OURS.sub(lambda _: ours, text, count=1)
    return f"{text.rstrip()}\n\n{ours}\n" if text.strip() else f"{ours}\n"


def titles_for_readers(
    context: Context, client: Client, site: str, edition: Edition, keys: Sequence[str]
) -> Mapping[str, str] | None:
    """What Jira shows of these issues to somebody who is not logged in, titles by key, where strangers read the notes;
    ``None`` elsewhere. Where a CI does not say, they may."""
    run = context.run
    if run.visibility != "public" and (run.visibility or run.provider == CI.LOCAL):
        return None
    found: dict[str, str] = {}
    for start in range(0, len(keys) if site else 0, issue_edits.PAGE):
        ask = issue_edits.look(keys[start : start + issue_edits.PAGE], edition, transitions=False)
        answer = client.send(Request(ask.method, ask.address(site, edition), ask.asks, ask.body, site=True))
        if answer.status != 200:
            return {}
        try:
            found |= {one.key: one.title for one in issue_edits.work_items(answer.json())}
        except WrongShape:
            return {}
    return found
