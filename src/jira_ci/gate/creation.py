"""Making a change through the service desk: which desk, which request type, which values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jira_ci.errors import AccessError, NetworkError, nearest
from jira_ci.gate.mark import description
from jira_ci.gate.terms import Occasion, Policy, Subject
from jira_ci.gate.values import Unfit, field_values
from jira_ci.jira.desk_answers import Desk, Field, RequestType
from jira_ci.jira.service import Service
from jira_ci.jira.unwelcome import NotFound, Redirected, Refused
from jira_ci.report.wording import filled
from jira_ci.text import one_line


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


def prepare(service: Service, policy: Policy, subject: Subject, occasion: Occasion) -> Form:
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
    values: dict[str, Any] = {"summary": subject.title, "description": description(subject, occasion)}
    try:
        fields = _in_words(policy.fields, subject, occasion)
        values |= field_values(fields, known, cloud=service.connect().edition == "cloud")
    except Unfit as error:
        raise Impossible(f"The request type {shown(kind.name)}: {error}. Change fields in the policy.") from None
    return Form(desk.id, kind.id, _fitting(values, known, kind))


def _in_words(fields: Mapping[str, Any], subject: Subject, occasion: Occasion) -> dict[str, Any]:
    """The policy's fields with the words filled in that mean something before a deployment."""
    own = {name: getattr(subject, name) for name in ("project", "version", "environment", "tenant", "commit")}
    words = {**occasion.words, **own, "short-commit": subject.commit[:7]}
    return {name: _in_words_of(name, value, words) for name, value in fields.items()}


def _in_words_of(name: str, value: Any, words: Mapping[str, str]) -> Any:
    try:
        return filled(value, words)
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
        return service.create(form.desk, form.type, form.values)
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
    hint = nearest(wanted, [one.name for one in listed.values])
    raise Impossible(
        f"The service desk {desk.project_key} has no request type {shown(wanted)}. {one_line(hint, 100)} "
        "Change request-type in the policy."
    )


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
