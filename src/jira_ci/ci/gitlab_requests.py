"""The merge requests of many commits on GitLab: with a token from the list of those merged since, else one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from jira_ci.ci.api import Bare, Brought, Unreadable
from jira_ci.run import PullRequest
from jira_ci.text import mapping, short, string, whole

T = TypeVar("T")
_PAGE = 100
_PAGES = 30
"""Of the list of merge requests, at most."""
_FEW = 2
"""So many commits are asked about one by one."""
_MOST = 200
"""How many are asked about with a request each."""
_SKEW = timedelta(days=1)  # a commit's time is its author's clock
_SHAS = ("squash_commit_sha", "merge_commit_sha", "sha")
"""What a merge request leaves on the branch: a squashed commit, a merge, or its own last commit as it was."""


class Project(Protocol):
    """The project that is asked. Each method raises Unreadable, and nothing else."""

    is_job_token: bool

    def merge_requests(self, what: str, **query: Any) -> tuple[Sequence[tuple[PullRequest, Mapping[str, Any]]], int]:
        """A page of the list, each with GitLab's own words, and how many pages there are; 0 where it is not said."""

    def time_of(self, commit: str) -> datetime:
        """When a commit was made."""

    def pull_request(self, number: int) -> PullRequest: ...

    def pull_requests_of(self, commit: str) -> list[PullRequest]: ...

    def side_by_side(self, questions: Sequence[Callable[[], T]]) -> list[T | Unreadable]: ...


class MergeRequests:
    """Asks one project, and remembers what it read.

    Attributes:
        base: the commit that the range begins after, where it is known: what is in the range was merged later.
    """

    def __init__(self, project: Project) -> None:
        self._project, self.base = project, ""
        self._known: dict[Bare, Sequence[PullRequest]] = {}

    def of(self, commits: Sequence[Bare]) -> Brought:
        """See :meth:`jira_ci.ci.api.History.pull_requests_of_all`."""
        wanted = [one for one in commits if one not in self._known]
        gaps: list[str] = []
        try:
            if self._project.is_job_token:
                self._one_by_one(sorted(wanted, key=lambda one: not one.worth_a_request), gaps)
            else:
                self._listed(wanted, gaps)
        except Unreadable as error:
            gaps.append(str(error))
        return Brought({one.commit: self._known[one] for one in commits if one in self._known}, tuple(gaps))

    def _listed(self, wanted: Sequence[Bare], gaps: list[str]) -> None:
        """Finds them in the lists of the merge requests that are named, and of those that were merged since."""
        bare = [one for one in wanted if not one.number]
        if len(bare) <= _FEW:
            self._one_by_one(bare, gaps)
        else:
            merged = self._merged(self.base or bare[-1].commit)
            unmatched = [one for one in bare if one.commit not in merged]
            # What is deployed may be of a merge request that is not merged yet.
            self._one_by_one([one for one in unmatched if one.worth_a_request], gaps)
            self._known |= {one: () for one in unmatched if not one.worth_a_request}
            self._known |= {one: merged[one.commit] for one in bare if one.commit in merged}
        named = [one for one in wanted if one.number]
        numbers = list(dict.fromkeys(one.number for one in named))
        batches = [numbers[start : start + _PAGE] for start in range(0, len(numbers), _PAGE)]
        known: dict[int, PullRequest] = {}
        for page in self._abreast([partial(self._numbered, batch) for batch in batches]):
            known |= {one.number: one for one in page}
        self._known |= {one: [known[one.number]] if one.number in known else () for one in named}

    def _numbered(self, numbers: Sequence[int]) -> Sequence[PullRequest]:
        found, _ = self._project.merge_requests("the merge requests that commits name", **{"iids[]": list(numbers)})
        return [one for one, _ in found]

    def _merged(self, since: str) -> dict[str, list[PullRequest]]:
        """By each commit that they left, those that were merged since this commit was made.

        The list is sorted by what never changes, so that one that is merged meanwhile takes none off a page.
        """
        after = (self._project.time_of(since) - _SKEW).isoformat()
        page = partial(
            self._project.merge_requests,
            f"the merge requests that were merged since {short(since)}",
            state="merged",
            updated_after=after,
            order_by="created_at",
            sort="desc",
        )
        found, pages = page(page=1)
        shown = [*found]
        if pages > _PAGES:
            raise Unreadable(f"GitLab has more than {_PAGES * _PAGE} merge requests since {short(since)}.")
        for part, _ in self._abreast([partial(page, page=number) for number in range(2, pages + 1)]):
            shown += part
        number = 1
        while not pages and len(found) == _PAGE:  # a server that does not count its pages
            number += 1
            if number > _PAGES:
                raise Unreadable(f"GitLab has more than {_PAGES * _PAGE} merge requests since {short(since)}.")
            found, _ = page(page=number)
            shown += found
        by_commit: dict[str, list[PullRequest]] = {}
        for request, known in shown:
            for commit in dict.fromkeys(string(known.get(name)) for name in _SHAS):
                if commit and request not in by_commit.setdefault(commit, []):
                    by_commit[commit].append(request)
        return by_commit

    def _one_by_one(self, commits: Sequence[Bare], gaps: list[str]) -> None:
        asked = commits[:_MOST]
        first = {one.number or one.commit: one for one in asked}
        answers = self._project.side_by_side([partial(self._one, one) for one in first.values()])
        known = {of: answer for of, answer in zip(first, answers, strict=False) if not isinstance(answer, Unreadable)}
        gaps += list(dict.fromkeys(str(answer) for answer in answers if isinstance(answer, Unreadable)))[:1]
        self._known |= {one: known[of] for one in asked if (of := one.number or one.commit) in known}
        unread = sum(one not in self._known for one in commits)
        if unread > 1:
            hint = " (gitlab-token, with the scope read_api, reads them in a few requests)" * self._project.is_job_token
            gaps.append(f"The merge requests of {unread} commits without an issue key were not read{hint}.")

    def _one(self, one: Bare) -> Sequence[PullRequest]:
        if not one.number:
            return self._project.pull_requests_of(one.commit)
        try:
            return [self._project.pull_request(one.number)]
        except Unreadable as error:
            if not error.missing:
                raise
            return ()

    def _abreast(self, questions: Sequence[Callable[[], T]]) -> list[T]:
        answers: list[T] = []
        for answer in self._project.side_by_side(questions):
            if isinstance(answer, Unreadable):
                raise answer
            answers.append(answer)
        return answers


def moment(text: object) -> datetime:
    """A time as GitLab writes it.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(string(text).replace("Z", "+00:00"))


def page_count(headers: Mapping[str, str]) -> int:
    """How many pages a list has; 0 where GitLab does not count them (https://docs.gitlab.com/api/rest/#pagination)."""
    return whole(mapping(headers).get("X-Total-Pages")) or 0
