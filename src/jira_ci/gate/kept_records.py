"""Records that are kept on the change: a property for each, and an index of them that several writers may share.

A CI forgets its runs after some months; the change stays. Jira has no transactions: whoever writes the index reads it
again, and looks at the list of properties, which tells of every record that another writer's index has left out. So the
last writer's index is whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.frozen import dataclass
from jira_ci.gate.record import digest
from jira_ci.jira.change_endpoints import LONGEST_PROPERTY
from jira_ci.jira.service_desk import Service
from jira_ci.text import mapping

INDEX = "jira-ci.records"
PREFIX = "jira-ci.record."
INDEX_SCHEMA, ATTACHED_SCHEMA = "jira-ci.records/1", "jira-ci.record-attachment/1"
MOST_NAMES = 500
"""Of records that the index names without telling of them; the properties themselves are never taken away."""
_TOLD = 20_000  # bytes of the index that tell of records, the newest ones
_NAME = 16  # of the digest's characters
_PEOPLE, _TEXT = 10, 200  # approvers of an entry, and characters of a text in it
_NAMES = re.compile(f"[0-9a-f]{{{_NAME}}}")
_TRIES = 8
_REPAIRED, _OPEN = 20, 5  # records that are read again in one pass
_PAUSE = 0.2  # seconds before another writer's index is looked at again


def key_of(sha256: str) -> str:
    """The key of the property that keeps the record with this digest."""
    return PREFIX + sha256[:_NAME]


def keep(service: Service, issue_id: str, document: Mapping[str, Any]) -> None:
    """Keeps a record, or what became of one that is kept already: its digest is the same.

    Raises:
        JiraCiError: it cannot be kept, or the index does not name it.
    """
    own = _kept(service, issue_id, document)
    open_ones: dict[str, list[dict[str, Any]]] = {}  # of each name, once in all turns
    for turn in range(_TRIES):
        index = service.property(issue_id, INDEX)
        index = index if isinstance(index, dict) and index.get("schema") == INDEX_SCHEMA else {}
        lost, ended = set[str](), list[dict[str, Any]]()
        if own in _told(index) or own["record"] in _named(index):
            # What else it lacks is looked for now, where it stays; looked for before, others would leave it out again.
            lost = _left_out(index, service.property_keys(issue_id)) - {own["record"]}
            names = _open(index, own)
            open_ones |= {name: _entries(service, issue_id, [name]) for name in names if name not in open_ones}
            ended = [one for name in names for one in open_ones[name] if one not in _told(index)]
            if not lost and not ended:
                return
        if turn:
            service.deadline.sleep(_PAUSE * turn)
        left_out = _entries(service, issue_id, sorted(lost)[:_REPAIRED])
        service.set_property(issue_id, INDEX, merged(index, [*left_out, *ended, own], lost))
    raise NetworkError(f"The index of records on the change ({INDEX}) does not name the record: others write it, too.")


def kept(service: Service, issue_id: str, sha256: str) -> tuple[str, Mapping[str, Any]]:
    """The digest of the record that the change keeps under this name, and what it tells of the deployment, which no
    digest covers; empty when it keeps none.

    Raises:
        JiraCiError: Jira did not answer.
    """
    found = service.property(issue_id, key_of(sha256))
    if not isinstance(found, dict):
        return "", {}
    if found.get("schema") == ATTACHED_SCHEMA:
        return str(found.get("sha256", "")), mapping(found.get("entry"))
    return digest(found), mapping(found.get("deployment"))


def merged(index: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], names: set[str]) -> dict[str, Any]:
    """The index with these entries, each in place of one about the same record, the oldest first.

    It tells of the newest ones, as many as fit, and names the others; of these the first 500.

    Args:
        names: records that have a property.
    """
    told = {one["record"]: one for one in (*_told(index), *entries)}
    ordered = sorted(told.values(), key=lambda one: (str(one.get("at")), one["record"]))
    shown: list[Mapping[str, Any]] = []
    size = 0
    for one in reversed(ordered):
        size += _size(one) + 1
        if size > _TOLD:
            break
        shown.insert(0, one)
    newest = {one["record"] for one in shown}
    older = [*_named(index), *(one["record"] for one in ordered), *sorted(names)]
    left = [name for name in dict.fromkeys(older) if name not in newest]
    return {
        "schema": INDEX_SCHEMA,
        "records": [dict(one) for one in shown],
        "older": left[:MOST_NAMES],
        "full": len(left) > MOST_NAMES,
    }


def entry(document: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    """What the index tells of a record, so that a search for changes is enough to list deployments."""
    subject, run, deployment = document["subject"], document["run"], document["deployment"]
    counted: dict[str, Any] = {}
    for approval in document["approvals"]:
        for one in approval["approvers"]:
            if one["counted"]:
                counted.setdefault(one["account"], approval.get("completed"))
    return {
        "record": sha256[:_NAME],
        "at": document["evidence"]["read-at"],
        "decision": document["decision"],
        "approved": document["approved"],
        "approvers": list(counted)[:_PEOPLE],
        "approved-at": list(counted.values())[:_PEOPLE],
        "emergency": _short(document.get("emergency")),
        **{name: subject[name] for name in ("project", "environment", "tenant", "version", "commit")},
        "run": f"{run['repository']}#{run['id']}/{run['attempt']}",
        "by": run["triggered-by"],
        **{name: deployment[name] for name in ("started", "ended", "state")},
        **_besides(document),
    }


def _besides(document: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry has only where there is something to tell."""
    window, own = document["window"], document["subject"].get("ci-environment")
    return {
        **({"ci-environment": own} if own and own != document["subject"]["environment"] else {}),
        **({"window": {name: window[name] for name in ("start", "end")}} if window["start"] or window["end"] else {}),
        **({"freeze": _short(document["freeze"])} if document.get("freeze") else {}),
        **({"lead-time": document["deployment"]["lead-time"]} if "lead-time" in document["deployment"] else {}),
    }


