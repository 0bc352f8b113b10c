"""What the user reads while it happens: lines, foldable blocks, warnings, in the markers of each CI's log.

Everything is masked, and untrusted text goes through :func:`jira_ci.text.one_line` before the runner's own escapes are
added (https://docs.github.com/actions/reference/workflow-commands-for-github-actions,
https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections).
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TextIO

from jira_ci.output import terminal
from jira_ci.output.masking import Masker
from jira_ci.output.terminal import Live
from jira_ci.run import CI
from jira_ci.text import one_line

Level = Literal["warning", "error"]
_LONGEST = 20_000  # characters of one line
_GOODBYE = 1.0  # seconds for a line that is being written
PATIENCE = 1.0
"""Seconds after which it is said what is being done."""
_TICK = 0.2  # seconds between two looks at the clock


class Log:
    """The markers of one CI; this one is for a terminal."""

    on_stdout = False
    """Whether warnings have to stand on stdout to be seen as such."""

    def open(self, title: str, block: str, now: int) -> str:  # noqa: ARG002 - GitLab needs them
        """The line that begins a foldable block.

        Args:
            block: a name of letters, digits and underscores, not used twice in one job.
            now: epoch seconds.
        """
        return one_line(title, 300)

    def close(self, block: str, now: int) -> str:  # noqa: ARG002
        """The line that ends it; empty where none is needed."""
        return ""

    def notice(self, level: Level, text: str, hint: str = "") -> str:
        """A warning or an error that the CI shows outside the log as well, where it can.

        Args:
            hint: what to do about it, on a line of its own.
        """
        return "\n".join([f"{level}: {one_line(text, 2000)}", *_hint(hint)])


class GitHubLog(Log):
    """GitHub's workflow commands."""

    on_stdout = True

    def open(self, title: str, block: str, now: int) -> str:  # noqa: ARG002
        return f"::group::{_escaped(title)}"

    def close(self, block: str, now: int) -> str:  # noqa: ARG002
        return "::endgroup::"

    def notice(self, level: Level, text: str, hint: str = "") -> str:
        return f"::{level} title=jira-ci::" + "%0A".join(map(_escaped, [text, *_hint(hint)]))


class GitLabLog(Log):
    """GitLab's collapsible sections and colours."""

    def open(self, title: str, block: str, now: int) -> str:
        return f"\x1b[0Ksection_start:{now}:{block}[collapsed=true]\r\x1b[0K{one_line(title, 300)}"

    def close(self, block: str, now: int) -> str:
        return f"\x1b[0Ksection_end:{now}:{block}\r\x1b[0K"

    def notice(self, level: Level, text: str, hint: str = "") -> str:
        colour = {"warning": 33, "error": 31}[level]
        return "\n".join([f"\x1b[0;{colour}m{level}: {one_line(text, 2000)}\x1b[0m", *_hint(hint)])


def log_of(provider: CI | None) -> Log:
    """The markers of the CI that runs us."""
    return {CI.GITHUB: GitHubLog(), CI.GITLAB: GitLabLog()}.get(provider or CI.LOCAL, Log())


def _hint(hint: str) -> list[str]:
    return [f"hint: {one_line(hint, 2000)}"] if hint else []


def _escaped(text: str) -> str:
    # The runner turns %0A back into a line break, so a percent sign has to be escaped as well.
    return one_line(text, 2000).replace("%", "%25")


