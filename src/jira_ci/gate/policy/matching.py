"""What each file's rules say of one environment and tenant, and names that look like one of a rule."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence

from jira_ci.config import schema
from jira_ci.config.model import Config, Rule
from jira_ci.config.policy_files import Loaded
from jira_ci.environments.classify import Environment, classify, tenant_rule
from jira_ci.frozen import replace
from jira_ci.gate.policy.tightening import RULES, Said, with_own_emergency
from jira_ci.text import canonical, one_line


def called(files: Sequence[Loaded]) -> str:
    """What the files are called together: ``.jira-ci.yml@1a2b3c4d``."""
    return " and ".join(dict.fromkeys(one.config.name for one in files))


def match(config: Config, environment: str) -> Environment:
    """What one file's rules say of the environment; whether its type can be told is no matter here."""
    rules = replace(config, document={**config.document, "unmatched-environments": "unmapped"})
    return classify(environment, rules)


def stray(environment: str, tenant: str, files: Sequence[Loaded], matched: Sequence[Environment]) -> str:
    """Why no rule matches the environment, or that the tenant only looks like one of a rule; empty when all is well."""
    if all(one.change_controlled is None for one in matched) or is_invisible(environment):
        return unmatched(environment, files)
    return alike_tenant(tenant, files)


def alike_tenant(tenant: str, files: Sequence[Loaded]) -> str:
    """That a tenant looks like one with a rule, and no rule is for it; empty when it does not."""
    rules = [(rule, one.config) for one in files for rule in one.config.tenants if tenant]
    if not rules or any(tenant_rule(tenant, one.config).change_controlled is not None for one in files):
        return ""
    from jira_ci.environments.confusables import looks_like

    return next((similar(tenant, *one, "tenant") for one in rules if looks_like(tenant, one[0].name)), "")


def said_by(one: Loaded, matched: Environment, tenant: Environment) -> Iterator[Said]:
    """What one file says for the environment, and then for the tenant, and where.

    What has no order is said by the environment's own rule, else by the tenant's, which is closer than the project's.
    """
    config = one.config
    own, rule, other = config.document.get("change-control", {}), matched.control, tenant.control
    closer = {key: value for key, value in other.items() if not RULES[key].ordered and key not in rule}
    if closer.get("window") == "off":  # no window is less than any
        del closer["window"]
    values = {key: value for key, value in {**own, **closer, **rule}.items() if key != "enabled"}
    if one.is_organisations:  # a way past its freezes and numbers is there only where it says so itself
        values.setdefault("emergency", "off")
    if "fields" in other:
        values["fields"] = {**own.get("fields", {}), **other["fields"], **rule.get("fields", {})}
    of_tenant = {key: config.where("tenants", tenant.rule, "change-control", key) for key in other}
    lines = {key: of_tenant[key] if key in closer else config.where("change-control", key) for key in values}
    for found in config.rules:
        if found.control is rule:
            lines |= {key: config.where("environments", found.name, "change-control", key) for key in rule}
    whole = config.enabled and not one.is_organisations
    usual = schema.defaults("change-control")["proceed-statuses"] if whole else ()
    statuses = values.get("proceed-statuses", usual)
    yield Said(config.name, with_own_emergency(values, statuses), lines, whole=whole, guides=one.is_organisations)
    if other:  # which cannot speak of emergencies
        yield Said(config.name, other, of_tenant, guides=one.is_organisations)


def is_invisible(name: str) -> bool:
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


_HELD = {"environment": "is change controlled", "tenant": "has a rule of its own"}


def similar(name: str, rule: Rule, config: Config, what: str = "environment") -> str:
    return (
        f"The {what}'s name {one_line(name, 80)} ({named_characters(name)}) looks like {one_line(rule.name, 80)} "
        f"({config.name} line {rule.line}), which {_HELD[what]}, and no rule says so of it. "
        "Type the name anew, or write a rule for exactly this name in plain letters."
    )


def named_characters(name: str) -> str:
    """What in a name is not seen at first sight: the code points of all that is no letter, digit or sign of ASCII."""
    odd = [f"U+{ord(one):04X}" for one in dict.fromkeys(name) if not (one.isascii() and one.isprintable())]
    return ", ".join(odd[:5]) or "in plain letters"


def unmatched(name: str, files: Sequence[Loaded]) -> str:
    shown = one_line(name, 80)
    if is_invisible(name):
        return f"The environment's name {shown} holds invisible characters. Type it anew."
    rules = {canonical(rule.name): rule for one in files for rule in one.config.rules}
    near = difflib.get_close_matches(canonical(name[:200]), rules, 1, cutoff=0.0)
    sentence = f"No rule in {called(files)} matches the environment {shown}, and this project is change controlled."
    if not near:
        return f"{sentence} Add it to environments."
    rule = rules[near[0]]
    return f"{sentence} The nearest is {one_line(rule.name, 80)} (line {rule.line}): correct the name, or add a rule."
