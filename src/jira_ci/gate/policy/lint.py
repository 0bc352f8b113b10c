"""What is under change control by the trusted policy, and what in that policy is probably a mistake."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jira_ci.config.model import Config, Rule
from jira_ci.environments.classify import Environment, classify, glob_matches, is_glob, literal_length
from jira_ci.errors import UsageError, nearest
from jira_ci.gate.policy import freeze
from jira_ci.gate.policy.policy import Policy
from jira_ci.text import canonical, one_line

_SPECIAL = re.compile(r"(\*+|\?|\[!?\]?[^\]\[]*\])")
_FILLERS = (("any", "0"), ("other", "q"))  # for stars and question marks; two, lest one be a rule's name by chance
_MOST = 1000  # examples of a glob
_RANGE = 200  # characters of a range in a glob


@dataclass(frozen=True)
class Controlled:
    """One environment under change control, or a rule for many."""

    name: str
    policy: Policy
    type: str
    exact: bool = True
    """Whether ``name`` is an environment's own, and no glob."""
    tenant: str = ""

    @property
    def environment(self) -> str:
        """Its name, so that it can be put into a sentence as any other place can."""
        return self.name


class Doubt(NamedTuple):
    """What in a policy is probably a mistake."""

    problem: str
    hint: str


def type_of(name: str, config: Config) -> str:
    """The environment's type; empty when no rule tells."""
    try:
        return classify(name, config).type
    except UsageError:
        return ""


def lint(config: Config, controlled: Sequence[Controlled]) -> Iterator[Doubt]:
    """A warning for each thing in the policy that is probably a mistake."""
    if config.enabled and not controlled and not any(rule.change_controlled for rule in config.rules):
        yield Doubt(
            f"{config.where('change-control', 'enabled')}: this project is change controlled, but no environment is.",
            "Say change-controlled: true for those that are.",
        )
    yield from _dead(config)
    yield from _unfrozen(config)
    yield from _catch_all(config)
    for look in (_of_environment, _without_effect):
        yield from dict.fromkeys(doubt for environment in controlled for doubt in look(config, environment))
    yield from dict.fromkeys(
        doubt for environment in controlled for doubt in _of_group(config, environment, controlled)
    )


def examples(glob: str) -> list[str]:
    """Names that the glob matches: enough to tell where it leads. None when it can match no environment's name."""
    parts = _SPECIAL.split(glob)
    found = []
    for star, one in _FILLERS:
        choices = [_choices(part, star, one) if index % 2 else [part] for index, part in enumerate(parts)]
        names = map("".join, itertools.islice(itertools.product(*choices), _MOST))
        found += [name for name in names if name.strip() == name and glob_matches(glob, name)]
    return list(dict.fromkeys(found))


def _choices(special: str, star: str, one: str) -> list[str]:
    if not special.startswith("["):
        return [star if special.startswith("*") else one]
    body = special[1:-1]
    near = ["0", "q", "~", *body.removeprefix("!")]
    for first, last in re.findall(r"(?=(.)-(.))", body):
        near += map(chr, range(ord(first), min(ord(last), ord(first) + _RANGE) + 1))
    return [character for character in dict.fromkeys(near) if glob_matches(special, character)]


def _dead(config: Config) -> Iterator[Doubt]:
    for rule in config.rules:
        if is_glob(rule.name):
            where = f"{config.name} line {rule.line}: {one_line(rule.name, 100)}"
            why = _why_dead(rule, config, where)
            if why:
                yield Doubt(f"{where} {why}", "Correct it or take it out.")


def _unfrozen(config: Config) -> Iterator[Doubt]:
    """Names in a freeze that no rule of the file has: a misspelt one holds nothing."""
    known = [name for rule in config.rules for name in (examples(rule.name) if is_glob(rule.name) else [rule.name])]
    for at, entry in enumerate(config.document.get("change-control", {}).get("freeze", ())):
        for index, name in enumerate(entry.get("environments", ())):
            if known and not any(freeze.names(name, one) for one in known):
                where = config.where("change-control", "freeze", at, "environments", index)
                yield Doubt(
                    f"{where}: the freeze {one_line(entry['name'], 100)} names {one_line(name, 80)}, and no rule under "
                    "environments does.",
                    nearest(name, known) or "Correct it, or take it out.",
                )


def _catch_all(config: Config) -> Iterator[Doubt]:
    """A rule for every name lets a misspelt one through, which without it would be denied (row 2)."""
    for rule in config.rules if any(one.change_controlled for one in config.rules) else ():
        if is_glob(rule.name) and not literal_length(rule.name) and rule.change_controlled is not True:
            yield Doubt(
                f"{config.name} line {rule.line}: {one_line(rule.name, 80)} matches every name, so that a misspelt one "
                "is deployed without a change.",
                "Take it out, or say change-controlled: true.",
            )


