"""The gate's half of ``check``: the trusted policy, its environments and credentials; then each site is asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, NamedTuple

from jira_ci.checks import resume_checks
from jira_ci.checks.change_checks import site_lines
from jira_ci.checks.report_checks import Line, attempt, failed, tried, warning
from jira_ci.config.model import Config
from jira_ci.config.policy_files import Sources
from jira_ci.context import Context
from jira_ci.environments.classify import classify, is_glob
from jira_ci.errors import Exit, UsageError
from jira_ci.gate import targets
from jira_ci.gate.decision import Decision
from jira_ci.gate.messages import enumerate_some
from jira_ci.gate.policy import freeze
from jira_ci.gate.policy.lint import Controlled, examples, lint, type_of
from jira_ci.gate.policy.matching import named_characters, similar_rule
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.gate.policy.tightening import shown
from jira_ci.gate.subject import check_untitled, describe, where
from jira_ci.gate.targets import attempt_of
from jira_ci.gate.version_tag import VersionTag
from jira_ci.jira.gating import GatingSite, Identity
from jira_ci.sites.session import GateSites
from jira_ci.text import canonical, one_line

_TENANTS = 50  # whose rules are looked at
_NOTHING = Identity("jira-ci-check", "jira-ci-check", 1)


def gating_lines(site: GatingSite, context: Context, controlled: Sequence[Controlled]) -> Iterator[Line]:
    """A line for each thing; nothing is submitted. Without a client that is let in, nothing else is tested."""
    credentials = attempt("gate credentials", lambda: _let_in(site))
    yield credentials
    if credentials.exit:
        return
    yield attempt("gate gating", lambda: _served(site))
    if not context.settings.service and not context.service_ids:
        yield warning(
            "gate gating",
            "No service is named: Jira gates deployments of services that are connected to a service desk.",
            "Set service to one of the file's, whose ids are its Service ID in Jira.",
        )
    for environment in controlled:
        yield _gating_line(context, environment)


def _let_in(site: GatingSite) -> str:
    site.connect()
    return "the gateway gave an access token for client-id and client-secret (gate-by: jira)"


def _served(site: GatingSite) -> str:
    site.status(_NOTHING)
    return (
        "Jira answers this client about gating (asked about a deployment that does not exist); whether it gates one "
        "shows only with a deployment, and none was submitted"
    )


def _gating_line(context: Context, environment: Controlled) -> Line:
    name = one_line(environment.name, 80)
    version, run = context.given.version, context.run
    at = targets.what_is_there(context)
    subject = describe(run, project=environment.policy.project, environment=environment.name, version=version, at=at)
    try:
        check_untitled(subject, run, at=at)
    except UsageError as error:
        return Line("gate gating", f"{name}: {error}", exit=error.exit)
    objection = attempt_of(context).objection or ("" if environment.policy.create else "create: false")
    then = f"none is submitted here ({objection})" if objection else "its deployments are submitted as pending"
    return Line("gate gating", f"{name}: {then}")


_POLICY = "gate policy"
_UNCOMMITTED = (
    "A change-control counts once it is committed on the default branch: until then no deployment asks the gate."
)


def lines(context: Context) -> Iterator[Line]:
    """A line for each thing that the gate needs; nothing is written. Without change control one that says so."""
    try:
        found, asked = targets.trusted_files(context), targets.asked_for(context)
    except UsageError as error:
        # Without a policy of its own nothing tells this project that it needs one.
        wanted = context.given.organisation_policy or _wants_control(context)
        yield failed(_POLICY, error) if wanted else warning(_POLICY, error.message, error.hint)
        return
    if not found.files and not asked.change_controlled:
        name = one_line(context.given.config, 200)
        none = f"there is no change control: no {name} is committed where a policy is trusted"
        yield warning("gate", none, _UNCOMMITTED) if _wants_control(context) else Line("gate", none)
        return
    if not found.files or not (asked.change_controlled or any(one.config.enabled for one in found.files)):
        settled = settle(found, "", asked, gate=False)
        if isinstance(settled, Decision):
            yield Line("gate", settled.reason, exit=settled.exit)
        return
    sources = " and ".join(one_line(source) for source, _ in found.listed)
    yield Line(_POLICY, f"{sources}, read" + _weaker(found))
    named = list(_controlled(context, found, asked))
    yield from dict.fromkeys(one for one in named if isinstance(one, Line))
    yield from _differing(named)
    yield from _similar(context, found)
    yield from _asking(context, found, [one for one in named if isinstance(one, Controlled)])


def _asking(context: Context, found: Sources, controlled: list[Controlled]) -> Iterator[Line]:
    if controlled:
        names = ", ".join(one_line(where(environment), 160) for environment in controlled[:20])
        yield Line("gate environments", f"under change control: {names}")
        yield from _freezes(context, controlled)
    doubts = (doubt for one in found.files for doubt in lint(one.config, controlled))
    yield from (warning(_POLICY, doubt.problem, doubt.hint) for doubt in dict.fromkeys(doubts))
    yield from _tags(context, controlled)
    places: dict[tuple[str, str, str], list[Controlled]] = {}
    for environment in controlled:
        policy = environment.policy
        places.setdefault((policy.site, policy.credentials, policy.gate_by), []).append(environment)
    with closing(GateSites(context)) as sites:
        for there in places.values():
            yield from _place(context, sites, there)
    if any(gate_by == "change" for _, _, gate_by in places):
        yield from resume_checks.lines(context)


def _freezes(context: Context, controlled: Sequence[Controlled]) -> Iterator[Line]:
    """Those that hold now, or will within a year, each once, with the environments that it is for."""
    held: dict[str, list[str]] = {}
    for environment in controlled:
        for one in freeze.coming(environment.policy.freezes, _now(context)):
            held.setdefault(freeze.told(one), []).append(one_line(environment.name, 80))
    for sentence, names in held.items():
        yield Line("gate freezes", f"{sentence}, for {enumerate_some(names)}")


def _now(context: Context) -> datetime:
    return datetime.fromtimestamp(context.edges.clock(), timezone.utc)


def _tags(context: Context, controlled: Sequence[Controlled]) -> Iterator[Line]:
    """That nobody could say what a version's tag is, where an approval is for a commit."""
    if any(one.policy.gate_by == "change" and one.policy.bind == "commit" for one in controlled):
        why, hint = VersionTag.unasked(context, context.deadline.part(0.3))
        if why:
            yield warning(
                "gate tags",
                f"Nobody can be asked what a version's tag is now ({why}). An approval that was given before its "
                "change was pinned to a commit will not be used.",
                hint,
            )


