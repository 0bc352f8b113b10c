"""Making a change through the service desk: which desk and request type, which values, links to run and issues.

Values as for each kind of field: https://docs.atlassian.com/jira-servicedesk/REST/latest/#fieldformats
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timezone
from typing import Any

from jira_ci.errors import AccessError, JiraCiError, NetworkError, Redirected, nearest
from jira_ci.frozen import dataclass
from jira_ci.gate.description import description, sendable, titled
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.subject import Attempt, Subject
from jira_ci.gate.window import moment
from jira_ci.jira import rich_text
from jira_ci.jira.parse_desk import Desk, Field, RequestType
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound, Refused
from jira_ci.run_words import fill_all
from jira_ci.text import canonical, one_line

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")

_Kinds = Mapping[str, Callable[[Field, Any], Any]]


class Unfit(Exception):
    """The policy's fields do not fit the request type; the message is a sentence without its full stop."""


def field_values(given: Mapping[str, Any], known: Sequence[Field], *, cloud: bool = True) -> dict[str, Any]:
    """The policy's values by field id.

    Args:
        given: field names or ids, and values as people write them.
        known: the request type's fields.
        cloud: whether people are known by their account ids; on Data Center by their user names.

    Raises:
        Unfit: there is no such field, several of that name, or it does not take that value.
    """
    values: dict[str, Any] = {}
    for name, value in given.items():
        field = _find(name, known)
        if field.id in ("summary", "description") or field.id in values:
            raise Unfit(f"the field {one_line(name, 60)!r} is set already: take it out of fields")
        values[field.id] = _value(field, value, _CLOUD if cloud else _DATA_CENTER)
    return values


