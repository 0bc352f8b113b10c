"""The state of the pretend site: its issues, what was reported to it, and the file in which both can be kept."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from jira_sandbox.accounts import DINA
from jira_sandbox.deployment_gating import Gating
from jira_sandbox.desk.actions import Desk
from jira_sandbox.desk.catalogue import Project
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.desk.trials import Trials
from jira_sandbox.issue_rules import Issue, IssueRule, as_change
from jira_sandbox.report_rules import DEPLOYMENTS, FAMILIES, Family, Sorted, grouped, mentions, record_faults, sort

Key = tuple[Any, ...]
_FORMAT = "jira-ci sandbox, 1"


class Site:
    """Issues, builds and deployments. Safe to use from several threads.

    Attributes:
        issues: which issues exist by rule; may be replaced.
        desk: its service desk, and every issue that was made or altered.
        trials: what people do to those, for tests and trials.
        gating: which deployments its service desks gate.
        refused: the keys that :meth:`refuse` was told, with their messages.
        services: the ids of its services; None means that every id but an empty one exists.
        changed: called after each change.
        without_known: what becomes of a record none of whose associations is known. It is never stored. The documents
            say both that it "won't be persisted" and that it "may be rejected"; Jira was seen rejecting it
            (https://github.com/atlassian/github-for-jira/issues/638).
        deletes_later: whether what was deleted can be read until :meth:`settle`: "Deletion is performed
            asynchronously".
    """

    def __init__(self, issues: IssueRule | None = None) -> None:
        self.desk = Desk()
        self.trials = Trials(self.desk)
        self.gating = Gating(self.desk, self.trials)
        self.services: frozenset[str] | None = None
        self.without_known: Literal["accepted", "rejected"] = "accepted"
        self.deletes_later = False
        self._doomed: list[tuple[Family, Key]] = []
        self.changed: Callable[[], None] = lambda: None
        self.desk.ledger.changed = lambda: self.changed()
        self.desk.ledger.taken = lambda project: self.issues.last(project)
        self.desk.find_elsewhere = self._by_rule
        self.refused: dict[str, str] = {}
        self._stored: dict[str, dict[Key, dict[str, Any]]] = {family.name: {} for family in FAMILIES}
        self._lock = self.desk.ledger.lock  # one lock for both, or they would wait for each other
        self.issues = issues or IssueRule()

    @property
    def issues(self) -> IssueRule:
        return self._issues

    @issues.setter
    def issues(self, issues: IssueRule) -> None:
        with self._lock:
            self._issues = issues
            for name in issues.names:
                self.desk.catalogue.ensure_project(name)

    def issue(self, key_or_id: str) -> Change | None:
        """The issue that people see under this key or id, in any case, made or by rule; None when there is none."""
        return self.desk.find(key_or_id)

    def find(self, key_or_id: str) -> Issue | None:
        """The same for builds and deployments, which take a key only as it is written, and hidden issues too."""
        made = self.desk.ledger.find(key_or_id)
        if made is None:
            return self.issues.find(key_or_id)
        exact = key_or_id in (made.id, made.key, *made.former)
        return Issue(made.id, made.key, made.summary) if exact and not made.deleted else None

    def by_rule(self, project: str) -> Iterable[Change]:
        """Every issue of the project with this key that exists by rule only."""
        return (as_change(one, self._project(one), DINA.account) for one in self.issues.all_of(project))

    def _by_rule(self, key_or_id: str) -> Change | None:
        found = self.issues.find(key_or_id, any_case=True)
        return as_change(found, self._project(found), DINA.account) if found else None

    def _project(self, issue: Issue) -> str:
        return self.desk.catalogue.ensure_project(issue.project).id

    def refuse(self, key: str, message: str = "") -> None:
        """From now on a record that names this key is rejected, as a whole, with this message."""
        with self._lock:
            self.refused[key] = message or f"Issue key '{key}' is not valid"

    def submit(self, family: Family, document: dict[str, Any]) -> dict[str, Any]:
        """Store what can be stored of a good request, and give the document of the answer."""
        accepted: list[dict[str, Any]] = []
        rejected: list[dict[str, Any]] = []
        seen: list[Sorted] = []
        with self._lock:
            for entry in document[family.name]:
                key = family.key(entry) or {}
                faults = record_faults(family, entry) or self._refusals(entry)
                if not faults:
                    found = sort(entry, self.find, self._is_service)
                    seen.append(found)
                    faults = self._keep(family, tuple(key.values()), found, document.get("properties", {}))
                if faults:
                    rejected.append({"key": key, "errors": [{"message": fault} for fault in faults]})
                else:
                    accepted.append(key)
            self.changed()
        return {
            f"accepted{family.noun}s": accepted,
            f"rejected{family.noun}s": rejected,
            "unknownIssueKeys": list(dict.fromkeys(key for one in seen for key in one.unknown_keys)),
            "unknownAssociations": grouped(pair for one in seen for pair in one.unknown),
        }

    def get(self, family: Family, key: Iterable[Any]) -> dict[str, Any] | None:
        """The record with these values of its key, as it would be given back, or None."""
        with self._lock:
            stored = self._stored[family.name].get(tuple(key))
            return stored["record"] if stored else None

    def delete(self, family: Family, key: Iterable[Any]) -> None:
        """Forget this record, if it is there."""
        with self._lock:
            self._doomed.append((family, tuple(key)))
        if not self.deletes_later:
            self.settle()

    def delete_by(self, family: Family, properties: Iterable[tuple[str, str]]) -> None:
        """Forget every record that was submitted with all of these properties."""
        wanted = set(_hashes(properties))
        with self._lock:
            records = self._stored[family.name]
            self._doomed += [(family, key) for key, stored in records.items() if wanted <= set(stored["properties"])]
        if not self.deletes_later:
            self.settle()

    def settle(self) -> None:
        """Carry out every deletion that was asked for."""
        with self._lock:
            for family, key in self._doomed:
                self._stored[family.name].pop(key, None)
            if self._doomed:
                self._doomed.clear()
                self.changed()

    def on_issue(self, issue: Issue) -> dict[str, list[dict[str, Any]]]:
        """The builds and deployments that people would see on this issue, oldest first."""
        with self._lock:
            return {
                name: [stored["record"] for stored in records.values() if issue.key in stored["issues"]]
                for name, records in self._stored.items()
            }

    def stored(self, family: Family) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
        """Every record of this family with the keys of its issues, in the order of their first reports."""
        with self._lock:
            return [(stored["record"], tuple(stored["issues"])) for stored in self._stored[family.name].values()]

    def dump(self) -> dict[str, Any]:
        """What is stored, as plain values."""
        with self._lock:
            stored: dict[str, Any] = {name: list(records.values()) for name, records in self._stored.items()}
            projects = [dataclasses.asdict(one) for one in self.desk.catalogue.projects]
            kept = (self.desk.ledger, self.desk.extras, self.desk.releases)
            desk = {name: value for part in kept for name, value in part.dump().items()} | {"projects": projects}
            return {**stored, "desk": desk, "gating": self.gating.dump()}

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Replace what is stored by what :meth:`dump` gave; older dumps know of no desk.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: what is there of a desk was not dumped here.
        """
        with self._lock:
            if dumped.get("desk"):
                self.desk.ledger.restore(dumped["desk"])
                self.desk.extras.restore(dumped["desk"])
                self.desk.releases.restore(dumped["desk"])
                self.desk.catalogue.projects = [Project(**one) for one in dumped["desk"]["projects"]]
                self.issues = self._issues  # whose projects may be others than those of the time
                self.gating.restore(dumped.get("gating", []))
            for family in FAMILIES:
                keyed = ((family.key(stored["record"]) or {}, stored) for stored in dumped[family.name])
                self._stored[family.name] = {tuple(key.values()): stored for key, stored in keyed}

    def _is_service(self, service: str) -> bool:
        return bool(service) if self.services is None else service in self.services

    def _refusals(self, entry: dict[str, Any]) -> list[str]:
        return [self.refused[key] for key in sorted(mentions(entry) & self.refused.keys())]

    def _keep(self, family: Family, key: Key, found: Sorted, properties: Mapping[str, str]) -> list[str]:
        if not found.anything:
            rejected = self.without_known == "rejected"
            return [f"No valid associations found for {family.noun.lower()}"] if rejected else []
        records = self._stored[family.name]
        before = records.get(key)
        number = "updateSequenceNumber"
        # "Updates received with an updateSequenceNumber less than or equal to what is currently stored will be
        # ignored", and that "is not considered a failed submission": the caller is not told.
        if before is None or before["record"][number] < found.kept[number]:
            records[key] = {
                "record": {"schemaVersion": "1.0", **found.kept},
                "issues": list(found.issues),
                "properties": list(_hashes(properties.items())),
            }
            if family is DEPLOYMENTS:
                self.gating.notice(key, found.kept)
        return []


def _hashes(properties: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Jira keeps properties as hashes only, so that nothing personal is stored."""
    return (hashlib.sha256(f"{name}:{value}".encode()).hexdigest() for name, value in properties)


class StateFileError(Exception):
    """The state file cannot be used; the message is one sentence that says why."""


def load(path: Path) -> dict[str, Any]:
    """What was stored, for :meth:`Site.restore`; nothing when there is no file yet.

    Raises:
        StateFileError: the file cannot be read, or holds something else.
    """
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {family.name: [] for family in FAMILIES}
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise StateFileError(
            f"The state file {path} holds no JSON of the sandbox; move it away or name another."
        ) from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise StateFileError(f"The file {path} is not a state file of this sandbox; move it away or name another.")
    for family in FAMILIES:
        for index, stored in enumerate(_list(document.get(family.name), path)):
            if not _is_stored(family, stored):
                raise StateFileError(
                    f"The state file {path} is damaged: number {index + 1} of its {family.name} is no record."
                )
    desk = document.get("desk")
    if desk is not None and not isinstance(desk, dict):
        raise StateFileError(f"The state file {path} is damaged: its desk is none.")
    return {**{family.name: document[family.name] for family in FAMILIES}, "desk": desk or {}}


def restore(site: Site, path: Path) -> None:
    """Give the site what the file holds.

    Raises:
        StateFileError: the file cannot be read, or holds something else.
    """
    loaded = load(path)
    try:
        site.restore(loaded)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateFileError(f"The state file {path} is damaged: its issues cannot be read.") from error


def save(path: Path, dumped: dict[str, Any]) -> None:
    """Write what :meth:`Site.dump` gave, so that a reader sees the old file or the new one and nothing between.

    Raises:
        StateFileError: the file cannot be written.
    """
    text = json.dumps({"format": _FORMAT, **dumped}, indent=1)
    try:
        handle, name = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be written: {error.strerror or error}.") from error


def _list(value: Any, path: Path) -> list[Any]:
    if not isinstance(value, list):
        raise StateFileError(f"The state file {path} is damaged: it lacks its builds or deployments.")
    return value


def _is_stored(family: Family, stored: Any) -> bool:
    return (
        isinstance(stored, dict)
        and isinstance(stored.get("record"), dict)
        and not record_faults(family, stored["record"])
        and all(
            isinstance(stored.get(name), list) and all(isinstance(one, str) for one in stored[name])
            for name in ("issues", "properties")
        )
    )
