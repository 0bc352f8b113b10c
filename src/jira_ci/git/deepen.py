"""Completes a shallow clone step by step: the default checkout of GitHub has one commit, GitLab's has twenty."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from jira_ci.git.repository import Git

_STEPS = (50, 500, 5000)  # commits: a pull request, a release, a long silence
_SECONDS = 20.0  # all steps together; the provider's API is usually faster for anything larger


def until_held(
    git: Git,
    base: str,
    head: str,
    *,
    steps: Sequence[int] = _STEPS,
    seconds: float = _SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Deepens the clone until ``base..head`` is complete. Whether it is now.

    Failing (no credentials, no network, a commit that is gone) is no error: there are other ways to ask.
    """
    end = clock() + seconds
    for commits in steps:
        if not git.boundary() or git.holds(base, head):
            break
        left = end - clock()
        if left <= 0 or not git.deepen(commits, left):
            break
        if not git.resolve(head):
            break  # it is no ancestor of what is checked out: more of the same would not bring it
    return git.holds(base, head)