def _why_dead(rule: Rule, config: Config, where: str) -> str:
    names = examples(rule.name)
    if not names:
        return "can match no environment's name."
    try:
        found = [classify(name, config) for name in names]
    except UsageError as error:
        return f"matches what another rule matches as closely, and they disagree: {error.message}"
    # Change control counts from every rule that matches, and not only from the closest one.
    idle = bool(rule.type) and not rule.change_controlled and not rule.control
    if idle and all(one.rule != where for one in found):
        return f"never counts, because a closer rule matches the same names ({_others(found)})."
    return ""


def _of_group(config: Config, environment: Controlled, controlled: Sequence[Controlled]) -> Iterator[Doubt]:
    """Members of a shared change that never come to it."""
    entries = environment.policy.one_change_for
    names = [one for one in entries if isinstance(one, str)]
    if not environment.exact or (names and canonical(environment.name) not in map(canonical, names)):
        return
    if len(names) == 1 and len(entries) == 1:
        yield Doubt(
            f"one-change-for names {one_line(names[0], 80)} alone, so that nothing is shared.", "Name another one."
        )
    known = {canonical(one.name): one for one in controlled if one.exact}
    for name in names:
        other = known.get(canonical(name))
        if other is None and not any(glob_matches(rule.name, name) for rule in config.rules):
            yield Doubt(
                f"one-change-for names {one_line(name, 80)}, and no rule of {config.name} matches that.",
                "Correct the name, or add it to environments.",
            )
        elif other is not None and _meets(other.policy) != _meets(environment.policy):
            yield Doubt(
                f"{one_line(environment.name, 80)} shares its change with {one_line(name, 80)} (one-change-for), whose "
                "own policy leads to another change.",
                "Say the same one-change-for, title, service-desk and change for both.",
            )


def _meets(policy: Policy) -> tuple[object, ...]:
    """What has to be the same for two environments to come to one change."""
    same = (str(one) for one in policy.one_change_for)
    return tuple(same), policy.title, policy.service_desk, policy.change, policy.project, policy.site


def _others(found: Sequence[Environment]) -> str:
    return one_line(found[0].rule, 200)


def _without_effect(config: Config, environment: Controlled) -> Iterator[Doubt]:
    """What the file says and what does not hold for an environment."""
    policy, name = environment.policy, one_line(environment.name, 80)
    freezes = config.document.get("change-control", {}).get("freeze", ())
    if environment.type == "unmapped" and any("types" in one for one in freezes):
        yield Doubt(
            f"{name} is unmapped, as far as the files say and its name tells, so that freezes by type do not hold it.",
            "Say its type under environments, or name it in the freeze.",
        )
    own, allows = config.document.get("change-control", {}).get("emergency"), policy.origins.get("emergency", "")
    if isinstance(own, dict) and policy.emergency is None and not allows.startswith(config.name):
        yield Doubt(
            f"{config.where('change-control', 'emergency')}: there is no emergency for {name} all the same, because "
            f"{allows} has none.",
            "Every file of the policy has to have it, the organisation's as well.",
        )


def _of_environment(config: Config, environment: Controlled) -> Iterator[Doubt]:
    policy, name = environment.policy, one_line(environment.name, 80)
    named = policy.required_approvals or policy.required_approvers
    if environment.type == "production" and policy.minimum_approvals == 0 and not named and policy.gate_by == "change":
        yield Doubt(
            f"{name} is production, and its changes need no approval (minimum-approvals: 0), only a status.",
            "Say minimum-approvals: 1 or more.",
        )
    if policy.emergency is not None and policy.emergency.minimum_approvals == 0 and environment.type == "production":
        yield Doubt(
            f"In an emergency nobody has to approve a change for {name}, which is production "
            "(emergency.minimum-approvals: 0).",
            "Say 1 or more, or leave it out.",
        )
    alone = policy.minimum_approvals == 1 and not (policy.exclude_approvers or named)
    if environment.type == "production" and alone and policy.gate_by == "change":
        yield Doubt(
            f"For {name} one approval is enough, and it may be the deployer's own (no four eyes).",
            "Say exclude-approvers: [deployer], minimum-approvals: 2, or required-approvers.",
        )
    if policy.bind == "version" and policy.gate_by == "change":
        yield Doubt(
            f"An approval for {name} is for a version, and covers whatever commit is deployed under its name (bind: "
            "version).",
            "Say bind: commit, or leave it out.",
        )
    if policy.origins.get("site") == "the setting site":
        yield Doubt(
            f"{config.name} does not name the Jira site, so that a setting decides which site the gate asks.",
            "Name it: jira.site.",
        )
    if "deployer" in policy.exclude_approvers and not policy.deployers:
        yield Doubt(
            "exclude-approvers names the deployer, but deployers is empty: no deployer's account is known.",
            "Map each login to an account id under deployers.",
        )
    if policy.end_status and "credentials" not in policy.end_status:
        yield Doubt(
            f"end-status lets the gate's own account move the changes of {name}, perhaps also to where they proceed.",
            "Say credentials: CLOSER under end-status, and let another account close them.",
        )
    if policy.exclude_approvers and policy.minimum_approvals == 0 and not named:
        yield Doubt(
            f"exclude-approvers has no effect for {name} with minimum-approvals: 0.",
            "Say minimum-approvals: 1 or more.",
        )
