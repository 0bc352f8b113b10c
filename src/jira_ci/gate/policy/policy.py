"""The policy in force for one environment: the trusted file's, and what was asked for besides where that is tighter."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from jira_ci.config import schema
from jira_ci.config.model import Config
from jira_ci.config.policy_files import Sources
from jira_ci.environments.classify import Environment, tenant_rule
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, field, replace
from jira_ci.gate.approvals import Wanted
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy import emergency, freeze, one_change
from jira_ci.gate.policy.emergency import Emergency, EmergencyAsked
from jira_ci.gate.policy.freeze import Declared
from jira_ci.gate.policy.matching import called, match, said_by, similar, similar_rule, stray
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
from jira_ci.gate.policy.tightening import Said, Tightened, tighten
from jira_ci.gate.requirements import Requirements, meaningless
from jira_ci.text import canonical, one_line

_RELAXATIONS = (("change-binding", "any"), ("bind", "version"), ("window", "off"))


@dataclass(frozen=True)
class Policy:
    """What a change has to be for a deployment to one environment."""

    source: str
    """The strongest file: ``acme/shop@<commit>:.jira-ci.yml``"""
    sha256: str
    """Of that file's bytes."""
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
    bind: Literal["commit", "version"]
    reuse: Literal["open", "once"]
    proceed_statuses: tuple[str, ...]
    wait_statuses: tuple[str, ...]
    minimum_approvals: int
    window: tuple[str, str] | None
    """The fields of start and end; None when it is off."""
    window_required: bool
    edits: Literal["say", "deny"]
    """What becomes of a change whose window or watched fields were edited after its approval."""
    watched_fields: tuple[str, ...]
    exclude_approvers: tuple[str, ...]
    deployers: Mapping[str, str]
    fields: Mapping[str, Any]
    description: str
    """The template; empty for the usual text."""
    comments: Literal["off", "internal", "public"]
    gate_by: Literal["change", "jira"]
    relaxed: tuple[str, ...]
    """What is weaker than it could be, for the record."""
    sources: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """Every file that has a say, the stronger first, with the SHA-256 of its bytes."""
    in_force: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """All that decided, as the file's keys have it."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each of these values comes from, for people."""
    differences: tuple[str, ...] = field(default=(), compare=False)
    """What a source says and another one outweighs, each a sentence without its full stop."""
    required_approvals: tuple[str, ...] = ()
    required_approvers: tuple[Wanted, ...] = ()
    waiting_somewhere: tuple[str, ...] = ()
    """The statuses that any source waits in."""
    one_change_for: tuple[one_change.Entry, ...] = ()
    end_status: Mapping[str, str] = field(default_factory=dict)
    """Where the change goes when its deployment has ended, by its state; see ``end-status`` of the schema."""
    freezes: tuple[Declared, ...] = field(default=(), repr=False)
    """Those that are about this environment."""
    emergency: Emergency | None = None
    """What is allowed in one; None where there is none."""
    emergency_asked: EmergencyAsked | None = None
    """The one that this run has asked for; all that decides is as that says."""

    @property
    def requirements(self) -> Requirements:
        """The part of it that :func:`jira_ci.gate.decision.decide` takes."""
        return Requirements(
            proceed_statuses=self.proceed_statuses,
            wait_statuses=self.wait_statuses,
            minimum_approvals=self.minimum_approvals,
            window=self.window if self.window is not None else "off",
            window_required=self.window_required,
            edits=self.edits,
            bind=self.bind,
            reuse=self.reuse,
            required_approvals=self.required_approvals,
            required_approvers=self.required_approvers,
            waiting_somewhere=self.waiting_somewhere,
        )


def settle(found: Sources, environment: str, asked: Asked, *, gate: bool, tenant: str = "") -> Policy | Decision:
    """The policy for this environment and tenant, or the decision that needs none: rows 1 to 3.

    Args:
        tenant: empty without one.
        gate: whether the command is ``gate``, which without a policy makes no sense; ``deploy`` proceeds then.
    """
    try:
        return _settle(found, environment, tenant, asked, gate)
    except UsageError as error:
        return Decision.of(1, str(error))


