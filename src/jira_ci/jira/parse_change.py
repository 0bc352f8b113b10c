"""What Jira's answers about issues hold: their fields, their history, their properties and their comments. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from jira_ci.jira.rich_text import shown_text


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
        description=shown_text(fields.get("description")),
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
        body=shown_text(bean.get("body")),
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
