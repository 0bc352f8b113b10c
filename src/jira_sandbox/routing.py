"""One route: a method, a pattern of path segments, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jira_sandbox.context import Context
from jira_sandbox.exchange import Answer, Request

Handler = Callable[[Context, Request, dict[str, str]], Answer]


@dataclass(frozen=True)
class Route:
    """``pattern`` is a path whose parts in braces match any one segment but an empty one."""

    method: str
    pattern: str
    handler: Handler

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """What the braces hold, or None when the path is another one."""
        parts = self.pattern.split("/")[1:]
        if len(parts) != len(segments):
            return None
        found = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{") and segment:
                found[part[1:-1]] = segment
            elif part != segment:
                return None
        return found
