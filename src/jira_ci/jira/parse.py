"""What Jira's answers hold: issues and their history, service desks, approvals and comments. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jira_ci.frozen import dataclass

# https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#version
_RICH = ("description", "environment")


class WrongShape(Exception):
    """A part of an answer is missing or of another kind; the message names it."""


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise WrongShape(f"{name} is no object")
    return value


def items(value: Any, name: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise WrongShape(f"{name} is no list")
    return value


def text(parent: Mapping[str, Any], name: str) -> str:
    """A text that says something."""
    value = parent.get(name)
    if not isinstance(value, str) or not value.strip():
        raise WrongShape(f"{name} is no text")
    return value


def optional_text(parent: Mapping[str, Any], name: str) -> str | None:
    """A text, or ``None`` for null and for what is not there."""
    value = parent.get(name)
    if value is not None and not isinstance(value, str):
        raise WrongShape(f"{name} is no text")
    return value


def number(parent: Mapping[str, Any], name: str) -> int:
    """A whole number that is not negative."""
    value = parent.get(name)
    if type(value) is not int or value < 0:
        raise WrongShape(f"{name} is no number")
    return value


def digits(parent: Mapping[str, Any], name: str) -> str:
    """An id: a number written as text."""
    value = text(parent, name)
    if not (value.isascii() and value.isdigit()):
        raise WrongShape(f"{name} is no id")
    return value


# https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/: inline nodes that show a text
_SHOWN = {"mention": "text", "emoji": "text", "status": "text", "inlineCard": "url"}
_INLINE = {"text", "hardBreak", "date", *_SHOWN}


def plain(value: Any) -> str:
    """The text that people see; each block on a line of its own. Null is empty, and a text is itself (version 2).

    Raises:
        WrongShape: it is neither of these nor a document.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, dict) or value.get("type") != "doc":
        raise WrongShape("description is no document")
    parts: list[str] = []
    waiting: list[Any] = [value]
    while waiting:  # without recursion: how deep a document goes is its writer's choice
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, dict):
            parts.append(_shown(node))
            waiting.extend(_inside(node))
        else:
            raise WrongShape("description holds something that is no node")
    lines = "".join(parts).split("\n")
    return "\n".join(line for line in lines if line.strip())


def _inside(node: dict[str, Any]) -> list[Any]:
    content = node.get("content", [])
    if not isinstance(content, list):
        raise WrongShape("description holds a node whose content is no list")
    end = [] if node.get("type") in _INLINE else ["\n"]
    return [*end, *reversed(content)]


def _shown(node: dict[str, Any]) -> str:
    kind = node.get("type")
    if kind == "text":
        text = node.get("text")
        if not isinstance(text, str):
            raise WrongShape("description holds a text node without text")
        return text
    if kind in _SHOWN:
        attributes = node.get("attrs")
        shown = attributes.get(_SHOWN[kind]) if isinstance(attributes, dict) else None
        return shown if isinstance(shown, str) else " "
    return "\n"


@dataclass(frozen=True)
class Account:
    """Somebody: what identifies them for ever, and what people call them."""

    id: str
    name: str


@dataclass(frozen=True)
class Value:
    """What a field held: an id, where the field has such values, and the text that people see."""

    id: str | None
    text: str | None


@dataclass(frozen=True)
class Item:
    """One field in a step of an issue's history."""

    field: str
    """The field's id; where Jira gives none (older Data Center), its name for system fields and empty for others."""
    before: Value
    after: Value
    name: str = ""
    """What people call it."""


@dataclass(frozen=True)
class Step:
    """What was edited at one moment, which is as Jira wrote it, and by whom; ``None`` where Jira names nobody, as of
    an automation or of somebody who is gone."""

    created: str
    items: tuple[Item, ...]
    author: Account | None = None


@dataclass(frozen=True)
class History:
    """The steps in Jira's order, and whether they are all there are."""

    steps: tuple[Step, ...]
    complete: bool


