"""Which commit may say what is change controlled, and its file: never the work tree's, never a pull request's.

The default branch always may, as it is now: a run of last month that is started again does not bring last month's file
back. It is asked of the provider where there is a token, else of the checkout's remote, else of the checkout's memory.
The run's own commit counts besides where it was reviewed. What can be written without that is not asked: a pull
request's head, a fork's branch that is called ``main`` too, a tag on GitHub, a branch that is not protected.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from jira_ci.ci.api import Files, Unreadable
from jira_ci.config.model import DEFAULT_NAME
from jira_ci.config.strict_yaml import MAX_BYTES
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass
from jira_ci.git.command import GitError
from jira_ci.git.objects import Missing, Unfit, is_id_of
from jira_ci.git.origin import origin_objection
from jira_ci.git.repository import Git
from jira_ci.run import CI, Run
from jira_ci.text import one_line, short

# The events whose commit is the one their own ref pointed to. Not among them: what runs for a pull request, a merge
# queue (which holds some), or another workflow's commit, maybe a fork's; and deployments, which may name a tag.
_OWN_COMMIT = {
    CI.GITHUB: ("push", "workflow_dispatch", "schedule", "repository_dispatch"),
    CI.GITLAB: ("push", "web", "webide", "schedule", "api", "trigger", "pipeline", "chat", "parent_pipeline"),
}
# These run on the default branch and nowhere else, and their events do not always say what it is called:
# https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
_DEFAULT_ONLY = ("schedule", "repository_dispatch")
_QUEUE = "gh-readonly-queue/"
_SECONDS = 20.0
_BAD_PATH = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(^|/)\.\.(/|$)")
_EXPRESSION = re.compile(r"[~^:]|@\{")
_HINTS = {
    CI.GITHUB: "Give the job `permissions: contents: read` and pass github-token, or check the repository out before.",
    CI.GITLAB: "Set gitlab-token to a token with the scope read_api, or run in a job that has git and a checkout.",
    CI.LOCAL: "Run jira-ci in a checkout of the repository, with the file committed.",
}
_HINT = "Run jira-ci in a checkout that holds the default branch, or can fetch it."

UNREADABLE = "The gate's policy could not be read from a trusted place."

T = TypeVar("T")
Connect = Callable[[], Files | None]
Relaxed = tuple[str, ...]
Branch = tuple[str, str, Relaxed]


@dataclass(frozen=True)
class Committed:
    """The file, as it was committed."""

    source: str
    """``acme/shop@<commit>:.jira-ci.yml``"""
    name: str
    """For messages with a line: ``.jira-ci.yml@1a2b3c4d``."""
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Absent:
    """There certainly is no such file."""

    source: str
    relaxed: Relaxed = ()


@dataclass(frozen=True)
class Place:
    """A commit that is trusted."""

    repository: str
    commit: str
    what: str
    """For sentences: ``this run's own commit``, ``the default branch main``, ``HEAD``."""
    relaxed: Relaxed
    """What makes it less sure than it could be; the record says so."""
    read: Callable[[str], bytes | None]

    def file(self, path: str = DEFAULT_NAME) -> Committed | Absent:
        """The committed file at a path (see :func:`path_of`), or the certainty that there is none.

        Raises:
            UsageError: that is unknown, or it is no regular file.
        """
        data, source = self.read(path), f"{self.repository}@{self.commit}:{path}"
        return Absent(source, self.relaxed) if data is None else Committed(source, f"{path}@{short(self.commit)}", data)


def place(run: Run, *, git: Git, connect: Connect) -> Place:
    """The commit whose policy this run has to obey.

    Args:
        connect: makes the connection to the provider; called only when the checkout does not suffice.

    Raises:
        UsageError: it is unknown which commit that is.
    """
    reader = _Reader(run, git, connect)
    commit, relaxed = run.commit, Relaxed()
    if run.provider == CI.LOCAL:
        commit, what, relaxed = reader.head(), "HEAD", ("outside CI: the policy is the one of HEAD",)
    elif is_own(run) and not _is_claimed(run, git):
        what = "this run's own commit"
    else:
        return _default(run, reader, *reader.default_branch())
    return Place(run.repository, commit, what, relaxed, lambda path: reader.file(commit, path))


def policy_places(run: Run, *, git: Git, connect: Connect) -> tuple[Place, ...]:
    """The commits whose policies together this run has to obey, the stronger first: the default branch as it is now,
    then the run's own commit where that is trusted and another one. Outside CI it is HEAD alone.

    Args:
        connect: makes the connection to the provider.

    Raises:
        UsageError: it is unknown which commit the default branch has.
    """
    if run.provider == CI.LOCAL:
        return (place(run, git=git, connect=connect),)
    reader = _Reader(run, git, connect)
    if not is_own(run) or _is_claimed(run, git):
        return (_default(run, reader, *reader.default_branch()),)
    own = Place(run.repository, run.commit, "this run's own commit", (), lambda path: reader.file(run.commit, path))
    name, commit, relaxed = reader.default_branch(own=True)
    what = f"the default branch {one_line(name, 100)}".rstrip()
    default = Place(run.repository, commit, what, relaxed, lambda path: reader.file(commit, path))
    return (default,) if commit == run.commit else (default, own)


