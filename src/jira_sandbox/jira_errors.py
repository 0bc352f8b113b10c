"""What the site refuses, said in Jira's words, and how its two APIs tell it."""

from __future__ import annotations

from collections.abc import Mapping

from jira_sandbox.http_types import Answer, json_answer


class DeskError(Exception):
    """The desk refuses; the message says why.

    ``fields`` holds what is wrong with single fields, by id; ``status`` is that of the answer.
    """

    status = 400

    def __init__(self, message: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message or "; ".join((fields or {}).values()))
        self.fields = dict(fields or {})


class NotFound(DeskError):
    """There is no such thing, or nobody may know of it."""

    status = 404


class Forbidden(DeskError):
    """There is such a thing, and the asking person may not do this to it."""

    status = 403


class Conflict(DeskError):
    """It was done already."""

    status = 409


class BadRequest(DeskError):
    """The request itself is wrong."""


class BadJson(BadRequest):
    """The body is no JSON; the message says why."""


class NotCalledJson(BadRequest):
    """The content type is another one than JSON."""

    status = 415


def platform_error(error: DeskError) -> Answer:
    """An error as the platform's API tells it."""
    texts = [] if error.fields else [str(error)]
    return json_answer(error.status, {"errorMessages": texts, "errors": error.fields})


def desk_error(error: DeskError) -> Answer:
    """An error as the service desk's API tells it."""
    texts = [f"{name}: {text}" for name, text in error.fields.items()] or [str(error)]
    key = "sd.validation.fields" if error.fields else "sd.error"
    i18n = {"i18nKey": key, "parameters": list(error.fields)}
    return json_answer(error.status, {"errorMessage": " ".join(texts), "i18nErrorMessage": i18n})
