"""What follows the deployments of one run: each environment's rule carried out, or shown in a dry run.

It fails open: whatever goes wrong is said, and fails nothing unless ``on-error`` says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial

from jira_ci.after import outcome as outcomes
from jira_ci.after.issue_work import IssueWork
from jira_ci.after.outcome import NotesOutcome, Outcome
from jira_ci.after.release_notes import notes_of, plain, publish_notes, templated, titles_for_readers
from jira_ci.after.release_versions import Versions, Wanted
from jira_ci.after.rule import TYPES, Rule, rule_of, unreachable, version_name
from jira_ci.after.take_off import take_off
from jira_ci.context import Context, Result
from jira_ci.credentials import variable
from jira_ci.environments.classify import Environment
from jira_ci.errors import AccessError, Exit, JiraCiError, UsageError, nearest
from jira_ci.exchange import Answer, Request, exchange_document, exchange_lines
from jira_ci.http import Client
from jira_ci.jira import versions
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.issue_edits import WorkItem
from jira_ci.output.page import Mark, Page
from jira_ci.run import Run
from jira_ci.run_words import fill, of_run
from jira_ci.sites.sites import Site, access, need_site, open_client, site_after
from jira_ci.text import one_line
from jira_ci.timing import Deadline


@dataclass(frozen=True)
class Deployed:
    """One environment to which something was deployed successfully."""

    environment: Environment
    keys: tuple[str, ...]
    """Its issues, the surest first."""


def objection(run: Run) -> str:
    """Why nothing follows this run, whatever it deploys; empty when something may."""
    if run.event.startswith(("pull_request", "merge_request")) or run.pull_request is not None:
        return "this run is one of a pull or merge request."
    return ""


class FollowUp:
    """What follows the deployments of one run.

    Args:
        first_commit: epoch seconds of the first commit that is deployed; 0 where it is not known.
        whole: ends with the job; a signal hurries it.
    """

    def __init__(self, context: Context, *, first_commit: int = 0, whole: Deadline | None = None) -> None:
        deadline = Deadline(context.settings.timeout, whole=whole)
        if whole is None:
            context.edges.signals.deadline = deadline
        self._context, self._first = dataclasses.replace(context, deadline=deadline), first_commit
        self._interrupted = context.edges.signals.received != 0
        self.outcomes: list[Outcome] = []
        self.requests: list[Mapping[str, object]] = []
        """Every exchange, for the JSON document."""
        self._heard: list[tuple[Request, Answer]] = []

    def run(self, deployed: Sequence[Deployed]) -> None:
        """Carries out the rule of each environment. Whatever goes wrong is in the outcomes: a deployment that was
        reported is not lost by what follows it."""
        self._doubt()
        for one in deployed:
            self._each(one.environment, lambda rule, found, one=one: self._follow(rule, one, found))  # type: ignore[misc]

    def _doubt(self) -> None:
        """A misspelt type would wait for ever for its environment. Names of environments need not be in the file."""
        config = self._context.config
        names = [*(one.name for one in config.rules), *self._context.environment_names] if config else []
        for name in config.after if config else ():
            meant = nearest(name.lower(), TYPES, cutoff=0.9)
            if meant and unreachable(name, names):
                told = f"after.{one_line(name, 60)} is no type, and no environment of the file: nothing follows it."
                self._context.console.notice("warning", told, hint=meant)

    def take_back(self, environments: Sequence[Environment]) -> None:
        """Takes off the fix version that a deployment which was rolled back gave, where a rule gives any."""
        for one in environments:
            self._each(one, lambda rule, found, one=one: self._take_back(rule, one, found), back=True)  # type: ignore[misc]

    def _each(self, environment: Environment, act: Callable[[Rule, Outcome], None], *, back: bool = False) -> None:
        section = self._context.config.after if self._context.config else {}
        found = Outcome(environment.name, taking_off=back)
        try:
            rule = rule_of(section, environment) if section else None
            if rule is None or (back and not rule.fix_version):
                return
            found.transition = "" if back else rule.transition
            act(rule, found)
        except JiraCiError as error:
            found.error = error
        except Exception as error:  # noqa: BLE001 - our own mistake must not hide a report that arrived
            found.error = JiraCiError(f"This is a bug in jira-ci: {type(error).__name__}: {error}.")
        self.outcomes.append(found)
        self._say(found)

    def _take_back(self, rule: Rule, environment: Environment, outcome: Outcome) -> None:
        context = self._context
        projects = context.settings.projects
        site = site_after(context, rule.connection, rule.credentials)
        outcome.skipped = objection(context.run) or withheld(context, site, rule)
        if not context.settings.version.strip():
            outcome.skipped = "set version to the one that was rolled back, for its fix version to be taken off."
        elif not projects:
            outcome.skipped = "jira.projects names no project in which the fix version could be."
        if outcome.skipped:
            return
        name = self._version_name(rule, environment, outcome)
        if context.settings.dry_run:
            context.console.say(f"Dry run: the fix version {one_line(name, 100)} would be taken off.")
            return
        with closing(self._client(site)) as client:
            login = login_at(context, client, site)
            edition = login.connect()[0].edition
            known = Versions(login, edition, Wanted(name))
            for project in projects:
                version = known.find(project)
                if version is not None:
                    take_off(login, edition, project, version, outcome, context.run.url)

    def _follow(self, rule: Rule, deployed: Deployed, outcome: Outcome) -> None:
        context = self._context
        outcome.skipped = objection(context.run) or ("" if deployed.keys else "no issue is deployed.")
        if self._interrupted:
            outcome.skipped = "a signal ended the job."
        if outcome.skipped:
            return
        name = self._version_name(rule, deployed.environment, outcome)
        site = site_after(context, rule.connection, rule.credentials)
        if context.settings.dry_run:
            self._show(rule, deployed, name)
            return
        outcome.skipped = withheld(context, site, rule)
        if not outcome.skipped:
            with closing(self._client(site)) as client:
                self._at_site(login_at(context, client, site), rule, deployed, outcome, name)

    def _at_site(self, login: Login, rule: Rule, deployed: Deployed, outcome: Outcome, name: str) -> None:
        edition = login.connect()[0].edition
        value = {"environment": deployed.environment.name, "run": self._context.run.url, "added": True}
        work = IssueWork(login, edition, rule, value)
        outcome.issues = work.outcomes
        items = work.read(deployed.keys)
        found = self._versions(login, edition, rule, deployed.environment, name, items)
        outcome.versions = found.outcomes if name else outcome.versions
        # A step that Jira refuses keeps none of the others from being done; whatever it was is in the outcome.
        for project, identity in {one.project: one.project_id for one in items}.items() if name else ():
            self._step(outcome, lambda project=project, identity=identity: found.ensure(project, identity))  # type: ignore[misc]
        self._step(outcome, lambda: work.act(items, {project: one.id for project, one in found.found.items()}))
        self._step(outcome, found.finish)
        self._step(outcome, lambda: setattr(outcome, "missing", work.missing(deployed.keys, items)))
        if rule.notes:
            self._step(outcome, lambda: self._publish(login, rule, deployed, outcome, items))

    def _publish(
        self, login: Login, rule: Rule, deployed: Deployed, outcome: Outcome, items: Sequence[WorkItem]
    ) -> None:
        context, words = self._context, words_of(self._context, deployed.environment)
        outcome.notes = NotesOutcome(
            context.run.tag or words["version"], why="Jira does not say who may read the titles"
        )
        route, site = login.connect()[0], login.access.site
        notes = notes_of(items, titles_for_readers(context, login.client, site, route.edition, deployed.keys))
        text_of = partial(templated, rule.notes, words, site=site)
        outcome.notes.why = ""
        publish_notes(context, outcome.notes, notes, text_of, make=rule.create_release)

    @staticmethod
    def _step(outcome: Outcome, act: Callable[[], None]) -> None:
        try:
            act()
        except JiraCiError as error:
            outcome.error = outcome.error or error

    def _versions(
        self, login: Login, edition: Edition, rule: Rule, environment: Environment, name: str, items: Sequence[WorkItem]
    ) -> Versions:
        context, run = self._context, self._context.run
        words = {**words_of(self._context, environment), "notes": plain(notes_of(items))}
        number = f" #{run.number}" if run.number else ""
        wanted = Wanted(
            name,
            description=fill(rule.description, words).strip(),
            start=_day(self._first) if self._first <= context.edges.clock() else "",
            release=rule.release_version,
            now=context.edges.clock(),
            title=one_line(f"{environment.name}: {run.workflow_name or 'run'}{number}", 255),
            url=run.url,
            projects=context.settings.projects,
        )
        return Versions(login, edition, wanted)

    def _version_name(self, rule: Rule, environment: Environment, outcome: Outcome) -> str:
        """Empty where there is none, which is said where there should be one."""
        if not rule.fix_version:
            return ""
        words = words_of(self._context, environment)
        if "{version}" in rule.fix_version and not words["version"]:
            why = "no version is given: set version, or deploy a tag"
            outcome.versions[""] = outcomes.VersionOutcome("every project", rule.fix_version, why=why)
            return ""
        return version_name(rule, words, versions.LONGEST_NAME)

    def _client(self, site: Site) -> Client:
        if site.settings.user and site.settings.token:
            self._context.console.mask.add(access(site.settings).basic)
        return open_client(self._context, site.settings, lambda request, answer: self._heard.append((request, answer)))

    def _show(self, rule: Rule, deployed: Deployed, name: str) -> None:
        """A dry run: what would be done, as far as that is known without a request."""
        count = f"{len(deployed.keys)} issue{'s' * (len(deployed.keys) != 1)}"
        what = [f"get the fix version {one_line(name, 100)}"] if name else []
        what += [f"go to {one_line(rule.transition, 60)}"] if rule.transition else []
        what += ["be named in its release notes"] if rule.notes else []
        where = one_line(deployed.environment.name, 100)
        self._context.console.say(f"Dry run, after {where}: {count} would {' and '.join(what) or 'stay as they are'}.")

    def _say(self, outcome: Outcome) -> None:
        console = self._context.console
        heard, self._heard = self._heard, []
        self.requests += [exchange_document(*one) for one in heard]
        if heard and self._context.settings.log_level == "debug":
            lines = [line for one in heard for line in exchange_lines(*one)]
            console.block(f"Asked {heard[0][0].host} {len(heard)} times for what follows", lines)
        if not self._context.settings.dry_run:
            for sentence in outcomes.lines(outcome):
                console.say(sentence)
        if outcome.error is not None:
            self._complain(outcome.environment, outcome.error)
        for subject, why in outcome.failures()[:1]:
            more = f" (and {len(outcome.failures()) - 1} more)" if len(outcome.failures()) > 1 else ""
            self._complain(outcome.environment, JiraCiError(f"{subject}{more}: {why}."))

    def _complain(self, environment: str, error: JiraCiError) -> None:
        fatal = _is_fatal(self._context, error)
        where = one_line(environment, 100)
        said = f"Not everything was done after {where}: {error.message}"
        self._context.console.notice("error" if fatal else "warning", said, hint=error.hint)


def add_to(context: Context, result: Result, followed: FollowUp) -> Result:
    """The result with what followed."""
    if not followed.outcomes:
        return result
    problems = [problem for one in followed.outcomes if (problem := one.problem()) is not None]
    problem = min(problems, key=lambda one: not isinstance(one, UsageError), default=None)  # wrong usage comes first
    fails = problem is not None and _is_fatal(context, problem) and not result.exit
    requests = [*result.document.get("requests", ()), *followed.requests]
    document = {**result.document, "requests": requests, "after": [outcomes.document(one) for one in followed.outcomes]}
    if fails and problem is not None:
        document.setdefault("error", problem.document())
    page = result.summary or Page(Mark("bad" if problem else "good", "after the deployment"))
    page = dataclasses.replace(page, blocks=(*page.blocks, *outcomes.blocks(followed.outcomes)))
    code = problem.exit if fails and problem is not None else result.exit
    return dataclasses.replace(result, exit=code or Exit.OK, document=document, summary=page)


def _is_fatal(context: Context, error: JiraCiError) -> bool:
    """Whether it fails the job, as with a report: wrong usage always does."""
    return isinstance(error, UsageError) or context.settings.on_error == "fail"


def project_name(context: Context) -> str:
    """What ``{project}`` stands for."""
    of_file = context.config.project_name if context.config else ""
    return context.settings.project_name or of_file or context.run.repository.rpartition("/")[2]


def words_of(context: Context, environment: Environment | None) -> dict[str, str]:
    """What the words of a rule's templates mean."""
    version = context.settings.version.strip() or context.run.tag  # a commit is no version that people look for
    found = of_run(context.run, project=project_name(context), version=version, state="successful")
    here = {"environment": environment.name, "environment-type": environment.type} if environment else {}
    return {**found, **here}


