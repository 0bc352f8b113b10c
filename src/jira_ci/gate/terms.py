"""What finding and reading a change needs to know about the policy, the deployment and the run that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jira_ci.errors import AccessError, JiraCiError
from jira_ci.gate import requirements
from jira_ci.gate.decision import Decision
from jira_ci.jira.errors import Redirected


class Policy(Protocol):
    """What a policy says about the change itself; see :class:`jira_ci.gate.policy.policy.Policy`."""

    @property
    def service_desk(self) -> str: ...
    @property
    def request_type(self) -> str: ...
    @property
    def issue_types(self) -> tuple[str, ...]: ...
    @property
    def change(self) -> str: ...
    @property
    def create(self) -> bool: ...
    @property
    def binding(self) -> str: ...
    @property
    def proceed_statuses(self) -> tuple[str, ...]: ...
    @property
    def wait_statuses(self) -> tuple[str, ...]: ...
    @property
    def minimum_approvals(self) -> int: ...
    @property
    def window(self) -> tuple[str, str] | None: ...
    @property
    def window_required(self) -> bool: ...
    @property
    def exclude_approvers(self) -> tuple[str, ...]: ...
    @property
    def deployers(self) -> Mapping[str, str]: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...


class Subject(Protocol):
    """What is deployed, and where to; see :class:`jira_ci.gate.subject.Subject`."""

    @property
    def project(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def commit(self) -> str: ...
    @property
    def title(self) -> str: ...


@dataclass(frozen=True)
class Attempt:
    """The run that asks.

    Attributes:
        url: where a person looks at it.
        run: the provider's id of it.
        actor: the login of whoever deploys; empty when the CI does not say.
        keys: the issues that are deployed, for the change to be linked to.
        objection: why this run may make no change (``a dry run``, ``a pull request``); empty when it may.
        words: what the run's words mean in the policy's ``fields``; see :func:`jira_ci.report.templates.of_run`.
    """

    url: str = ""
    run: str = ""
    actor: str = ""
    keys: tuple[str, ...] = ()
    objection: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


def requirements_of(policy: Policy) -> requirements.Requirements:
    """The part of the policy that :func:`jira_ci.gate.decision.decide` takes."""
    return requirements.Requirements(
        proceed_statuses=policy.proceed_statuses,
        wait_statuses=policy.wait_statuses,
        minimum_approvals=policy.minimum_approvals,
        window=policy.window if policy.window is not None else "off",
        window_required=policy.window_required,
    )


def decision_of(error: JiraCiError, row: int) -> Decision:
    """What an unwelcome answer means: row 6 for a refused credential, 7 for a redirect, else the row given."""
    if isinstance(error, AccessError):
        row = 6
    elif isinstance(error, Redirected):
        row = 7
    return Decision.of(row, str(error))
