"""Jira's query language: texts in it, and which issues are looked for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date


def quoted(text: str) -> str:
    """A text as a JQL string (https://support.atlassian.com/jira-software-cloud/docs/search-syntax-for-text-fields/)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quoted_phrase(text: str) -> str:
    """A JQL string that holds a phrase for ``~``: the words in this order.

    The phrase has quotes of its own inside of those of JQL; the text's quotes and backslashes separate words anyway.
    """
    return quoted('"' + " ".join(text.replace('"', " ").replace("\\", " ").split()) + '"')


def open_issues(project: str, title: str) -> str:
    """Open issues of one project whose summary has the title's words, the oldest first.

    Issue types are left to whoever reads the issues: a query that names one which the site does not have is refused as
    a whole, and of the two names that changes go by a site has one.

    Args:
        project: key or id.
    """
    words = quoted_phrase(title)
    return f"project = {quoted(project)} AND statusCategory != Done AND summary ~ {words} ORDER BY created ASC"


def newest_issues(project: str) -> str:
    """The issues of a project that are not open any more or being worked on, the newest first: those that people were
    asked about.

    Args:
        project: key or id.
    """
    return f'project = {quoted(project)} AND statusCategory != "To Do" ORDER BY created DESC'


def labelled_issues(project: str, label: str, titles: Collection[str]) -> str:
    """Issues with this label wherever they are and whatever became of them; and open ones of one project without any
    label and with the words of one of these titles. Those that somebody has just done something to come first.

    An account that may not set labels leaves its issues without one; so are thousands that are no changes.

    Args:
        project: key or id.
        titles: words that summaries of changes have; one without any stands for all.
    """
    ours = f"labels = {quoted(label)}"
    others = ["labels is EMPTY", f"project = {quoted(project)}", "statusCategory != Done"]
    if titles and all(titles):
        others.append(" OR ".join(f"summary ~ {quoted_phrase(title)}" for title in titles))
    return f"{' AND '.join(f'({ours} OR {one})' for one in others)} ORDER BY updated DESC"


def titled_issues(project: str, title: str) -> str:
    """Issues of one project, also those that are done, whose summary has the title's words, the newest first.

    Args:
        project: key or id.
    """
    return f"project = {quoted(project)} AND summary ~ {quoted_phrase(title)} ORDER BY created DESC"


def issues_between(project: str, since: date, until: date) -> str:
    """Issues of one project that were made before a day ended and changed since another one, the oldest first.

    Jira takes a date for midnight in the zone of whoever asks, so that both days have to leave room for that.

    Args:
        project: key or id.
    """
    made, changed = f'created < "{until}"', f'updated >= "{since}"'
    return f"project = {quoted(project)} AND {made} AND {changed} ORDER BY created ASC"
