"""Which runs are meant: the setting ``run``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jira_ci.errors import UsageError
from jira_ci.text import one_line

_REFERENCE = re.compile(r"(#?)([0-9]{1,18})")


@dataclass(frozen=True)
class Reference:
    """One run, by its id or by its number."""

    run_id: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"run {self.run_id}" if self.run_id else f"run #{self.number}"


def references(texts: Sequence[str]) -> tuple[Reference, ...]:
    """The runs that the setting names, each once.

    Raises:
        UsageError: something is neither an id nor a number.
    """
    found = []
    for text in texts:
        match = _REFERENCE.fullmatch(text)
        if match is None or not int(match[2]):
            raise UsageError(
                f"run names {one_line(text, 80)!r}, which is no run.",
                "Give the id that stands in the run's address, as 1658821493, or its number, as '#41' (in quotes: "
                "YAML and shells take # for a comment).",
            )
        found.append(Reference(number=int(match[2])) if match[1] else Reference(str(int(match[2]))))
    return tuple(dict.fromkeys(found))
