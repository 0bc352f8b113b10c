"""The provider's list and Jira's as one: nothing is lost, and nothing is there twice. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from jira_ci.ci.deployment_list import ProviderDeployment
from jira_ci.evidence.population_rows import Noted, Recorded, Row
from jira_ci.text import canonical

_CLOCKS = timedelta(minutes=5)  # that the provider's and Jira's may differ

_Place = tuple[str, str]
"""A run, or a commit, and an environment."""
_Shared = tuple[str, ...]
"""A change, a run, a commit, an environment and a tenant."""


def joined(
    provided: Iterable[ProviderDeployment], recorded: Iterable[Recorded], noted: Iterable[Noted]
) -> tuple[list[Row], list[Noted]]:
    """A row for each record, with the deployment that the provider has of it, and one for each deployment that has no
    record; and what the changes tell of besides.

    A record belongs to a deployment of its run to its environment. Where the provider does not say which run it was,
    the commit stands for it. The newest that had begun by then is taken, and each once as long as there are others: the
    legs of a matrix have one each, and a job for two tenants has one for both. A gate that was asked before ``deploy``
    asked once more has left a record as well, which is of the same deployment.

    Args:
        recorded: of the repository that the provider was asked about.
    """
    deployments = {one.id: one for one in provided}
    records = {(one.change.site, one.change.id, one.record): one for one in recorded}
    found = _matched(list(deployments.values()), list(records.values()))
    looks = _looks(list(records.values()), found)
    rows = [Row(found.get(at), one, one.change, looks[at]) for at, one in enumerate(records.values()) if at in looks]
    taken = {one.id for one in found.values()}
    left = _unrecorded(noted, list(records.values()))
    for one in deployments.values():
        if one.id not in taken:
            note = _note_of(one, left)
            rows.append(Row(one, None, note.change if note else None))
            left = [other for other in left if other is not note]
    return sorted(rows, key=_order), left


def _order(row: Row) -> tuple[object, ...]:
    identity = row.recorded.record if row.recorded else row.provided.id if row.provided else ""
    return row.moment, canonical(row.environment), identity


def of_the_same_runs(foreign: Iterable[Recorded], provided: Iterable[ProviderDeployment]) -> list[Recorded]:
    """Records that name another repository, and a run that the provider lists: the repository was renamed since. No two
    runs of a provider have one id; those of two providers may, and then they are not of one commit."""
    known = {(run, canonical(one.environment), one.commit) for one in provided for run in one.runs}
    return [one for one in foreign if any((one.run, name, one.commit) in known for name in one.names)]


def _matched(deployments: Sequence[ProviderDeployment], records: Sequence[Recorded]) -> dict[int, ProviderDeployment]:
    """The deployment of each record, by the record's place."""
    by_run: dict[_Place, list[ProviderDeployment]] = defaultdict(list)
    by_commit: dict[_Place, list[ProviderDeployment]] = defaultdict(list)
    for one in sorted(deployments, key=lambda one: (one.moment, one.id)):
        place = canonical(one.environment)
        for run in one.runs:
            by_run[run, place].append(one)
        if not one.runs and one.commit:
            by_commit[one.commit, place].append(one)
    order = sorted(range(len(records)), key=lambda at: (records[at].is_look, records[at].moment, records[at].record))
    taken: set[str] = set()
    found: dict[int, ProviderDeployment] = {}
    for places, attribute in ((by_run, "run"), (by_commit, "commit")):
        for at in order:
            key = getattr(records[at], attribute)
            near = [one for name in sorted(records[at].names) for one in places.get((key, name), ())] if key else []
            if at not in found and near:
                found[at] = _nearest(near, records[at], taken)
                taken.add(found[at].id)
    return found


def _looks(records: Sequence[Recorded], found: Mapping[int, ProviderDeployment]) -> dict[int, tuple[str, ...]]:
    """The records that are of a deployment each, by their place, with those of looks before the same one."""
    places: dict[_Shared, list[int]] = defaultdict(list)
    for at in sorted(range(len(records)), key=lambda at: (records[at].moment, records[at].record)):
        places[_shared(records[at])].append(at)
    looks: dict[int, tuple[str, ...]] = dict.fromkeys(range(len(records)), ())
    sharing = Counter(one.id for one in found.values())
    for same in places.values():
        for place, one in enumerate(same):
            own = found.get(one)
            if not (records[one].is_look and records[one].run) or (own and sharing[own.id] == 1):
                continue  # it deployed, or nothing else tells of the provider's deployment
            later = (at for at in same[place + 1 :] if not records[at].is_look or (own and found.get(at) == own))
            last = next(later, None)
            if last is not None:
                looks[last] = (*looks[last], *looks.pop(one), records[one].record)
                sharing.subtract([own.id] if own else [])
    return looks


def _shared(record: Recorded) -> _Shared:
    """What is the same of all looks before one deployment. The attempt may be another one: on GitLab each job has its
    own."""
    change = record.change
    names = canonical(record.environment), canonical(record.tenant)
    return change.site, change.id, canonical(record.repository), record.run, record.commit, *names


def _nearest(near: Sequence[ProviderDeployment], record: Recorded, taken: set[str]) -> ProviderDeployment:
    """The newest that had begun by then and is free, else the first that is free, else the newest that had begun."""
    begun = [one for one in near if one.moment - _CLOCKS <= record.moment]
    free = [one for one in begun if one.id not in taken]
    later = [one for one in near if one.id not in taken]
    if free:
        return max(free, key=lambda one: one.moment)
    return min(later, key=lambda one: one.moment) if later else max(begun or near, key=lambda one: one.moment)


def _unrecorded(noted: Iterable[Noted], records: Sequence[Recorded]) -> list[Noted]:
    """What changes tell of deployments that have no record."""
    known = {(one.change.id, one.run, name, canonical(one.tenant)) for one in records for name in one.names}
    return [
        one for one in noted if (one.change.id, one.run, canonical(one.environment), canonical(one.tenant)) not in known
    ]


def _note_of(deployment: ProviderDeployment, noted: Sequence[Noted]) -> Noted | None:
    place = canonical(deployment.environment)
    return next((one for one in noted if one.run in deployment.runs and canonical(one.environment) == place), None)
