"""A deadline over several steps, and calls that may not outlive it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_TICK = 0.1  # seconds; how late a signal is noticed while something is waited for


class Deadline:
    """A point in monotonic time. After a signal it is at most five seconds away, and nothing is tried again:
    GitHub's runner kills a cancelled step after 7.5 seconds
    (https://docs.github.com/actions/reference/workflow-cancellation-reference).

    Args:
        seconds: from now.
        clock: monotonic seconds.
        sleep: waits for some seconds.
        whole: the deadline that this one is a part of; it ends no later, and a signal reaches both.
        idle: called time and again while something waits below this deadline; the whole's by default.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        *,
        whole: Deadline | None = None,
        idle: Callable[[], object] | None = None,
    ) -> None:
        self._clock, self._sleep, self._whole, self._idle = clock, sleep, whole, idle
        self._end = clock() + seconds
        self._hurried = False

    @property
    def hurried(self) -> bool:
        """Whether a signal came: then nothing is worth a second try."""
        return self._hurried or (self._whole is not None and self._whole.hurried)

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        own = max(0.0, self._end - self._clock())
        return own if self._whole is None else min(own, self._whole.remaining())

    def part(self, share: float) -> Deadline:
        """A deadline within this one, after this share of the time that is left."""
        return Deadline(self.remaining() * share, self._clock, self._sleep, whole=self)

    def hurry(self, seconds: float = 5.0) -> None:
        """Moves the end to at most this many seconds from the first such call, and ends every :meth:`sleep`."""
        self._hurried = True
        self._end = min(self._end, self._clock() + seconds)

    def sleep(self, seconds: float) -> None:
        """Waits, but not past the deadline, and not on after a signal."""
        end = self._clock() + seconds
        while not self.hurried and (left := min(end - self._clock(), self.remaining())) > 0:
            self._sleep(min(left, _TICK))
            self.idle()

    def idle(self) -> None:
        """Calls what was given to be called while time passes."""
        if self._idle is not None:
            self._idle()
        elif self._whole is not None:
            self._whole.idle()


class Late(Exception):
    """The deadline passed first."""


class Call(Generic[T]):
    """A function running in a thread of its own from now on. It need not be waited for: name look-ups, proxies and
    servers that send a byte every five seconds know no total time-out, so the caller stops waiting instead.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=(function,), daemon=True).start()

    def result(self, deadline: Deadline) -> T:
        """What the function returned; to be asked for once.

        Raises:
            Late: the deadline passed first; the call is left to itself.
            BaseException: whatever the function raised.
        """
        while True:
            try:
                value, error = self._done.get(timeout=min(_TICK, deadline.remaining()) or 0.001)
            except queue.Empty:
                if deadline.remaining() <= 0:
                    raise Late from None
                deadline.idle()
                continue
            if error is not None:
                raise error
            return value  # type: ignore[return-value]

    def _run(self, function: Callable[[], T]) -> None:
        try:
            self._done.put((function(), None))
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            self._done.put((None, error))