def withheld(context: Context, site: Site, rule: Rule) -> str:
    """Why nothing is done for want of a credential, as a sentence, where that is nobody's fault; empty when there is
    one.

    Raises:
        AccessError: there should be one. The gate's account is never taken for something else.
    """
    where = access(site.settings)
    config = context.config
    if not rule.credentials and config is not None and config.enabled:
        raise AccessError(
            f"after.{one_line(rule.name, 80)} names no credentials, and in a project that is change controlled user "
            "and token are the gate's.",
            "Say credentials: RELEASE there, and give the job JIRA_CI_RELEASE_USER and JIRA_CI_RELEASE_TOKEN.",
        )
    if site.unnamed:
        return site.unnamed
    # The client of builds and deployments is good for nothing else; an account's own client says so by its word.
    if where.kind and (where.kind != "oauth" or rule.credentials):
        need_site(where)
        return ""
    if context.run.secrets_withheld:
        return f"{one_line(context.run.secrets_withheld)} gets no secrets."
    both = f"{variable('user', site.word)} and {variable('token', site.word)}"
    raise AccessError(
        "There are no credentials for what follows the deployment.",
        f"Set {both} (or the token alone for Jira Data Center).",
    )


def login_at(context: Context, client: Client, site: Site) -> Login:
    """Who acts there."""
    return Login(
        client,
        access(site.settings),
        "after",
        keep_secret=context.console.mask.add,
        refusals=context.refusals,
    )


def deployed_by(entries: Sequence[tuple[Environment | None, Sequence[str]]]) -> list[Deployed]:
    """Environments with the issues of all their records, each once."""
    found: dict[str, tuple[Environment, dict[str, None]]] = {}
    for environment, keys in entries:
        if environment is not None:
            _, known = found.setdefault(environment.name, (environment, {}))
            known.update(dict.fromkeys(keys))
    return [Deployed(environment, tuple(keys)) for environment, keys in found.values()]


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat() if seconds else ""
