"""Release notes in the text of a tag's release at GitHub or GitLab: a part of its own, between two marks.

Everything else of the text stays as it is, and notes that say the same are not written again. A release that is not
there is made by nobody here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

from jira_ci.after.release_notes import Note
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.exchange import Request
from jira_ci.http import Client
from jira_ci.jira import issue_edits
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.parse import WrongShape
from jira_ci.run import CI

BEGIN, END = "<!-- jira-ci:notes -->", "<!-- /jira-ci:notes -->"
_BEGINS, _ENDS = (rf"^{re.escape(mark)}(?=[ \t\r]*$)" for mark in (BEGIN, END))
# Only lines of their own count: the text that GitHub makes holds titles of pull requests, whoever wrote them.
_OURS = re.compile(rf"{_BEGINS}(?:(?!{_BEGINS}).)*?{_ENDS}", re.DOTALL | re.MULTILINE)


def publish_notes(
    context: Context, tag: str, notes: Sequence[Note], text_of: Callable[[Sequence[Note]], str]
) -> tuple[bool, str]:
    """Writes the notes into the tag's release.

    Args:
        text_of: Markdown of these notes.

    Returns:
        Whether something was written, and what kept it from that, the end of a sentence.
    """
    from jira_ci.ci.provider_release import releases

    given, run = context.given, context.run
    if not tag:
        return False, "this run is of no tag, and so of no release"
    token = context.edges.environ.get("CI_JOB_TOKEN", "")
    found = releases(
        run,
        github=given.github_token,
        gitlab=given.gitlab_token,
        job=token,
        ca_bundle=context.provider_bundle,
        deadline=context.deadline,
    )
    if found is None:
        return False, "there is no token for releases here: github-token, or gitlab-token"
    with closing(found):
        try:
            before = found.text(tag)
            after = bounded(before, notes, text_of, found.longest)
            if after is None:
                return False, "the release has no room left for them"
            if after == before:
                return False, ""
            found.write(tag, after)
        except Unreadable as error:
            if error.missing:
                return False, f"the tag {tag[:100]} has no published release: make one first"
            return False, str(error).rstrip(".")
    return True, ""


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
