"""Collects issue keys from texts that come by one at a time, as ``collect`` does at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from jira_ci.keys.issue_keys import EXPLICIT, Keys, Reader, Source, judge, project_key


class Tally:
    """The keys of one service: no text is kept, only each key and where it was found first.

    Args:
        projects: only keys of these projects count.

    Raises:
        UsageError: one of the projects is no project's key.
    """

    def __init__(self, projects: Sequence[str] = ()) -> None:
        self._wanted = frozenset(map(project_key, projects))
        self._reader = Reader(self._wanted)
        self._seen: set[str] = set()
        self._found: dict[str, str] = {}
        self._dropped: dict[str, str] = {}

    def tokens(self, source: Source) -> list[str]:
        """What looks like a key in this text; the same for every tally of these projects."""
        return list(self._reader.read(source)) if "-" in source.text else []

    def knows(self, tokens: Iterable[str]) -> bool:
        """Whether all of them were met before."""
        return self._seen.issuperset(tokens)

    def add(self, source: Source, tokens: Iterable[str] | None = None) -> None:
        """Enters the keys of one text.

        Args:
            tokens: what looks like a key in it, when that is known.
        """
        if source.where == EXPLICIT:
            self._found.setdefault(source.text, source.where)
            return
        for token in self.tokens(source) if tokens is None else tokens:
            if token not in self._seen:
                self._seen.add(token)
                judge(token, source, self._wanted, self._found, self._dropped)

    def append(self, other: Tally) -> None:
        """Enters what another one found, behind what is here."""
        for key, where in other._found.items():
            self._found.setdefault(key, where)
        self._dropped = {**other._dropped, **self._dropped}

    def keys(self, limit: int = 500) -> Keys:
        """What was found so far."""
        kept = tuple(itertools.islice(self._found, limit))
        dropped = {name: reason for name, reason in self._dropped.items() if name not in self._found}
        sources = {key: self._found[key] for key in kept}
        return Keys(kept, sources, dict(itertools.islice(dropped.items(), 100)), len(self._found) - len(kept))
