"""What tests of the gate's conversation deploy, under which policy, and as whom they ask the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from jira_ci.gate.change_property import Change
from jira_ci.gate.find_change import Finder
from jira_ci.gate.policy.policy import Policy as RealPolicy
from jira_ci.gate.snapshot import SnapshotReader
from jira_ci.gate.subject import Attempt
from jira_ci.gate.subject import Subject as RealSubject
from jira_ci.http import Client
from jira_ci.jira.access import Access
from jira_ci.jira.auth import Login
from jira_ci.jira.service_desk import Service
from jira_ci.timing import Deadline
from jira_sandbox.desk.change_issue import Change as Issue
from jira_sandbox.server import Sandbox

TITLE = 'Deploy "Web Site" version 1.2.3 to "Prod"'
IMPATIENT: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
RUN = Attempt("https://ci.example/acme/shop/runs/7", "7", "octocat", ("WEB-1", "WEB-2"))


@dataclass(frozen=True)
class Policy(RealPolicy):
    source: str = ""
    sha256: str = ""
    project: str = "Web Site"
    connection: str = "default"
    credentials: str = ""
    site: str = ""
    title: str = ""
    comments: Literal["off", "internal", "public"] = "off"
    gate_by: Literal["change", "jira"] = "change"
    relaxed: tuple[str, ...] = ()
    service_desk: str = "OPS"
    request_type: str = "Request a change"
    issue_types: tuple[str, ...] = ("[System] Change", "Change")
    change: str = ""
    create: bool = True
    binding: Literal["mention", "any"] = "mention"
    bind: Literal["commit", "version"] = "commit"
    reuse: Literal["open", "once"] = "open"
    proceed_statuses: tuple[str, ...] = ("Implementing",)
    wait_statuses: tuple[str, ...] = ("Review", "Planning", "Authorize", "Awaiting implementation")
    minimum_approvals: int = 0
    window: tuple[str, str] | None = ("Planned start", "Planned end")
    window_required: bool = False
    edits: Literal["say", "deny"] = "say"
    watched_fields: tuple[str, ...] = ()
    exclude_approvers: tuple[str, ...] = ()
    deployers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class Subject(RealSubject):
    project: str = "Web Site"
    environment: str = "Prod"
    tenant: str = ""
    version: str = "1.2.3"
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    title: str = TITLE
    repository: str = "acme/shop"


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
    return Service(Login(client, access(sandbox, **changed))), client


@contextmanager
def asking(sandbox: Sandbox, *, seconds: float = 20, **changed: Any) -> Iterator[Service]:
    """A conversation that is closed at the end."""
    service, client = open_service(sandbox, seconds=seconds, **changed)
    try:
        yield service
    finally:
        client.close()


def finder(
    service: Service, *, subject: Subject | None = None, attempt: Attempt | None = None, **policy: Any
) -> Finder:
    """Looks for the change of the usual deployment."""
    return Finder(service, Policy(**policy), subject or Subject(), attempt or RUN, pauses=IMPATIENT)


def reader(service: Service, change: Change, *, subject: Subject | None = None, **policy: Any) -> SnapshotReader:
    """Reads the change of the usual deployment."""
    return SnapshotReader(service, Policy(**policy), subject or Subject(), RUN, change)


def approved(sandbox: Sandbox, **options: Any) -> str:
    """The key of a change by somebody that is approved and being implemented."""
    trials = sandbox.desk
    key = trials.create(options.pop("summary", TITLE), **options).key
    trials.transition(key, "Authorize")
    trials.approve(key)
    trials.transition(key, "Implementing")
    return str(key)


def known(sandbox: Sandbox, key: str) -> Issue:
    """The issue with this key, as the sandbox has it."""
    found = sandbox.site.desk.find(key)
    assert found is not None
    return found


def titled(sandbox: Sandbox, title: str = TITLE) -> list[str]:
    """The keys of all changes with the title, whatever the index knows."""
    return [one.key for one in sandbox.site.desk.ledger.all() if one.summary == title]
