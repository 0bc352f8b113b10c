"""What the provider says that the version's tag is now: row 38 of the table, asked first and once more in the end."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from functools import cached_property

from jira_ci.ci import detect
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.gate.decision import Decision
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.subject import commit_like, tag_name
from jira_ci.gate.targets import Target
from jira_ci.git.command import GitError
from jira_ci.git.origin import origin_objection
from jira_ci.text import one_line
from jira_ci.timing import Deadline

PROVIDER = 10.0
"""Seconds for one question what the tag is now."""
_SECONDS = 20.0
# What git and its helpers say when they may not ask. https://git-scm.com/docs/git-credential
_NO_RIGHT = re.compile(
    r"could not read|Authentication failed|[Pp]ermission denied|terminal prompts|not found|error: 40[13]"
)


class _Unasked(Exception):
    """Nobody may be asked; the message says why, as a sentence."""


class VersionTag:
    """The tag that a version names, if it names one.

    Attributes:
        commit: what it was the last time; empty without a tag, or as long as nobody has said.
        settled: whether nothing speaks against the deployment, as far as it was asked.
        relaxed: why nobody was asked, for the record.
    """

    def __init__(self, context: Context) -> None:
        run = context.run
        version = context.given.version or run.tag
        self._context, self._name = context, tag_name(version)
        self._may_be = bool(version) and not commit_like(version)
        self._of_run = bool(run.tag) and tag_name(version) == run.tag
        self.commit, self.settled = "", not self._may_be
        self.relaxed: tuple[str, ...] = ()

    @property
    def confirmed(self) -> str:
        """The commit of the run's own tag, as the provider says; empty where the run is on none."""
        return self.commit if self._of_run else ""

    def with_commit(self, found: Sequence[Target], deadline: Deadline) -> Sequence[Target]:
        """The targets with the commit that is deployed: without a checkout the tag tells it, and the run only where
        there is none."""
        if not any(target.policy and not target.subject.checkout for target in found):
            return found
        commit = self.find(deadline)
        return [
            dataclasses.replace(target, subject=dataclasses.replace(target.subject, commit=commit))
            if commit and not target.subject.checkout
            else target
            for target in found
        ]

    def refusal(self, evaluations: Sequence[Evaluation], deadline: Deadline) -> Decision | None:
        """What the provider says against the commit that is deployed: row 38. Each look begins with it until it is
        known that nothing does; then it is asked again only with the look that allows something, the last one."""
        asking = [evaluation for evaluation in evaluations if evaluation.policy]
        if not asking:
            return None
        said = self.relaxed
        refused = self.ask(asking[0].subject.commit, deadline)
        for evaluation in asking:
            evaluation.tag_unasked = self.relaxed
        for sentence in self.relaxed if self.relaxed != said else ():
            self._context.console.notice("warning", f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}.")
        return refused

    def find(self, deadline: Deadline) -> str:
        """The commit of the tag, for a deployment without a checkout; empty where the version is none, or the run's
        own, or nobody answers: then it is asked for again."""
        if not self._may_be or self._of_run:
            return ""
        try:
            self.commit = self._now(deadline)
        except (_Unasked, Unreadable, GitError):
            return ""
        return self.commit

    def ask(self, commit: str, deadline: Deadline) -> Decision | None:
        """Row 38, or that nobody answers; ``None`` when nothing speaks against the deployment of this commit."""
        found = self._asked(commit, deadline) if self._may_be else None
        self.settled = found is None
        return found

    def _asked(self, commit: str, deadline: Deadline) -> Decision | None:
        self.relaxed = ()
        try:
            self.commit = self._now(deadline)
        except _Unasked as error:
            if self._is_known:
                self.relaxed = (f"the tag {one_line(self._name, 80)} was not asked for: {error}",)
            return None
        except (Unreadable, GitError) as error:
            return Decision.unanswered(38, f"{self._shown} could not be looked at: {_sentence(error)} Run again.")
        if not self.commit and self._is_known:
            self.relaxed = (f"the tag {one_line(self._name, 80)} is not there any more, or not yet",)
        return self._compared(commit)

    def _compared(self, commit: str) -> Decision | None:
        if not self.commit or self.commit == commit:
            return None
        return Decision.of(
            38,
            f"{self._shown} is commit {self.commit} now, and commit {commit} is deployed. Check out what the tag is "
            "now, or put the tag back.",
        )

    @property
    def _shown(self) -> str:
        return f"The tag {one_line(self._name, 80)!r} of the version"

    def _now(self, deadline: Deadline) -> str:
        """The full id of its commit; empty without such a tag."""
        context, job_token = self._context, self._context.edges.environ.get("CI_JOB_TOKEN", "")
        provider = detect.connect(
            context.run,
            github_token=context.given.github_token,
            gitlab_token=context.given.gitlab_token,
            job_token=job_token,
            ca_bundle=context.provider_bundle,
            deadline=deadline,
        )
        if provider is None:
            return self._at_the_remote(deadline, "")
        try:
            return provider.tag(self._name)
        except Unreadable as error:
            if not error.denied:
                raise
            return self._at_the_remote(deadline, str(error))
        finally:
            provider.close()

    @cached_property
    def _is_known(self) -> bool:
        """Whether there is such a tag, as far as the run and the checkout know. A version need not be one."""
        return self._of_run or bool(self._context.git.resolve(f"refs/tags/{self._name}"))

    def _at_the_remote(self, deadline: Deadline, why: str) -> str:
        git = self._context.git
        if not self._is_known:
            return ""
        objection = git.problem() or origin_objection(git.addresses(), self._context.run, trusting=True)
        if not objection and git.detours():
            objection = "the checkout's own configuration leads its origin elsewhere"
        if objection:
            raise _Unasked(" ".join(filter(None, [why, objection])))
        try:
            return git.remote_tag(self._name, min(_SECONDS, max(1.0, deadline.remaining())))
        except GitError as error:
            if _NO_RIGHT.search(str(error)):
                raise _Unasked(" ".join(filter(None, [why, one_line(str(error), 200)]))) from None
            raise


def _sentence(error: Exception) -> str:
    text = one_line(str(error), 300).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
