"""What the gate has to decide, for each environment and tenant, and what can be told without asking: rows 1 to 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from jira_ci.ci.api import Unreadable
from jira_ci.config import policy_files
from jira_ci.config.policy_files import Loaded, Sources
from jira_ci.config.trusted_ref import is_own, policy_places
from jira_ci.context import Context
from jira_ci.environments.classify import tenant_rule
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, replace
from jira_ci.gate.asker import asker, with_teams
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy import emergency, one_change
from jira_ci.gate.policy.emergency import Asker, EmergencyAsked
from jira_ci.gate.policy.matching import alike_tenant
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.gate.subject import Attempt, Named, Subject, check_untitled, describe, seen, titled
from jira_ci.jira.access import site_url
from jira_ci.run import CI, Run
from jira_ci.run_words import of_run
from jira_ci.sites import session, trust
from jira_ci.text import canonical, one_line

_MERGE_REQUESTS = ("merge_request_event", "external_pull_request_event")


@dataclass(frozen=True)
class Target:
    """One environment, and tenant.

    Attributes:
        source: what was read of the policy; a :class:`Policy` when Jira is to be asked.
        decision: rows 1 to 5; ``None`` when Jira is to be asked.
    """

    subject: Subject
    source: Policy | Sources | None
    decision: Decision | None

    @property
    def policy(self) -> Policy | None:
        """What Jira is asked under; ``None`` when it is not asked."""
        return self.source if self.decision is None and isinstance(self.source, Policy) else None


def targets(context: Context, *, deploying: bool) -> list[Target]:
    """One for each environment and tenant that was named; at least one. Never raises a UsageError: that is row 1."""
    names = _once(context.environment_names)
    try:
        found = trusted_files(context)
        asked = asked_for(context)
    except UsageError as error:
        return [_refused(context, name, str(error), tenant) for name in names for tenant in tenants(context)] or [
            _nowhere(context)
        ]
    for sentence in found.relaxed if context.run.provider != CI.LOCAL else ():
        context.console.notice("warning", f"{sentence[:1].upper()}{sentence[1:]}.")
    _warn_of_uncommitted(context, found)
    at = what_is_there(context)
    if at.on_top:
        said = f"Commit {at.on_top} was made in this job, on top of {at.checkout}: it is deployed as that one."
        context.console.notice("warning", said)
    settled = {name: _settled(context, found, name, asked, gate=not deploying) for name in names}
    policies = (one for of_tenants in settled.values() for one in of_tenants.values() if isinstance(one, Policy))
    differing = [sentence for one in policies for sentence in one.differences]
    for sentence in dict.fromkeys(differing):
        context.console.notice("warning", f"The sources of the policy differ. {sentence[:1].upper()}{sentence[1:]}.")
    for name in _besides(context, names):
        own = _settled(context, found, name, asked, gate=not deploying)
        counts = any(not isinstance(one, Decision) or one.result != "proceed" for one in own.values())
        settled |= {name: own} if counts else {}
        context.console.notice("warning", _differing(context, name, names, counts=counts))
    names = list(settled)
    return [entry for name in names for entry in _targets(context, name, found, settled[name], at)] or [
        _nowhere(context)
    ]


def _warn_of_uncommitted(context: Context, found: Sources) -> None:
    """Where the work tree's file demands what no trusted one does: somebody meant it, and it is not in force."""
    try:
        config = context.config
    except UsageError:
        return
    if config is not None and config.enabled and not any(one.config.enabled for one in found.files):
        said = f"The change-control of {one_line(config.name, 80)} counts once it is committed on the default branch"
        context.console.notice("warning", f"{said}: until then no deployment asks the gate.")


def _settled(context: Context, found: Sources, name: str, asked: Asked, *, gate: bool) -> dict[str, Policy | Decision]:
    """What is in force for an environment, by tenant. Of hundreds of these most have the same rule, or none."""
    known: dict[object, Policy | Decision] = {}
    settled = {}
    for tenant in tenants(context):
        try:
            rules = [tenant_rule(tenant, one.config) for one in found.files]
            same: object = (*((one.rule, one.change_controlled) for one in rules), alike_tenant(tenant, found.files))
        except UsageError:
            same = tenant
        if same not in known:
            known[same] = settle(found, name, asked, gate=gate, tenant=tenant)
        settled[tenant] = known[same]
    return settled


def what_is_there(context: Context) -> Named:
    """What the version names, and what is checked out, or what the provider says of this job."""
    return seen(context.git, context.run, context.given.version, lambda: trust.job_objection(context))