def _short(value: Any) -> Any:
    """A part of a record with its texts cut, so that many entries fit; lists are left out."""
    if isinstance(value, Mapping):
        return {key: _short(part) for key, part in value.items() if not isinstance(part, (list, Mapping))}
    return value[:_TEXT] if isinstance(value, str) else value


@dataclass(frozen=True)
class Index:
    """What the index on a change says.

    Attributes:
        told: entries, the oldest first.
        named: records that it names without telling of them.
        full: whether there may be records that it does not even name.
    """

    told: tuple[Mapping[str, Any], ...]
    named: tuple[str, ...]
    full: bool


def index_of(value: Any) -> Index:
    """The index in this property; an empty one where it is none of ours."""
    found = value if isinstance(value, dict) and value.get("schema") == INDEX_SCHEMA else {}
    return Index(tuple(_told(found)), tuple(_named(found)), found.get("full") is True)


def names_among(keys: Sequence[str]) -> list[str]:
    """The records among the keys of an issue's properties."""
    return [key.removeprefix(PREFIX) for key in keys if key.startswith(PREFIX)]


def entry_of(value: Any) -> tuple[dict[str, Any] | None, str]:
    """The entry of a kept record, and the name that its content has: another one than its property's has been altered.
    Of an attached record only its property is read."""
    found = _entry(value)
    if found is None:
        return None, ""
    attached = value.get("schema") == ATTACHED_SCHEMA
    return found, str(value.get("sha256") if attached else digest(value))[:_NAME]


def _kept(service: Service, issue_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Writes the record itself, and gives its entry."""
    sha256 = digest(document)
    own = entry(document, sha256)
    if _size(document) <= LONGEST_PROPERTY:
        service.set_property(issue_id, key_of(sha256), dict(document))
        return own
    content = json.dumps(document, ensure_ascii=True, indent=1).encode("ascii")
    attachment = service.attach(issue_id, f"{key_of(sha256)}.json", content)
    found = {"schema": ATTACHED_SCHEMA, "sha256": sha256, "attachment": attachment, "entry": own}
    service.set_property(issue_id, key_of(sha256), found)
    return own


def _entries(service: Service, issue_id: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """The entries of records that other writers have kept; what is no record has none."""
    found = (_entry(service.property(issue_id, PREFIX + name)) for name in names)
    return [one for one in found if one is not None]


def _open(index: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """The newest records of which the index does not tell how they ended: another writer may have put an old entry in
    place of the one that does."""
    return [one["record"] for one in _told(index) if not one.get("state") and one["record"] != own["record"]][-_OPEN:]


def _entry(value: Any) -> dict[str, Any] | None:
    """The entry of a record that another writer has kept; ``None`` for what is no record."""
    try:
        if value["schema"] == ATTACHED_SCHEMA:
            own = value["entry"]
            return dict(own) if _is_name(own["record"]) else None
        return entry(value, digest(value))
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _left_out(index: Mapping[str, Any], keys: Sequence[str]) -> set[str]:
    """The names of records that have a property, and are not in the index; none when the index is full of names."""
    if index.get("full") is True:
        return set()
    known = {*_named(index), *(one["record"] for one in _told(index))}
    names = (key.removeprefix(PREFIX) for key in keys if key.startswith(PREFIX))
    return {name for name in names if _is_name(name)} - known


def _told(index: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = index.get("records")
    found = found if isinstance(found, list) else []
    return [one for one in found if isinstance(one, dict) and _is_name(one.get("record"))]


def _named(index: Mapping[str, Any]) -> list[str]:
    found = index.get("older")
    return [one for one in found if _is_name(one)] if isinstance(found, list) else []


def _is_name(found: object) -> bool:
    """Whether it can be the name of a record: people may write to the index, and names are asked for."""
    return isinstance(found, str) and _NAMES.fullmatch(found) is not None


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def problem(key: str, error: JiraCiError) -> str:
    """That a record was not kept, as a sentence."""
    return f"The record of this deployment was not kept on {key}: {error}"
