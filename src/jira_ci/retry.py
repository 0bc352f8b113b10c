"""When a request is tried again, and after how long: as Atlassian advises, and never against Retry-After."""

from __future__ import annotations

import re
from datetime import timezone

RETRIES = 4
"""How often an idempotent call is tried again, as Atlassian advises
(https://developer.atlassian.com/cloud/jira/platform/rate-limiting/)."""


def worth_another_try(status: int) -> bool:
    """Whether an idempotent call with this answer is sent again."""
    return status in (408, 425, 429) or status >= 500


def delay(attempt: int, retry_after: str, now: float, jitter: float) -> float:
    """Seconds to wait before the next try.

    Args:
        attempt: how many tries there were, from 1.
        retry_after: the header as it came (seconds or an HTTP date); nonsense counts as absent.
        now: epoch seconds, for the date form.
        jitter: 0.7 to 1.3. It never shortens what the server asked for.
    """
    own: float = min(2.0 * 2 ** (attempt - 1), 30.0) * jitter
    return max(own, _retry_after(retry_after, now))


def _retry_after(text: str, now: float) -> float:
    if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", text, re.ASCII):
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:  # "-0000" means UTC of unknown origin
            when = when.replace(tzinfo=timezone.utc)
        return max(0.0, when.timestamp() - now)
    except (TypeError, ValueError, LookupError, OverflowError):  # what the parser of dates raises is not one family
        return 0.0