class Console:
    """Writes to two streams that may close at any time: a reader that went away never fails the job.

    What one call writes stays together, whichever thread calls.

    Args:
        out: stdout; with ``json`` it holds nothing but one document. ``None`` when it was closed from the beginning.
        err: stderr.
        log: the CI's markers.
        mask: hides secrets.
        clock: epoch seconds, for GitLab's sections.
        colours: those of the two streams that show colours.
        live: the line that is written anew while something is waited for, where there can be one.
    """

    def __init__(
        self,
        out: TextIO | None,
        err: TextIO | None,
        *,
        log: Log,
        mask: Masker,
        json_format: bool,
        clock: Callable[[], float],
        colours: Sequence[TextIO] = (),
        live: Live | None = None,
    ) -> None:
        self._out, self._err, self._log, self.mask = out, err, log, mask
        self._text = err if json_format else out
        self._clock, self._colours, self._live = clock, colours, live
        self._blocks = 0
        self._lock = threading.Lock()
        self._closed = False

    def say(self, text: str, *labels: str) -> None:
        """One line.

        Args:
            labels: words in it that have a colour, see :func:`jira_ci.output.terminal.painted`.
        """
        self._write(self._text, [self._painted(self._text, one_line(self.mask(text), _LONGEST), labels)])

    def block(self, title: str, lines: Iterable[str]) -> None:
        """A title with lines folded below it, where the CI can fold."""
        with self._lock:
            self._blocks += 1
            name, now = f"jira_ci_{self._blocks}", int(self._clock())
        inside = ["  " + one_line(self.mask(line), _LONGEST) for line in lines]
        end = self._log.close(name, now)
        self._write(self._text, [self._log.open(self.mask(title), name, now), *inside, *([end] if end else [])])

    def notice(self, level: Level, text: str, *labels: str, hint: str = "") -> None:
        """A warning or an error, shown by the CI outside the log as well where it can.

        Args:
            hint: what to do about it.
        """
        stream = self._text if self._log.on_stdout else self._err
        shown = self._log.notice(level, self.mask(text), self.mask(hint))
        self._write(stream, [self._painted(stream, shown, (level, *labels))])

    def document(self, value: Any) -> None:
        """The one JSON document of ``--format json``."""
        text = json.dumps(self.mask.document(value), ensure_ascii=True)
        # GitHub's runner takes ##[command] anywhere in a line; escaped it is the same text for a reader of JSON.
        self._write(self._out, [text.replace("##", "\\u0023\\u0023")])

    def raw(self, text: str) -> None:
        """A document that is no JSON, as it is and in UTF-8, in place of :meth:`document`."""
        data, out = self.mask(text), self._out
        stream = getattr(out, "buffer", None)
        with self._lock, contextlib.suppress(ValueError):  # a closed stream
            if out is None or self._closed:
                return
            try:
                if stream is None:
                    out.write(data)
                else:  # line ends stay what they are
                    out.flush()
                    stream.write(data.encode("utf-8", "replace"))
                out.flush()
            except OSError:
                _give_up(out)

    @contextmanager
    def waiting(self, text: Callable[[], str], clock: Callable[[], float]) -> Iterator[None]:
        """While inside, a terminal shows what is waited for, and for how long: as often as :meth:`tick` is called.

        Args:
            text: asked for each time; must say nothing through this console.
            clock: monotonic seconds.
        """
        live = self._live
        if live is None:
            yield
            return
        with live.stoppable():
            with self._lock:
                live.begin(lambda: self.mask(text()), clock)
            try:
                yield
            finally:
                with self._lock:
                    live.end()

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """While inside, what takes longer than a second is said as it happens: in a line that goes again on a terminal,
        in one line of a log. Not within :meth:`waiting`.

        Args:
            text: what is done meanwhile.
        """
        over = threading.Event()

        def watch() -> None:
            if self._live is None and not over.wait(PATIENCE):
                self.say(f"{text} ...")
            while self._live is not None and not over.wait(_TICK):
                self.tick()

        watcher = threading.Thread(target=watch, daemon=True)
        with self.waiting(lambda: text, time.monotonic):
            watcher.start()
            try:
                yield
            finally:
                over.set()
                watcher.join()

    def tick(self) -> None:
        """Lets the line of :meth:`waiting` go on; costs nothing where there is none."""
        if self._live is not None:
            with self._lock:
                self._live.tick()

    def close(self) -> None:
        """The end: what a thread that is not waited for would still say is dropped.

        Python aborts the process if one is writing while it shuts down: https://bugs.python.org/issue26037.
        """
        free = self._lock.acquire(timeout=_GOODBYE)
        self._closed = True
        if free:
            self._lock.release()

    def _painted(self, stream: TextIO | None, line: str, labels: Iterable[str]) -> str:
        return terminal.painted(line, *labels) if any(stream is one for one in self._colours) else line

    def _write(self, stream: TextIO | None, lines: Iterable[str]) -> None:
        if stream is None:
            return
        text = "".join(f"{line}\n" for line in lines)
        encoding = getattr(stream, "encoding", None) or "utf-8"
        with self._lock, contextlib.suppress(ValueError):  # a closed stream
            if self._closed:
                return
            if self._live is not None:
                self._live.erase()
            try:
                stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
                stream.flush()
            except OSError:  # a closed pipe, a full disk
                _give_up(stream)


def _give_up(stream: TextIO) -> None:
    """Lets the stream write to nowhere, or Python complains about what is left in it, and with an exit code of its own:
    https://docs.python.org/3/library/signal.html#note-on-sigpipe"""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
