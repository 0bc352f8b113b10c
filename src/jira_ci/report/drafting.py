"""What all records of one report say, and the texts that differ from record to record."""

from __future__ import annotations

import dataclasses

from jira_ci.context import Context
from jira_ci.environments.classify import Environment
from jira_ci.jira.records import Report
from jira_ci.report import identities, properties, wording
from jira_ci.text import one_line


class Draft:
    """The settings of a report, found possible.

    Args:
        state: Jira's word.

    Raises:
        UsageError: a template or a property cannot be meant.
    """

    def __init__(self, context: Context, state: str) -> None:
        settings, run = context.settings, context.run
        self._settings, self._run = settings, run
        properties.given(settings)  # nobody needs them before they are sent, and then it is late for an error
        self._wording = wording.read(settings)
        self._report = Report(
            state=state,
            now=context.edges.clock(),
            pipeline=settings.pipeline,
            version=settings.version.strip() or run.tag or run.commit[:12],
        )
        of_file = context.config.project_name if context.config else ""
        project = settings.project_name or of_file or run.repository.rpartition("/")[2]
        self.notes: dict[str, None] = {}
        """Sentences about what the reports are of."""
        self._words = wording.of_run(run, project=project, version=self._report.version, state=state)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about templates that may not say what was meant."""
        return tuple(wording.unevaluated(self._wording))

    def report(self, environment: Environment | None, tenant: str, service: str) -> Report:
        """What the record of this environment, tenant and service says; ``None`` and empty without one."""
        texts = self._wording.filled(self._meaning(environment, tenant, service))
        name = environment.name if environment else ""
        job, leg = identities.own(self._settings, self._run, name, tenant, service)
        if environment and leg and leg != self._settings.leg:
            whose, where, which = (one_line(part, 80) for part in (self._run.job, name, leg))
            said = f"Several legs of the job {whose} deploy to {where}: this one, {which}, is a pipeline of its own."
            self.notes[f"{said} The settings leg and pipeline name it otherwise."] = None
        return dataclasses.replace(
            self._report,
            job=job,
            leg=leg,
            service=service,
            url=texts["url"],
            description=texts["description"],
            label=texts["label"],
        )

    def texts_of_state(self, environment: Environment | None, tenant: str, service: str) -> dict[str, str]:
        """``url``, ``description`` and ``label`` where their templates hold the state; empty where they do not."""
        return self._wording.changing("state").filled(self._meaning(environment, tenant, service))

    def _meaning(self, environment: Environment | None, tenant: str, service: str) -> dict[str, str]:
        where = {"environment": environment.name, "environment-type": environment.type} if environment else {}
        return {**self._words, **where, "tenant": tenant, "service": service}
