"""Deployment gating: what Jira's automation does when a pending deployment arrives with the command, and the status.

The change is made in the service desk that the deployment's service is connected to; its status decides
(https://support.atlassian.com/jira-service-management-cloud/docs/set-up-deployment-gating/).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_sandbox.desk.actions import Desk
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.desk.trials import Trials
from jira_sandbox.moments import moment

_COMMAND = "initiate_deployment_gating"
_SERVICES = "serviceIdOrKeys"
Key = tuple[Any, ...]


class Gating:
    """What is gated on the site.

    Attributes:
        connected: which service is connected to which project, by the service's id; None connects every service to
            OPS.
        without_service: the project that gates deployments which name no service; empty for none.
        allowed, prevented: the statuses of changes that allow and prevent, in lower case. Other ends have expired.
        arriving: how often a new deployment is not known yet when its status is asked for.
        refused: 401 or 403, where the site does not serve the status to OAuth clients; 0 where it does.
        says: answered in place of what the change says; empty for that.
    """

    def __init__(self, desk: Desk, trials: Trials) -> None:
        self._desk, self._trials = desk, trials
        self.connected: dict[str, str] | None = None
        self.without_service = ""
        self.allowed = {"implementing"}
        self.prevented = {"declined", "canceled", "failed"}
        self.arriving = 1
        self.refused = 0
        self.says = ""
        self._changes: dict[Key, str] = {}
        self._reads: dict[Key, int] = {}

    def notice(self, key: Key, record: Mapping[str, Any]) -> None:
        """A deployment was stored. The first one that is pending and has the command gets a change."""
        commands = [one.get("command") for one in record.get("commands", ())]
        services = _services(record)
        project = next(filter(None, map(self._project, services)), "") if services else self.without_service
        if record["state"] != "pending" or _COMMAND not in commands or not project or key in self._changes:
            return
        title = f"Deployment: {record['displayName']} to {record['environment']['displayName']}"
        made = self._trials.create(title[:255], project=project, description=record["description"], status="Authorize")
        self._changes[key], self._reads[key] = made.key, 0
        self._desk.gated.add(made.key)

    def change(self, key: Key) -> str:
        """The key of the change that gates this deployment; empty when it is not gated."""
        return self._changes.get(key, "")

    def status(self, key: Key, address: str) -> dict[str, Any] | None:
        """The document about a deployment; None when it is not gated, or not known yet."""
        change = self._desk.ledger.find(self._changes.get(key, ""))
        if change is None:
            return None
        self._reads[key] += 1
        if self._reads[key] <= self.arriving:
            return None
        pipeline, environment, number = key
        return {
            "deploymentSequenceNumber": number,
            "pipelineId": pipeline,
            "environmentId": environment,
            "updatedTimestamp": moment(change.updated).isoformat(timespec="milliseconds"),
            "gatingStatus": self.says or self._word(change),
            "details": [
                {
                    "type": "issue",
                    "issueKey": change.key,
                    "issueLink": f"{address}/servicedesk/customer/portal/1/{change.key}",
                }
            ],
        }

    def dump(self) -> list[list[Any]]:
        """What is gated, as plain values."""
        return [[list(key), change] for key, change in self._changes.items()]

    def restore(self, dumped: list[list[Any]]) -> None:
        """Replace what is gated by what :meth:`dump` gave."""
        self._changes = {tuple(key): str(change) for key, change in dumped}
        self._reads = dict.fromkeys(self._changes, self.arriving)
        self._desk.gated = set(self._changes.values())

    def _project(self, service: str) -> str:
        return "OPS" if self.connected is None else self.connected.get(service, "")

    def _word(self, change: Change) -> str:
        if change.deleted:
            return "invalid"
        status = self._desk.workflow.status(change.status)
        if status.name.casefold() in self.allowed:
            return "allowed"
        return "prevented" if status.category == "done" or status.name.casefold() in self.prevented else "awaiting"


def _services(record: Mapping[str, Any]) -> list[str]:
    return [
        str(value)
        for one in record.get("associations", ())
        if one["associationType"] == _SERVICES
        for value in one["values"]
    ]
