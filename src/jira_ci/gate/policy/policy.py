"""The policy in force for one environment: the trusted file's, and what was asked for besides where that is tighter."""

from __future__ import annotations

import dataclasses
import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jira_ci.config import strict_yaml
from jira_ci.config.model import DEFAULT_NAME, Config, parse
from jira_ci.config.trusted_ref import Absent, Committed, Place, path_of
from jira_ci.environments import atlassian_mapping
from jira_ci.environments.atlassian_mapping import Gating
from jira_ci.environments.classify import classify
from jira_ci.errors import UsageError
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.overrides import (
    Asked,
    change,
    comments,
    create,
    gate_by,
    looser,
    minimum_approvals,
    project,
    site_and_credentials,
    unenforceable,
)
from jira_ci.gate.requirements import Requirements, meaningless
from jira_ci.text import canonical, one_line

_MISNAMED = ".jira-ci.yaml"
_ATLASSIAN_HINT = (
    "Write in .jira-ci.yml what is meant, such as change-control: {enabled: true, gate-by: jira} and, under "
    "environments, Prod: {change-controlled: true}; or change-control: {enabled: false}."
)
_KEPT = ("project-name", "jira", "connections")
_RELAXATIONS = (("change-binding", "any"), ("window", "off"))


@dataclass(frozen=True)
class Loaded:
    """The trusted file, read: ours, or what Atlassian's own says."""

    config: Config
    source: str
    sha256: str
    repository: str
    relaxed: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What a change has to be for a deployment to one environment."""

    source: str
    """``acme/shop@<commit>:.jira-ci.yml``"""
    sha256: str
    """Of the file's bytes."""
    project: str
    connection: str
    credentials: str
    """The word in the names of the connection's variables; empty for the connection ``default``."""
    site: str
    """``https://acme.atlassian.net``"""
    service_desk: str
    """Empty where Jira's own gating decides and none is named."""
    request_type: str
    issue_types: tuple[str, ...]
    title: str
    """The template."""
    change: str
    """The key of the only change that is asked: the policy's own, else the one that was given; empty without both."""
    create: bool
    binding: Literal["mention", "any"]
    proceed_statuses: tuple[str, ...]
    wait_statuses: tuple[str, ...]
    minimum_approvals: int
    window: tuple[str, str] | None
    """The fields of start and end; None when it is off."""
    window_required: bool
    exclude_approvers: tuple[str, ...]
    deployers: Mapping[str, str]
    fields: Mapping[str, Any]
    comments: Literal["off", "internal", "public"]
    gate_by: Literal["change", "jira"]
    relaxed: tuple[str, ...]
    """What is weaker than it could be, for the record."""
    end_status: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Where the change goes when its deployment has ended, by its state; see ``end-status`` of the schema."""

    @property
    def requirements(self) -> Requirements:
        """The part of it that :func:`jira_ci.gate.decision.decide` takes."""
        return Requirements(
            proceed_statuses=self.proceed_statuses,
            wait_statuses=self.wait_statuses,
            minimum_approvals=self.minimum_approvals,
            window=self.window if self.window is not None else "off",
            window_required=self.window_required,
        )


def load(place: Place, config: str = DEFAULT_NAME) -> Loaded | Absent:
    """The policy's file at the trusted commit; absent only when it certainly is, and no other one was named.

    Args:
        config: the setting ``config``.

    Raises:
        UsageError: the file cannot be read or is invalid; ``config`` names one that is not there, or leads away from a
            ``.jira-ci.yml`` that is change controlled.
    """
    path = path_of(config)
    found = place.file(path)
    if isinstance(found, Committed):
        relaxed = _named(place, path) if path != DEFAULT_NAME else ()
        parsed = parse(found.data, found.name)
        ours = Loaded(parsed, found.source, found.sha256, place.repository, (*place.relaxed, *relaxed))
        return ours if "change-control" in parsed.document else _of_atlassian(place, parsed) or ours
    if path != DEFAULT_NAME:
        raise UsageError(f"{found.source}, which config names, does not exist.", f"Commit it on {place.what}.")
    if isinstance(place.file(_MISNAMED), Committed):
        raise UsageError(f"{_MISNAMED} is on {place.what}, but the file's name is {DEFAULT_NAME}.", "Rename it.")
    return _of_atlassian(place) or found


def _of_atlassian(place: Place, ours: Config | None = None) -> Loaded | None:
    """What Atlassian's own file gates, where ours says nothing of change control."""
    found = _gated_by_atlassian(place, ours)
    if found is None:
        return None
    file, config = found
    return Loaded(config, file.source, file.sha256, place.repository, place.relaxed)


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


def settle(found: Loaded | Absent, environment: str, asked: Asked, *, gate: bool) -> Policy | Decision:
    """The policy for this environment, or the decision that needs none: rows 1 to 3.

    Args:
        gate: whether the command is ``gate``, which without a policy makes no sense; ``deploy`` proceeds then.
    """
    try:
        return _settle(found, environment, asked, gate)
    except UsageError as error:
        return Decision.of(1, str(error))


