"""One sweep over the deployments of this repository that wait for their changes: whose turn it is, is started again.

A note is a hint. The gate decides anew, from the policy as it is now; the CI says which commit the run deploys; and the
job that is started asks the gate itself, before it does anything.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from jira_ci.ci.api import Unreadable
from jira_ci.ci.restart import Restarts, Standing, Waiting
from jira_ci.config.policy_files import Sources
from jira_ci.context import Context
from jira_ci.errors import Exit, JiraCiError, UsageError
from jira_ci.gate import comments
from jira_ci.gate.by_change import ByChange
from jira_ci.gate.change_property import Change, FoundBy
from jira_ci.gate.create_change import is_in_project, is_of_type
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.one_change import members
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.gate.requirements import Status
from jira_ci.gate.subject import Attempt, Named, Subject, describe, titled, where
from jira_ci.gate.targets import Target, asked_for, unaskable
from jira_ci.jira import change_endpoints, jql
from jira_ci.jira.service_desk import Service
from jira_ci.parking.fate import Outcome, Parked, each_once
from jira_ci.parking.note import LIFE, Note, home, label, notes
from jira_ci.parking.park import take_note_off
from jira_ci.parking.superseded import Superseded
from jira_ci.run import CI
from jira_ci.sites.session import GateSites
from jira_ci.text import one_line
from jira_ci.timing import Deadline

_NO_CHANGE, _NOT_NAMED = 12, 13
"""Rows: what is in another desk or of another type; and what does not name what waits for it, which can be mended."""
_WORKFLOWS = ".github/workflows/"  # those of the repository; an organisation's stand elsewhere
_MOST_IDLE = 100
"""Changes in a status to wait in that are read in one sweep. Deciding about a change edits it, and what was edited last
comes first."""
_NOT_READ = "its status is one to wait in; more than can be read at once are in one"
OBJECTION = "jira-ci resume"
"""Why the gate makes, pins and writes nothing here."""


@dataclass
class Sweep:
    """One look at all notes.

    Args:
        restarts: how the CI is asked, until a deadline.
        clock: monotonic seconds.
    """

    context: Context
    found: Sources
    restarts: Callable[[Deadline], Restarts]
    clock: Callable[[], float] = time.monotonic
    _notes: dict[tuple[str, str], Any] = field(default_factory=dict)
    """By the change, what its property with notes held when the gate read it."""
    _decisions: dict[tuple[object, ...], Decision] = field(default_factory=dict)
    _batches: dict[tuple[object, ...], list[Parked]] = field(default_factory=dict)
    """What the job of a note waits for besides."""
    _begun: dict[tuple[object, ...], str] = field(default_factory=dict)
    """By the job, the change for which it was started."""

    def run(self) -> tuple[list[Outcome], list[JiraCiError]]:
        """What became of each note, the newest runs first, and what could not be asked."""
        errors: list[JiraCiError] = []
        with closing(GateSites(self.context, clock=self.clock)) as sites:
            self._sites = sites
            parked = each_once(one for place, titles in self._places() for one in self._parked(place, titles, errors))
            unread = list(dict.fromkeys(one.at for one in parked if self._is_idle(one)))[_MOST_IDLE:]
            parked.sort(key=lambda one: -int(one.note.run))
            since = max(min((one.note.parked_at for one in parked), default=self._now), self._now - LIFE)
            first, last = (since - timedelta(days=1)).date(), (self._now + timedelta(days=2)).date()
            self._superseded = Superseded(self.context.run.repository, first, last, self._service)
            for one in parked:
                self._batches.setdefault(one.note.batch, []).append(one)
            started: dict[tuple[str, str], str] = {}
            outcomes = []
            for one in parked:
                idle = one.at in unread
                outcome = Outcome(one, "waiting", _NOT_READ) if idle else self._outcome(one, started, self._given())
                started |= {one.note.place: one.note.run} if outcome.fate == "resumed" else {}
                outcomes.append(self._taken_off(outcome))
        return outcomes, errors

    def _places(self) -> list[tuple[Policy, Collection[str]]]:
        """A policy for each service desk that any rule of the files asks, and how the titles of its changes begin."""
        asked = asked_for(self.context)
        places: dict[tuple[str, str, str], tuple[Policy, dict[str, None]]] = {}
        rules = dict.fromkeys(rule.name for one in self.found.files for rule in one.config.rules)
        tenants = dict.fromkeys(["", *(rule.name for one in self.found.files for rule in one.config.tenants)])
        for name, tenant in itertools.product(rules, tenants):
            policy = settle(self.found, name, asked, gate=True, tenant=tenant)
            if isinstance(policy, Policy) and policy.gate_by == "change":
                place = policy.site, policy.credentials, policy.service_desk
                places.setdefault(place, (policy, {}))[1][_opening(policy)] = None
        return list(places.values())

    def _parked(self, place: Policy, titles: Collection[str], errors: list[JiraCiError]) -> Iterator[Parked]:
        """The notes of this repository on the changes of one desk, and on those that were moved or closed since."""
        own = home(self.context.run)
        query = jql.labelled_issues(place.service_desk, label(own), titles)
        try:
            refused = next(unaskable(self.context, place), None)
            if refused is not None:
                raise UsageError(refused.reason)
            self._given()
            listed = self._service(place).noted(query)
        except JiraCiError as error:
            errors.append(error)
            return
        if not listed.complete:
            errors.append(
                UsageError("Jira's list of changes with notes did not come to its end.", "Close those not needed.")
            )
        for change in listed.values:
            yield from (Parked(self._own(note), change, place) for note in notes(change.notes) if note.home == own)

    def _is_idle(self, parked: Parked) -> bool:
        """Whether its change is in a status to wait in, as the index has it: nothing proceeds from there."""
        policy, change = self._policy(parked.note), parked.change
        status = Status(change.status_id, change.status_name, change.status_category)
        return isinstance(policy, Policy) and policy.requirements.standing(status) == "wait"

    def _own(self, note: Note) -> Note:
        """The note with the address that its run has: what stands there may lead anywhere, and we pass it on."""
        run = self.context.run
        folder = "actions/runs" if run.provider == CI.GITHUB else "-/pipelines"
        return dataclasses.replace(note, url=f"{run.repository_url}/{folder}/{note.run}")

    def _service(self, place: Policy) -> Service:
        return self._sites.service(place.site, place.credentials)

    def _given(self) -> Deadline:
        """A deadline of its own for each note, however many there are."""
        deadline = Deadline(self.context.given.timeout, self.clock)
        self.context.edges.signals.deadline = deadline
        self._sites.give(deadline)
        return deadline

    def _outcome(self, parked: Parked, started: Mapping[tuple[str, str], str], deadline: Deadline) -> Outcome:
        """What becomes of it.

        Args:
            started: the run that was started by now, for each place; another job of the same run is no newer one.
        """
        note = parked.note
        try:
            if note.expires <= self._now:
                return Outcome(parked, "dropped", "it waited for too long; start a new run")
            if started.get(note.place, note.run) != note.run:
                return Outcome(parked, "dropped", "a newer run to the same place has just been started")
            decision = self._decided(parked)
            if decision.exit in (Exit.ACCESS, Exit.NETWORK):
                return Outcome(parked, "unclear", decision.reason, decision.exit)
            if decision.result == "wait" or decision.row == _NOT_NAMED:
                return Outcome(parked, "waiting", decision.reason)
            if decision.result == "deny":
                return Outcome(parked, "dropped", decision.reason)
            if note.batch in self._begun:
                return Outcome(parked, "resumed", f"its job was started, for {self._begun[note.batch]} as well")
            other = self._unmet(parked)
            if other is not None:
                return other
            with closing(self.restarts(deadline)) as ci:
                return self._started(parked, decision, ci)
        except Unreadable as error:
            return Outcome(parked, "unclear", str(error), Exit.ACCESS if error.denied else Exit.NETWORK)

    def _unmet(self, parked: Parked) -> Outcome | None:
        """What becomes of a note whose job waits for another change, too: started, the job would only end once more.
        ``None`` where none is waited for. Whatever denies does not count here: anybody may write such a note."""
        for other in self._batches[parked.note.batch]:
            decision = self._decided(other) if other is not parked else None
            if decision is not None and decision.result == "wait":
                return Outcome(parked, "waiting", f"its job waits for {other.change.key}, too: {decision.reason}")
        return None

    def _started(self, parked: Parked, decision: Decision, ci: Restarts) -> Outcome:
        """What may be started, unless the CI objects."""
        waiting = _waiting(parked.note)
        standing = ci.standing(waiting)
        why = standing.gone or self._objection(parked, standing, ci)
        if why:
            return Outcome(parked, "dropped", why)
        if standing.going or standing.held:
            return Outcome(parked, "waiting", standing.held or "the run is going on; what has begun is left alone")
        self._begun[parked.note.batch] = parked.change.key
        if self.context.given.dry_run:
            return Outcome(parked, "resumed", f"{decision.reason} (dry run: not started)")
        begun = ci.start(waiting)
        if begun == "never":
            del self._begun[parked.note.batch]
            return Outcome(
                parked, "dropped", "it is too old, or was started too often, to be started again: start a new run"
            )
        return Outcome(
            parked, "resumed", decision.reason if begun == "started" else "somebody else has started it by now"
        )

    def _objection(self, parked: Parked, standing: Standing, ci: Restarts) -> str:
        """Why an approved deployment is not started all the same."""
        note = parked.note
        if standing.commit != note.commit:
            named, deployed = one_line(note.commit, 40), one_line(standing.commit, 40)
            return f"the note names commit {named}, and the run deploys {deployed}"
        if note.workflow.startswith(_WORKFLOWS) and standing.workflow not in ("", note.workflow):
            named, ran = one_line(note.workflow, 80), one_line(standing.workflow, 80)
            return f"the note names the workflow {named}, and the run is one of {ran}"
        return self._superseded.why(note, parked.policy, ci)

    def _decided(self, parked: Parked) -> Decision:
        """The gate's own decision about what the note says, as if it were asked now; nothing is made or written."""
        known = (parked.at, parked.note.run, parked.note.place)
        if known not in self._decisions:
            self._decisions[known] = self._judged(parked)
        return self._decisions[known]

    def _judged(self, parked: Parked) -> Decision:
        note, context = parked.note, self.context
        policy = self._policy(note)
        if isinstance(policy, Decision):
            return _uncontrolled(note) if policy.result == "proceed" else policy
        policy = dataclasses.replace(policy, create=False)
        at = Named(commit=note.commit, checkout=note.commit)
        run = dataclasses.replace(context.run, commit=note.commit, tag="", branch="", run_id=note.run, url=note.url)
        subject = describe(
            run,
            project=policy.project,
            environment=note.environment,
            version=note.version,
            tenant=note.tenant,
            at=at,
        )
        try:
            shared = members(policy.one_change_for, note.environment, note.tenant)
            subject = titled(subject, policy.title, run, at=at, members=shared)
        except UsageError as error:
            return Decision.of(4, str(error))
        return self._asked(parked, subject, policy)

    def _asked(self, parked: Parked, subject: Subject, policy: Policy) -> Decision:
        """The search brought the change as a candidate only, by its title or by its key; what counts is read now."""
        note, found = parked.note, parked.change
        here = is_in_project(found.project_id, found.project_key, policy.service_desk)
        if not here or not is_of_type(found.type_id, found.type_name, policy.issue_types):
            kind = one_line(found.type_name, 60)
            return Decision.of(
                _NO_CHANGE,
                f"{found.key} is a {kind} in {found.project_key}, and a change of {policy.service_desk} is asked for",
            )
        by: FoundBy = "title" if found.summary == subject.title else "key"
        change = Change(found.id, found.key, found.project_key, found.type_name, found.summary, by, ours=False)
        evaluation = ByChange(
            Target(subject, policy, None),
            policy,
            service=self._service(policy),
            attempt=Attempt(note.url, note.run, note.actor, objection=OBJECTION),
            complete=lambda attempt, _: attempt,
            clock=self.clock,
            change=change,
        )
        evaluation.look()
        self._notes[parked.at] = evaluation.notes
        return evaluation.final()

    def _policy(self, note: Note) -> Policy | Decision:
        return settle(self.found, note.environment, asked_for(self.context), gate=True, tenant=note.tenant)

    def _taken_off(self, outcome: Outcome) -> Outcome:
        """The note is taken off where it has done its work, or can do none."""
        if self.context.given.dry_run or outcome.fate not in ("resumed", "dropped"):
            return outcome
        note, change, service = outcome.parked.note, outcome.parked.change, self._service(outcome.parked.policy)
        try:
            # What is started was read a moment ago, with its change. A run that leaves its note in between looks
            # whether it stands there when all else is done (see park), and leaves it again.
            at = outcome.parked.at
            known = outcome.fate == "resumed" and at in self._notes
            held = self._notes.pop(at) if known else service.property(change.id, change_endpoints.PARKED)
            take_note_off(service, change.id, note, held, labelled=label(note.home) in change.labels)
            if outcome.fate == "dropped":
                self._tell(outcome)
        except JiraCiError as error:
            said = f"{change.key} still has its note of run {note.run}, which does no harm: {error}"
            self.context.console.notice("warning", said)
        return outcome

    def _tell(self, outcome: Outcome) -> None:
        """Says on the change that nothing waits for it any more, to whom the policy says."""
        note, found, policy = outcome.parked.note, outcome.parked.change, self._policy(outcome.parked.note)
        if isinstance(policy, Decision) or policy.comments == "off":
            return
        told = comments.unparked(note.version, where(note), note.run, note.url, outcome.why)
        change = Change(found.id, found.key, "", "", found.summary, "title", ours=False)
        said = comments.write(self._service(policy), change, told, public=policy.comments == "public")
        if said:
            self.context.console.notice("warning", said)

    @property
    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.context.edges.clock(), timezone.utc)


def _uncontrolled(note: Note) -> Decision:
    """No job that a note from there starts would ask anybody, and whoever may edit any issue may write one."""
    place = one_line(where(note), 80)
    return Decision.of(_NO_CHANGE, f"{place} is not change controlled, so that no gate looks at it: start it by hand")


def _opening(policy: Policy) -> str:
    """The whole words that a change's title has before what differs from deployment to deployment."""
    start = re.split(r"\{(?:version|environment|tenant)\}", policy.title.replace("{project}", policy.project))[0]
    return " ".join((start if start[-1:].isspace() else start.rpartition(" ")[0]).split())


def _waiting(note: Note) -> Waiting:
    return Waiting(note.run, note.attempt, note.job, note.runner, note.parked_at.timestamp())
