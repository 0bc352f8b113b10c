"""Keeps the one comment on the pull or merge request that brought a run's commit, after the report to Jira.

Never an obstacle: it has a part of the report's time, and whatever goes wrong is a warning. Never a second one: the
oldest of our account's counts, what newer ones know is taken over, and they go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from jira_ci.ci.history import Unreadable
from jira_ci.context import Context
from jira_ci.report import comment_state
from jira_ci.report.comment import Links, body
from jira_ci.report.comment_state import Known
from jira_ci.report.commented import Subject, subject
from jira_ci.report.fate import Fate
from jira_ci.report.plan import Plan

if TYPE_CHECKING:
    from jira_ci.ci.comments import Comment, Comments
    from jira_ci.run import PullRequest

_ROUNDS = 5
"""How often the comment is looked at again when another job has written to it in between."""
_SHARE = 0.5
_NEWEST = 5


def keep(context: Context, plan: Plan, fates: Sequence[Fate], cards: Mapping[str, tuple[str, str]]) -> str:
    """Writes the comment, or those of all pull requests that brought the commit.

    Args:
        fates: what became of the report to Jira; the sites that the issues are linked to.
        cards: title and status of issues, where they are known.

    Returns:
        The address of the newest pull request's comment; empty when there is none.
    """
