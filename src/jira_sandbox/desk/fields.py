"""The fields of an issue: what each is called, what may be written into it, and its value in plain terms."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jira_sandbox.desk.change_issue import checked_text
from jira_sandbox.desk.markup import document_text
from jira_sandbox.jira_errors import DeskError
from jira_sandbox.moments import milliseconds

_STANDARD = "com.atlassian.jira.plugin.system.customfieldtypes:"
_KINDS: dict[str, tuple[str, str, str]] = {
    # kind: type, type of the items, type of the custom field
    "string": ("string", "", _STANDARD + "textfield"),
    "textarea": ("string", "", _STANDARD + "textarea"),
    "datetime": ("datetime", "", _STANDARD + "datetime"),
    "select": ("option", "", _STANDARD + "select"),
    "users": ("array", "user", _STANDARD + "multiuserpicker"),
    "groups": ("array", "group", _STANDARD + "multigrouppicker"),
    "services": (
        "array",
        "service-entity-field",
        "com.atlassian.jira.plugins.service-entity:service-entity-field-cftype",
    ),
    "labels": ("array", "string", _STANDARD + "labels"),
    "versions": ("array", "version", _STANDARD + "multiversion"),
}
_SYSTEM_TYPES = {
    "assignee": "user",
    "reporter": "user",
    "creator": "user",
    "comment": "comments-page",
    "created": "datetime",
} | {
    "updated": "datetime",
    "summary": "string",
    "description": "string",
    "statusCategory": "statusCategory",
}
# "YYYY-MM-DDThh:mm:ss.sTZD"
# https://developer.atlassian.com/server/jira/platform/jira-rest-api-examples/#datetime-field
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,9})(Z|[+-]\d\d:?\d\d)", re.ASCII)


@dataclass(frozen=True)
class Field:
    """One field. ``kind`` is a key of the table above, or ``system``; a select has ``options``."""

    id: str
    name: str
    kind: str = "system"
    options: tuple[str, ...] = ()

    @property
    def custom(self) -> bool:
        return self.id.startswith("customfield_")

    def schema(self) -> dict[str, Any]:
        """The field's ``schema`` as Jira shows it."""
        if self.kind == "system" or not self.custom:
            lists = {"issuelinks": "issuelinks", "labels": "string", "fixVersions": "version"}
            if self.id in lists:
                return {"type": "array", "items": lists[self.id], "system": self.id}
            return {"type": _SYSTEM_TYPES.get(self.id, self.id), "system": self.id}
        kind, items, custom = _KINDS[self.kind]
        number = int(self.id.rpartition("_")[2])
        return {"type": kind, **({"items": items} if items else {}), "custom": custom, "customId": number}

    def option_id(self, option: str) -> str:
        """The id of an option, as text."""
        return f"{10000 + int(self.id.rpartition('_')[2]) % 1000 * 10 + self.options.index(option)}"

    def parsed(self, value: Any, *, rich: bool, account: Callable[[Any], str]) -> Any:
        """What is stored for this input: a moment as epoch milliseconds, an option as its name, people as account ids.

        Args:
            rich: text areas are documents (version 3 of the API), not text.
            account: from the JSON of a person to an account id; raises DeskError.

        Raises:
            DeskError: Jira would not take this value.
        """
        if value is None:
            return None
        if self.kind == "textarea" or self.id == "description":
            return document_text(value) if rich else checked_text(_string(value))
        if self.kind in ("users", "labels", "groups", "services", "versions"):
            if not isinstance(value, list):
                raise DeskError("data was not an array")
            return [account(one) for one in value] if self.kind == "users" else [_item(self.kind, one) for one in value]
        if self.kind == "select":
            return self._option(value)
        text = _string(value)
        return moment_of(text) if self.kind == "datetime" else text

    def _option(self, value: Any) -> str:
        if not isinstance(value, dict):
            raise DeskError("Specify a valid 'id' or 'name' for " + self.name)
        by_id = {self.option_id(option): option for option in self.options}
        found = by_id.get(str(value["id"])) if "id" in value else value.get("value")
        if found not in self.options:
            raise DeskError(f"Option {'id' if 'id' in value else 'value'} '{value.get('id', found)}' is not valid")
        return str(found)


def moment_of(text: str) -> int:
    """Epoch milliseconds of a date-time as Jira takes it: with a fraction of a second and an offset.

    Raises:
        DeskError: it is none.
    """
    match = _MOMENT.fullmatch(text)
    try:
        if not match:
            raise ValueError(text)
        offset = match[3].replace(":", "").replace("Z", "+0000")
        at = datetime.datetime.strptime(f"{match[1]}.{match[2][:6]}{offset}", "%Y-%m-%dT%H:%M:%S.%f%z")
        return milliseconds(at)
    except (ValueError, OverflowError) as error:
        raise DeskError(f"Error parsing time: {text[:80]}") from error


def written(text: str) -> int:
    """Epoch milliseconds of a moment as people write it: ISO 8601 with an offset or ``Z``, a fraction or none.

    Raises:
        DeskError: it is none.
    """
    zoned = re.sub(r"([+-]\d\d):?(\d\d)$|[Zz]$", lambda match: f"{match[1]}{match[2]}" if match[1] else "+0000", text)
    match = re.fullmatch(r"(.{10}[T ]\d\d:\d\d)(:\d\d)?(\.\d+)?([+-]\d{4})", zoned.strip(), re.ASCII)
    if not match:
        raise DeskError(f"{text[:80]!r} is no date-time with an offset from UTC such as 2026-03-01T14:00:00+01:00.")
    return moment_of(f"{match[1].replace(' ', 'T')}{match[2] or ':00'}{match[3] or '.0'}{match[4]}")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise DeskError("Operation value must be a string")
    return value


def _item(kind: str, value: Any) -> str:
    if kind == "labels":
        text = _string(value)
        if " " in text:
            raise DeskError(f"The label '{text}' contains spaces which is invalid.")
        return text
    name = {"groups": ("name", "groupId"), "services": ("id",), "versions": ("id",)}[kind]
    found = next((value[one] for one in name if one in value), None) if isinstance(value, dict) else None
    if not isinstance(found, str):
        raise DeskError(f"Specify a valid '{name[0]}'")
    return found
