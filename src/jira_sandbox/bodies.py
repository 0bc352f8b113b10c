"""Reading JSON strictly: what a server in another language would refuse is refused here."""

from __future__ import annotations

import json
from typing import Any, NoReturn


class BadJson(Exception):
    """The body is no JSON; the message says why."""


def parse(body: bytes) -> Any:
    """The JSON document in the body, which is UTF-8.

    Raises:
        BadJson: it is empty, not UTF-8, not JSON, too deep, or holds ``NaN`` or a number too long to be one.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise BadJson(f"Invalid UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise BadJson("The document is nested too deeply") from error
    except ValueError as error:
        raise BadJson(f"Unable to parse the request as JSON: {str(error)[:200]}") from error


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
