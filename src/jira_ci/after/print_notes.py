"""``release --notes``: the issues are asked for, and written down for those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import cast

from jira_ci.after.follow import login_at, project_name, withheld
from jira_ci.after.issue_work import IssueWork
from jira_ci.after.release_notes import Form, Note, by_type, notes_of, written
from jira_ci.after.rule import Rule, rule_of
from jira_ci.context import Context, Result
from jira_ci.environments.classify import Environment
from jira_ci.errors import AccessError
from jira_ci.exchange import Request
from jira_ci.http import Client
from jira_ci.jira import issue_edits
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.parse import WrongShape
from jira_ci.output.page import Block, Heading, Items, Link, Mark, Page
from jira_ci.run import CI
from jira_ci.sites.sites import access, open_client, site_after


def print_notes(context: Context, environments: Sequence[Environment | None], keys: Sequence[str], form: str) -> Result:
    """Prints the notes, and gives them for the document and the page.

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
        titles = _public(client, where, edition, keys) if _is_public(context) else None
    notes = notes_of(items, titles)
    version = context.settings.version.strip() or context.run.tag
    heading = f"{project_name(context)} {version}".strip()
    text = written(cast("Form", form), heading, notes, where)
    if context.given.format != "json":
        context.edges.stdout.write(context.console.mask(text))
    document = {
        "notes": [{"key": one.key, "title": one.title, "type": one.type} for one in notes],
        "text": text,
    }
    return Result(document=document, summary=Page(Mark("good", heading or "release notes"), _blocks(notes, where)))


def _is_public(context: Context) -> bool:
    """Whether strangers may read it; where a CI does not say, they may."""
    return context.run.visibility == "public" or (not context.run.visibility and context.run.provider != CI.LOCAL)


def _public(client: Client, site: str, edition: Edition, keys: Sequence[str]) -> dict[str, str]:
    """What Jira shows of these issues to somebody who is not logged in: titles by key."""
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


def _blocks(notes: Sequence[Note], site: str) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for kind, some in by_type(notes).items():
        phrases = tuple((Link(one.key, f"{site}/browse/{one.key}"), f" {one.title}") for one in some)
        blocks += [Heading(kind), Items(phrases)]
    return tuple(blocks)