def _besides(context: Context, names: Sequence[str]) -> list[str]:
    """The CI's own name of this job's environment, where the setting ``environment`` says another one."""
    own = context.run.environment
    return [own] if own and names and canonical(own) not in map(canonical, names) else []


def _differing(context: Context, own: str, names: Sequence[str], *, counts: bool) -> str:
    provider = {CI.GITLAB: "GitLab", CI.GITHUB: "GitHub"}.get(context.run.provider, "The CI")
    said = f"{provider} says that this job deploys to {one_line(own, 80)}, and the setting environment says "
    more = "both are asked for" if counts else f"{one_line(own, 80)} is not change controlled"
    return f"{said}{one_line(', '.join(names), 200)}: {more}."


def tenants(context: Context) -> tuple[str, ...]:
    """The tenants that were given; an empty text stands for none."""
    return tuple(_once(context.given.tenant)) or ("",)


def _once(names: Iterable[str]) -> list[str]:
    """The first spelling of each: those that differ in case or blanks are one in Jira, so that one change is enough.
    What differs in more than that is looked at by itself, and refused where no title can hold it."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(" ".join(name.casefold().split()), name)
    return list(found.values())


def attempt_of(context: Context) -> Attempt:
    """The run that asks; the issues that are deployed are looked for only when a change is made for them."""
    why = "a dry run" if context.given.dry_run else ""
    run, actor = context.run, deployer(context)
    words = of_run(run, project="", version="", state="")
    del words["state"]  # not known yet
    # Whoever starts a pipeline on GitLab can give CI_COMMIT_SHA, and only the checkout does not obey it.
    may_pin = is_own(run) and (run.provider != CI.GITLAB or context.git.head() == run.commit)
    return Attempt(
        run.url,
        run.run_id,
        actor,
        objection=why or objection(run),
        words={**words, "actor": actor},
        may_pin=may_pin,
        attempt=run.attempt,
    )


def deployer(context: Context) -> str:
    """The login of whoever started this attempt: on GitHub a re-run may be somebody else's."""
    again = context.edges.environ.get("GITHUB_TRIGGERING_ACTOR", "") if context.run.provider == CI.GITHUB else ""
    return again or context.run.actor


def objection(run: Run) -> str:
    """Why this run makes no change and no comment; empty when it may."""
    if run.provider == CI.GITLAB:
        of_parent = run.event == "parent_pipeline" and run.pull_request is not None
        return "a merge request" if run.event in _MERGE_REQUESTS or of_parent else ""
    return "a pull request" if run.pull_request is not None or run.event.startswith("pull_request") else ""


def trusted_files(context: Context) -> Sources:
    """The policy's files: the organisation's, and those of the trusted commits.

    Raises:
        UsageError: one cannot be read, or is invalid.
    """
    organisation = _organisation(context)
    with trust.provider(context) as connect:
        places = policy_places(context.run, git=context.git, connect=connect)
        return policy_files.load(places, context.given.config, organisation)


def _organisation(context: Context) -> Loaded | None:
    """The policy that the setting ``organisation-policy`` names; None where it names none.

    Raises:
        UsageError: it cannot be read, or is invalid.
    """
    setting = context.given.organisation_policy
    if not setting:
        return None
    if setting == policy_files.INLINE:
        return policy_files.organisation_inline(context.edges.environ.get(policy_files.TEXT, ""))
    where = policy_files.organisation_place(setting)
    try:
        with trust.repository(context, where.repository) as files:
            if files is None:
                raise Unreadable("There is no token to ask GitHub or GitLab with, or this is neither.")
            commit, data = files.named_file(where.ref, where.path, policy_files.LARGEST)
    except Unreadable as error:
        raise UsageError(
            f"The organisation's policy, {one_line(setting, 200)}, could not be read. {one_line(str(error), 300)}",
            "Set organisation-token to a token that may read that repository, or say organisation-policy: inline.",
        ) from None
    return policy_files.organisation_file(data, *policy_files.named_at(where, commit))


def asked_for(context: Context) -> Asked:
    """Of the settings only what was set: the work tree's file has no say here."""
    given = context.given
    return Asked(
        change_controlled=given.change_controlled,
        create=given.create,
        minimum_approvals=given.minimum_approvals,
        gate_by=given.gate_by,
        comments=given.comments,
        site=site_url(given.site, given.instance),
        change=given.change,
        project_name=given.project_name,
    )


