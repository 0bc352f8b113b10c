"""What a record is shown on in Jira: issues, services, and the commit or repository that was deployed.

Jira takes three kinds, and 500 values counted over all of them; an empty list of values is refused, and an empty id is
one that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jira_ci.run import Run
from jira_ci.text import for_jira

VALUES = 500
_ISSUES, _SERVICES = "issueIdOrKeys", "serviceIdOrKeys"
_LONGEST_ID = 255
Association = dict[str, Any]


def of(keys: Sequence[str], service_ids: Sequence[str] = (), run: Run | None = None) -> list[Association] | None:
    """The associations of a record; ``None`` when there is nothing to name.

    Args:
        keys: the first of them are kept, as many as fit; see :func:`room`.
        service_ids: with some, what was deployed is named too.
        run: what was deployed.
    """
    ids = [one for one in dict.fromkeys(service_ids) if one][:VALUES]
    source = _source(run) if run and 0 < len(ids) < VALUES else []
    left = VALUES - len(ids) - len(source)
    return [*_one(_ISSUES, list(dict.fromkeys(keys))[:left]), *_one(_SERVICES, ids), *source] or None


def room(service_ids: Sequence[str], run: Run) -> int:
    """How many issue keys fit beside a service's ids and the commit."""
    taken = of((), service_ids, run) or ()
    return VALUES - sum(len(one["values"]) for one in taken)


def keys_of(record: Mapping[str, Any]) -> list[str]:
    """The issue keys a record claims."""
    return _values(record, _ISSUES)


def services_of(record: Mapping[str, Any]) -> list[str]:
    """The ids of the services a record is of."""
    return _values(record, _SERVICES)


def with_keys(record: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The same record, claiming these issues, and associated with all else that it was."""
    others = [one for one in record.get("associations", ()) if one["associationType"] != _ISSUES]
    rest = {name: value for name, value in record.items() if name != "associations"}
    associations = [*_one(_ISSUES, keys), *others]
    return {**rest, "associations": associations} if associations else rest


def is_shown(record: Mapping[str, Any]) -> bool:
    """Whether the record names an issue or a service to be shown on; Jira keeps no others."""
    return bool(keys_of(record) or services_of(record))


def _source(run: Run) -> list[Association]:
    """The commit where it is known, else the repository. Of an id that had to be cut nobody would know anything."""
    repository, commit = _whole(run.repository_id), _whole(run.commit)
    if repository and commit:
        return _one("commit", [{"commitHash": commit, "repositoryId": repository}])
    return _one("repository", [{"repositoryId": repository}] if repository else [])


def _whole(text: str) -> str:
    return text if for_jira(text, _LONGEST_ID) == text else ""


def _one(kind: str, values: Iterable[Any]) -> list[Association]:
    listed = list(values)
    return [{"associationType": kind, "values": listed}] if listed else []


def _values(record: Mapping[str, Any], kind: str) -> list[str]:
    found = [one["values"] for one in record.get("associations", ()) if one["associationType"] == kind]
    return list(found[0]) if found else []
