"""What a site has before anybody uses it: projects, service desks, issue types, request types, fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from jira_sandbox.desk.fields import Field
from jira_sandbox.jira_errors import DeskError, NotFound

SYSTEM = (
    *(Field(one, one.capitalize()) for one in ("summary", "description", "project", "status")),
    *(Field(one, one.capitalize()) for one in ("assignee", "reporter", "creator")),
    Field("issuetype", "Issue Type"),
    Field("created", "Created"),
    Field("updated", "Updated"),
    Field("labels", "Labels", "labels"),
    Field("issuelinks", "Linked Issues"),
    Field("comment", "Comment"),
    Field("statusCategory", "Status Category"),
    Field("fixVersions", "Fix versions", "versions"),
)
EDITABLE = ("summary", "description", "labels", "fixVersions")
"""Ids of the system's fields that can be edited; custom ones all can."""
_LEVELS = ("Critical", "High", "Medium", "Low")
CUSTOM = (
    Field("customfield_10303", "Approvers", "users"),
    Field("customfield_10380", "Approver groups", "groups"),
    Field(
        "customfield_10304",
        "Impact",
        "select",
        ("Extensive / Widespread", "Significant / Large", "Moderate / Limited", "Minor / Localized"),
    ),
    Field("customfield_10305", "Change type", "select", ("Standard", "Normal", "Emergency")),
    Field("customfield_10306", "Change risk", "select", _LEVELS),
    Field(
        "customfield_10307",
        "Change reason",
        "select",
        ("Repair", "Upgrade", "Maintenance", "New functionality", "Other"),
    ),
    Field("customfield_10308", "Change start date", "datetime"),
    Field("customfield_10309", "Change completion date", "datetime"),
    Field("customfield_10334", "Urgency", "select", _LEVELS),
    Field("customfield_10339", "Affected services", "services"),
    Field("customfield_10342", "Implementation plan", "textarea"),
    Field("customfield_10343", "Backout plan", "textarea"),
    Field("customfield_10344", "Test plan", "textarea"),
    Field("customfield_10345", "Planned start", "datetime"),
    Field("customfield_10346", "Planned end", "datetime"),
)
_FORM = ("summary", "description", "labels", *(one.id for one in CUSTOM))


@dataclass(frozen=True)
class Project:
    """One project; with a ``desk``, the id of its service desk, it is one for a service desk."""

    id: str
    key: str
    name: str
    desk: str = ""


@dataclass(frozen=True)
class IssueType:
    id: str
    name: str
    subtask: bool = False


@dataclass(frozen=True)
class RequestType:
    """One kind of request of a service desk.

    ``hidden``: it is in no group of the portal. ``fields`` and ``required`` are ids of fields.
    """

    id: str
    desk: str
    name: str
    description: str
    issue_type: str
    fields: tuple[str, ...]
    required: tuple[str, ...] = ("summary",)
    hidden: bool = False


CHANGE = IssueType("10050", "[System] Change")
STORY = IssueType("10001", "Story")
SUBTASK = IssueType("10002", "Sub-task", subtask=True)
WORK = (STORY.id, SUBTASK.id)
"""Ids of the issue types of what is developed, as against what a service desk is asked for."""
INCIDENT = IssueType("10051", "[System] Incident")


LANGUAGES = {
    "en": {"locale": "en_US"},
    "de": {
        "locale": "de_DE",
        "Review": "Überprüfung",
        "Planning": "Planung",
        "Authorize": "Autorisierung",
        "Awaiting implementation": "Warten auf Umsetzung",
        "Implementing": "In Umsetzung",
        "Completed": "Abgeschlossen",
        "Declined": "Abgelehnt",
        "Canceled": "Abgebrochen",
        "Failed": "Fehlgeschlagen",
        "To Do": "Zu erledigen",
        "In Progress": "In Arbeit",
        "Done": "Fertig",
        "Request a change": "Änderung anfordern",
        "Emergency change": "Notfalländerung",
        "Automated change": "Automatische Änderung",
        "Report an outage": "Ausfall melden",
    },
}
"""How a site shows the names of statuses, their categories and request types to accounts of this language."""


