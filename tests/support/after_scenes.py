"""A deployment after which something is to follow: a job, a site with its account, and what became of the issues."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jira_sandbox.desk.workflow import Transition
from jira_sandbox.http_types import Exchange
from jira_sandbox.server import Sandbox
from scenes import Ended, Job, github, reach, under

PRIVATE = {"repository": {"full_name": "acme/shop", "id": 77, "private": True, "default_branch": "main"}}
RULE = '{fix-version: "{project} {version}", release-version: true, transition: Done}'


@dataclass
class Scene:
    """One repository that is deployed."""

    sandbox: Sandbox
    job: Job

    def file(self, rule: str = RULE, more: str = "jira: {projects: [WEB, MOB]}") -> None:
        """Writes the configuration."""
        places = "environments: {Prod: production, QA: testing}"
        self.job.write(".jira-ci.yml", f"project-name: Shop\n{more}\n{places}\nafter: {{production: {rule}}}\n")

    def deploy(self, *flags: str, keys: str = "WEB-1,WEB-2", state: str = "success", **environ: str) -> Ended:
        """Reports a deployment of version 1.4."""
        given = ("--environment", "Prod", "--version", "1.4", "--issue-keys", keys, "--state", state, *flags)
        return under(self.job, environ).jira_ci("deployment", *given)

    def release(self, *flags: str, keys: str = "WEB-1,WEB-2", **environ: str) -> Ended:
        given = ("--environment", "Prod", "--version", "1.4", "--issue-keys", keys, *flags)
        return under(self.job, environ).jira_ci("release", *given)

    @property
    def asked(self) -> list[Exchange]:
        """What the site was asked for what follows."""
        return [one for one in self.sandbox.exchanges if one.path.startswith("/rest/api/")]

    @property
    def written(self) -> list[str]:
        """Methods and paths of everything that changes something."""
        reading = ("/bulkfetch", "/search/jql", "/rest/api/2/search")
        return [
            f"{one.method} {one.path}" for one in self.asked if one.method != "GET" and not one.path.endswith(reading)
        ]

    def status(self, key: str) -> str:
        found = self.sandbox.site.issue(key)
        assert found is not None
        return self.sandbox.site.desk.workflow.status(found.status).name

    def versions(self, key: str) -> list[str]:
        """Names of the issue's fix versions."""
        found = self.sandbox.site.issue(key)
        assert found is not None
        releases = self.sandbox.site.desk.releases
        return [releases.find(one).name for one in found.values.get("fixVersions", ())]

    def version(self, project: str, name: str = "Shop 1.4") -> Any:
        desk = self.sandbox.site.desk
        return next((one for one in desk.releases.of(desk.catalogue.project(project).id) if one.name == name), None)

    def make(self, project: str, name: str = "Shop 1.4", **more: Any) -> Any:
        """Somebody makes a version."""
        desk = self.sandbox.site.desk
        return desk.releases.create(desk.catalogue.project(project).id, name, **more)

    def alter(self, issue: str, /, **changes: Any) -> None:
        self.sandbox.site.desk.alter(issue, lambda change: replace(change, **changes))

    def workflow(self, *transitions: Transition) -> None:
        """Adds transitions to those that issues have."""
        self.sandbox.site.desk.workflow.transitions += transitions


def scene(sandbox: Sandbox, folder: Path, path: str, event: dict[str, Any] | None = None, name: str = "push") -> Scene:
    """A job whose credentials for issues may do everything."""
    sandbox.site.desk.denied.clear()
    job = github(folder, path, event or PRIVATE, name)
    job.environ |= reach(sandbox) if sandbox.edition.is_cloud else {"JIRA_CI_SITE": sandbox.address}
    if sandbox.edition.is_cloud:
        job.environ |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    else:
        job.environ |= {"JIRA_CI_TOKEN": sandbox.credentials.personal_token, "JIRA_CI_JIRA_TYPE": "data-center"}
    made = Scene(sandbox, job)
    made.file()
    return made
