"""What tests of the gate's conversation deploy, under which policy, and as whom they ask the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_ci.deadline import Deadline
from jira_ci.jira.access import Access
from jira_ci.jira.client import Client
from jira_ci.jira.service import Service
from jira_ci.sandbox.server import Sandbox

TITLE = 'Deploy "Web Site" version 1.2.3 to "Prod"'
IMPATIENT: tuple[float, ...] = (0.02, 0.02, 0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True)
class Policy:
    service_desk: str = "OPS"
    request_type: str = "Request a change"
    issue_types: tuple[str, ...] = ("[System] Change", "Change")
    change: str = ""
    create: bool = True
    binding: str = "mention"
    proceed_statuses: tuple[str, ...] = ("Implementing",)
    wait_statuses: tuple[str, ...] = ("Review", "Planning", "Authorize", "Awaiting implementation")
    minimum_approvals: int = 0
    window: tuple[str, str] | None = ("Planned start", "Planned end")
    window_required: bool = False
    exclude_approvers: tuple[str, ...] = ()
    deployers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    project: str = "Web Site"
    environment: str = "Prod"
    tenant: str = ""
    version: str = "1.2.3"
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    title: str = TITLE


def access(sandbox: Sandbox, **changed: Any) -> Access:
    """The sandbox's person with an API token."""
    credentials = sandbox.credentials
    found: dict[str, Any] = {
        "site": sandbox.address,
        "api": sandbox.address,
        "user": credentials.user,
        "token": credentials.token,
    }
    return Access(**{**found, **changed})


def open_service(sandbox: Sandbox, *, seconds: float = 20, **changed: Any) -> tuple[Service, Client]:
    """A conversation with the sandbox, and its client, which has to be closed."""
    client = Client(Deadline(seconds), jitter=lambda: 0.001)
    return Service(client, access(sandbox, **changed)), client
