"""The ``.jira-ci.yml`` that fits what was found."""

from __future__ import annotations

from collections.abc import Iterator

from jira_ci.configuration import config
from jira_ci.configuration.config import Config
from jira_ci.starting import emit
from jira_ci.starting.found import File, Found

SCHEMA = "https://raw.githubusercontent.com/jira-ci/jira-ci/main/jira-ci.schema.json"
# Of a top-level domain that nobody can own (RFC 2606): a forgotten placeholder leads to no stranger's server.
PLACEHOLDER = "your-site.invalid"
_UNSURE = "not sure: development, testing, staging, production or unmapped?"


def make(found: Found, name: str) -> tuple[File, Config]:
    """The file, and what it says.

    Args:
        name: from the repository's top, with slashes.

    Raises:
        UsageError: the site that was given cannot stand in the file.
    """
    text = "\n".join(
        [
            f"# yaml-language-server: $schema={SCHEMA}",
            *_name(found),
            *_jira(found),
            *_environments(found),
            *_services(found),
            *_change_control(found),
        ]
    )
    return File(name, f"{text}\n"), config.parse(f"{text}\n".encode(), name)


def _name(found: Found) -> Iterator[str]:
    if found.project_name:
        yield f"project-name: {emit.quoted(found.project_name)}"


def _jira(found: Found) -> Iterator[str]:
    yield "jira:"
    if found.site:
        yield f"  site: {emit.quoted(found.site)}"
    else:
        yield f"  site: {PLACEHOLDER} # write your Jira site's host, such as acme.atlassian.net"
    if found.projects:
        yield f"  # {emit.comment(found.projects_comment)}"
        yield f"  projects: {emit.listed(found.projects)} # only their issues count"
    else:
        yield "  # projects: [WEB] # only issues of these projects would count; no commit names an issue yet"


def _environments(found: Found) -> Iterator[str]:
    if not found.environments:
        yield "# environments: # Jira's type of each environment, where its name does not say it"
        yield "#   Azure-Dev: development"
        return
    yield "environments:"
    for row in found.environments:
        why = f"{_UNSURE} ({row.comment})" if row.unsure else row.comment
        said = f"{{type: {row.type}, change-controlled: true}}" if row.gated else row.type
        yield f"  {emit.quoted(row.name)}: {said} # {emit.comment(why, 400)}"
    if found.gating and all(row.name != "*" for row in found.environments):
        yield f'  "*": {{change-controlled: false}} # {emit.comment(found.gating)} gates no other'


def service_name(found: Found) -> str:
    """What the only service is called in the file; its ids are what Jira calls it."""
    return found.project_name or "service"


def _services(found: Found) -> Iterator[str]:
    if found.service_ids:
        yield "services: # a deployment is of one when the setting service names it"
        yield f"  {emit.quoted(service_name(found))}: {{ids: {emit.listed(found.service_ids)}}}"


def _change_control(found: Found) -> Iterator[str]:
    if found.gating:
        yield f"change-control: # {emit.comment(found.gating)}: deploymentGating"
        yield "  enabled: true"
        yield "  gate-by: jira"