def _place(context: Context, sites: GateSites, controlled: list[Controlled]) -> Iterator[Line]:
    able = []
    for environment in controlled:
        objection = next(targets.unaskable(context, environment.policy), None)
        if objection is None:
            able.append(environment)
        elif objection.exit == Exit.ACCESS:
            yield Line("gate credentials", objection.reason, _variables(environment.policy), objection.exit)
            return
        else:
            yield Line("gate connection", f"{one_line(environment.name, 80)}: {objection.reason}", exit=objection.exit)
    if not able:
        return
    policy = able[0].policy
    try:
        if policy.gate_by == "jira":
            found = gating_lines(sites.gating(policy.site, policy.credentials), context, able)
        else:
            found = site_lines(sites.service(policy.site, policy.credentials), context, able)
        whose = tried(policy.site, policy.credentials) if policy.gate_by == "change" else ""
        for line in found:
            yield replace(line, tried=whose)
    except UsageError as error:
        yield failed("gate connection", error)


def _variables(policy: Policy) -> str:
    """How the credentials of a connection are called, which has its own."""
    word = f"JIRA_CI_{policy.credentials}"
    called = f"{word}_USER and {word}_TOKEN, or {word}_CLIENT_ID and {word}_CLIENT_SECRET"
    return f"For the connection {one_line(policy.connection, 80)} they are {called}." if policy.credentials else ""


