"""Waiting: when the gate looks again, and until when. The one loop that asks Jira time and again."""

from __future__ import annotations

from collections.abc import Callable

from jira_ci.timing import Deadline

_LONGEST = 120.0  # seconds to which an interval stretches
_STRETCH = 1.25
_LEAD = 5.0  # seconds before the deadline at which the last look begins, so that it can come to its end


class Backoff:
    """When the next look comes.

    Args:
        interval: seconds after the first look; later ones stretch to two minutes.
        deadline: after it there is no other look.
        jitter: asked before each pause: about 1. It never shortens what Jira asked for.
    """

    def __init__(self, interval: float, deadline: Deadline, jitter: Callable[[], float]) -> None:
        self._interval, self._deadline, self._jitter = interval, deadline, jitter
        self._longest = max(interval, _LONGEST)
        self._lead = min(_LEAD, deadline.remaining() / 10)

    def pause(self, retry_after: float) -> float | None:
        """Seconds until the next look; ``None`` when there is no time for another.

        Args:
            retry_after: the least that Jira asked for.
        """
        usual = self._interval
        self._interval = min(self._interval * _STRETCH, self._longest)
        wanted, last = max(usual * self._jitter(), retry_after), self._deadline.remaining() - self._lead
        if wanted <= last:
            return wanted
        return last if last >= max(retry_after, min(usual, _LEAD)) else None


def until_decided(
    look: Callable[[], bool],
    backoff: Backoff,
    deadline: Deadline,
    *,
    retry_after: Callable[[], float],
    tell: Callable[[float | None], object],
) -> None:
    """Looks until there is nothing to wait for, the deadline is too near, or a signal came.

    Args:
        look: one look; whether another one may change something.
        tell: is told the seconds until the next look, or ``None`` before the end.
    """
    while look() and not deadline.hurried:
        pause = backoff.pause(retry_after())
        tell(pause)
        if pause is None:
            return
        deadline.sleep(pause)
        if deadline.hurried:
            return
