"""The pull requests of many commits on GitHub: by GraphQL a hundred commits a request, else by REST side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from jira_ci.ci.api import Asked, Bare, Brought, Unreadable, ask
from jira_ci.ci.bound_session import BoundSession
from jira_ci.ci.github_graphql import BATCH, GraphQL, NotServed
from jira_ci.run import PullRequest
from jira_ci.text import sha

Found = Mapping[str, Sequence[PullRequest]]
"""By commit."""


class PullRequests:
    """Remembers what was read: several environments ask about the same commits.

    Args:
        one: asks for those of one commit by REST. Raises Unreadable, and nothing else.
    """

    def __init__(self, session: BoundSession, graphql: GraphQL, one: Callable[[Bare], Sequence[PullRequest]]) -> None:
        self._session, self._graphql, self._one = session, graphql, one
        self._known: dict[Bare, Sequence[PullRequest]] = {}

    def of(self, commits: Sequence[Bare], *, descriptions: bool) -> Brought:
        """See :meth:`jira_ci.ci.api.History.pull_requests_of_all`.

        A commit that was picked from another branch names the pull request that brought it there, and was brought by
        another one or by none: then both are asked for.
        """
        wanted = [one for one in commits if one not in self._known]
        brought = self._batches(self._graphql.pull_requests, [one for one in wanted if sha(one.commit)], descriptions)
        others = [one for one in wanted if one.number and one.number not in _numbers(brought.get(one.commit, ()))]
        named = self._batches(self._graphql.named, others, descriptions)
        left, twofold = [], set(others)
        for one in wanted:
            is_read = one.commit in (named if one in twofold else brought)
            if is_read:
                self._known[one] = [*brought.get(one.commit, ()), *named.get(one.commit, ())]
            elif one.worth_a_request or brought:  # where GraphQL answers, it is a few that it does not tell
                left.append(one)
        gaps = self._one_by_one(left, brought)
        return Brought({one.commit: self._known[one] for one in commits if one in self._known}, gaps)

    def _batches(
        self, question: Callable[..., Found], commits: Sequence[Bare], descriptions: bool
    ) -> dict[str, Sequence[PullRequest]]:
        """What GraphQL knows; what it does not, REST is asked for, which also knows what stands in the way."""
        asked = Asked("GitHub", self._session.host, "the pull requests of the commits", "")
        batches = [commits[start : start + BATCH] for start in range(0, len(commits), BATCH)]
        questions = [partial(question, one, descriptions=descriptions) for one in batches]
        answers = self._session.side_by_side([partial(ask, asked, one, (NotServed,)) for one in questions])
        return {commit: found for answer in answers if isinstance(answer, dict) for commit, found in answer.items()}

    def _one_by_one(self, commits: Sequence[Bare], brought: Found) -> tuple[str, ...]:
        """Reads what takes a request each; why some are not read."""
        first = {one.number or one.commit: one for one in commits}
        answers = self._session.side_by_side([partial(self._one, one) for one in first.values()])
        known = {of: answer for of, answer in zip(first, answers, strict=False) if not isinstance(answer, Unreadable)}
        refused = [answer for answer in answers if isinstance(answer, Unreadable)]
        gaps = [str(answer) for answer in refused if answer.missing][:_SAID]
        gaps += [str(answer) for answer in refused if not answer.missing][:1]
        unread = 0
        for one in commits:
            of = one.number or one.commit
            unread += of not in known
            if of in known:
                self._known[one] = [*brought.get(one.commit, ()), *known[of]]
        if unread > 1:
            gaps.append(f"The pull requests of {unread} commits without an issue key were not read.")
        return tuple(gaps)


_SAID = 3
"""How many commits that are not there are named."""


def _numbers(found: Sequence[PullRequest]) -> set[int]:
    return {one.number for one in found}
