"""What is deployed, and what was before: the commit that ends a range, and the tag before a release's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from jira_ci.git.origin import Origin
from jira_ci.run import CI

if TYPE_CHECKING:
    from jira_ci.git.repository import Git
    from jira_ci.run import Run

# These are about a commit of their own: what is checked out meanwhile is another matter.
_ABOUT_ANOTHER = {"workflow_run", "deployment", "deployment_status", "merge_group"}
_LONGEST = 200
_NUMBER = re.compile(r"[0-9]+")


def end_of(run: Run, git: Git, version: str) -> tuple[Run, str]:
    """The run with the commit that is deployed, and a commit that is checked out on top of it, or an empty text.

    That is the commit of the tag that ``version`` names; else what is checked out: a workflow that was started by hand
    on main may deploy an older tag. A pull request's merge commit is nobody's, and another repository's checkout says
    nothing about this run.

    Args:
        version: what is deployed, or empty.
    """
    for name in (version, f"v{version}") if version else ():
        if tagged := git.resolve(f"refs/tags/{name}"):
            return (run if tagged == run.commit else _elsewhere(run, tagged, name)), ""
    if run.provider == CI.LOCAL or run.event in _ABOUT_ANOTHER or (run.pull_request and run.pull_request.head_sha):
        return run, ""
    head = git.head()
    if not head or head == run.commit or not run.commit or not Origin(git, run).is_home:
        return run, ""
    if git.resolve(run.commit) and git.has(head, run.commit):
        return run, head
    return _elsewhere(run, head, git.ask("describe", "--tags", "--exact-match", head)), ""


def _elsewhere(run: Run, commit: str, tag: str) -> Run:
    """The same run about another commit, of which the event tells nothing."""
    return replace(run, commit=commit, tag=tag, base="", messages=(), message_ids=(), messages_complete=False)


def tag_before(name: str, tags: Iterable[str]) -> str:
    """The tag with the next smaller numbers among those written like this one; empty when there is none.

    ``v1.4.0`` comes after ``v1.3.2``: ``v1.4.0-rc1`` and ``v1`` are written otherwise.
    """
    form, own = _form(name)
    alike = [(numbers, tag) for tag in tags for found, numbers in [_form(tag)] if found == form and numbers < own]
    return max(alike)[1] if own and alike else ""


def _form(tag: str) -> tuple[str, tuple[int, ...]]:
    """A tag without its numbers and without the v that may come before the first, and the numbers."""
    tag = re.sub(r"\A[vV](?=[0-9])", "", tag[:_LONGEST])
    return _NUMBER.sub("0", tag), tuple(int(number) for number in _NUMBER.findall(tag))
