"""What the user reads while it happens: lines, foldable blocks, warnings. Everything is masked and inert."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import Any, TextIO

from jira_ci.ci.log import Level, Log
from jira_ci.masking import Masker
from jira_ci.text import one_line


class Console:
    """Writes to two streams that may close at any time: a reader that went away never fails the job.

    Args:
        out: stdout; with ``json`` it holds nothing but one document.
        err: stderr.
        log: the CI's markers.
        mask: hides secrets.
        clock: epoch seconds, for GitLab's sections.
    """

    def __init__(self, out: TextIO, err: TextIO, *, log: Log, mask: Masker, json_format: bool, clock: Any) -> None:
        self._out, self._err, self._log, self.mask = out, err, log, mask
        self._text = err if json_format else out
        self._clock = clock
        self._blocks = 0

    def say(self, text: str) -> None:
        """One line."""
        self._write(self._text, one_line(self.mask(text), 20_000))

    def block(self, title: str, lines: Iterable[str]) -> None:
        """A title with lines folded below it, where the CI can fold."""
        self._blocks += 1
        name, now = f"jira_ci_{self._blocks}", int(self._clock())
        self._write(self._text, self._log.open(self.mask(title), name, now))
        for line in lines:
            self._write(self._text, "  " + one_line(self.mask(line), 20_000))
        end = self._log.close(name, now)
        if end:
            self._write(self._text, end)

    def notice(self, level: Level, text: str) -> None:
        """A warning or an error, shown by the CI outside the log as well where it can."""
        stream = self._text if self._log.on_stdout else self._err
        self._write(stream, self._log.notice(level, self.mask(text)))

    def document(self, value: Any) -> None:
        """The one JSON document of ``--format json``."""
        self._write(self._out, json.dumps(self.mask.document(value), ensure_ascii=True))

    def _write(self, stream: TextIO, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a closed pipe, a full disk, a closed stream
            stream.write(line + "\n")
            stream.flush()