class InForce(NamedTuple):
    """What decides about one environment, or why nothing has to; and what it is at this time."""

    environment: str
    settled: Policy | Decision
    now: datetime
    tenant: str = ""


def policies(context: Context) -> Iterator[InForce]:
    """The policy in force for the environments of this job, or else for all that the files name; settled as the gate
    settles it.

    Raises:
        UsageError: a file cannot be read, or is invalid.
    """
    found, asked = targets.trusted_files(context), targets.asked_for(context)
    names = {canonical(name): name for name in reversed(context.environment_names)}
    if not names:
        asked = Asked(site=asked.site, project_name=asked.project_name)
        rules = [rule.name for one in found.files for rule in one.config.rules]
        names = {
            canonical(name): name
            for rule in reversed(rules)
            for name in (examples(rule) if is_glob(rule) else [rule])[:1]
        }
    tenants = targets.tenants(context)
    if not (context.environment_names or any(tenants)):
        tenants = ("", *_tenants(found))
    for name, tenant in itertools.product(reversed(names.values()), tenants):
        yield InForce(name, settle(found, name, asked, gate=False, tenant=tenant), _now(context), tenant)


def shown_policy(one: InForce) -> Iterator[str]:
    """The lines that show it."""
    name, settled = one_line(where(one), 160), one.settled
    if isinstance(settled, Decision):
        yield f"{name}: {one_line(settled.reason)}"
        return
    yield f"{name} is change controlled, by"
    for source, sha256 in settled.sources:
        yield f"  {one_line(source)} (SHA-256 {sha256})"
    for key, value in settled.in_force.items():
        yield f"  {key}: {one_line(shown(value))}  ({one_line(settled.origins[key], 300)})"
    for coming in freeze.coming(settled.freezes, one.now):
        yield f"  freeze {freeze.told(coming)}"
    for sentence in settled.relaxed:
        yield f"  relaxed: {one_line(sentence)}"
    for sentence in settled.differences:
        yield f"  differs: {one_line(sentence)}"


def policy_document(one: InForce) -> dict[str, Any]:
    """The same as JSON."""
    settled = one.settled
    place = {"environment": one.environment, **({"tenant": one.tenant} if one.tenant else {})}
    if isinstance(settled, Decision):
        return {
            **place,
            "change-controlled": settled.result != "proceed",
            "row": settled.row,
            "reason": settled.reason,
        }
    return {
        **place,
        "change-controlled": True,
        "sources": [{"source": source, "sha256": sha256} for source, sha256 in settled.sources],
        "in-force": {key: {"value": value, "from": settled.origins[key]} for key, value in settled.in_force.items()},
        "freezes": [freeze.document(coming) for coming in freeze.coming(settled.freezes, one.now)],
        "relaxed": list(settled.relaxed),
        "differences": list(settled.differences),
    }


def policy_exit(one: InForce) -> Exit:
    """Whether it decides, or is invalid."""
    return one.settled.exit if isinstance(one.settled, Decision) else Exit.OK


def _controlled(context: Context, found: Sources, asked: Asked) -> Iterator[Line | Controlled]:
    """What is under change control, and a line for each name for which the policy is invalid.

    Settings are about the environments of this job, and not about the others in the file.
    """
    given = context.environment_names
    known = {canonical(name) for name in given}
    for name, tenant in itertools.product(given, targets.tenants(context)):
        yield from _settled(found, name, asked, tenant=tenant)
    others = Asked(site=asked.site, project_name=asked.project_name)
    rules = {canonical(rule.name): rule for one in reversed(found.files) for rule in reversed(one.config.rules)}
    for rule in reversed(rules.values()):
        if canonical(rule.name) in known:
            continue
        if not is_glob(rule.name):
            for tenant in targets.tenants(context):
                yield from _settled(found, rule.name, others, tenant=tenant)
            yield from _of_tenants(found, rule.name, others)
        elif any(_says(one.config, rule.name) for one in found.files):
            yield from _pattern(found, rule.name, others)


