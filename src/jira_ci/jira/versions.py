"""Versions of a project: the questions about them, and what the answers say.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-project-versions/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jira_ci.jira.endpoints import Edition, Question, segment
from jira_ci.jira.parse import digits, items, mapping, optional_text, text
from jira_ci.text import one_line

PAGE = 50
LONGEST_NAME = 255
"""Characters."""
LARGEST_DESCRIPTION = 16_384
"""Bytes."""


@dataclass(frozen=True)
class Version:
    """One version; days are ``yyyy-mm-dd``."""

    id: str
    name: str
    released: bool = False
    archived: bool = False
    start: str = ""
    description: str = ""


def listed(project: str, name: str, edition: Edition, start: int = 0) -> Question:
    """Versions of a project, those among them that have this name: a page of a search on Cloud, all of them on Data
    Center.

    Args:
        project: key or id.
    """
    asks = f"list the versions of {one_line(project, 60)}"
    if edition == "data-center":
        return Question("GET", f"api/project/{segment(project)}/versions", asks)
    query = {"query": name, "startAt": str(start), "maxResults": str(PAGE)}
    return Question("GET", f"api/project/{segment(project)}/version", asks, query)


def created(project_id: str, name: str, description: str, start: str) -> Question:
    """Makes a version. It is sent once: when no answer comes, it is looked for.

    Args:
        description, start: empty where there is none.
    """
    body: dict[str, Any] = {"name": name, "projectId": int(project_id)}
    body |= {"description": description} if description else {}
    body |= {"startDate": start} if start else {}
    return Question("POST", "api/version", f"make the version {one_line(name, 60)}", body=body, idempotent=False)


def changed(version: Version, changes: Mapping[str, Any]) -> Question:
    """Changes a version: ``released``, ``releaseDate``, ``startDate``, ``description``."""
    path = f"api/version/{segment(version.id)}"
    return Question("PUT", path, f"change the version {one_line(version.name, 60)}", body=dict(changes))


def related(version: Version) -> Question:
    """The pages that are linked to a version (Cloud)."""
    path = f"api/version/{segment(version.id)}/relatedwork"
    return Question("GET", path, f"list the links of the version {one_line(version.name, 60)}")


def relate(version: Version, title: str, url: str) -> Question:
    """Links a page to a version (Cloud). It is sent once: a second one would be a second link."""
    path = f"api/version/{segment(version.id)}/relatedwork"
    body = {"category": "Deployment", "title": title, "url": url}
    asks = f"link the run to the version {one_line(version.name, 60)}"
    return Question("POST", path, asks, body=body, idempotent=False)


def page(body: Any, edition: Edition) -> tuple[list[Version], bool]:
    """The versions of an answer, and whether there are no more behind them.

    Raises:
        WrongShape: a part is missing.
    """
    if edition == "data-center":
        return [version(one) for one in items(body, "the answer")], True
    answer = mapping(body, "the answer")
    found = [version(one) for one in items(answer.get("values"), "values")]
    return found, answer.get("isLast") is not False or not found


def version(body: Any) -> Version:
    """One version.

    Raises:
        WrongShape: a part is missing.
    """
    bean = mapping(body, "a version")
    return Version(
        digits(bean, "id"),
        text(bean, "name"),
        bean.get("released") is True,
        bean.get("archived") is True,
        optional_text(bean, "startDate") or "",
        optional_text(bean, "description") or "",
    )


def addresses(body: Any) -> list[str]:
    """Where the links of a version lead; Jira's own release notes have no address.

    Raises:
        WrongShape: a part is missing.
    """
    works = [mapping(one, "a link") for one in items(body, "the answer")]
    return [address for one in works if (address := optional_text(one, "url"))]