def _settle(found: Sources, environment: str, tenant: str, asked: Asked, gate: bool) -> Policy | Decision:
    files = found.files
    if not files:
        if gate or asked.change_controlled is True:
            raise UsageError(f"There is no policy: {found.missing} does not exist.", "Commit it with change-control.")
        return Decision.of(3, f"There is no change control: {found.missing} does not exist.")
    names = called(files)
    if gate and not any("change-control" in one.config.document for one in files):
        raise UsageError(f"There is no policy: {names} has no change-control.", "Add it, with enabled: true.")
    enabled = any(one.config.enabled for one in files)
    if not enabled and asked.change_controlled is not True:
        config = next((one.config for one in files if not one.is_organisations), files[0].config)
        return Decision.of(3, f"This project is not change controlled ({config.where('change-control', 'enabled')}).")
    matched = [match(one.config, environment) for one in files]
    unmatched = stray(environment, tenant, files, matched) if enabled else ""
    if unmatched:
        return Decision.of(2, unmatched)
    tenants = [tenant_rule(tenant, one.config) for one in files]
    policy = _policy(found, matched, tenants, asked)
    controlled = any(one.change_controlled for one in (*matched, *tenants))
    if controlled and asked.change_controlled is False:
        raise looser("change-controlled", "false", f"true for {one_line(environment, 80)}", names)
    if not (controlled or asked.change_controlled):
        alike = similar_rule(environment, files) if enabled else None
        if alike:
            return Decision.of(2, similar(environment, *alike))
        return Decision.of(3, f"No rule in {names} says that {one_line(environment, 80)} is change controlled.")
    if not policy.site:
        raise UsageError(f"{names} does not say which Jira site the gate asks.", "Name it: jira.site.")
    return policy


def _policy(found: Sources, matched: Sequence[Environment], tenants: Sequence[Environment], asked: Asked) -> Policy:
    said = [one for both in zip(found.files, matched, tenants, strict=True) for one in said_by(*both)]
    defaults = {key: value for key, value in schema.defaults("change-control").items() if key != "enabled"}
    whole = tighten(said, {"service-desk": "", "change": "", **defaults})
    _refuse_contradictions(whole, said)
    config, whole = _with_site(found, said, whole)
    control, window = whole.values, whole.values["window"]
    by = gate_by(config, control, asked)
    if by == "change" and not control["service-desk"]:
        raise UsageError(f"{config.name} names no service-desk under change-control.", "Add it, with enabled: true.")
    site, credentials = site_and_credentials(config, control, asked)
    approvals = minimum_approvals(config, control, asked)
    policy = Policy(
        source=found.source,
        sha256=found.sha256,
        project=project(config, asked, found.repository),
        connection=control["connection"],
        credentials=credentials,
        site=site,
        service_desk=control["service-desk"],
        request_type=control["request-type"],
        issue_types=tuple(control["issue-types"]),
        title=control["title"],
        change=change(config, control, asked),
        create=create(config, control, asked),
        binding=control["change-binding"],
        bind=control["bind"],
        reuse=control["reuse"],
        proceed_statuses=tuple(control["proceed-statuses"]),
        wait_statuses=tuple(control["wait-statuses"]),
        minimum_approvals=approvals,
        window=None if window == "off" else (window["start"], window["end"]),
        window_required=control["window-required"],
        edits=control["edits"],
        watched_fields=tuple(control["watched-fields"]),
        exclude_approvers=tuple(control["exclude-approvers"]),
        deployers=control["deployers"],
        fields=control["fields"],
        description=control["description"],
        comments=comments(config, control, asked),
        gate_by=by,
        relaxed=(*found.relaxed, *_relaxed(config, control, asked, approvals if by == "change" else None)),
        sources=found.listed,
        differences=whole.differences,
        **_by_name(control, said),
        freezes=freeze.of_environment(control["freeze"], matched[0].name, [one.config for one in found.files]),
    )
    _refuse_idle(policy, control, config)
    return _explained(policy, whole)


def _by_name(control: Mapping[str, Any], said: Sequence[Said]) -> dict[str, Any]:
    """Whose approval is demanded, what shares one, what any source waits for, and what is allowed in an emergency."""
    guided = any(one.guides and "wait-statuses" in one.values for one in said)
    usual = () if guided else schema.defaults("change-control")["wait-statuses"]
    waiting = [one.values.get("wait-statuses", usual if one.whole else ()) for one in said]
    return {
        "waiting_somewhere": tuple(dict.fromkeys(itertools.chain(*waiting))),
        "required_approvals": tuple(control["required-approvals"]),
        "required_approvers": tuple(map(_wanted, control["required-approvers"])),
        "one_change_for": tuple(control["one-change-for"]),
        "end_status": control["end-status"],
        "emergency": emergency.allowed(control),
    }


def _wanted(one: str | Mapping[str, str]) -> Wanted:
    """An entry of ``required-approvers``: an account id, or a group."""
    return Wanted(account=one) if isinstance(one, str) else Wanted(group=one["group"])


