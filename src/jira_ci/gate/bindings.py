"""The property ``jira-ci.change``: for which commits a change is approved, and what was deployed on it. No I/O."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from jira_ci.frozen import dataclass, field, fields, replace
from jira_ci.text import canonical, one_line

_SCHEMA, _FIRST_SCHEMA = "jira-ci.change/2", "jira-ci.change/1"
_ROOM = 32_000  # characters: Jira takes 32,768 for one property

Outcome = Literal["started", "successful", "failed", "cancelled"]
ENDED: tuple[Outcome, ...] = ("successful", "failed", "cancelled")
_OUTCOMES: tuple[Outcome, ...] = ("started", *ENDED)


class NotOurs(Exception):
    """The property is not one that this version writes or wrote; the message says why."""


class NoRoom(Exception):
    """What has to stay in the property is more than Jira takes."""


@dataclass(frozen=True)
class Scope:
    """What one binding is about. Names are the same in any case and any Unicode form, as they are in a policy."""

    repository: str
    """``owner/name``; empty in a property of the first schema, which stands for any."""
    project: str
    environment: str
    tenant: str

    @property
    def names(self) -> dict[str, str]:
        """Each part by its name in the property."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @property
    def flags(self) -> str:
        """How a command line names it, with a blank behind: ``--environment Prod --tenant 'Acme Ltd' ``."""
        named = (("--environment", self.environment), ("--tenant", self.tenant))
        return "".join(f"{flag} {shlex.quote(one_line(value, 80))} " for flag, value in named if value)

    def same(self, other: Scope) -> bool:
        """Whether both are about the same deployment."""
        return self.same_repository(other) and self._place() == other._place()

    def same_repository(self, other: Scope) -> bool:
        """Whether both are about the same repository, as far as they say."""
        names = {canonical(self.repository), canonical(other.repository)} - {""}
        return len(names) < 2

    def _place(self) -> list[str]:
        return [*map(canonical, (self.project, self.environment, self.tenant))]


@dataclass(frozen=True)
class Binding:
    """The commit that an approval is for."""

    scope: Scope
    version: str
    commit: str
    run: str
    """The address of the run that pinned it, or its id."""


@dataclass(frozen=True)
class Deployed:
    """One deployment that this change was used for.

    Attributes:
        id: tells this start from every other one, also of the same run.
        run: the run's address, or its id; ``run_id`` is the provider's own.
    """

    scope: Scope
    version: str
    commit: str
    run: str
    run_id: str
    attempt: int
    id: str
    outcome: Outcome


@dataclass(frozen=True)
class ChangeProperty:
    """The property ``jira-ci.change``: what a change is bound to, and what was deployed on it, the oldest first.

    Attributes:
        dropped: how many deployments had to make room for later ones.
    """

    bindings: tuple[Binding, ...] = ()
    deployments: tuple[Deployed, ...] = ()
    dropped: int = field(default=0)

    def of(self, scope: Scope) -> Binding | None:
        """What is bound for this."""
        return next((one for one in self.bindings if one.scope.same(scope)), None)

    def other_commit(self, scope: Scope, commit: str, *, fixed: bool) -> Binding | None:
        """The binding that is for another commit than this one; ``None`` where none speaks against it.

        Args:
            fixed: whether the change was approved. Then what was pinned of this repository is all that was: another
                environment or name is bound to one of these commits, too.
        """
        own = self.of(scope)
        near = [own] if own else [one for one in self.bindings if fixed and one.scope.same_repository(scope)]
        return None if any(one.commit == commit for one in near) else next(iter(near), None)

    def beside(self, scope: Scope) -> Binding | None:
        """What is bound of this repository, where this is not."""
        if self.of(scope) is not None:
            return None
        return next((one for one in self.bindings if one.scope.same_repository(scope)), None)

    def elsewhere(self, scope: Scope) -> Binding | None:
        """What is bound of another repository, where nothing is of this one."""
        if any(one.scope.same_repository(scope) for one in self.bindings):
            return None
        return next(iter(self.bindings), None)

    def earlier(self, scope: Scope, own: str) -> tuple[Deployed, ...]:
        """What was deployed on it before.

        Args:
            own: the id of this deployment, which is not among them.
        """
        return tuple(one for one in self.deployments if one.scope.same(scope) and one.id != own)

    def with_binding(self, binding: Binding) -> ChangeProperty:
        """The same with this binding, in the place of what was bound for the same."""
        others = tuple(one for one in self.bindings if not one.scope.same(binding.scope))
        return replace(self, bindings=(*others, binding))

    def without(self, scope: Scope) -> ChangeProperty:
        """The same with nothing bound for this."""
        return replace(self, bindings=tuple(one for one in self.bindings if not one.scope.same(scope)))

    def with_deployment(self, deployed: Deployed) -> ChangeProperty:
        """The same with this deployment, in the place of what was known of it. One process may begin in several
        environments of one change, each of them under its id."""
        known = {(one.id, one.scope): one for one in (*self.deployments, deployed)}
        return replace(self, deployments=tuple(known.values()))

    def document(self) -> dict[str, Any]:
        """The property's value. Where it would be larger than Jira takes, the oldest deployments that ended are left
        out; never a binding, a start without an outcome, or the last success of each.

        Raises:
            NoRoom: even then.
        """
        found = self
        while len(json.dumps(found._written())) > _ROOM:
            oldest = found._dispensable()
            if oldest is None:
                raise NoRoom("Its property is full.")
            kept = tuple(one for one in found.deployments if one is not oldest)
            found = replace(found, deployments=kept, dropped=found.dropped + 1)
        return found._written()

    def _dispensable(self) -> Deployed | None:
        last = {one.scope: one for one in self.deployments if one.outcome == "successful"}
        ended = (one for one in self.deployments if one.outcome != "started" and last.get(one.scope) is not one)
        return next(ended, None)

    def _written(self) -> dict[str, Any]:
        bindings = [
            {**one.scope.names, "version": one.version, "commit": one.commit, "run": one.run} for one in self.bindings
        ]
        deployments = [
            {
                **one.scope.names,
                "version": one.version,
                "commit": one.commit,
                "run": one.run,
                "run-id": one.run_id,
                "attempt": one.attempt,
                "id": one.id,
                "outcome": one.outcome,
            }
            for one in self.deployments
        ]
        return {"schema": _SCHEMA, "bindings": bindings, "deployments": deployments, "dropped": self.dropped}


