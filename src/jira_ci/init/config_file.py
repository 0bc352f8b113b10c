"""The ``.jira-ci.yml`` that is proposed: what was found, and what only people know."""

from __future__ import annotations

from collections.abc import Iterator

from jira_ci.config import model
from jira_ci.config.model import Config
from jira_ci.init.files import File, Found, comment, listed, quoted

SCHEMA = "https://raw.githubusercontent.com/jira-ci/jira-ci/main/jira-ci.schema.json"
# Of a reserved top-level domain (RFC 2606): a forgotten placeholder leads to nobody else's server.
PLACEHOLDER = "your-site.invalid"
DESK = "YOUR_DESK"
"""Stands where the service desk's project belongs, which only people know."""
_UNSURE = "not sure: development, testing, staging, production or unmapped?"


def make_config(found: Found, name: str) -> tuple[File, Config]:
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
    return File(name, f"{text}\n"), model.parse(f"{text}\n".encode(), name)


def _name(found: Found) -> Iterator[str]:
    if found.project_name:
        yield f"project-name: {quoted(found.project_name)}"


def _jira(found: Found) -> Iterator[str]:
    yield "jira:"
    if found.site:
        yield f"  site: {quoted(found.site)}"
    else:
        yield f"  site: {PLACEHOLDER} # write your Jira site's host, such as acme.atlassian.net"
    if found.projects:
        yield f"  # {comment(found.projects_comment)}"
        yield f"  projects: {listed(found.projects)} # only their issues count"
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
        gated = row.gated or (found.gate and row.type == "production")
        said = f"{{type: {row.type}, change-controlled: true}}" if gated else row.type
        yield f"  {quoted(row.name)}: {said} # {comment(why, 400)}"
    if found.gating and all(row.name != "*" for row in found.environments):
        yield f'  "*": {{change-controlled: false}} # {comment(found.gating)} gates no other'


def service_name(found: Found) -> str:
    """What the only service is called in the file; its ids are what Jira calls it."""
    return found.project_name or "service"


def _services(found: Found) -> Iterator[str]:
    if found.service_ids:
        yield "services: # a deployment is of one when the setting service names it"
        yield f"  {quoted(service_name(found))}: {{ids: {listed(found.service_ids)}}}"


def _change_control(found: Found) -> Iterator[str]:
    if found.gating:
        yield f"change-control: # {comment(found.gating)}: deploymentGating"
        yield "  enabled: true"
        yield "  gate-by: jira"
        return
    if not found.production:
        return
    mark = "" if found.gate else "# "
    if mark:
        yield "# To let deployments wait for an approved change, give what they go to change-controlled: true, and:"
    yield f"{mark}change-control:"
    yield f"{mark}  enabled: true"
    yield f"{mark}  service-desk: {DESK} # write its project's key, such as OPS"
    yield f"{mark}  minimum-approvals: 1"