def places(run: Run, *, git: Git, connect: Connect) -> Iterator[Place]:
    """The same for a question that one *yes* settles: the checkout's own memory of the default branch comes first,
    because it costs no request, and then the commit of :func:`place`, if it is another one.

    Raises:
        UsageError: as :func:`place`.
    """
    known = ""
    if run.provider != CI.LOCAL and (not is_own(run) or _is_claimed(run, git)):
        reader = _Reader(run, git, connect)
        for name, known, relaxed in _attempt(reader.remembered, []):
            yield _default(run, reader, name, known, relaxed)
    found = place(run, git=git, connect=connect)
    if found.commit != known:
        yield found


def is_own(run: Run) -> bool:
    """Whether the run's own commit is trusted: its ref is the default branch, or the provider protects it."""
    if run.event not in _OWN_COMMIT.get(run.provider, ()):
        return False
    if run.provider == CI.GITHUB:
        if run.pull_request or run.tag or not run.branch or run.branch.startswith(_QUEUE):
            return False
        return run.protected or _is_on_default(run)
    of_parent = run.event == "parent_pipeline" and run.pull_request  # the parent's merge request
    on_default = not run.tag and run.branch != "" and run.branch == run.default_branch
    return not of_parent and (run.protected or on_default)


def _is_on_default(run: Run) -> bool:
    return run.branch == run.default_branch or (run.event in _DEFAULT_ONLY and not run.default_branch)


def path_of(config: str, setting: str = "config") -> str:
    """The setting ``config`` as a path in the repository.

    Raises:
        UsageError: it leads out of the repository, or is not written with slashes.
    """
    parts = [part for part in config.split("/") if part not in ("", ".")]
    if _BAD_PATH.search(config) or not parts:
        raise UsageError(
            f"{setting} is {one_line(config, 200)!r}, and the gate reads its policy from the repository only.",
            "Write it as a path from the repository's top, with slashes.",
        )
    return "/".join(parts)


def _is_claimed(run: Run, git: Git) -> bool:
    """Whether GitLab's runner has not checked out the commit that the variable names, or it is unknown what it has.

    Whoever starts a pipeline may give it variables, also ones that are called like GitLab's own
    (https://docs.gitlab.com/ci/variables/#cicd-variable-precedence); the checkout does not obey those.
    """
    return run.provider == CI.GITLAB and git.head() != run.commit


def _default(run: Run, reader: _Reader, name: str, commit: str, relaxed: Relaxed) -> Place:
    """The default branch's files; of a branch that only the checkout remembers, what is not there may be there now."""
    what = f"the default branch {one_line(name, 100)}".rstrip()
    read = reader.remembered_file if relaxed else reader.file
    return Place(run.repository, commit, what, relaxed, lambda path: read(commit, path))