@dataclass(frozen=True)
class Issue:
    """One issue.

    ``fields`` holds every field that was given, raw, and ``names`` what people call each; ``mark`` is our own property,
    ``None`` when there is none; ``parked`` is what the property with notes holds, whoever wrote it.
    """

    id: str
    key: str
    project_id: str
    project_key: str
    type_id: str
    type_name: str
    summary: str
    description: str
    status_id: str
    status_name: str
    status_category: str | None
    creator: Account | None
    reporter: Account | None
    mark: Mapping[str, Any] | None
    fields: Mapping[str, Any]
    names: Mapping[str, str] | None
    history: History | None
    parked: Any = None

    @property
    def done(self) -> bool:
        """Whether the issue is closed, whatever its status is called."""
        return self.status_category == "done"


@dataclass(frozen=True)
class Found:
    """A candidate of a search: it may have been edited since it was indexed."""

    id: str
    key: str
    summary: str


@dataclass(frozen=True)
class Noted(Found):
    """A candidate that a run may wait for: its project and type, its status and labels as they were indexed, and what
    the property with notes holds."""

    project_id: str
    project_key: str
    type_id: str
    type_name: str
    status_id: str
    status_name: str
    status_category: str | None
    labels: tuple[str, ...]
    notes: Any


def account(value: Any, name: str) -> Account | None:
    """Somebody; ``None`` for null. Data Center knows users by key and name, and has no account ids.

    Raises:
        WrongShape: there is somebody without anything that identifies them.
    """
    if value is None:
        return None
    user = mapping(value, name)
    identity = next((user[known] for known in ("accountId", "key", "name") if user.get(known)), None)
    if not isinstance(identity, str):
        raise WrongShape(f"{name} has no account id")
    return Account(identity, optional_text(user, "displayName") or identity)


def issue(body: Any, mark: str, parked: str = "") -> Issue:
    """An issue.

    Args:
        mark, parked: the names of our own property, and of that with notes.

    Raises:
        WrongShape: a part is missing.
    """
    bean = mapping(body, "the issue")
    fields = mapping(bean.get("fields"), "fields")
    held = bean.get("properties")
    return Issue(
        id=digits(bean, "id"),
        key=text(bean, "key"),
        **_kind(fields),
        summary=text(fields, "summary"),
        description=plain(fields.get("description")),
        creator=account(fields.get("creator"), "creator"),
        reporter=account(fields.get("reporter"), "reporter"),
        mark=_mark(bean, mark),
        fields=fields,
        names=_names(bean),
        history=_history(bean["changelog"]) if "changelog" in bean else None,
        parked=held.get(parked) if isinstance(held, Mapping) else None,
    )


def _kind(fields: Mapping[str, Any]) -> dict[str, Any]:
    """An issue's project, type and status."""
    project, kind = mapping(fields.get("project"), "project"), mapping(fields.get("issuetype"), "issuetype")
    status = mapping(fields.get("status"), "status")
    category = status.get("statusCategory")
    return {
        "project_id": digits(project, "id"),
        "project_key": text(project, "key"),
        "type_id": digits(kind, "id"),
        "type_name": text(kind, "name"),
        "status_id": digits(status, "id"),
        "status_name": text(status, "name"),
        "status_category": None if category is None else optional_text(mapping(category, "statusCategory"), "key"),
    }


def candidates(body: Any) -> list[Found]:
    """The issues on one page of a search."""
    page = mapping(body, "the page")
    beans = [mapping(one, "an issue") for one in items(page.get("issues"), "issues")]
    return [
        Found(digits(one, "id"), text(one, "key"), text(mapping(one.get("fields"), "fields"), "summary"))
        for one in beans
    ]


def noted(body: Any, name: str) -> list[Noted]:
    """The issues on one page of a search, with what they have under this property."""
    beans = [mapping(one, "an issue") for one in items(mapping(body, "the page").get("issues"), "issues")]
    return [_noted(one, mapping(one.get("fields"), "fields"), name) for one in beans]


