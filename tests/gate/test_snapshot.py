"""One round: what is read of a pinned change, and what keeps it from being complete, over real sockets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, NamedTuple

import pytest

from gate_faults import altered, answered, unaltered
from gate_subjects import TITLE, Policy, Subject, approved, asking, finder, known, reader
from jira_ci.gate.approvals import Excluded
from jira_ci.gate.change_property import Change
from jira_ci.gate.decision import Decision
from jira_ci.gate.requirements import Snapshot
from jira_ci.gate.snapshot import SnapshotReader
from jira_ci.gate.subject import Attempt
from jira_ci.jira.change_endpoints import PROPERTY
from jira_sandbox.accounts import ANA, BEN, CLEO, RELEASE
from jira_sandbox.desk.change_issue import Stage
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

GIVEN = "Deploy 1.2.3 to Prod"


def pinned(sandbox: Sandbox, key: str, *, by_key: bool = False) -> Change:
    issue = known(sandbox, key)
    return Change(issue.id, key, "OPS", "[System] Change", issue.summary, "key" if by_key else "title", False)


class Read(NamedTuple):
    decision: Decision
    snapshot: Snapshot | None


def read(sandbox: Sandbox, change: Change, *, subject: Subject | None = None, **policy: Any) -> Read:
    with asking(sandbox) as service:
        return Read(*reader(service, change, subject=subject, **policy).read())


def gaps(reading: Read) -> str:
    """Why the round is incomplete."""
    assert reading.decision.row == 17
    return reading.decision.reason


def date(seconds: float = 0) -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)


# How often Jira is asked


def test_a_change_given_by_key_takes_four_requests_on_one_connection(sandbox: Sandbox) -> None:
    key = approved(sandbox, summary=GIVEN)
    with asking(sandbox) as service:
        found = finder(service, change=key).find()
        assert found.change is not None
        assert reader(service, found.change, minimum_approvals=1).read()[0].row == 31
    assert [(seen.method, seen.path) for seen in sandbox.exchanges] == [
        ("GET", "/rest/api/3/myself"),
        ("GET", f"/rest/api/3/issue/{key}"),
        ("GET", f"/rest/servicedeskapi/request/{found.change.id}/approval"),
        ("GET", f"/rest/api/3/issue/{found.change.id}"),
    ]
    assert sandbox.connections == 1


def test_a_change_found_by_its_title_takes_five(sandbox: Sandbox) -> None:
    approved(sandbox)
    with asking(sandbox) as service:
        found = finder(service).find()
        assert found.change is not None
        assert reader(service, found.change, minimum_approvals=1).read()[0].row == 31
    assert len(sandbox.exchanges) == 5
    assert sandbox.connections == 1


def test_another_round_takes_two_more_and_the_issue_is_the_last(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    with asking(sandbox) as service:
        again = reader(service, change)
        again.read()
        before = len(sandbox.exchanges)
        again.read()
    assert [seen.path.split("/")[-1] for seen in sandbox.exchanges[before:]] == ["approval", change.id]
    query = sandbox.exchanges[-1].query
    assert "failFast=true" in query
    assert "expand=changelog,names" in query


def test_fields_given_by_id_are_asked_for_and_nothing_else(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    reading = read(sandbox, change, window=("customfield_10345", "customfield_10346"))
    assert reading.snapshot is not None
    assert (reading.decision.row, reading.snapshot.window_fields) == (31, ("customfield_10345", "customfield_10346"))
    assert sandbox.exchanges[-1].query.startswith("fields=summary,status,")
    assert "*all" not in sandbox.exchanges[-1].query


# What a round holds


def test_a_round_holds_what_jira_says(sandbox: Sandbox) -> None:
    sandbox.site.desk.stages = (Stage("CAB", (ANA.account, BEN.account), 2),)
    key = sandbox.desk.create(TITLE).key
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key, "ana")
    reading = read(sandbox, pinned(sandbox, key))
    held = reading.snapshot
    assert held is not None
    assert held.status is not None
    assert held.approvals is not None
    assert (held.key, held.status.name, held.status.category) == (key, "Authorize", "indeterminate")
    assert (held.own_account, held.excluded, held.pages_complete, held.aged) == (RELEASE.account, (), True, False)
    assert (held.start, held.end, held.edited, held.commit_differs, held.gaps) == ((None,), (None,), False, False, ())
    (one,) = held.approvals
    assert (one.name, one.decision, one.completed) == ("CAB", "pending", None)
    assert [(person.account, person.name, person.decision) for person in one.approvers] == [
        (ANA.account, ANA.display, "approved"),
        (BEN.account, BEN.display, "pending"),
    ]
    assert held.now is not None
    assert one.created is not None
    assert abs((held.now - one.created).total_seconds()) < 60
    assert reading.decision.row == 24


def test_approvals_come_from_every_page(sandbox: Sandbox) -> None:
    key = sandbox.desk.create(TITLE).key
    for _ in range(130):
        sandbox.desk.transition(key, "Planning")
        sandbox.desk.transition(key, "Authorize")
    reading = read(sandbox, pinned(sandbox, key))
    assert reading.snapshot is not None
    assert reading.snapshot.approvals is not None
    assert len(reading.snapshot.approvals) == 130
    pages = [seen.query for seen in sandbox.exchanges if seen.path.endswith("/approval")]
    assert len(pages) > 1
    assert reading.snapshot.pages_complete


@pytest.mark.parametrize(
    ("policy", "excluded"),
    [
        ({}, ()),
        ({"exclude_approvers": ("reporter",)}, (Excluded("the reporter", CLEO.account),)),
        (
            {"exclude_approvers": ("deployer",), "deployers": {"OctoCat": "5b1"}},
            (Excluded("the deployer octocat", "5b1"),),
        ),
        (
            {"exclude_approvers": ("deployer",), "deployers": {"hubot": "5b1"}},
            (Excluded("the deployer octocat", None),),
        ),
        (
            {"exclude_approvers": ("reporter", "deployer")},
            (Excluded("the reporter", CLEO.account), Excluded("the deployer octocat", None)),
        ),
    ],
)
def test_the_policy_says_whose_approval_does_not_count(
    sandbox: Sandbox, policy: Any, excluded: Sequence[Excluded]
) -> None:
    reading = read(sandbox, pinned(sandbox, approved(sandbox, by="cleo")), minimum_approvals=1, **policy)
    assert reading.snapshot is not None
    assert reading.snapshot.excluded == excluded
    unknown = any(one.account is None for one in excluded)
    assert reading.decision.row == (28 if unknown else 31)


def test_a_reporter_that_nobody_knows_lets_no_approval_count(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    altered(sandbox, change.id, lambda body: body["fields"].update(reporter=None))
    assert read(sandbox, change, minimum_approvals=1, exclude_approvers=("reporter",)).decision.row == 28


def test_a_run_without_an_actor_has_an_unknown_deployer(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    with asking(sandbox) as service:
        policy = Policy(minimum_approvals=1, exclude_approvers=("deployer",), deployers={"octocat": "5b1"})
        assert SnapshotReader(service, policy, Subject(), Attempt(), change).read()[0].row == 28


# The window

NAMES = ("Planned start", "Planned end")
PAST, FUTURE = "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("start", "end", "window", "row"),
    [
        (None, None, NAMES, 31),
        (None, None, ("planned START", "Planned end"), 31),
        (None, None, None, 31),
        (FUTURE, None, None, 31),
        (PAST, FUTURE, NAMES, 32),
        (PAST, FUTURE, ("customfield_10345", "Planned end"), 32),
        (PAST, FUTURE, ("customfield_10345", "customfield_10346"), 32),
        (FUTURE, None, NAMES, 29),
        (None, PAST, NAMES, 23),
        (FUTURE, PAST, NAMES, 22),
        (None, None, ("Beginning", "Planned end"), 29),
        (None, None, ("customfield_99", "customfield_10346"), 29),
    ],
)
def test_the_window_is_read_by_name_or_id(
    sandbox: Sandbox, start: str | None, end: str | None, window: tuple[str, str] | None, row: int
) -> None:
    key = approved(sandbox)
    sandbox.desk.window(key, start, end)
    assert read(sandbox, pinned(sandbox, key), window=window).decision.row == row


@pytest.mark.parametrize("value", ["soon", "2020-01-01T00:00:00", "", 7, ["2020-01-01T00:00:00Z"], {}])
def test_a_window_that_nobody_can_read_is_not_open(sandbox: Sandbox, value: Any) -> None:
    change = pinned(sandbox, approved(sandbox))
    altered(sandbox, change.id, lambda body: body["fields"].update(customfield_10345=value))
    assert read(sandbox, change).decision.row == 29


def test_a_site_without_the_fields_needs_the_window_to_be_off(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    sandbox.site.desk.catalogue.remove_field("Planned end")
    assert [read(sandbox, change, window=window).decision.row for window in (NAMES, None)] == [29, 31]


def test_two_fields_of_one_name_that_agree_are_one(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    sandbox.site.desk.catalogue.duplicate_field("Planned end")
    assert read(sandbox, change).decision.row == 31


def test_two_fields_of_one_name_that_disagree_are_unreadable(sandbox: Sandbox) -> None:
    key = approved(sandbox)
    again = sandbox.site.desk.catalogue.duplicate_field("Planned end")
    sandbox.desk.edit(key, {again.id: "2090-01-01T00:00:00Z"})
    reading = read(sandbox, pinned(sandbox, key))
    assert reading.decision.row == 29
    assert reading.snapshot is not None
    assert reading.snapshot.window_fields == ("customfield_10345", "customfield_10346", again.id)


# What was pinned


@pytest.mark.parametrize(
    ("alter", "by_key", "row"),
    [
        (lambda trials, key: trials.delete(key), False, 11),
        (lambda trials, key: trials.hide(key), False, 11),
        (lambda trials, key: trials.move(key, "NEW"), False, 11),
        (lambda trials, key: trials.retype(key, "[System] Incident"), False, 11),
        (lambda trials, key: trials.edit(key, {"summary": "Deploy 1.2.3 to Prod, soon"}), False, 11),
        (lambda trials, key: trials.move(key, "NEW"), True, 11),
        (lambda trials, key: trials.edit(key, {"summary": "Deploy 1.2.3 to Prod, soon"}), True, 21),
        (lambda trials, key: trials.edit(key, {"summary": "Deploy 1.2.4 to Prod"}), True, 13),
        (lambda trials, key: trials.edit(key, {"description": "x"}), True, 31),
        (lambda trials, key: trials.transition(key, "Completed"), True, 18),
    ],
    ids=[
        "deleted",
        "hidden",
        "moved",
        "retyped",
        "renamed",
        "given and moved",
        "given and renamed",
        "given for another",
        "given and described",
        "closed",
    ],
)
def test_the_change_has_to_stay_what_it_was(
    sandbox: Sandbox, alter: Callable[..., None], by_key: bool, row: int
) -> None:
    key = approved(sandbox, summary=GIVEN)
    change = pinned(sandbox, key, by_key=by_key)
    subject = Subject(title=GIVEN)
    assert read(sandbox, change, subject=subject).decision.row == 31
    alter(sandbox.desk, key)
    assert read(sandbox, change, subject=subject).decision.row == row


def test_a_description_that_names_the_version_may_not_be_edited_after_approval(sandbox: Sandbox) -> None:
    key = approved(sandbox, summary="Release", description="1.2.3 to Prod")
    change = pinned(sandbox, key, by_key=True)
    assert read(sandbox, change).decision.row == 31
    sandbox.desk.edit(key, {"description": "1.2.3 to Prod, and more"})
    assert read(sandbox, change).decision.row == 21
    assert read(sandbox, change, binding="any").decision.row == 31


def test_what_was_edited_before_the_approval_was_approved(sandbox: Sandbox) -> None:
    trials = sandbox.desk
    key = trials.create("Something").key
    trials.edit(key, {"summary": TITLE})
    time.sleep(0.002)
    trials.transition(key, "Authorize")
    trials.approve(key)
    trials.transition(key, "Implementing")
    assert read(sandbox, pinned(sandbox, key), minimum_approvals=1).decision.row == 31


def test_a_long_history_that_reaches_back_is_enough_and_a_longer_one_is_not(sandbox: Sandbox) -> None:
    trials = sandbox.desk
    key = trials.create(TITLE).key
    for number in range(110):
        trials.edit(key, {"labels": [f"a{number}"]})
    time.sleep(0.002)
    trials.transition(key, "Authorize")
    trials.approve(key)
    trials.transition(key, "Implementing")
    change = pinned(sandbox, key)
    assert read(sandbox, change).decision.row == 31
    for number in range(110):
        trials.edit(key, {"labels": [f"b{number}"]})
    assert "history" in gaps(read(sandbox, change))


def test_a_change_that_we_made_is_for_its_own_commit(sandbox: Sandbox) -> None:
    with asking(sandbox) as service:
        change = finder(service).find().change
    assert change is not None
    sandbox.desk.transition(change.key, "Implementing")
    assert read(sandbox, change).decision.row == 31
    assert read(sandbox, change, subject=Subject(commit="f" * 40)).decision.row == 21


@pytest.mark.parametrize("mark", [{}, {"commit": None}, {"commit": 7}, {"commit": ["x"]}])
def test_a_property_that_does_not_say_its_commit_allows_nothing(sandbox: Sandbox, mark: Any) -> None:
    change = pinned(sandbox, approved(sandbox))
    sandbox.site.desk.extras.set_property(change.id, PROPERTY, mark)
    assert "our property" in gaps(read(sandbox, change))


# What keeps a round from being complete


@pytest.mark.parametrize(
    ("path", "headers", "said"),
    [
        ("approval", {"date": None}, "has no Date"),
        ("issue", {"date": None}, "has no Date"),
        ("issue", {"date": "yesterday"}, "has no Date"),
        ("approval", {"date": "Sat, 21 Nov", "age": "1"}, "a cache answered"),
        ("issue", {"date": 0, "age": "0"}, "a cache answered"),
        ("issue", {"date": 90}, "clock"),
        ("issue", {"date": -90}, "clock"),
    ],
)
def test_an_answer_has_to_say_when_it_was_given(sandbox: Sandbox, path: str, headers: Any, said: str) -> None:
    change = pinned(sandbox, approved(sandbox))
    if isinstance(headers["date"], int):
        headers = {**headers, "date": date(headers["date"])}
    altered(sandbox, change.id if path == "issue" else path, unaltered, **headers)
    assert said in gaps(read(sandbox, change))


def test_a_clock_that_jumps_between_two_rounds_makes_one_of_them_incomplete(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    with asking(sandbox) as service:
        again = reader(service, change)
        assert again.read()[0].row == 31
        sandbox.clock.offset = 3600
        altered(sandbox, "", unaltered, date=date(3600))
        assert "clock" in gaps(Read(*again.read()))
        assert again.read()[0].row == 31


@pytest.mark.parametrize(
    ("path", "alter"),
    [
        ("approval", lambda body: body.pop("isLastPage")),
        ("approval", lambda body: body.update(isLastPage="true")),
        ("approval", lambda body: body.update(isLastPage=False, values=[])),
        ("approval", lambda body: body.update(size=body["size"] + 1)),
        ("approval", lambda body: body.update(size=0)),
        ("approval", lambda body: body.update(size="1")),
        ("approval", lambda body: body.update(size=None)),
        ("approval", lambda body: body.update(isLastPage=False)),
        ("approval", lambda body: body.pop("values")),
        ("approval", lambda body: body.update(start=1)),
        ("approval", lambda body: body["values"][0].update(finalDecision="APPROVED")),
        ("approval", lambda body: body["values"][0].update(finalDecision=None)),
        ("approval", lambda body: body["values"][0].pop("createdDate")),
        ("approval", lambda body: body["values"][0].update(createdDate={"iso8601": "yesterday"})),
        ("approval", lambda body: body["values"][0].pop("approvers")),
        ("approval", lambda body: body["values"][0]["approvers"][0].update(approverDecision="yes")),
        ("approval", lambda body: body["values"][0]["approvers"][0].update(approver={})),
        ("approval", lambda body: body["values"].append(dict(body["values"][0]))),
        ("issue", lambda body: body["fields"].pop("status")),
        ("issue", lambda body: body["fields"].pop("summary")),
        ("issue", lambda body: body["fields"].pop("issuetype")),
        ("issue", lambda body: body.pop("changelog")),
        ("issue", lambda body: body.pop("names")),
        ("issue", lambda body: body["changelog"]["histories"].pop()),
        ("issue", lambda body: body["changelog"]["histories"][0].update(created="yesterday")),
        ("issue", lambda body: body.update(properties={PROPERTY: "x"})),
        ("issue", lambda body: body["fields"]["status"].pop("name")),
        ("issue", lambda body: body.clear()),
        ("issue", lambda body: body["fields"].clear()),
    ],
)
def test_a_round_of_another_shape_allows_nothing(sandbox: Sandbox, path: str, alter: Callable[[Any], Any]) -> None:
    change = pinned(sandbox, approved(sandbox))
    altered(sandbox, change.id if path == "issue" else path, alter)
    assert read(sandbox, change).decision.row == 17


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("approval", b'"finalDecision": "approved"', b'"finalDecision": "declined", "finalDecision": "approved"'),
        ("approval", b'"isLastPage": true', b'"isLastPage": false, "isLastPage": true'),
        ("issue", b'"summary": ', b'"summary": "x", "summary": '),
        ("issue", b'"total": ', b'"\\u0074otal": 7, "total": '),
    ],
)
def test_an_answer_that_says_one_thing_twice_says_nothing(sandbox: Sandbox, path: str, old: bytes, new: bytes) -> None:
    change = pinned(sandbox, approved(sandbox))

    def before(request: Request) -> Answer | None:
        if not request.path.endswith(change.id if path == "issue" else path):
            return None
        body = json.dumps(json.loads(answered(sandbox, request).body)).encode()
        assert old in body
        return Answer(200, body.replace(old, new, 1), {"Content-Type": "application/json"})

    sandbox.before = before
    assert read(sandbox, change).decision.row == 17


@pytest.mark.parametrize(("path", "back", "row"), [("approval", 5, 17), ("issue", 5, 17), ("issue", 1, 31)])
def test_answers_of_one_conversation_do_not_go_back_in_time(sandbox: Sandbox, path: str, back: int, row: int) -> None:
    change = pinned(sandbox, approved(sandbox))
    with asking(sandbox) as service:
        service.myself()
        altered(sandbox, change.id if path == "issue" else path, unaltered, date=date(-back))
        decision, _ = reader(service, change).read()
    assert decision.row == row


@pytest.mark.parametrize(
    ("category", "row"),
    [({"id": 1, "key": "undefined", "name": "No Category"}, 25), (None, 25), ({"key": "done"}, 18), ({}, 25)],
)
def test_a_status_without_category_contradicts_itself(sandbox: Sandbox, category: Any, row: int) -> None:
    change = pinned(sandbox, approved(sandbox))
    altered(sandbox, change.id, lambda body: body["fields"]["status"].update(statusCategory=category))
    assert read(sandbox, change).decision.row == row


def test_approvals_that_are_not_found_are_no_empty_list(sandbox: Sandbox) -> None:
    change = pinned(sandbox, approved(sandbox))
    sandbox.before = lambda request: Answer(404, b"{}") if request.path.endswith("/approval") else None
    assert "approvals were not found" in gaps(read(sandbox, change))


def test_the_gate_never_counts_as_an_approver(sandbox: Sandbox) -> None:
    sandbox.site.desk.stages = (Stage("CAB", (RELEASE.account,)),)
    key = approved(sandbox)
    assert read(sandbox, pinned(sandbox, key), minimum_approvals=1).decision.row == 28


# What was edited after the approval


def test_an_edited_window_is_told_with_who_and_when_and_allowed(sandbox: Sandbox) -> None:
    key, now = approved(sandbox), sandbox.clock.now()
    sandbox.desk.window(key, now - timedelta(hours=1), now + timedelta(hours=1))
    found = read(sandbox, pinned(sandbox, key))
    assert found.decision.row == 32
    assert found.snapshot is not None
    assert {one.field for one in found.snapshot.edits} == {"Planned start", "Planned end"}
    assert all(one.by and one.name for one in found.snapshot.edits)
    assert found.snapshot.moved is not None
    assert found.snapshot.moved.by


def test_an_edited_window_is_denied_where_the_policy_says_so(sandbox: Sandbox) -> None:
    key, now = approved(sandbox), sandbox.clock.now()
    sandbox.desk.window(key, now - timedelta(hours=1), now + timedelta(hours=1))
    found = read(sandbox, pinned(sandbox, key), edits="deny")
    assert found.decision.row == 21
    assert "edits: deny" in found.decision.reason


@pytest.mark.parametrize("name", ["Implementation plan", "implementation PLAN"])
@pytest.mark.parametrize("window", [None, ("Planned start", "Planned end")])
def test_watched_fields_are_known_by_name_or_id(sandbox: Sandbox, name: str, window: tuple[str, str] | None) -> None:
    key = approved(sandbox)
    plan = next(one.id for one in sandbox.site.desk.catalogue.fields if one.name == "Implementation plan")
    sandbox.desk.edit(key, {plan: "Another plan"})
    for watched in (name, plan):
        found = read(sandbox, pinned(sandbox, key), edits="deny", watched_fields=(watched,), window=window)
        assert found.decision.row == 21, watched
    assert read(sandbox, pinned(sandbox, key), edits="deny", window=window).decision.row == 31


def test_a_misspelt_watched_field_lets_nothing_through(sandbox: Sandbox) -> None:
    key = approved(sandbox)
    found = read(sandbox, pinned(sandbox, key), edits="deny", watched_fields=("Implementaton plan",))
    assert "it has no field Implementaton plan, which watched-fields names" in gaps(found)
    assert read(sandbox, pinned(sandbox, key), watched_fields=("Implementaton plan",)).decision.row == 31
