"""JQL that finds the open changes with a title, whatever the title holds.

A search only finds candidates: ``~`` compares words and not characters, so that whoever asks compares again.
"""

from __future__ import annotations

from collections.abc import Iterable


def quoted(text: str) -> str:
    """A text as a JQL string (https://support.atlassian.com/jira-software-cloud/docs/search-syntax-for-text-fields/)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def phrase(text: str) -> str:
    """A JQL string that holds a phrase for ``~``: the words in this order.

    The phrase has quotes of its own inside of those of JQL; the text's quotes and backslashes separate words anyway.
    """
    return quoted('"' + " ".join(text.replace('"', " ").replace("\\", " ").split()) + '"')


def open_changes(project: str, types: Iterable[str], title: str) -> str:
    """Open issues of these types in one project whose summary has the title's words, the oldest first.

    Args:
        project: key or id.
        types: names or ids; at least one.
    """
    return (
        f"project = {quoted(project)} AND issuetype in ({', '.join(map(quoted, types))}) "
        f"AND statusCategory != Done AND summary ~ {phrase(title)} ORDER BY created ASC"
    )
