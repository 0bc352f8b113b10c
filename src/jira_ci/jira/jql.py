"""JQL that finds the open issues with a title, whatever the title holds.

A search only finds candidates: ``~`` compares words and not characters, so that whoever asks compares again.
"""

from __future__ import annotations


def quoted(text: str) -> str:
    """A text as a JQL string (https://support.atlassian.com/jira-software-cloud/docs/search-syntax-for-text-fields/)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def phrase(text: str) -> str:
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
    return f"project = {quoted(project)} AND statusCategory != Done AND summary ~ {phrase(title)} ORDER BY created ASC"
