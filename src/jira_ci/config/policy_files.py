"""The files of a policy: those of every trusted commit, what Atlassian's own gates there, and the organisation's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jira_ci.config import strict_yaml
from jira_ci.config.model import DEFAULT_NAME, Config, parse
from jira_ci.config.trusted_ref import Committed, Place, path_of
from jira_ci.environments import atlassian_mapping
from jira_ci.environments.atlassian_mapping import Gating
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, replace
from jira_ci.text import canonical, one_line, short

_MISNAMED = ".jira-ci.yaml"
_ATLASSIAN_HINT = (
    "Write in .jira-ci.yml what is meant, such as change-control: {enabled: true, gate-by: jira} and, under "
    "environments, Prod: {change-controlled: true}; or change-control: {enabled: false}."
)
_KEPT = ("project-name", "jira", "connections")
_NAMED = re.compile(r"(?P<repository>[^@:\s/]+(?:/[^@:\s/]+)+)@(?P<ref>[^:\s]+):(?P<path>[^\r\n]+)")
INLINE = "inline"
LARGEST = strict_yaml.MAX_BYTES
"""Bytes of a file."""
TEXT = "JIRA_CI_ORGANISATION_POLICY_TEXT"
LONGEST_TEXT = 48 * 1024
"""Bytes: GitHub's limit of a variable (https://docs.github.com/actions/reference/workflows-and-actions/variables)."""


@dataclass(frozen=True)
class Loaded:
    """One file, read: ours, the organisation's, or what Atlassian's own says."""

    config: Config
    source: str
    """``acme/shop@<commit>:.jira-ci.yml``"""
    sha256: str
    """Of the file's bytes."""
    is_organisations: bool = False


@dataclass(frozen=True)
class Sources:
    """Every file that has a say, the stronger first: the organisation's, the default branch's, the run's commit's."""

    files: tuple[Loaded, ...]
    repository: str
    relaxed: tuple[str, ...] = ()
    """What makes them less sure than they could be."""
    missing: str = ""
    """Where there certainly is no file of ours."""

    @property
    def source(self) -> str:
        """The strongest file, or where there is none."""
        return self.files[0].source if self.files else self.missing

    @property
    def sha256(self) -> str:
        """Of the strongest file; empty without one."""
        return self.files[0].sha256 if self.files else ""

    @property
    def listed(self) -> tuple[tuple[str, str], ...]:
        """Source and SHA-256 of each file."""
        return tuple((one.source, one.sha256) for one in self.files)


@dataclass(frozen=True)
class Elsewhere:
    """Where the organisation's policy is, as ``organisation-policy`` says."""

    repository: str
    ref: str
    path: str


def load(places: Sequence[Place], config: str = DEFAULT_NAME, organisation: Loaded | None = None) -> Sources:
    """The files of these commits. What ``config`` names counts besides ``.jira-ci.yml`` and never instead of it.

    Args:
        places: as :func:`jira_ci.config.trusted_ref.policy_places` gives them.
        config: the setting ``config``.
        organisation: the organisation's policy, where there is one.

    Raises:
        UsageError: a file cannot be read or is invalid, or the one that ``config`` names is nowhere.
    """
    path = path_of(config)
    parsed: dict[bytes, Config] = {}
    found = [_files(place, path, parsed) for place in places]
    relaxed = dict.fromkeys(sentence for place in places for sentence in place.relaxed)
    first = places[0]
    if path != DEFAULT_NAME:
        if not any(named for _, named in found):
            missing = f"{first.repository}@{first.commit}:{path}"
            raise UsageError(f"{missing}, which config names, does not exist.", f"Commit it on {first.what}.")
        relaxed[f"config: {one_line(path, 200)}"] = None
    files = [*([organisation] if organisation else []), *(one for of_place, _ in found for one in of_place)]
    missing = f"{first.repository}@{first.commit}:{DEFAULT_NAME}"
    return Sources(tuple(files), first.repository, tuple(relaxed), missing)


def _files(place: Place, path: str, parsed: dict[bytes, Config]) -> tuple[list[Loaded], bool]:
    """The usual file of a commit, the named one, and what Atlassian's says where neither speaks of change control; and
    whether the named one is there."""
    own: list[tuple[Committed, Config]] = []
    for name in dict.fromkeys((DEFAULT_NAME, path)):
        found = place.file(name)
        if isinstance(found, Committed):
            # The same file at two commits, which is the usual case, is read once.
            if found.data not in parsed:
                parsed[found.data] = parse(found.data, found.name)
            own.append((found, replace(parsed[found.data], name=found.name)))
    named = bool(own) and own[-1][0].source.endswith(f":{path}")
    if path == DEFAULT_NAME and not own and isinstance(place.file(_MISNAMED), Committed):
        raise UsageError(f"{_MISNAMED} is on {place.what}, but the file's name is {DEFAULT_NAME}.", "Rename it.")
    if not any("change-control" in config.document for _, config in own):
        theirs = _gated_by_atlassian(place, own[-1][1] if own else None)
        own = [theirs] if theirs else own
    return [Loaded(config, found.source, found.sha256) for found, config in own], named


