"""Many issues: one by one or all at once, what each costs, and what happens when something goes wrong."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter

import pytest

from after_scenes import RULE, Scene
from jira_sandbox.desk.workflow import Transition
from jira_sandbox.http_types import Answer, Request, json_answer

MANY = 100


def keys(count: int, project: str = "WEB") -> str:
    return ",".join(f"{project}-{number}" for number in range(1, count + 1))


def two_workflows(here: Scene) -> str:
    """A hundred issues of two workflows: those of MOB have a way of their own."""
    mob = here.sandbox.site.desk.catalogue.project("MOB").id
    flow = here.sandbox.site.desk.workflow
    web = here.sandbox.site.desk.catalogue.project("WEB").id
    flow.transitions = tuple(
        Transition(one.id, one.name, one.sources, one.target, one.required, (web,)) if one.name == "Done" else one
        for one in flow.transitions
    )
    here.workflow(Transition("901", "Release it", ("3",), "10001", (), (mob,)))
    return f"{keys(MANY // 2)},{keys(MANY // 2, 'MOB')}"


def all_done(here: Scene) -> bool:
    both = [f"{project}-{number}" for project in ("WEB", "MOB") for number in range(1, MANY // 2 + 1)]
    return all(here.status(key) == "Done" and here.versions(key) == ["Shop 1.4"] for key in both)


def test_many_at_once_take_a_third_of_a_request_each(here: Scene) -> None:
    ended = here.deploy(keys=two_workflows(here))
    assert ended.code == 0, ended.out
    assert all_done(here)
    assert len(here.asked) <= 0.35 * MANY
    assert any("/bulk/issues/transition" in one for one in here.written)


def test_one_by_one_they_take_little_more_than_two(here: Scene) -> None:
    here.sandbox.site.desk.denied.add("BULK_CHANGE")
    ended = here.deploy(keys=two_workflows(here))
    assert ended.code == 0, ended.out
    assert all_done(here)
    assert len(here.asked) <= 2.2 * MANY
    assert sum("/bulk/" in one for one in here.written) == 1, "a refusal is not asked for again"


def test_twenty_are_done_one_by_one_and_side_by_side(here: Scene) -> None:
    together, most, lock = [0], [0], threading.Lock()

    def slow(request: Request) -> Answer | None:
        if request.method == "PUT":
            with lock:
                together[0] += 1
                most[0] = max(most[0], together[0])
            here.sandbox.stopping.wait(0.05)
            with lock:
                together[0] -= 1
        return None

    here.sandbox.before = slow
    assert here.deploy(keys=keys(20)).code == 0
    assert not any("/bulk/" in one for one in here.written)
    assert here.status("WEB-20") == "Done"
    assert 1 < most[0] <= 8
    writes = Counter(one.split("/issue/")[1].split("/")[0] for one in here.written if "/issue/" in one)
    assert max(writes.values()) == 2, "Jira takes 20 writes of one issue in two seconds"
    alone = len(here.asked) - sum(writes.values())
    assert alone + sum(writes.values()) / 8 < 20, "answers in a row: of 100 ms each two seconds at most"


def test_an_operation_that_takes_its_time_is_waited_for(here: Scene) -> None:
    here.sandbox.site.desk.releases.polls = 2
    ended = here.deploy(keys=keys(25))
    assert ended.code == 0
    assert here.status("WEB-25") == "Done"
    assert sum("/bulk/queue/" in one.path for one in here.asked) == 6


def test_who_added_a_version_is_remembered_for_each_issue(here: Scene) -> None:
    here.deploy(keys=keys(25))
    version = here.version("WEB").id
    issue = here.sandbox.site.issue("WEB-25")
    assert issue is not None
    told = here.sandbox.site.desk.extras.properties(issue.id)[f"jira-ci.fix-version.{version}"]
    assert told == {"environment": "Prod", "run": "https://github.com/acme/shop/actions/runs/9001", "added": True}


def test_a_thousand_issues(here: Scene) -> None:
    """Half of them, because a run names five hundred at most; the rest by a second release, and nothing is doubled."""
    for part in (keys(500), keys(500, "MOB")):
        ended = here.release(keys=part)
        assert ended.code == 0, ended.out
    assert here.status("WEB-500") == here.status("MOB-500") == "Done"
    assert here.versions("WEB-1") == here.versions("MOB-500") == ["Shop 1.4"]
    assert len(here.asked) < 60
    assert not [one for one in here.written if re.search("/issue/[0-9A-Z]", one)], "nothing is written issue by issue"


def test_what_jira_refuses_keeps_nothing_else_from_being_done(here: Scene) -> None:
    """The versions of one project are refused: those of the other are made and released, and all issues move."""
    web = here.sandbox.site.desk.catalogue.project("WEB")

    def refused(request: Request) -> Answer | None:
        path = request.path
        asked = path.endswith((f"/project/{web.key}/version", f"/project/{web.id}/version"))
        return json_answer(403, {"errorMessages": ["No."]}) if asked else None

    here.sandbox.before = refused
    ended = here.deploy(keys="WEB-1,MOB-2")
    assert ended.code == 0
    assert [here.status(key) for key in ("WEB-1", "MOB-2")] == ["Done", "Done"]
    assert (here.versions("WEB-1"), here.versions("MOB-2")) == ([], ["Shop 1.4"])
    assert here.version("MOB").released
    assert "version Shop 1.4 of WEB: nobody knows whether it is there" in ended.out


def test_a_version_that_cannot_be_released_keeps_no_other_from_it(here: Scene) -> None:
    web, failing = here.make("WEB"), "PUT /rest/api/3/version/"
    here.sandbox.before = lambda request: (
        Answer(500) if f"{request.method} {request.path}" == f"{failing}{web.id}" else None
    )
    ended = here.deploy("--timeout", "5s", keys="WEB-1,MOB-2")
    assert here.version("MOB").released, ended.out
    assert not here.version("WEB").released
    assert "version Shop 1.4 of WEB: not changed" in ended.out
    assert here.status("WEB-1") == "Done"


def test_single_failures_of_an_operation_are_named(here: Scene) -> None:
    flow = here.sandbox.site.desk.workflow
    here.alter("WEB-7", status="10000")  # To Do
    flow.transitions = tuple(one for one in flow.transitions if one.name != "Start")
    flow.transitions = tuple(
        Transition(one.id, one.name, ("3",), one.target) if one.name == "Done" else one for one in flow.transitions
    )
    ended = here.deploy(keys=keys(25))
    assert ended.code == 0
    assert (
        "not moved to Done: WEB-7: no transition leads from To Do to Done; there are none for this account" in ended.out
    )
    assert here.status("WEB-8") == "Done"


def test_a_screen_with_required_fields_is_named_and_left(here: Scene) -> None:
    flow = here.sandbox.site.desk.workflow
    flow.transitions = tuple(
        Transition(one.id, one.name, one.sources, one.target, ("customfield_10344",)) if one.name == "Done" else one
        for one in flow.transitions
    )
    ended = here.deploy(keys=keys(3))
    assert ended.code == 0
    assert "not moved to Done: WEB-1: its transition asks for Test plan" in ended.out
    assert here.status("WEB-1") == "In Progress"
    assert here.versions("WEB-1") == ["Shop 1.4"]
    assert sum("/transitions" in one.path for one in here.asked) == 1, "asked once for all of a kind"


@pytest.mark.parametrize("status", [429, 503])
def test_jira_s_wish_to_wait_is_kept(here: Scene, status: int) -> None:
    refused: Counter[str] = Counter()

    def busy(request: Request) -> Answer | None:
        if request.method == "PUT" and "/issue/" in request.path and not refused[request.path]:
            refused[request.path] += 1
            return json_answer(status, {"errorMessages": ["Rate limit exceeded."]}, {"Retry-After": "0"})
        return None

    here.sandbox.before = busy
    ended = here.deploy(keys=keys(2))
    assert ended.code == 0
    assert here.versions("WEB-2") == ["Shop 1.4"]


def test_an_answer_that_was_lost_is_looked_for(here: Scene) -> None:
    """The move arrived, and a proxy said something else; sent again it is refused, but the issue is there."""
    lost: list[str] = []

    def swallow(request: Request) -> Answer | None:
        if request.path.endswith("/transitions") and not lost:
            lost.append(request.path)
            issue = here.sandbox.site.issue(request.path.split("/issue/")[1].split("/")[0])
            assert issue is not None
            here.sandbox.site.desk.enter(issue.id, "Done", "somebody")
            return json_answer(502, {})
        return None

    here.sandbox.before = swallow
    ended = here.deploy(keys=keys(1))
    assert ended.code == 0
    assert here.status("WEB-1") == "Done"
    assert "moved to Done, already: WEB-1" in ended.out


@pytest.mark.parametrize("permission", ["EDIT_ISSUES", "TRANSITION_ISSUES"])
def test_a_missing_permission_is_said_for_each_issue(here: Scene, permission: str) -> None:
    here.sandbox.site.desk.denied.add(permission)
    ended = here.deploy(keys=keys(2))
    assert ended.code == 0
    assert "WEB-2" in ended.out.split("not ", 1)[1]


def test_a_credential_that_is_refused_is_offered_once(here: Scene) -> None:
    ended = here.deploy(keys=keys(5), JIRA_CI_TOKEN="wrong")
    assert ended.code == 0
    assert here.written == []
    refused = [one for one in here.sandbox.exchanges if one.status == 401 and one.path.startswith("/rest/api")]
    assert len(refused) == 1


def test_jira_down_fails_nothing(here: Scene) -> None:
    def down(request: Request) -> Answer | None:
        return json_answer(404, {}) if request.path.startswith(("/rest/api", "/ex/")) else None

    here.sandbox.before = down
    ended = here.deploy(keys=keys(3))
    assert ended.code == 0
    assert "Not everything was done after Prod" in ended.out


def test_two_runs_at_once_make_one_version(here: Scene) -> None:
    """Another run makes the version between our look and our making it."""
    made: list[str] = []

    def faster(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/rest/api/3/version") and not made:
            made.append(here.make("WEB").id)
        return None

    here.sandbox.before = faster
    ended = here.deploy(keys=keys(1))
    assert ended.code == 0
    assert here.versions("WEB-1") == ["Shop 1.4"]
    assert here.sandbox.site.issue("WEB-1").values["fixVersions"] == made  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body", [[], {"issues": {}}, {"issues": [{"id": "1"}]}, {"issues": [{"key": 7, "fields": {}}]}]
)
def test_an_answer_of_another_shape_is_an_error_in_a_sentence(here: Scene, body: object) -> None:
    def odd(request: Request) -> Answer | None:
        return (
            json_answer(200, body) if request.path.endswith("/bulkfetch") and b"fixVersions" in request.body else None
        )

    here.sandbox.before = odd
    ended = here.deploy(keys=keys(1))
    assert ended.code == 0
    assert "in its answer" in ended.out
    assert "bug" not in ended.out


def test_the_issues_own_other_properties_stay(here: Scene) -> None:
    issue = here.sandbox.site.issue("WEB-1")
    assert issue is not None
    here.sandbox.site.desk.extras.set_property(issue.id, "other", {"a": 1})
    here.deploy(keys="WEB-1")
    assert here.sandbox.site.desk.extras.properties(issue.id)["other"] == {"a": 1}


def test_only_a_transition_needs_no_versions(here: Scene) -> None:
    here.file("{transition: Done}")
    here.deploy(keys="WEB-1")
    assert not any("version" in one.path for one in here.asked)
    here.file(RULE.replace("transition: Done", "sub-tasks: true").replace("release-version: true, ", ""))
    here.deploy(keys="WEB-2")
    [look] = [one for one in here.asked if one.path.endswith("/bulkfetch")][-1:]
    assert json.loads(look.body)["expand"] == []
