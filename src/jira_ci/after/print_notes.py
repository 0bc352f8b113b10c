"""``release --notes``: the issues are asked for, and written down for those who may see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, cast

from jira_ci.after.follow import login_at, objection, withheld, words_of
from jira_ci.after.issue_work import IssueWork
from jira_ci.after.outcome import NotesOutcome
from jira_ci.after.release_notes import (
    FORMS,
    Form,
    Note,
    by_type,
    notes_of,
    publish_notes,
    templated,
    titles_for_readers,
    written,
)
from jira_ci.after.rule import Rule, rule_of
from jira_ci.context import Context, Result
from jira_ci.environments.classify import Environment
from jira_ci.errors import AccessError, Exit
from jira_ci.output.page import Block, Heading, Items, Link, Mark, Page
from jira_ci.sites.sites import access, open_client, site_after
from jira_ci.text import one_line


def print_notes(
    context: Context,
    environments: Sequence[Environment | None],
    keys: Sequence[str],
    form: str,
    *,
    publish: bool = False,
) -> Result:
    """Prints the notes, and gives them for the document and the page.

    Args:
        publish: whether the tag's release gets them, too, as Markdown.

    Raises:
        JiraCiError: Jira is not, or cannot be, asked.
    """
    section = context.config.after if context.config else {}
    found = next(filter(None, (rule_of(section, one) for one in environments if one is not None)), None)
    rule = found or Rule("notes")
    site = site_after(context, rule.connection, rule.credentials)
    why = withheld(context, site, rule)
    if why:
        raise AccessError(f"There are no release notes: {why}", "Run it where the job gets secrets.")
    where = access(site.settings).site
    with closing(open_client(context, site.settings)) as client:
        login = login_at(context, client, site)
        edition = login.connect()[0].edition
        items = IssueWork(login, edition, rule, {}).read(keys)
        titles = titles_for_readers(context, client, where, edition, keys)
    notes = notes_of(items, titles)
    words = words_of(context, next(filter(None, environments), None))
    heading = f"{words['project']} {words['version']}".strip()
    of = {name: partial(written, name, heading, site=where) for name in FORMS}
    if rule.notes:
        of["markdown"] = partial(templated, rule.notes, words, site=where)
    text = of[cast("Form", form)](notes)
    if context.given.format != "json":
        context.edges.stdout.write(context.console.mask(text))
    document: dict[str, Any] = {
        "notes": [{"key": one.key, "title": one.title, "type": one.type} for one in notes],
        "text": text,
    }
    result = Result(document=document, summary=Page(Mark("good", heading or "release notes"), _blocks(notes, where)))
    if not publish:
        return result
    return _published(context, result, words["version"], notes, of["markdown"], make=rule.create_release)


def _published(
    context: Context,
    result: Result,
    tag: str,
    notes: Sequence[Note],
    text_of: Callable[[Sequence[Note]], str],
    *,
    make: bool,
) -> Result:
    """The result with what became of the tag's release."""
    told = NotesOutcome(context.run.tag or tag)
    if context.settings.dry_run:
        context.console.say(f"Dry run: the release {one_line(told.tag, 100)} would get these notes.")
        return result
    told.why = objection(context.run).rstrip(".")
    if not told.why:
        publish_notes(context, told, notes, text_of, make=make)
    fails = bool(told.why) and context.settings.on_error == "fail"
    if told.why:
        context.console.notice("error" if fails else "warning", told.sentence())
    else:
        context.console.say(told.sentence())
    document = {**result.document, "release": told.document()}
    return replace(result, exit=Exit.REJECTED if fails else result.exit, document=document)


def _blocks(notes: Sequence[Note], site: str) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for kind, some in by_type(notes).items():
        phrases = tuple((Link(one.key, f"{site}/browse/{one.key}"), f" {one.title}") for one in some)
        blocks += [Heading(kind), Items(phrases)]
    return tuple(blocks)