class _Reader:
    """Asks every source that could know, the most certain first, and tells why none did."""

    def __init__(self, run: Run, git: Git, connect: Connect) -> None:
        self._run, self._git, self._connect = run, git, connect
        self._provider: list[Files] = []
        self._lacking: dict[tuple[str, str], str] = {}

    def head(self) -> str:
        found = self._git.head()
        if not found:
            raise self._unreadable([self._git.problem() or "The repository has no commit yet."])
        return found

    def default_branch(self, *, own: bool = False) -> Branch:
        """Its name, its commit, and what makes these less sure.

        Args:
            own: whether the run's own commit is trusted: where it is the default branch's and nobody can be asked, that
                counts before an older memory.
        """
        return self._first([self._told, self._remote, *([self._begun_with] if own else []), self.remembered])

    def _begun_with(self) -> Branch:
        """The default branch as it was when this run was made, unless the checkout remembers a later one."""
        run = self._run
        if run.tag or not _is_on_default(run):
            raise GitError("this run is not the default branch's")
        try:
            name, commit, relaxed = self.remembered()
        except GitError:
            # Whoever starts a pipeline on GitLab may give CI_DEFAULT_BRANCH, too; its runner fetches the job's branch.
            if run.provider == CI.GITLAB and self._git.ask("for-each-ref", "--count=1", "refs/remotes/origin/"):
                raise
            commit = ""
        if commit and commit != run.commit and not self._git.has(run.commit, commit):
            return name, commit, relaxed
        whose = f"this run's own commit, and {one_line(run.branch, 100)} may be newer by now"
        return run.branch, run.commit, (f"the default branch could not be asked: the policy is the one of {whose}",)

    def file(self, commit: str, path: str) -> bytes | None:
        ways = (self._local, self._shown, self._completed, self._fetched)
        return self._first([partial(ask, commit, path) for ask in ways])

    def remembered_file(self, commit: str, path: str) -> bytes | None:
        """A file of what the checkout remembers of the default branch: that it is not there proves nothing for now."""
        found = self.file(commit, path)
        if found is None:
            raise self._unreadable([f"The checkout's own memory of the default branch has no {path}, and may be old."])
        return found

    def _first(self, questions: Iterable[Callable[[], T]]) -> T:
        """The first answer; it may be None."""
        reasons: list[str] = []
        for question in questions:
            for answer in _attempt(question, reasons):
                return answer
        raise self._unreadable(reasons)

    def _told(self) -> Branch:
        return (*self._asked().default_commit(), ())

    def _remote(self) -> Branch:
        self._check_origin(trusting=True)
        name, commit = self._git.remote_head(_SECONDS)
        if commit:
            return name, commit, ()
        raise GitError("the remote named origin does not name its default branch")

    def remembered(self) -> Branch:
        """The same as the checkout remembers it.

        Raises:
            GitError: it does not.
        """
        self._check_origin()
        prefix = "refs/remotes/origin/"
        found = self._git.ask("symbolic-ref", "--quiet", f"{prefix}HEAD").removeprefix(prefix)
        name = self._run.default_branch or found
        # By its full name, or a tag called origin/main would win; and main~9 is none.
        commit = self._git.resolve(f"{prefix}{name}") if name and not _EXPRESSION.search(name) else ""
        if not commit:
            raise GitError("the checkout does not hold the default branch")
        whose = f"the checkout's own origin/{one_line(name, 100)}, which may be older than the default branch is now"
        return name, commit, (f"the policy is the one of {whose}",)

    def _local(self, commit: str, path: str) -> bytes | None:
        if not self._git.resolve(commit):
            raise GitError(self._git.problem() or f"commit {short(commit)} is not in the checkout")
        try:
            return self._git.file(commit, path, MAX_BYTES)
        except Missing as error:
            if error.kind == "blob":  # the folders are here, and say what it has to be
                self._lacking[commit, path] = error.object_id
            raise

    def _shown(self, commit: str, path: str) -> bytes | None:
        found, wanted = self._asked().file(commit, path, MAX_BYTES), self._lacking.get((commit, path), "")
        if wanted and (found is None or not is_id_of(wanted, found)):
            raise Unreadable(f"What the provider shows as {path} is not what commit {short(commit)} names.")
        return found

    def _completed(self, commit: str, path: str, fetched: frozenset[str] = frozenset()) -> bytes | None:
        """The objects that a partial or damaged clone lacks are fetched one by one: each is what its id says."""
        try:
            return self._local(commit, path)
        except Missing as lacking:
            if lacking.object_id in fetched:
                raise
            self._check_origin()
            self._git.fetch_object(lacking.object_id, _SECONDS)
            more = fetched | {lacking.object_id}
        return self._completed(commit, path, more)

    def _fetched(self, commit: str, path: str) -> bytes | None:
        if problem := self._git.problem():
            raise GitError(problem)
        if self._git.resolve(commit):
            return self._local(commit, path)
        self._check_origin()
        self._git.fetch(commit, _SECONDS)
        return self._completed(commit, path)

    def _asked(self) -> Files:
        if not self._provider and (found := self._connect()):
            self._provider.append(found)
        if not self._provider:
            raise Unreadable("There is no token to ask the provider with.")
        return self._provider[0]

    def _check_origin(self, *, trusting: bool = False) -> None:
        """Whether the remote may be asked: a job may have checked out another repository than its own, and its
        configuration may lead elsewhere.

        Args:
            trusting: whether it is asked for what no id vouches for, such as which commit a branch has.
        """
        if problem := self._git.problem():
            raise GitError(problem)
        objection = origin_objection(self._git.addresses(), self._run, trusting=trusting)
        detours = self._git.detours() if trusting and not objection else []
        if detours:
            objection = f"the checkout's own configuration leads its origin elsewhere ({one_line(detours[0], 100)})"
        if objection:
            raise GitError(objection)

    def _unreadable(self, reasons: list[str]) -> UsageError:
        told = [UNREADABLE, *dict.fromkeys(reasons)]
        return UsageError(" ".join(told), _HINTS.get(self._run.provider, _HINT))


def _attempt(question: Callable[[], T], reasons: list[str]) -> Iterator[T]:
    """The answer, if there is one; else the reason is added to the others."""
    try:
        yield question()
    except Unfit as error:  # no other source would say otherwise
        raise UsageError(_sentence(error), "The policy has to be a regular file; commit it as one.") from None
    except (GitError, Unreadable) as error:
        reasons.append(_sentence(error))


def _sentence(error: Exception) -> str:
    text = one_line(str(error), 300)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "…")) else ".")
