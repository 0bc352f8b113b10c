"""The policy in force for one environment: the trusted file's, and what was asked for besides where that is tighter."""

from __future__ import annotations

import dataclasses
import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jira_ci.config import schema
from jira_ci.config.model import Config, Rule
from jira_ci.config.policy_files import Loaded, Sources
from jira_ci.environments.classify import Environment, classify
from jira_ci.errors import UsageError
from jira_ci.gate.approvals import Wanted
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
    end_status: Mapping[str, str] = field(default_factory=dict)
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
            edits=self.edits,
            bind=self.bind,
            reuse=self.reuse,
            required_approvals=self.required_approvals,
            required_approvers=self.required_approvers,
        )


def settle(found: Sources, environment: str, asked: Asked, *, gate: bool) -> Policy | Decision:
    """The policy for this environment, or the decision that needs none: rows 1 to 3.

    Args:
        gate: whether the command is ``gate``, which without a policy makes no sense; ``deploy`` proceeds then.
    """
    try:
        return _settle(found, environment, asked, gate)
    except UsageError as error:
        return Decision.of(1, str(error))


def _settle(found: Sources, environment: str, asked: Asked, gate: bool) -> Policy | Decision:
    files = found.files
    if not files:
        if gate or asked.change_controlled is True:
            raise UsageError(f"There is no policy: {found.missing} does not exist.", "Commit it with change-control.")
        return Decision.of(3, f"There is no change control: {found.missing} does not exist.")
    names = _names(files)
    if gate and not any("change-control" in one.config.document for one in files):
        raise UsageError(f"There is no policy: {names} has no change-control.", "Add it, with enabled: true.")
    enabled = any(one.config.enabled for one in files)
    if not enabled and asked.change_controlled is not True:
        config = next((one.config for one in files if not one.is_organisations), files[0].config)
        return Decision.of(3, f"This project is not change controlled ({config.where('change-control', 'enabled')}).")
    matched = [_match(one.config, environment) for one in files]
    if enabled and (all(one.change_controlled is None for one in matched) or _is_invisible(environment)):
        return Decision.of(2, _unmatched(environment, files))
    policy = _policy(found, matched, asked)
    controlled = any(one.change_controlled for one in matched)
    if controlled and asked.change_controlled is False:
        raise looser("change-controlled", "false", f"true for {one_line(environment, 80)}", names)
    if not (controlled or asked.change_controlled):
        similar = similar_rule(environment, files) if enabled else None
        if similar:
            return Decision.of(2, _similar(environment, *similar))
        return Decision.of(3, f"No rule in {names} says that {one_line(environment, 80)} is change controlled.")
    if not policy.site:
        raise UsageError(f"{names} does not say which Jira site the gate asks.", "Name it: jira.site.")
    return policy


def _names(files: Sequence[Loaded]) -> str:
    """What the files are called together: ``.jira-ci.yml@1a2b3c4d``."""
    return " and ".join(dict.fromkeys(one.config.name for one in files))


def _match(config: Config, environment: str) -> Environment:
    """What one file's rules say of the environment; whether its type can be told is no matter here."""
    rules = dataclasses.replace(config, document={**config.document, "unmatched-environments": "unmapped"})
    return classify(environment, rules)


def _said(one: Loaded, matched: Environment) -> Said:
    """What one file says for the environment, and where."""
    config = one.config
    own, rule = config.document.get("change-control", {}), matched.control
    name = next((found.name for found in config.rules if found.control is rule), "")
    values = {key: value for key, value in {**own, **rule}.items() if key != "enabled"}
    lines = {
        key: config.where("environments", name, "change-control", key)
        if key in rule
        else config.where("change-control", key)
        for key in values
    }
    whole = config.enabled and not one.is_organisations
    return Said(config.name, values, lines, whole=whole, guides=one.is_organisations)


def _policy(found: Sources, matched: Sequence[Environment], asked: Asked) -> Policy:
    said = [_said(one, rules) for one, rules in zip(found.files, matched, strict=True)]
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
        required_approvals=tuple(control["required-approvals"]),
        required_approvers=tuple(map(_wanted, control["required-approvers"])),
        end_status=control["end-status"],
    )
    _refuse_idle(policy, control, config)
    return _explained(policy, whole)


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


def _with_site(found: Sources, said: Sequence[Said], whole: Tightened) -> tuple[Config, Tightened]:
    """The strongest source's site, connections and project as one file, and the policy with what others say of these.

    A connection's name means a site only together with the file that has it: where the strongest file that says which
    site the gate asks is another one than the strongest that names a connection, the site counts.
    """
    configs = [one.config for one in found.files]
    names = [str(one.values.get("connection", "default")) for one in said]
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
    return Config(_names(found.files), document, host.tree), merged


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
    return dataclasses.replace(policy, in_force=kept, origins={key: origins[key] for key in kept})


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


def _is_invisible(name: str) -> bool:
    """Whether it holds invisible characters, so that it looks like another name, and globs do not match."""
    return any(unicodedata.category(character) == "Cf" for character in name)


def similar_rule(name: str, files: Sequence[Loaded]) -> tuple[Rule, Config] | None:
    """The rule of a controlled environment that this name, which none of them matches, looks like; and its file.

    Not where a file has a rule for exactly this name in plain letters: somebody has looked at that.
    """
    from jira_ci.environments.confusables import looks_like

    own = [rule for one in files for rule in one.config.rules if canonical(rule.name) == canonical(name)]
    if own and name.isascii() and " ".join(name.split()) == name:
        return None
    controlled = ((rule, one.config) for one in files for rule in one.config.rules if rule.change_controlled)
    return next(((rule, config) for rule, config in controlled if looks_like(name, rule.name)), None)


def _similar(name: str, rule: Rule, config: Config) -> str:
    return (
        f"The environment's name {one_line(name, 80)} ({named_characters(name)}) looks like {one_line(rule.name, 80)} "
        f"({config.name} line {rule.line}), which is change controlled, and no rule says so of it. Type the name "
        "anew, or write a rule for exactly this name in plain letters."
    )


def named_characters(name: str) -> str:
    """What in a name is not seen at first sight: the code points of all that is no letter, digit or sign of ASCII."""
    odd = [f"U+{ord(one):04X}" for one in dict.fromkeys(name) if not (one.isascii() and one.isprintable())]
    return ", ".join(odd[:5]) or "in plain letters"


def _unmatched(name: str, files: Sequence[Loaded]) -> str:
    shown = one_line(name, 80)
    if _is_invisible(name):
        return f"The environment's name {shown} holds invisible characters. Type it anew."
    rules = {canonical(rule.name): rule for one in files for rule in one.config.rules}
    near = difflib.get_close_matches(canonical(name[:200]), rules, 1, cutoff=0.0)
    sentence = f"No rule in {_names(files)} matches the environment {shown}, and this project is change controlled."
    if not near:
        return f"{sentence} Add it to environments."
    rule = rules[near[0]]
    return f"{sentence} The nearest is {one_line(rule.name, 80)} (line {rule.line}): correct the name, or add a rule."