def _targets(
    context: Context, environment: str, found: Sources, of_tenants: Mapping[str, Policy | Decision], at: Named
) -> Iterator[Target]:
    """One for each tenant."""
    for tenant, settled in of_tenants.items():
        if isinstance(settled, Decision):
            yield Target(_subject(context, environment, tenant, at=at), found, settled)
            continue
        refused = None
        if context.given.emergency:
            settled, refused = _in_emergency(context, settled)
        subject = _subject(context, environment, tenant, settled.project, at=at)
        try:
            if settled.gate_by == "jira":
                check_untitled(subject, context.run, at=at)
            else:
                shared = one_change.members(settled.one_change_for, environment, tenant)
                subject = titled(subject, settled.title, context.run, at=at, members=shared)
        except UsageError as error:
            yield Target(subject, settled, Decision.of(4, str(error)))
        else:
            yield Target(subject, settled, refused or next(unaskable(context, settled), None))


def _in_emergency(context: Context, policy: Policy) -> tuple[Policy, Decision | None]:
    """The policy in the emergency that is asked for; as it was, and row 36, where there is none."""
    reason = context.console.mask(emergency.reason_of(context.given.emergency))
    who = Asker()
    if policy.emergency and reason:
        who = with_teams(context, asker(context, objection(context.run)), policy.emergency)
    where = policy.origins.get("emergency", "")
    why = emergency.refusal(policy.emergency, policy.gate_by, where, reason, who)
    if why or policy.emergency is None:
        return policy, Decision.of(36, why)
    named = policy.emergency
    asked = EmergencyAsked(reason, who.logins[0], named.request_type, named.review_within)
    return in_emergency(policy, asked, context.given.minimum_approvals), None


def in_emergency(policy: Policy, asked: EmergencyAsked, minimum: int | None) -> Policy:
    """The policy in an emergency that it allows: a type, a number and statuses of its own, a title that no other change
    has, no window; everything else as ever.

    Args:
        minimum: what the setting ``minimum-approvals`` says, which may be more.
    """
    found = policy.emergency
    if found is None:
        raise ValueError("the policy allows no emergency")
    approvals = max(found.minimum_approvals, minimum or 0)
    going = set(map(canonical, found.proceed_statuses))
    waiting = tuple(one for one in policy.wait_statuses if canonical(one) not in going)
    title = emergency.TITLE + policy.title
    decides = {
        "request-type": found.request_type,
        "title": title,
        "proceed-statuses": list(found.proceed_statuses),
        "wait-statuses": list(waiting),
        "minimum-approvals": approvals,
        "window": "off",
        "window-required": False,
    }
    weaker = [one for one in policy.relaxed if not one.startswith(("minimum-approvals:", "window:"))]
    return replace(
        policy,
        request_type=found.request_type,
        title=title,
        proceed_statuses=found.proceed_statuses,
        wait_statuses=waiting,
        waiting_somewhere=(),
        minimum_approvals=approvals,
        window=None,
        window_required=False,
        relaxed=(*weaker, *(["minimum-approvals: 0"] if approvals == 0 else []), "emergency: no window, no freeze"),
        in_force={**policy.in_force, **decides},
        origins={**policy.origins, **dict.fromkeys(decides, "the emergency")},
        emergency_asked=asked,
    )


def unaskable(context: Context, policy: Policy) -> Iterator[Decision]:
    """Why Jira cannot be asked under this policy: rows 1 and 5."""
    by_jira = policy.gate_by == "jira"
    if by_jira and context.given.jira_type == "data-center":
        yield Decision.of(1, "Jira Data Center gates no deployments (gate-by: jira). Use gate-by: change.")
    try:
        access = session.gate_access(context, policy.site, policy.credentials)
        if by_jira and not (access.client_id and access.client_secret):
            yield Decision.of(5, session.gate_withheld(context, by_jira=True))
        elif not access.kind:
            yield Decision.of(5, session.gate_withheld(context))
    except UsageError as error:
        yield Decision.of(1, str(error))


def _subject(context: Context, environment: str, tenant: str, project: str = "", *, at: Named | None = None) -> Subject:
    given, run = context.given, context.run
    name = project or given.project_name or run.repository.rpartition("/")[2]
    at = at or what_is_there(context)
    return describe(run, project=name, environment=environment, version=given.version, tenant=tenant, at=at)


def _refused(context: Context, environment: str, why: str, tenant: str = "") -> Target:
    return Target(_subject(context, environment, tenant), None, Decision.of(1, why))


def _nowhere(context: Context) -> Target:
    return _refused(context, "", "There is no environment to decide about. Name one with the setting environment.")
