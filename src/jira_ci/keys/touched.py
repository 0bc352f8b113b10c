"""Which services each commit touches: from the clone while its log goes by, else asked for one commit at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from jira_ci.ci.api import Unreadable
from jira_ci.git.command import GitError
from jira_ci.keys.merges import merged_branches
from jira_ci.keys.path_index import PathIndex
from jira_ci.keys.ranges import Messages, Sources, deeper, unfiltered
from jira_ci.text import sha

_MOST = 50
"""How many commits' files are asked for, one request or more each."""
_LOCAL = 500
_DEEPER, _SECONDS = 50, 20.0

Files = Mapping[int, str]
"""For each set of services, one bit each, the first file that belongs to exactly these."""


class Touched:
    """Remembers nothing of a commit that was asked about: a range may have a hundred thousand.

    Args:
        sources: who may be asked, and where is noted what nobody knew.
        services: for each service its globs.
    """

    def __init__(self, sources: Sources, services: Sequence[Sequence[str]]) -> None:
        self._sources, self._git = sources, sources.git
        self._index = PathIndex(services)
        self._known: dict[str, Files] = {}
        self._later: list[str] = []
        self._asked = self._looked_at = self._unknown = self._cut = 0
        self._refused = self._deepened = False
        self._is_treeless = False

    def read(self, head: str, *bases: str) -> Messages:
        """The commits of a range in the clone, whose files are known afterwards.

        Raises:
            GitError: git fails, perhaps after some commits.
        """
        seen = 0
        try:
            for change in self._git.changes(self._index.__getitem__, head, *bases):
                seen += 1
                self._known[change.commit] = change.files
                yield change.commit, change.message
        except GitError:
            self._is_treeless = True  # what is there all the same are the messages
            for number, found in enumerate(self._git.messages(head, *bases)):
                if number >= seen:
                    yield found

    def of(self, commit: str, message: str, matters: Callable[[], bool]) -> Files:
        """What a commit touches that has just been read; nothing when that is not known.

        Args:
            matters: whether it is worth a request.
        """
        files = self._known.pop(commit, None)
        if files is not None:
            return files
        if " into " in message.partition("\n")[0] and self._sources.run.default_branch in merged_branches(message):
            return {}  # "Merge branch 'main' into feature/WEB-12": what it brings is the work of others
        if matters():
            return self._ask(commit)
        if len(self._later) < _MOST:
            self._later.append(commit)
        return {}

    def others(self) -> Iterator[int]:
        """What the commits touch that were not worth a request before, as sets of services."""
        for commit in self._later:
            yield from self._ask(commit)

    def tell(self) -> None:
        """Notes what is not known in the end."""
        depth = (unfiltered if self._is_treeless else deeper)(self._sources.run)
        if self._unknown:
            commits = "a commit touches is" if self._unknown == 1 else f"{self._unknown} commits touch is"
            why = f": {self._sources.no_token()}" if self._sources.api is None else ""
            why = f": only {_MOST} were asked for" if self._asked >= _MOST else why
            self._sources.gaps.append(
                f"Which files {commits} not known{why}; their issues count for no service ({depth})."
            )
        if self._cut:
            commits = "a commit" if self._cut == 1 else f"{self._cut} commits"
            self._sources.gaps.append(f"The provider lists only some of the files of {commits} ({depth}).")

    def _ask(self, commit: str) -> Files:
        files = self._from_clone(commit) if sha(commit) else None
        if files is None:
            files = self._from_provider(commit) if sha(commit) else None
        self._unknown += files is None
        return files or {}

    def _from_clone(self, commit: str) -> Files | None:
        self._looked_at += 1
        git = self._git
        if self._is_treeless or self._looked_at > _LOCAL or not git.resolve(commit):
            return None
        if commit in git.boundary() and not self._deepened:
            self._deepened = True
            if self._sources.origin.is_home:
                git.deepen(_DEEPER, _SECONDS, self._sources.run.commit)
        if commit in git.boundary():  # it looks as if it had made everything
            return None
        try:
            return next((change.files for change in git.changes_of([commit], self._index.__getitem__)), None)
        except GitError:
            return None

    def _from_provider(self, commit: str) -> Files | None:
        api = self._sources.api
        if api is None or self._refused or self._asked >= _MOST:
            return None
        self._asked += 1
        try:
            found = api.files_of(commit)
        except Unreadable as error:
            if not error.missing:
                self._refused = True
                self._sources.gaps.append(str(error))
            return None
        self._cut += not found.complete
        files: dict[int, str] = {}
        for name in found.files:
            files.setdefault(self._index[name], name)
        files.pop(0, None)
        return files
