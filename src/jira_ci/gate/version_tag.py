"""What the provider says that the version's tag is now: row 38 of the table, asked first and once more in the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from jira_ci.ci import detect
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.frozen import replace
from jira_ci.gate.decision import Decision
from jira_ci.gate.evaluation import Evaluation, TagFacts
from jira_ci.gate.subject import abbreviated, commit_like, tag_name
from jira_ci.gate.targets import Target
from jira_ci.git.command import GitError
from jira_ci.git.origin import has_host, origin_objection
from jira_ci.run import CI
from jira_ci.text import first, one_line
from jira_ci.timing import Deadline

PROVIDER = 10.0
"""Seconds for one question what the tag is now."""
_SECONDS = 20.0
# What git and its helpers say when they may not ask. https://git-scm.com/docs/git-credential
_NO_RIGHT = re.compile(
    r"could not read|Authentication failed|[Pp]ermission denied|terminal prompts|not found|error: 40[13]"
)
_HINTS = {
    CI.GITHUB: "Give the job `permissions: contents: read` and pass github-token",
    CI.GITLAB: "Set gitlab-token to a token with the scope read_api",
}
_ELSE = ", or check out the whole history with its tags"
_HINT = "Let the job keep the credentials that its checkout used"


class _Unasked(Exception):
    """Nobody may be asked; the message says why, as a sentence."""


class VersionTag:
    """The tag that a version names, if it names one.

    Attributes:
        commit: what it was the last time; empty without a tag, or as long as nobody has said.
        settled: whether nothing speaks against the deployment, as far as it was asked.
        relaxed: why nobody was asked, for the record.
        doubt: why it is not known whether the version is a tag, and what to do about it, as sentences; empty when it is
            known, or the checkout's own word suffices.
    """

    def __init__(self, context: Context, version: str = "") -> None:
        run = context.run
        version = version or context.given.version or run.tag
        self._context, self._name, self._of_copy = context, tag_name(version), False
        self._names = tuple(dict.fromkeys((version, self._name)))  # a tag may be called tags/1.0
        self._may_be = bool(version) and not commit_like(version)
        self._of_run = bool(run.tag) and tag_name(version) == run.tag
        self.commit, self.settled = "", not self._may_be
        self.relaxed: tuple[str, ...] = ()
        self.doubt = ""

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
            replace(target, subject=replace(target.subject, commit=commit))
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
            evaluation.tag = TagFacts(self.confirmed, self.doubt, self.relaxed)
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

    @classmethod
    def unasked(cls, context: Context, deadline: Deadline) -> tuple[str, str]:
        """Why nobody could be asked about a version's tag in this job, and what helps; both empty when somebody can, or
        the checkout's own word would suffice."""
        tag, why = cls(context, context.given.version or "jira-ci-check"), ""
        try:
            if tag._may_be:
                tag._now(deadline)
        except Unreadable as error:
            why = str(error)
        except (_Unasked, GitError) as error:
            tag._doubt(str(error))
            why = str(error) if tag.doubt else ""
        how = _HINTS.get(context.run.provider, _HINT)
        return (one_line(why, 300).rstrip("."), f"{how}{_ELSE}.") if why else ("", "")

    def ask(self, commit: str, deadline: Deadline) -> Decision | None:
        """Row 38, or that nobody answers; ``None`` when nothing speaks against the deployment of this commit."""
        found = self._asked(commit, deadline) if self._may_be else None
        self.settled = found is None
        return found

    def _asked(self, commit: str, deadline: Deadline) -> Decision | None:
        self.relaxed, self.doubt = (), ""
        try:
            self.commit = self._now(deadline)
        except _Unasked as error:
            self._doubt(str(error))
            return None
        except GitError as error:
            if self._is_known:
                return Decision.unanswered(38, f"{self._shown} could not be looked at: {_sentence(error)} Run again.")
            self._doubt(str(error))
            return None
        except Unreadable as error:
            return Decision.unanswered(38, f"{self._shown} could not be looked at: {_sentence(error)} Run again.")
        if not self.commit and self._is_known:
            self.relaxed = (f"the tag {one_line(self._name, 80)} is not there any more, or not yet",)
        elif not self.commit and self._of_copy:
            self.relaxed = (f"whether {one_line(self._name, 80)} is a tag was asked of a copy on this machine only",)
        if not self.commit:
            self._doubt_commit(commit)
        return self._compared(commit)

    def _doubt_commit(self, commit: str) -> None:
        """The beginning of an id is one of a commit that a clone without its history does not have, as far as anybody
        knows."""
        git, short = self._context.git, abbreviated(self._name)
        if not short or commit.startswith(short) or git.resolve(short) or not (git.problem() or git.boundary()):
            return
        name = one_line(self._name, 80)
        self.relaxed = (*self.relaxed, f"which commit {name} names is not known: the checkout lacks history")
        self.doubt = (
            f"The version {name!r} looks like a commit's id, the checkout lacks the history that would tell which, and "
            "nobody was told for which commit the change was approved. Check out the whole history, or give the whole "
            "id, then run again."
        )

    def _doubt(self, why: str) -> None:
        """Nobody could be asked. A tag of the checkout was compared with it, and what a whole clone has no tag of had
        none when it was made; of any other version nothing is known at all."""
        name, why = one_line(self._name, 80), one_line(why, 300).rstrip(".")
        how = _HINTS.get(self._context.run.provider, _HINT)
        if self._is_known:
            self.relaxed = (f"the tag {name} was not asked for: {why}",)
        elif self._has_all_tags:
            self.relaxed = (f"whether {name} is a tag was asked of the checkout only: {why}. {how}",)
        else:
            self.relaxed = (f"whether {name} is a tag was not asked: {why}",)
            self.doubt = (
                f"Nobody could be asked whether the version {name!r} is a tag of another commit, and nobody was told "
                f"for which commit the change was approved: {why}. {how}{_ELSE}, then run again."
            )

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
        provider = detect.connect_files(
            context.run,
            context.run.repository,
            github_token=context.given.github_token,
            gitlab_token=context.given.gitlab_token,
            job_token=job_token,
            ca_bundle=context.provider_bundle,
            deadline=deadline,
        )
        if provider is None:
            return self._at_the_remote(deadline, "")
        try:
            return first(map(provider.tag, self._names))
        except Unreadable as error:
            if not (error.denied or error.missing):
                raise
            return self._at_the_remote(deadline, str(error))
        finally:
            provider.close()

    @cached_property
    def _is_known(self) -> bool:
        """Whether there is such a tag, as far as the run and the checkout know. A version need not be one."""
        return self._of_run or any(self._context.git.resolve(f"refs/tags/{name}") for name in self._names)

    @cached_property
    def _has_all_tags(self) -> bool:
        """Whether the checkout is a whole clone that nobody told to leave out tags."""
        git = self._context.git
        without = git.ask("config", "--get", "remote.origin.tagOpt") == "--no-tags"
        return not git.problem() and not git.boundary() and not without

    def _at_the_remote(self, deadline: Deadline, why: str) -> str:
        git, run = self._context.git, self._context.run
        if run.provider == CI.LOCAL and not self._is_known:
            return ""  # on somebody's own machine nothing is pinned
        objection = git.problem() or self._objection()
        if not objection and git.detours():
            objection = "the checkout's own configuration leads its origin elsewhere"
        if objection:
            raise _Unasked(" ".join(filter(None, [why, objection])))
        try:
            seconds = min(_SECONDS, max(1.0, deadline.remaining()))
            return first(git.remote_tag(name, seconds) for name in self._names)
        except GitError as error:
            if _NO_RIGHT.search(str(error)):
                raise _Unasked(" ".join(filter(None, [why, one_line(str(error), 200)]))) from None
            raise

    def _objection(self) -> str:
        """Why origin is not asked. A copy of the repository on this machine is, for what nobody else is asked: the
        checkout was made of it."""
        addresses, run = self._context.git.addresses(), self._context.run
        on_disk = len(addresses) == 1 and not has_host(addresses[0])
        self._of_copy = on_disk and not self._is_known
        return origin_objection(addresses, run, trusting=not self._of_copy)


def _sentence(error: Exception) -> str:
    text = one_line(str(error), 300).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