def organisation_place(setting: str) -> Elsewhere:
    """The setting ``organisation-policy``, where it names a file.

    Raises:
        UsageError: it does not.
    """
    match = _NAMED.fullmatch(setting)
    if match is None:
        raise UsageError(
            f"organisation-policy is {one_line(setting, 200)!r}, and neither OWNER/REPO@REF:PATH nor {INLINE}.",
            "Write it as acme/policies@main:jira-ci.yml.",
        )
    return Elsewhere(match["repository"], match["ref"], path_of(match["path"], "organisation-policy"))


def organisation_inline(text: str) -> Loaded:
    """The organisation's policy as a variable holds it.

    Raises:
        UsageError: there is none, it is too long, or it is invalid.
    """
    data = text.encode("utf-8", "surrogateescape")
    if not text.strip():
        raise UsageError(
            f"organisation-policy is {INLINE}, and {TEXT} is empty or not set.", f"Put the file's text into {TEXT}."
        )
    if len(data) > LONGEST_TEXT:
        raise UsageError(
            f"{TEXT} has {len(data)} bytes; {LONGEST_TEXT} are allowed.",
            "Keep the policy in a repository: organisation-policy: OWNER/REPO@REF:PATH.",
        )
    return organisation_file(data, TEXT, TEXT)


def organisation_file(data: bytes, source: str, name: str) -> Loaded:
    """The organisation's policy out of its bytes. It may leave to each repository what it does not say.

    Args:
        source: where it was read, for the record.
        name: what it is called in messages.

    Raises:
        UsageError: it is invalid, or says nothing of change control.
    """
    config = parse(data, name, partial=True)
    rules = (*config.rules, *config.tenants)
    if "change-control" not in config.document and not any(one.change_controlled or one.control for one in rules):
        raise UsageError(
            f"{name}, the organisation's policy, says nothing of change control.",
            "Name the right file in organisation-policy, or give it change-control.",
        )
    return Loaded(config, source, hashlib.sha256(data).hexdigest(), is_organisations=True)


def named_at(where: Elsewhere, commit: str) -> tuple[str, str]:
    """Source and name in messages of the organisation's file at a commit."""
    return f"{where.repository}@{commit}:{where.path}", f"{where.repository}:{where.path}@{short(commit)}"


def _gated_by_atlassian(place: Place, ours: Config | None) -> tuple[Committed, Config] | None:
    """The file of Atlassian's own GitHub app that gates, and what it means; None where there certainly is none.

    ``deployments.deploymentGating`` in ``.jira/config.yml`` names environments whose deployments Jira itself allows or
    prevents: ``gate-by: jira``. Whoever moves from there keeps the gate.

    Args:
        ours: the committed file of ours, which says nothing of change control.

    Raises:
        UsageError: it is unknown what is gated.
    """
    for name in atlassian_mapping.NAMES:
        found = place.file(name)
        if isinstance(found, Committed) and (gating := _gating(found)):
            if gating.problem:
                raise UsageError(f"{gating.problem} Whether Jira gates this deployment is unknown.", _ATLASSIAN_HINT)
            return found, _as_config(gating, found.name, ours)
    return None


def _gating(found: Committed) -> Gating | None:
    try:
        theirs, _ = atlassian_mapping.parse(found.data, found.name)
    except UsageError as error:
        gating = atlassian_mapping.unreadable(found.data)
        return Gating((), 1, f"{error.message} {gating.problem}") if gating else None
    return theirs.gating if theirs else None


def _as_config(gating: Gating, name: str, ours: Config | None) -> Config:
    """A file of ours that says the same, with the lines of theirs: no other environment is gated.

    Args:
        name: what their file is called in messages.
        ours: it names the site and the project, where it does.
    """
    environments: dict[str, Any] = {}
    lines: dict[str, int] = {}
    known: set[str] = set()
    for one in gating.environments:
        if canonical(one.name) not in known:
            known.add(canonical(one.name))
            environments[one.name], lines[one.name] = {"change-controlled": True}, one.line
    if "*" not in environments:
        environments["*"], lines["*"] = {"change-controlled": False}, gating.line
    kept = {key: ours.document[key] for key in _KEPT if ours and key in ours.document}
    document = {**kept, "change-control": {"enabled": True, "gate-by": "jira"}, "environments": environments}
    return Config(name, document, _lines_of_theirs(document, gating.line, lines))


def _lines_of_theirs(document: Mapping[str, Any], line: int, lines: Mapping[str, int]) -> strict_yaml.Node:
    """Where their file says what ours would."""
    rules = strict_yaml.Node({}, line)
    for name, at in lines.items():
        rules.hold(name, at, strict_yaml.Node(None, at))
    control = strict_yaml.Node({}, line)
    for key in document["change-control"]:
        control.hold(key, line, strict_yaml.Node(None, line))
    top = strict_yaml.Node({}, line)
    top.hold("change-control", line, control)
    top.hold("environments", line, rules)
    return top
