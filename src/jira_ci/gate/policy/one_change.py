"""``one-change-for``: which environments and tenants share one change. No I/O.

An entry is an environment's name, or ``{tenant: NAME}``. Where environments are listed, these share a change; where
tenants are, those do. What is not listed is not shared: each tenant, or each environment, has changes of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from jira_ci.frozen import dataclass
from jira_ci.text import canonical

Entry = str | Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """An environment, and a tenant of it; empty without one."""

    environment: str
    tenant: str = ""

    def same(self, other: Place) -> bool:
        """Whether both are the same, in any case."""
        in_one_place = canonical(self.environment) == canonical(other.environment)
        return in_one_place and canonical(self.tenant) == canonical(other.tenant)


def members(entries: Sequence[Entry], environment: str, tenant: str) -> tuple[Place, ...]:
    """Every place that shares the change of this one, itself included, in the policy's order and spelling; none where
    it shares its change with nobody."""
    environments, tenants = _parts(entries)
    here = Place(environment, tenant)
    found = tuple(itertools.starmap(Place, itertools.product(environments or [environment], tenants or [tenant])))
    return found if len(found) > 1 and any(here.same(one) for one in found) else ()


def narrowed(stronger: Sequence[Entry], weaker: Sequence[Entry]) -> list[Entry]:
    """What both share: no two places share a change that do not share one by either."""
    (environments, tenants), (others, other_tenants) = _parts(stronger), _parts(weaker)
    shared, shared_tenants = _common(environments, others), _common(tenants, other_tenants)
    if shared is None or shared_tenants is None:
        return []
    return [*shared, *({"tenant": name} for name in shared_tenants)]


def _common(some: Sequence[str], others: Sequence[str]) -> list[str] | None:
    """The names that are in both; None where one shares among all of a kind what the other one keeps apart."""
    found = [name for name in some if canonical(name) in map(canonical, others)]
    return found if bool(some) == bool(others) == bool(found) else None


def _parts(entries: Sequence[Entry]) -> tuple[list[str], list[str]]:
    """The environments and the tenants, each once."""
    environments: dict[str, str] = {}
    tenants: dict[str, str] = {}
    for one in entries:
        found, name = (environments, one) if isinstance(one, str) else (tenants, one["tenant"])
        found.setdefault(canonical(name), name)
    return list(environments.values()), list(tenants.values())