def _noted(bean: Mapping[str, Any], fields: Mapping[str, Any], name: str) -> Noted:
    held, labels = bean.get("properties"), fields.get("labels")
    return Noted(
        digits(bean, "id"),
        text(bean, "key"),
        text(fields, "summary"),
        **_kind(fields),
        labels=tuple(one for one in items([] if labels is None else labels, "labels") if isinstance(one, str)),
        notes=None if held is None else mapping(held, "properties").get(name),
    )


def all_properties(body: Any) -> list[Mapping[str, Any]]:
    """What the issues on one page of a search have under the properties that were asked for, in their order."""
    beans = [mapping(one, "an issue") for one in items(mapping(body, "the page").get("issues"), "issues")]
    return [mapping(one.get("properties", {}), "properties") for one in beans]


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


def granted(body: Any) -> dict[str, bool]:
    """Which of the permissions that were asked for the account has."""
    found = mapping(mapping(body, "the answer").get("permissions"), "permissions")
    return {name: mapping(one, name).get("havePermission") is True for name, one in found.items()}


def _mark(bean: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = bean.get("properties")
    value = None if found is None else mapping(found, "properties").get(name)
    return None if value is None else mapping(value, name)


def _names(bean: Mapping[str, Any]) -> Mapping[str, str] | None:
    if "names" not in bean:
        return None
    names = mapping(bean["names"], "names")
    return {field: text(names, field) for field in names}


def _history(value: Any) -> History:
    log = mapping(value, "changelog")
    steps = tuple(_step(mapping(one, "a step")) for one in items(log.get("histories"), "histories"))
    return History(steps, number(log, "startAt") == 0 and number(log, "total") == len(steps))


def _step(step: Mapping[str, Any]) -> Step:
    parts = [mapping(one, "an item") for one in items(step.get("items"), "items")]
    return Step(text(step, "created"), _items(parts), _author(step))


def _author(step: Mapping[str, Any]) -> Account | None:
    try:
        return account(step.get("author"), "author")
    except WrongShape:  # who has no account any more
        return None


def _items(parts: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    return tuple(Item(_field(part), _value(part, "from"), _value(part, "to"), text(part, "field")) for part in parts)


def _value(part: Mapping[str, Any], name: str) -> Value:
    return Value(optional_text(part, name), optional_text(part, f"{name}String"))


def _field(part: Mapping[str, Any]) -> str:
    """A custom field may have any name, "summary" too; only its id tells."""
    name, identity = text(part, "field"), optional_text(part, "fieldId")
    return identity or ("" if part.get("fieldtype") == "custom" else name.casefold())


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


def page(body: Any) -> Page:
    """A page.

    Raises:
        WrongShape: it does not say where it begins or whether it is the last, its size is not that of its values, or it
            is the last and names the next one.
    """
    bean = mapping(body, "the page")
    last, links = bean.get("isLastPage"), bean.get("_links")
    if not isinstance(last, bool):
        raise WrongShape("isLastPage is neither true nor false")
    if last and isinstance(links, dict) and links.get("next"):
        raise WrongShape("isLastPage contradicts the link to the next page")
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


def property_keys(body: Any) -> list[str]:
    """The keys of an issue's properties."""
    beans = items(mapping(body, "the answer").get("keys"), "keys")
    return [text(mapping(one, "a key"), "key") for one in beans]


def property_value(body: Any) -> Any:
    """The value of one property, whatever it is."""
    found = mapping(body, "the answer")
    if "value" not in found:
        raise WrongShape("there is no value")
    return found["value"]


def attached(body: Any) -> str:
    """The id of the one file that was attached."""
    beans = items(body, "the attachments")
    if len(beans) != 1:
        raise WrongShape("there is not one attachment")
    return digits(mapping(beans[0], "an attachment"), "id")


def desk_comment(value: Any) -> str:
    """The id of a comment that was written the service desk's way."""
    return digits(mapping(value, "a comment"), "id")


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