def _settle(found: Loaded | Absent, environment: str, asked: Asked, gate: bool) -> Policy | Decision:
    needed = gate or asked.change_controlled is True
    if isinstance(found, Absent):
        if needed:
            raise UsageError(f"There is no policy: {found.source} does not exist.", "Commit it with change-control.")
        return Decision.of(3, f"There is no change control: {found.source} does not exist.")
    config = found.config
    if gate and "change-control" not in config.document:
        raise UsageError(f"There is no policy: {config.name} has no change-control.", "Add it, with enabled: true.")
    if not config.enabled and asked.change_controlled is not True:
        return Decision.of(3, f"This project is not change controlled ({config.where('change-control', 'enabled')}).")
    # Whether its type can be told is no matter here.
    rules = dataclasses.replace(config, document={**config.document, "unmatched-environments": "unmapped"})
    matched = classify(environment, rules)
    if config.enabled and (matched.change_controlled is None or _is_invisible(environment)):
        return Decision.of(2, _unmatched(environment, config))
    policy = _policy(found, config.control(matched.control), asked)
    if matched.change_controlled and asked.change_controlled is False:
        raise looser("change-controlled", "false", f"true for {one_line(environment, 80)}", config)
    if not (matched.change_controlled or asked.change_controlled):
        return Decision.of(3, f"No rule in {config.name} says that {one_line(environment, 80)} is change controlled.")
    if not policy.site:
        raise UsageError(f"{config.name} does not say which Jira site the gate asks.", "Name it: jira.site.")
    return policy


def _policy(found: Loaded, control: Mapping[str, Any], asked: Asked) -> Policy:
    config, window = found.config, control["window"]
    by = gate_by(config, control, asked)
    if by == "change" and "service-desk" not in control:
        raise UsageError(f"{config.name} names no service-desk under change-control.", "Add it, with enabled: true.")
    site, credentials = site_and_credentials(config, control, asked)
    policy = Policy(
        source=found.source,
        sha256=found.sha256,
        project=project(config, asked, found.repository),
        connection=control["connection"],
        credentials=credentials,
        site=site,
        service_desk=control.get("service-desk", ""),
        request_type=control["request-type"],
        issue_types=tuple(control["issue-types"]),
        title=control["title"],
        change=change(config, control, asked),
        create=create(config, control, asked),
        binding=control["change-binding"],
        proceed_statuses=tuple(control["proceed-statuses"]),
        wait_statuses=tuple(control["wait-statuses"]),
        minimum_approvals=minimum_approvals(config, control, asked),
        window=None if window == "off" else (window["start"], window["end"]),
        window_required=control["window-required"],
        exclude_approvers=tuple(control["exclude-approvers"]),
        deployers=control["deployers"],
        fields=control["fields"],
        comments=comments(config, control, asked),
        gate_by=by,
        relaxed=(*found.relaxed, *_relaxed(config, control, asked)),
        end_status=control["end-status"],
    )
    fault = meaningless(policy.requirements)
    if fault:
        raise UsageError(f"{config.name}, change-control: {fault}.")
    idle = unenforceable(control, approvals=policy.minimum_approvals, given=policy.change)
    if policy.gate_by == "jira" and idle:
        raise UsageError(
            f"{config.name}: with gate-by: jira the gate cannot enforce {one_line(idle, 100)}: Jira only says "
            "whether it allows the deployment.",
            "Demand it in the workflow of the changes and leave it out here, or say gate-by: change.",
        )
    return policy


def _relaxed(config: Config, control: Mapping[str, Any], asked: Asked) -> list[str]:
    relaxed = [f"{key}: {value}" for key, value in _RELAXATIONS if control[key] == value]
    if asked.project_name and not config.project_name:
        relaxed.append("project-name: a setting, and not in the file")
    return relaxed


def _named(place: Place, path: str) -> tuple[str, ...]:
    """What is to be said about a policy that is not in the usual file, if it may be there."""
    usual = place.file(DEFAULT_NAME)
    if isinstance(usual, Committed) and parse(usual.data, usual.name).enabled:
        raise UsageError(
            f"config names {one_line(path, 200)}, but {DEFAULT_NAME} on {place.what} says that this project is change "
            "controlled.",
            "Leave config out, or move change-control to the file that config names.",
        )
    return (f"config: {one_line(path, 200)}",)


def _is_invisible(name: str) -> bool:
    """Whether it holds invisible characters, so that it looks like another name, and globs do not match."""
    return any(unicodedata.category(character) == "Cf" for character in name)


def _unmatched(name: str, config: Config) -> str:
    shown = one_line(name, 80)
    if _is_invisible(name):
        return f"The environment's name {shown} holds invisible characters. Type it anew."
    rules = {canonical(rule.name): rule for rule in config.rules}
    near = difflib.get_close_matches(canonical(name[:200]), rules, 1, cutoff=0.0)
    sentence = f"No rule in {config.name} matches the environment {shown}, and this project is change controlled."
    if not near:
        return f"{sentence} Add it to environments."
    rule = rules[near[0]]
    return f"{sentence} The nearest is {one_line(rule.name, 80)} (line {rule.line}): correct the name, or add a rule."