def _refuse_contradictions(whole: Tightened, said: Sequence[Said]) -> None:
    """What the sources cannot mean together, each of them being valid by itself."""
    for key, what in (("proceed-statuses", "status"), ("issue-types", "type")):
        if not whole.values[key] and len(said) > 1:
            raise UsageError(
                f"No {what} is among the {key} of all that have a say ({whole.origins[key]}), so nothing could ever be "
                "deployed.",
                "Name one in each of them, in the same words; a run of an older commit has to be made anew.",
            )
    waiting = {canonical(status): one for one in said for status in one.values.get("wait-statuses", ())}
    for status in whole.values["proceed-statuses"]:
        if (other := waiting.get(canonical(status))) is not None:
            where = other.lines.get("wait-statuses", other.source)
            raise UsageError(
                f"{one_line(status, 60)!r} is among the proceed-statuses ({whole.origins['proceed-statuses']}) and the "
                f"wait-statuses ({where}).",
                "Take it out of one; write both lists.",
            )


def _refuse_idle(policy: Policy, control: Mapping[str, Any], config: Config) -> None:
    fault = meaningless(policy.requirements) or emergency.fault(policy.emergency, policy.request_type)
    if fault:
        raise UsageError(f"{config.name}, change-control: {fault}.")
    idle = unenforceable(control, approvals=policy.minimum_approvals, given=policy.change)
    if policy.gate_by == "jira" and idle:
        raise UsageError(
            f"{config.name}: with gate-by: jira the gate cannot enforce {one_line(idle, 100)}: Jira only says "
            "whether it allows the deployment.",
            "Demand it in the workflow of the changes and leave it out here, or say gate-by: change.",
        )


def _with_site(found: Sources, said: Sequence[Said], whole: Tightened) -> tuple[Config, Tightened]:
    """The strongest source's site, connections and project as one file, and the policy with what others say of these.

    A connection's name means a site only together with the file that has it: where the strongest file that says which
    site the gate asks is another one than the strongest that names a connection, the site counts.
    """
    configs = [one.config for one in found.files]
    of_file = {one.source: one for one in reversed(said)}  # the environment's; a tenant's names no connection
    names = [str(of_file[config.name].values.get("connection", "default")) for config in configs]
    sites = [
        (_address(config, name), _where_site(config, name), config, name)
        for config, name in zip(configs, names, strict=True)
        if _address(config, name)
    ]
    titles = [(one.project_name, one.where("project-name")) for one in configs if one.project_name]
    document: dict[str, Any] = {"project-name": titles[0][0]} if titles else {}
    host, values, origins = configs[0], dict(whole.values), dict(whole.origins)
    if sites:
        _, origins["site"], host, values["connection"] = sites[0]
    document |= {key: host.document[key] for key in ("jira", "connections") if key in host.document}
    origins["project-name"] = titles[0][1] if titles else ""
    differences = [*_outweighed("site", [one[:2] for one in sites]), *_outweighed("project-name", titles)]
    merged = Tightened(values, origins, (*whole.differences, *differences))
    return Config(called(found.files), document, host.tree), merged


def _outweighed(key: str, parts: Sequence[tuple[str, str]]) -> list[str]:
    """A sentence for each value that differs from the first one."""
    return [
        f"{key}: what {parts[0][1]} says counts, and {where} says {one_line(value, 100)}"
        for value, where in parts[1:]
        if value != parts[0][0]
    ]


def _address(config: Config, connection: str) -> str:
    """The site that a file's connection means, as written; empty when it says none."""
    named = config.connections.get(connection)
    return named.site if named else config.site


def _where_site(config: Config, connection: str) -> str:
    named = connection in config.connections
    return config.where("connections", connection, "site") if named else config.where("jira", "site")


def _explained(policy: Policy, whole: Tightened) -> Policy:
    """The policy with all that decided, and where each value comes from: a file, a setting or the default."""
    settings = {
        "minimum-approvals": policy.minimum_approvals,
        "create": policy.create,
        "comments": policy.comments,
        "change": policy.change,
    }
    changed = {key: value for key, value in settings.items() if value != whole.values[key]}
    origins = {**whole.origins, **{key: f"the setting {key}" for key in changed}}
    origins["site"] = origins.get("site") or "the setting site"
    origins["project-name"] = origins["project-name"] or "the setting project-name, or else the repository's name"
    in_force = {"project-name": policy.project, "site": policy.site, **whole.values, **changed}
    kept = {key: value for key, value in in_force.items() if value != "" or key in changed}
    return replace(policy, in_force=kept, origins={key: origins[key] for key in kept})


def _relaxed(config: Config, control: Mapping[str, Any], asked: Asked, approvals: int | None) -> list[str]:
    """What makes the policy weaker than it could be, for the record.

    Args:
        approvals: ``None`` where they are Jira's business.
    """
    relaxed = [f"{key}: {value}" for key, value in _RELAXATIONS if control.get(key) == value]
    if approvals == 0:
        relaxed.append("minimum-approvals: 0")
    if not _address(config, control["connection"]):
        relaxed.append("site: a setting, and not in the file")
    if asked.project_name and not config.project_name:
        relaxed.append("project-name: a setting, and not in the file")
    return relaxed