def _says(config: Config, name: str) -> bool:
    """Whether a file has this very rule, and controls what it matches."""
    return any(rule.change_controlled for rule in config.rules if canonical(rule.name) == canonical(name))


def _of_tenants(found: Sources, name: str, asked: Asked) -> Iterator[Line]:
    """What is wrong with the policy of a tenant that has a rule; each has one in every environment."""
    for tenant in _tenants(found):
        for one in _settled(found, name, asked, tenant=tenant):
            if isinstance(one, Line):
                yield one
            elif one.policy.gate_by == "change" and "{tenant}" not in one.policy.title:
                yield warning(
                    _POLICY,
                    f"{one_line(tenant, 80)} has a rule under tenants, and the title of its changes for "
                    f"{one_line(name, 80)} lacks {{tenant}}, so that every deployment there is denied.",
                    "Put {tenant} into title.",
                )


def _tenants(found: Sources) -> Iterator[str]:
    """Tenants that have a rule of their own, the first of them."""
    tenants = dict.fromkeys(rule.name for one in found.files for rule in one.config.tenants if not is_glob(rule.name))
    return itertools.islice(tenants, _TENANTS)


def _settled(found: Sources, name: str, asked: Asked, glob: str = "", tenant: str = "") -> Iterator[Line | Controlled]:
    settled = settle(found, name, asked, gate=False, tenant=tenant)
    if isinstance(settled, Policy):
        types = filter(None, (type_of(name, one.config) for one in found.files))
        yield Controlled(glob or name, settled, next(types, ""), exact=not glob, tenant=tenant)
    elif settled.exit != Exit.OK:
        yield Line(_POLICY, settled.reason, exit=settled.exit)


def _pattern(found: Sources, glob: str, asked: Asked) -> Iterator[Line | Controlled]:
    """One of the names that a glob matches stands for all of them."""
    for name in examples(glob):
        try:
            controlled = any(classify(name, one.config).change_controlled for one in found.files)
        except UsageError:
            continue  # a warning about the glob says it
        if controlled:
            yield from _settled(found, name, asked, glob)
            return


def _differing(named: Sequence[Line | Controlled]) -> Iterator[Line]:
    """What a source says and a stronger one outweighs."""
    said = (sentence for one in named if isinstance(one, Controlled) for sentence in one.policy.differences)
    for sentence in dict.fromkeys(said):
        yield warning(
            _POLICY, f"The sources of the policy differ. {sentence}.", "Say the same in each, or leave it out."
        )


def _similar(context: Context, found: Sources) -> Iterator[Line]:
    """Names that look like one of a controlled environment: of this job, and of the files' own rules."""
    given = {canonical(name): f"The environment {one_line(name, 80)}" for name in context.environment_names}
    names = {canonical(name): name for name in context.environment_names}
    for one in found.files:
        for rule in one.config.rules:
            if not rule.change_controlled and not is_glob(rule.name):
                given[canonical(rule.name)] = f"{one.config.name} line {rule.line}: {one_line(rule.name, 80)}"
                names[canonical(rule.name)] = rule.name
    for key, name in names.items():
        similar = similar_rule(name, found.files)
        if similar:
            rule, config = similar
            yield warning(
                "gate environments",
                f"{given[key]} ({named_characters(name)}) looks like {one_line(rule.name, 80)} ({config.name} line "
                f"{rule.line}), which is change controlled.",
                "Type it anew; where it is meant, give it another name.",
            )


def _wants_control(context: Context) -> bool:
    """Whether the work tree's file speaks of change control, or Atlassian's of gating; or it cannot be read either."""
    try:
        if context.config is not None and "change-control" in context.config.document:
            return True
        return context.theirs is not None and context.theirs.gating is not None
    except UsageError:
        return True


def _weaker(found: Sources) -> str:
    return f" ({one_line('; '.join(found.relaxed))})" if found.relaxed else ""