def request_types(desk: str = "1") -> list[RequestType]:
    """The request types that a desk begins with; a search for *Request a change* finds two of them."""
    return [
        RequestType("25", desk, "Request a change", "Ask for a change to a service.", CHANGE.id, _FORM),
        RequestType(
            "26", desk, "Emergency change", "For what cannot wait: request a change at once.", CHANGE.id, _FORM
        ),
        RequestType("27", desk, "Automated change", "Made by pipelines.", CHANGE.id, _FORM, hidden=True),
        RequestType("28", desk, "Report an outage", "Something does not work.", INCIDENT.id, _FORM[:3]),
    ]


@dataclass
class Catalogue:
    """All of it. The lists may be altered at any time, so that a site can look as a test needs it."""

    projects: list[Project] = field(default_factory=lambda: [Project("10010", "OPS", "Operations", "1")])
    issue_types: list[IssueType] = field(default_factory=lambda: [STORY, SUBTASK, CHANGE, INCIDENT])
    request_types: list[RequestType] = field(default_factory=request_types)
    fields: list[Field] = field(default_factory=lambda: [*SYSTEM, *CUSTOM])

    def field(self, identity: str) -> Field | None:
        return next((one for one in self.fields if one.id == identity), None)

    def named(self, name: str) -> list[Field]:
        """The fields with this name, which need not be one."""
        return [one for one in self.fields if one.name == name]

    def remove_field(self, name: str) -> None:
        """A site without this field."""
        self.fields = [one for one in self.fields if one.name != name]

    def duplicate_field(self, name: str) -> Field:
        """One more field of this name and kind, with an id of its own."""
        first = self.named(name)[0]
        number = max(int(one.id.rpartition("_")[2]) for one in self.fields if one.custom) + 1
        again = Field(f"customfield_{number}", name, first.kind, first.options)
        self.fields.append(again)
        return again

    def project(self, key_or_id: str) -> Project:
        """Raises NotFound when there is none."""
        for one in self.projects:
            if key_or_id.upper() in (one.key, one.id):
                return one
        raise NotFound(f"No project could be found with key '{key_or_id}'.")

    def add_project(self, key: str, name: str = "", *, desk: bool = False) -> Project:
        """One more project, with a service desk that has the usual request types, or without one.

        Raises:
            DeskError: the key is taken or cannot be one.
        """
        if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,254}", key) or any(one.key == key for one in self.projects):
            raise DeskError(f"{key!r} can be no project's key, or is one already.")
        identity = self._next_project()
        number = int(identity) - 10009
        project = Project(identity, key, name or key.capitalize(), str(number) if desk else "")
        self.projects.append(project)
        if desk:
            self.request_types += [replace(one, id=f"{number}{one.id}") for one in request_types(project.desk)]
        return project

    def _next_project(self) -> str:
        return str(max((int(one.id) for one in self.projects), default=10009) + 1)

    def ensure_project(self, key: str) -> Project:
        """The project with this key, which is there from now on if it was not; it has no service desk then."""
        known = next((one for one in self.projects if one.key == key), None)
        if known is None:
            known = Project(self._next_project(), key, key.capitalize())
            self.projects.append(known)
        return known

    def desk(self, identity: str) -> Project:
        """The project of the service desk with this id or project key. Raises NotFound when there is none."""
        for one in self.projects:
            if one.desk and identity in (one.desk, one.key, one.id):
                return one
        raise NotFound("The service desk does not exist.")

    def request_type(self, desk: str, identity: str) -> RequestType:
        """Raises NotFound when the desk has none with this id."""
        for one in self.request_types:
            if (one.desk, one.id) == (desk, identity):
                return one
        raise NotFound("The request type does not exist on this service desk.")

    def issue_type(self, name_or_id: str) -> IssueType:
        """The issue type with this name, in any case, or id. Raises NotFound when there is none."""
        for one in self.issue_types:
            if name_or_id.casefold() in (one.name.casefold(), one.id):
                return one
        raise NotFound(f"There is no issue type {name_or_id!r}.")
