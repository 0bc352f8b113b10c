"""Values in words, for the history of an issue."""

from __future__ import annotations

import json
from typing import Any

from jira_sandbox.clock import moment
from jira_sandbox.desk.catalogue import Catalogue
from jira_sandbox.desk.change import Item
from jira_sandbox.desk.fields import Field
from jira_sandbox.desk.people import People


def jira_date(milliseconds: int, style: str = "%Y-%m-%dT%H:%M:%S.") -> str:
    """A moment as the platform's API writes it."""
    return padded(moment(milliseconds).strftime(style) + f"{milliseconds % 1000:03d}+0000")


def padded(text: str) -> str:
    """Some systems write the year 999 without its zero."""
    return text.rjust(28, "0")


def item(catalogue: Catalogue, people: People, identity: str, before: Any, after: Any) -> Item:
    """One line of the history."""
    field = catalogue.field(identity) or Field(identity, identity)
    name = field.name if field.custom else field.id
    return Item(
        identity,
        name,
        _code(field, before),
        _code(field, after),
        _words(field, people, before),
        _words(field, people, after),
    )


def _code(field: Field, value: Any) -> str | None:
    if value is None or field.kind in ("system", "string", "textarea"):
        return None
    if field.kind == "datetime":
        return jira_date(value) if isinstance(value, int) else str(value)
    if field.kind == "select":
        return field.option_id(value) if value in field.options else None
    return json.dumps(value)


def _words(field: Field, people: People, value: Any) -> str | None:
    if value is None:
        return None
    if field.kind == "datetime":
        # As the user's settings would show it.
        return moment(value).strftime("%d/%b/%y %I:%M %p") if isinstance(value, int) else str(value)
    if field.kind == "users":
        return ", ".join(people.of(account).display for account in value)
    return " ".join(value) if isinstance(value, list) else str(value)