def read(found: Mapping[str, Any] | None) -> ChangeProperty:
    """The property as Jira gives it; an empty one where there is none.

    Raises:
        NotOurs: it is none of ours.
    """
    if found is None:
        return ChangeProperty()
    schema = found.get("schema", _FIRST_SCHEMA)
    if schema == _FIRST_SCHEMA:
        return ChangeProperty(bindings=(_binding(found),))
    if schema != _SCHEMA:
        raise NotOurs(f"its schema is {one_line(str(schema), 60)}, and {_SCHEMA} is the newest that is known here.")
    bindings = tuple(map(_binding, _objects(found, "bindings")))
    deployments = tuple(map(_deployed, _objects(found, "deployments")))
    dropped = found.get("dropped")
    return ChangeProperty(bindings, deployments, max(dropped, 0) if type(dropped) is int else 0)


def _objects(found: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    values = found.get(name)
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise NotOurs(f"its {name} are no list of objects.")
    yield from values


def _text(found: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = found.get(name)
    value = "" if value is None and not needed else value
    if not isinstance(value, str) or (needed and not value.strip()):
        raise NotOurs(f"its {name} is no text.")
    return value


def _scope(found: Mapping[str, Any]) -> Scope:
    return Scope(*(_text(found, name) for name in ("repository", "project", "environment", "tenant")))


def _binding(found: Mapping[str, Any]) -> Binding:
    commit = _text(found, "commit", needed=True)
    return Binding(_scope(found), _text(found, "version"), commit, _text(found, "run"))


def _deployed(found: Mapping[str, Any]) -> Deployed:
    attempt, outcome = found.get("attempt"), next((one for one in _OUTCOMES if one == found.get("outcome")), None)
    if type(attempt) is not int or outcome is None:
        raise NotOurs("one of its deployments has no attempt or no outcome that is known.")
    version, commit, run, run_id = (_text(found, name) for name in ("version", "commit", "run", "run-id"))
    identity = _text(found, "id", needed=True)
    return Deployed(_scope(found), version, commit, run, run_id, attempt, identity, outcome)


Spent = Literal["", "used", "started"]
"""What an approval for one deployment has left: all, nothing, or it is unknown."""


def spent(earlier: Sequence[Deployed]) -> Spent:
    """What the deployments before left of an approval for one."""
    outcomes = {one.outcome for one in earlier}
    return "used" if "successful" in outcomes else "started" if "started" in outcomes else ""


def spent_by(key: str, found: Spent, earlier: Sequence[Deployed]) -> str:
    """Why nothing more may be deployed on a change that allows one deployment, and what to do.

    Args:
        key: the change, for a sentence.
    """
    of = "successful" if found == "used" else "started"
    last = next((one for one in reversed(earlier) if one.outcome == of), None)
    which = f"run {one_line(last.run, 200)} (commit {one_line(last.commit, 64)})" if last else "another run"
    if found == "used":
        return f"{key} was used up by {which}: reuse is once. Close it and run again for another change."
    flags = last.scope.flags if last else ""
    return (
        f"{key} allows one deployment (reuse: once), and {which} began one whose outcome is not known. If that run is "
        f"over, run jira-ci reconcile {flags}--change {key}, then run again."
    )