def _find(name: str, known: Sequence[Field]) -> Field:
    found = [field for field in known if field.id == name]
    found = found or [field for field in known if canonical(field.name) == canonical(name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = " and ".join(field.id for field in found)
        raise Unfit(f"it has several fields of the name {one_line(name, 60)!r}: give one by its id, {ids}")
    hint = nearest(name, [field.name for field in known])
    raise Unfit(f"it has no field {one_line(name, 60)!r}. {one_line(hint, 100)}".rstrip(" ."))


def _value(field: Field, value: Any, kinds: _Kinds) -> Any:
    if isinstance(value, dict):  # whoever writes Jira's own form knows what it is
        return value
    if field.type == "array":
        parts = value if isinstance(value, list) else [value]
        return [part if isinstance(part, dict) else _single(field, field.items, part, kinds) for part in parts]
    if field.type == "option-with-child" and isinstance(value, list) and len(value) == 2:
        return {"value": _choice(field, value[0]), "child": {"value": str(value[1])}}
    return _single(field, field.type, value, kinds)


def _single(field: Field, kind: str, value: Any, kinds: _Kinds) -> Any:
    if isinstance(value, (list, dict)):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a single value")
    if field.rich:
        return kinds["rich"](field, value)
    convert = kinds.get(kind)
    if convert is not None:
        return convert(field, value)
    return value if field.type == "any" else _text(field, value)


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a text, and not a switch: put it in quotes")
    return str(value)


def _lines(field: Field, value: Any) -> list[rich_text.Line]:
    return [[line] for line in _text(field, value).split("\n")]


def _choice(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not field.choices:
        return text
    found = next((choice for choice in field.choices if canonical(choice) == canonical(text)), None)
    if found is None:
        choices = ", ".join(one_line(choice, 60) for choice in field.choices[:10])
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes one of: {choices}")
    return found


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a number")
    return value


def _date(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not _DATE.fullmatch(text):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a date such as 2026-11-30")
    return text


def _datetime(field: Field, value: Any) -> str:
    """Jira reads only its own form; ours is the same moment in UTC."""
    when = moment(_text(field, value))
    if when is None or not 1 < when.year < 9999:  # the edges have no date in every zone
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a date and time such as 2026-11-30T14:00:00+01:00")
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


_CLOUD: _Kinds = {
    "option": lambda field, value: {"value": _choice(field, value)},
    "option-with-child": lambda field, value: {"value": _choice(field, value)},
    "priority": lambda field, value: {"name": _choice(field, value)},
    "component": lambda field, value: {"name": _choice(field, value)},
    "version": lambda field, value: {"name": _choice(field, value)},
    "group": lambda field, value: {"name": _text(field, value)},
    "user": lambda field, value: {"accountId": _text(field, value)},
    "service-entity-field": lambda field, value: {"id": _text(field, value)},
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    # The service desk takes all rich texts of a request as documents, or none of them.
    "rich": lambda field, value: rich_text.document(_lines(field, value)),
}
_DATA_CENTER: _Kinds = {**_CLOUD, "rich": _text, "user": lambda field, value: {"name": _text(field, value)}}


_MOST = 20  # issues: Jira takes each link as a request of its own


def link(service: Service, issue_id: str, key: str, attempt: Attempt) -> Iterator[str]:
    """Links the change, and yields what people should know, as sentences."""
    if attempt.url:
        error = _try_run(service, issue_id, attempt)
        if error:
            yield f"{key} is not linked to its run: {error.message}"
    for issue in attempt.keys[:_MOST]:
        error = _try_issue(service, key, issue)
        if error:
            yield f"{key} is not linked to {issue}: {error.message}"
        if error and not isinstance(error, (NotFound, Refused)):
            return  # what is wrong with the connection is wrong with the other links too
    if len(attempt.keys) > _MOST:
        yield f"{key} is linked to {_MOST} of {len(attempt.keys)} issues; its description names more."


def _try_run(service: Service, issue_id: str, attempt: Attempt) -> JiraCiError | None:
    try:
        service.remote_link(issue_id, attempt.url, f"Run {attempt.run}".strip())
    except JiraCiError as error:
        return error
    return None


def _try_issue(service: Service, key: str, issue: str) -> JiraCiError | None:
    try:
        service.link(key, issue)
    except JiraCiError as error:
        return error
    return None


class Impossible(Exception):
    """The desk, the request type or a field does not do (row 9); the message is for people."""


class Lost(Exception):
    """A change may have been made or not: no answer said which."""


@dataclass(frozen=True)
class Form:
    """A request that is ready to be made."""

    desk: str
    type: str
    values: Mapping[str, Any]
    documents: bool
    """Whether its rich texts are documents, and not wiki markup."""
    said: tuple[str, ...] = ()
    """What people should know besides, as sentences."""


def prepare(service: Service, policy: Policy, subject: Subject, attempt: Attempt) -> Form:
    """Everything that is asked before a change is made, so that it is made rightly or not at all.

    Raises:
        Impossible: the policy does not fit the service desk.
        JiraCiError: as for every question.
    """
    desk = find_desk(service, policy.service_desk)
    kind = _request_type(service, desk, policy.request_type)
    types = service.types_of_project(desk.project_key)
    if not is_of_type(kind.issue_type, types.get(kind.issue_type, ""), policy.issue_types):
        name = one_line(types.get(kind.issue_type, kind.issue_type), 60)
        raise Impossible(
            f"Requests of the type {shown(kind.name)} are issues of the type {name!r}, which is not in issue-types. "
            "Change request-type or issue-types in the policy."
        )
    known = service.request_fields(desk.id, kind.id)
    cloud = service.connect().edition == "cloud"
    attempt, said = titled(service, attempt)
    asked = policy.emergency_asked
    told = [*(asked.lines if asked else ()), *description(subject, attempt, policy.description)]
    values: dict[str, Any] = {"summary": subject.title, "description": sendable(told, cloud=cloud)}
    try:
        marked_up = (
            () if cloud else [name for field in known if field.rich for name in (field.id, canonical(field.name))]
        )
        fields = _in_words(policy.fields, subject, attempt, marked_up)
        values |= field_values(fields, known, cloud=cloud)
    except Unfit as error:
        raise Impossible(f"The request type {shown(kind.name)}: {error}. Change fields in the policy.") from None
    return Form(desk.id, kind.id, _fitting(values, known, kind), documents=cloud, said=said)


def _in_words(
    fields: Mapping[str, Any], subject: Subject, attempt: Attempt, marked_up: Collection[str]
) -> dict[str, Any]:
    """The policy's fields with the words filled in that mean something before a deployment.

    Args:
        marked_up: ids and names of the fields that hold wiki markup, which is the policy's own and not that of a word.
    """
    words = {**attempt.words, **subject.names, "short-commit": subject.commit[:7]}
    inert = {name: rich_text.escaped(word) for name, word in words.items()} if marked_up else words
    return {
        name: _in_words_of(name, value, inert if name in marked_up or canonical(name) in marked_up else words)
        for name, value in fields.items()
    }


def _in_words_of(name: str, value: Any, words: Mapping[str, str]) -> Any:
    try:
        return fill_all(value, words)
    except KeyError as error:
        hint = nearest(error.args[0], words) or f"Words are {', '.join(f'{{{word}}}' for word in words)}"
        where, what = one_line(name, 60), one_line(error.args[0], 60)
        raise Unfit(f"the field {where!r} holds {{{what}}}, which means nothing there. {hint}".rstrip(".")) from None


def make(service: Service, form: Form) -> tuple[str, str]:
    """Makes the change, and gives its id and key.

    Raises:
        Impossible: Jira refused a value.
        Lost: no answer, or none that says whether it was made.
        AccessError, Redirected: it was not made.
    """
    try:
        return service.create(form.desk, form.type, form.values, documents=form.documents)
    except (NotFound, Refused) as error:
        raise Impossible(f"Jira refused to make the change. {error.message} Change request-type or fields.") from None
    except (AccessError, Redirected):
        raise
    except NetworkError as error:
        raise Lost(str(error)) from None


def is_in_project(project_id: str, project_key: str, wanted: str) -> bool:
    """Whether this is the service desk's project, which the policy names by key or id."""
    return project_id == wanted if wanted.isdigit() else project_key.upper() == wanted.upper()


def is_of_type(type_id: str, type_name: str, wanted: Sequence[str]) -> bool:
    """Whether an issue type is one of those in the policy: names exactly, ids as digits."""
    return any(one == type_id if one.isdigit() else one == type_name for one in wanted)


def shown(text: str) -> str:
    """A name inside a sentence."""
    return repr(one_line(text, 100))


def find_desk(service: Service, wanted: str) -> Desk:
    """A service desk by its project; a number could be the id of another desk too, so that the answer is compared.

    Raises:
        Impossible: there is none that the account sees.
        JiraCiError: as for every question.
    """
    try:
        desk = service.desk(wanted)
        if is_in_project(desk.project_id, desk.project_key, wanted):
            return desk
    except (NotFound, Refused):
        pass
    desks = service.desks()
    for desk in desks.values:
        if is_in_project(desk.project_id, desk.project_key, wanted):
            return desk
    _whole(desks.complete, "service desks")
    raise Impossible(
        f"There is no service desk {shown(wanted)} that the gate's account can see. "
        "Change service-desk in the policy, or make the account an agent there."
    )


_TYPES = 10  # request types in one sentence


def _request_type(service: Service, desk: Desk, wanted: str) -> RequestType:
    """Hidden request types are in the answer to a search only; ids and odd names may be missing in one."""
    for name in (wanted, ""):
        listed = service.request_types(desk.id, name)
        found = [one for one in listed.values if (one.id if wanted.isdigit() else one.name) == wanted]
        if len(found) > 1:
            ids = " and ".join(one.id for one in found)
            raise Impossible(f"There are several request types {shown(wanted)}: give request-type as an id, {ids}.")
        if found:
            return found[0]
    _whole(listed.complete, "request types")
    names = [one.name for one in listed.values]
    near = nearest(wanted, names) or (f"It has {', '.join(map(shown, names[:_TYPES]))}." if names else "")
    hint = f"{one_line(near, 400)} Change request-type in the policy."
    raise Impossible(f"The service desk {desk.project_key} has no request type {shown(wanted)}. {hint.lstrip()}")


def _whole(complete: bool, what: str) -> None:
    if not complete:
        raise NetworkError(f"Jira's list of {what} did not come to an end.", "Run again.")


def _fitting(values: dict[str, Any], known: Sequence[Field], kind: RequestType) -> dict[str, Any]:
    """Jira refuses a value for a field that the request type does not have; a description is no must."""
    ids = {field.id for field in known}
    if "summary" not in ids:
        raise Impossible(f"The request type {shown(kind.name)} has no summary. Change request-type in the policy.")
    needed = [field.name for field in known if field.required and not field.preset and field.id not in values]
    if needed:
        names = ", ".join(shown(name) for name in needed[:10])
        raise Impossible(f"The request type {shown(kind.name)} requires {names}. Add values under fields.")
    return {name: value for name, value in values.items() if name in ids}
