"""Answers of Jira Service Management as frozen values. Whatever is of another shape than documented is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jira_ci.jira.parse import Account, WrongShape, account, digits, items, mapping, number, optional_text, plain, text

# https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#version
_RICH = ("description", "environment")


@dataclass(frozen=True)
class Page:
    """One page of a list: its values, raw, and whether it says that it is the last."""

    start: int
    values: tuple[Any, ...]
    last: bool


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


@dataclass(frozen=True)
class Comment:
    """One comment on a change.

    Attributes:
        body: the text that people see, or wiki markup where Jira keeps that.
        public: whether customers see it; ``None`` when the answer does not say.
        properties: those that the answer shows.
    """

    id: str
    body: str
    author: Account | None
    public: bool | None
    properties: Mapping[str, Any]


def page(body: Any) -> Page:
    """A page.

    Raises:
        WrongShape: it does not say where it begins or whether it is the last, or its size is not that of its values.
    """
    bean = mapping(body, "the page")
    last = bean.get("isLastPage")
    if not isinstance(last, bool):
        raise WrongShape("isLastPage is neither true nor false")
    values = tuple(items(bean.get("values"), "values"))
    if "size" in bean and number(bean, "size") != len(values):
        raise WrongShape("size is not the number of its values")
    return Page(number(bean, "start"), values, last)


def desk(value: Any) -> Desk:
    """A service desk."""
    bean = mapping(value, "the service desk")
    return Desk(digits(bean, "id"), digits(bean, "projectId"), text(bean, "projectKey"))


def request_type(value: Any) -> RequestType:
    """A request type."""
    bean = mapping(value, "a request type")
    return RequestType(digits(bean, "id"), text(bean, "name"), digits(bean, "issueTypeId"))


def request_fields(body: Any) -> list[Field]:
    """The fields of a request type."""
    beans = items(mapping(body, "the answer").get("requestTypeFields"), "requestTypeFields")
    return [_field(mapping(one, "a field")) for one in beans]


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


def comments(body: Any) -> Page:
    """A page of an issue's comments.

    Raises:
        WrongShape: nobody can tell whether it is the last.
    """
    bean = mapping(body, "the page")
    values, start, total = (
        tuple(items(bean.get("comments"), "comments")),
        number(bean, "startAt"),
        number(bean, "total"),
    )
    return Page(start, tuple(map(comment, values)), start + len(values) >= total)


def comment(value: Any) -> Comment:
    """A comment as the platform shows it."""
    bean = mapping(value, "a comment")
    public = bean.get("jsdPublic")
    if public is not None and not isinstance(public, bool):
        raise WrongShape("jsdPublic is neither true nor false")
    known = [mapping(one, "a property") for one in items(bean.get("properties") or [], "properties")]
    return Comment(
        id=digits(bean, "id"),
        body=plain(bean.get("body")),
        author=account(bean.get("author"), "author"),
        public=public,
        properties={text(one, "key"): one.get("value") for one in known},
    )


def desk_comment(value: Any) -> str:
    """The id of a comment that was written the service desk's way."""
    return digits(mapping(value, "a comment"), "id")


def _field(bean: Mapping[str, Any]) -> Field:
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
