"""What a service desk's answers hold: request types, approvals and who is asked for them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.frozen import dataclass
from jira_ci.jira.parse import (
    Account,
    Page,
    WrongShape,
    account,
    digits,
    items,
    mapping,
    number,
    optional_text,
    text,
)

# https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#version
_RICH = ("description", "environment")


@dataclass(frozen=True)
class Kind:
    """An issue type of a project, with the statuses that its workflow has.

    Attributes:
        statuses: id to name, in the language of whoever asks.
        untranslated: id to the name that the site itself has, where Jira says it.
    """

    id: str
    name: str
    statuses: Mapping[str, str]
    untranslated: Mapping[str, str]


def kinds(body: Any) -> tuple[Kind, ...]:
    """The issue types of a project, with their statuses.

    Raises:
        WrongShape: it is no list of them.
    """
    found = []
    for one in (mapping(bean, "an issue type") for bean in items(body, "the issue types")):
        statuses = [mapping(status, "a status") for status in items(one.get("statuses", []), "statuses")]
        names = {text(status, "id"): text(status, "name") for status in statuses}
        own = {text(status, "id"): optional_text(status, "untranslatedName") or "" for status in statuses}
        found.append(Kind(digits(one, "id"), text(one, "name"), names, own))
    return tuple(found)


@dataclass(frozen=True)
class Desk:
    """A service desk and its project."""

    id: str
    project_id: str
    project_key: str


@dataclass(frozen=True)
class RequestType:
    """A request type, and the id of the issue type that its requests have."""

    id: str
    name: str
    issue_type: str


@dataclass(frozen=True)
class Field:
    """A field of a request type: what kind of value it takes, and which values when there is a list of them."""

    id: str
    name: str
    required: bool
    preset: bool
    """Whether Jira fills it in by itself."""
    type: str
    items: str
    choices: tuple[str, ...]
    rich: bool = False
    """Whether its text is wiki markup, or a document."""


@dataclass(frozen=True)
class Answered:
    """One approver of an approval and Jira's word for the answer."""

    account: Account | None
    decision: str


@dataclass(frozen=True)
class Approval:
    """One approval; its dates are raw, as the service desk's DateDTO."""

    id: str
    name: str
    decision: str
    created: Mapping[str, Any]
    completed: Mapping[str, Any] | None
    approvers: tuple[Answered, ...]


def members(body: Any) -> Page:
    """A page of a group's members: accounts, and whether each is active.

    Raises:
        WrongShape: it does not say where it begins or whether it is the last, or somebody in it cannot be told.
    """
    bean = mapping(body, "the page")
    last = bean.get("isLast")
    if not isinstance(last, bool):
        raise WrongShape("isLast is neither true nor false")
    start, found = number(bean, "startAt"), []
    for one in items(bean.get("values"), "values"):
        known = account(one, "a member")
        if known is None:
            raise WrongShape("a member is null")
        found.append((known, mapping(one, "a member").get("active") is not False))
    if last and "total" in bean and number(bean, "total") > start + len(found):
        raise WrongShape("isLast contradicts total")
    return Page(start, tuple(found), last)


def desk(value: Any) -> Desk:
    """A service desk."""
    bean = mapping(value, "the service desk")
    return Desk(digits(bean, "id"), digits(bean, "projectId"), text(bean, "projectKey"))


def request_type(value: Any) -> RequestType:
    """A request type."""
    bean = mapping(value, "a request type")
    return RequestType(digits(bean, "id"), text(bean, "name"), digits(bean, "issueTypeId"))


def requested_as(body: Any) -> RequestType:
    """The request type of a request, which was asked to be expanded.

    Raises:
        WrongShape: the answer contradicts itself.
    """
    bean = mapping(body, "the request")
    found = request_type(bean.get("requestType"))
    if digits(bean, "requestTypeId") != found.id:
        raise WrongShape("requestTypeId is not the id of its requestType")
    return found


def request_fields(body: Any) -> list[Field]:
    """The fields of a request type."""
    beans = items(mapping(body, "the answer").get("requestTypeFields"), "requestTypeFields")
    return [_request_field(mapping(one, "a field")) for one in beans]


def created(body: Any) -> tuple[str, str]:
    """Id and key of the request that was made."""
    bean = mapping(body, "the request")
    return digits(bean, "issueId"), text(bean, "issueKey")


def approval(value: Any) -> Approval:
    """An approval."""
    bean = mapping(value, "an approval")
    completed = bean.get("completedDate")
    approvers = [mapping(one, "an approver") for one in items(bean.get("approvers"), "approvers")]
    return Approval(
        id=digits(bean, "id"),
        name=text(bean, "name"),
        decision=text(bean, "finalDecision"),
        created=mapping(bean.get("createdDate"), "createdDate"),
        completed=None if completed is None else mapping(completed, "completedDate"),
        approvers=tuple(
            Answered(account(one.get("approver"), "an approver"), text(one, "approverDecision")) for one in approvers
        ),
    )


def _request_field(bean: Mapping[str, Any]) -> Field:
    schema = mapping(bean.get("jiraSchema"), "jiraSchema")
    choices = [mapping(one, "a value") for one in items(bean.get("validValues") or [], "validValues")]
    return Field(
        id=text(bean, "fieldId"),
        name=text(bean, "name"),
        required=bean.get("required") is True,
        preset=bool(bean.get("defaultValues") or bean.get("presetValues")),
        type=text(schema, "type"),
        items=optional_text(schema, "items") or "",
        choices=tuple(text(one, "label") for one in choices),
        rich=(optional_text(schema, "custom") or "").endswith(":textarea") or schema.get("system") in _RICH,
    )
