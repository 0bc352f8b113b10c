"""Which change: given, found or made, in conversations with the sandbox."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import atlassian
from gate_faults import FAULTS, answered
from gate_subjects import IMPATIENT, RUN, TITLE, Policy, Subject, approved, asking, finder, known, reader, titled
from jira_ci.errors import NetworkError
from jira_ci.gate.change_property import Change
from jira_ci.gate.find_change import PAUSES, Candidates, Finder, Search
from jira_ci.gate.subject import Attempt
from jira_ci.jira.change_endpoints import PROPERTY
from jira_sandbox.desk.markup import shown
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox


def find(sandbox: Sandbox, subject: Subject | None = None, attempt: Attempt | None = None, **policy: Any) -> Search:
    with asking(sandbox) as service:
        return finder(service, subject=subject, attempt=attempt, **policy).find()


def row(outcome: Search) -> int | None:
    return outcome.decision.row if outcome.decision else None


def own(sandbox: Sandbox, title: str = TITLE) -> str:
    """A change made by the gate's account, without our property."""
    return str(sandbox.desk.create(title, by="release").key)


# A given key


def test_a_given_key_is_asked_for_and_nothing_else(sandbox: Sandbox) -> None:
    approved(sandbox)
    key = approved(sandbox, summary="Deploy 1.2.3 to Prod")
    outcome = find(sandbox, change=key)
    assert outcome == Search(
        Change(known(sandbox, key).id, key, "OPS", "[System] Change", "Deploy 1.2.3 to Prod", "key", False)
    )
    assert [seen.path for seen in sandbox.exchanges] == ["/rest/api/3/myself", f"/rest/api/3/issue/{key}"]


def test_a_key_may_be_written_in_any_case(sandbox: Sandbox) -> None:
    key = approved(sandbox)
    outcome = find(sandbox, change=key.lower())
    assert outcome.change is not None
    assert outcome.change.key == key


def test_a_key_that_nobody_sees_is_row_10(sandbox: Sandbox) -> None:
    outcome = find(sandbox, change="OPS-9999")
    assert (row(outcome), outcome.change) == (10, None)
    assert "OPS-9999" in outcome.decision.reason  # type: ignore[union-attr]
    assert titled(sandbox) == []


def test_a_deleted_or_hidden_change_is_row_10(sandbox: Sandbox) -> None:
    deleted, hidden = approved(sandbox), approved(sandbox)
    sandbox.desk.delete(deleted)
    sandbox.desk.hide(hidden)
    assert [row(find(sandbox, change=key)) for key in (deleted, hidden)] == [10, 10]


def test_a_change_of_another_project_or_type_is_row_12(sandbox: Sandbox) -> None:
    retyped, moved = approved(sandbox), approved(sandbox)
    sandbox.desk.retype(retyped, "[System] Incident")
    sandbox.desk.move(moved, "NEW")
    new = known(sandbox, moved).key
    assert [row(find(sandbox, change=key)) for key in (retyped, moved, new, "WEB-1")] == [12, 12, 12, 12]


def test_a_moved_change_is_told_under_its_new_name(sandbox: Sandbox) -> None:
    key = approved(sandbox)
    sandbox.desk.move(key, "NEW")
    outcome = find(sandbox, change=key)
    assert outcome.decision is not None
    assert outcome.decision.reason.startswith(f"{key} is NEW-")


@pytest.mark.parametrize(
    ("summary", "description", "fits"),
    [
        ("Release 1.2.3 to Prod", "", True),
        ("Release to prod", "We take version 1.2.3.", True),
        ("Release", "1.2.3\nPROD", True),
        ("Release 1.2.30 to Prod", "", False),
        ("Release v1.2.3 to Prod", "", False),
        ("Release 1.2.3 to Prod-EU", "", False),
        ("Release", "", False),
    ],
)
def test_a_given_change_has_to_name_version_and_environment(
    sandbox: Sandbox, summary: str, description: str, fits: bool
) -> None:
    key = approved(sandbox, summary=summary, description=description)
    assert row(find(sandbox, change=key)) == (None if fits else 13)
    assert row(find(sandbox, change=key, binding="any")) is None


def test_titles_of_issues_on_a_change_that_we_made_name_nothing(sandbox: Sandbox) -> None:
    """Whoever may write an issue's title could lend an older approval to this deployment."""
    sandbox.desk.edit("WEB-1", {"summary": "Also 1.2.3 to Prod"})
    older = Subject(version="1.2.2", title='Deploy "Web Site" version 1.2.2 to "Prod"')
    made = find(sandbox, older).change
    assert made is not None
    assert "Also 1.2.3 to Prod" in known(sandbox, made.key).description
    assert row(find(sandbox, change=made.key)) == 13
    assert row(find(sandbox, older, change=made.key)) is None


def test_a_service_desk_and_a_type_may_be_given_by_their_ids(sandbox: Sandbox) -> None:
    key = approved(sandbox)
    assert find(sandbox, change=key, service_desk="10010", issue_types=("10050",)).change is not None
    assert row(find(sandbox, change=key, service_desk="10011")) == 12
    assert row(find(sandbox, change=key, issue_types=("10051",))) == 12
    assert row(find(sandbox, change=key, issue_types=("[SYSTEM] CHANGE",))) == 12


# The title


def test_the_only_open_change_with_the_title_is_found_in_one_search(sandbox: Sandbox) -> None:
    key = approved(sandbox)
    outcome = find(sandbox)
    assert outcome.decision is None
    assert outcome.change is not None
    assert (outcome.change.key, outcome.change.found_by, outcome.change.ours) == (key, "title", False)
    assert [f"{seen.method} {seen.path}" for seen in sandbox.exchanges] == [
        "GET /rest/api/3/myself",
        "POST /rest/api/3/search/jql",
        f"GET /rest/api/3/issue/{outcome.change.id}",
    ]


@pytest.mark.parametrize(
    "summary",
    [
        'deploy "Web Site" version 1.2.3 to "Prod"',
        "Deploy Web Site version 1.2.3 to Prod",
        'Deploy "Web Site" version 1.2.3 to "Prod".',
        'Deploy "Web Site" version 1.2.3 to "Prod" again',
        'Octopus: Deploy "Web Site" version 1.2.3 to "Prod"',
        'Deploy "Web Site"  version 1.2.3 to "Prod"',
        'Deploy "Web Sites" version 1.2.3 to "Prod"',
    ],
)
def test_a_title_that_is_only_alike_is_another_one(sandbox: Sandbox, summary: str) -> None:
    sandbox.desk.create(summary)
    assert row(find(sandbox, create=False)) == 16


@pytest.mark.parametrize(
    "name",
    ["x' OR 1=1", "a\\b", "(a) [b] {c} ^~*?:!|&", "a AND b OR NOT c", "Straße 本番", "% + - / ;", "a, b = c", "*", "~"],
)
def test_no_title_breaks_out_of_the_search(sandbox: Sandbox, name: str) -> None:
    title = f'Deploy "{name}" version 1.2.3 to "Prod"'
    sandbox.desk.create("Something else")
    sandbox.desk.create(title)
    outcome = find(sandbox, Subject(project=name, title=title))
    assert outcome.change is not None
    assert outcome.change.summary == title


def test_closed_changes_of_other_projects_and_types_do_not_count(sandbox: Sandbox) -> None:
    trials = sandbox.desk
    for status in ("Completed", "Declined", "Canceled", "Failed"):
        trials.create(TITLE, status=status)
    trials.create(TITLE, request_type="Report an outage")
    sandbox.site.desk.catalogue.add_project("EVIL", desk=True)
    trials.create(TITLE, project="EVIL")
    assert row(find(sandbox, create=False)) == 16
    key = trials.create(TITLE).key
    outcome = find(sandbox)
    assert outcome.change is not None
    assert outcome.change.key == key


@pytest.mark.parametrize(
    "alter",
    [
        lambda trials, key: trials.edit(key, {"summary": "Something else"}),
        lambda trials, key: trials.transition(key, "Completed"),
        lambda trials, key: trials.move(key, "NEW"),
        lambda trials, key: trials.retype(key, "[System] Incident"),
        lambda trials, key: trials.delete(key),
    ],
    ids=["renamed", "closed", "moved", "retyped", "deleted"],
)
def test_what_the_index_has_not_noticed_yet_is_noticed(sandbox: Sandbox, alter: Callable[..., None]) -> None:
    key = approved(sandbox)
    sandbox.site.desk.ledger.delay = math.inf
    alter(sandbox.desk, key)
    assert row(find(sandbox, create=False)) == 16


def test_an_answer_about_another_issue_is_no_candidate(sandbox: Sandbox) -> None:
    approved(sandbox)
    other = approved(sandbox, summary="Something else")
    with asking(sandbox) as service:
        candidates = Candidates(service, Policy(), Subject())
        (found,) = candidates.indexed()
        with pytest.raises(NetworkError, match="answered with another issue"):
            candidates.open([replace(found, id=other)])  # as a proxy's answer may be


def test_several_changes_of_others_are_listed(sandbox: Sandbox) -> None:
    keys = [sandbox.desk.create(TITLE).key for _ in range(2)]
    outcome = find(sandbox)
    assert outcome.decision is not None
    assert outcome.decision.row == 14
    assert f"{keys[0]}, {keys[1]}" in outcome.decision.reason


def test_one_change_of_somebody_else_among_ours_is_a_tie(sandbox: Sandbox) -> None:
    own(sandbox)
    sandbox.desk.create(TITLE)
    assert row(find(sandbox)) == 14


def test_of_several_of_our_own_the_lowest_wins(sandbox: Sandbox) -> None:
    keys = [own(sandbox) for _ in range(3)]
    outcome = find(sandbox)
    assert outcome.change is not None
    assert (outcome.change.key, outcome.change.others, outcome.change.ours) == (keys[0], tuple(keys[1:]), True)
    assert outcome.said == (f"{keys[0]} is used; {keys[1]}, {keys[2]} are spare and can be closed.",)


def test_our_own_change_of_another_tenant_is_not_of_this_deployment(sandbox: Sandbox) -> None:
    keys = [own(sandbox) for _ in range(2)]
    other = {"project": "Web Site", "environment": "Prod", "tenant": "EU", "version": "1.2.3", "commit": "x"}
    sandbox.site.desk.extras.set_property(known(sandbox, keys[1]).id, PROPERTY, other)
    assert row(find(sandbox)) == 14


def test_more_changes_with_one_title_than_anybody_reads_are_a_tie(sandbox: Sandbox) -> None:
    for _ in range(120):
        own(sandbox)
    outcome = find(sandbox)
    assert row(outcome) == 14
    assert "115 more" in outcome.decision.reason  # type: ignore[union-attr]


# Making one


def test_a_change_is_made_with_all_that_people_need(sandbox: Sandbox) -> None:
    fields = {
        "Change risk": "low",
        "Change type": "Normal",
        "Planned start": "2026-11-30T14:00:00+01:00",
        "labels": ["a"],
    }
    outcome = find(sandbox, fields=fields)
    assert (row(outcome), outcome.said) == (15, ())
    change = outcome.change
    assert change is not None
    assert (change.found_by, change.ours, change.others) == ("created", True, ())
    made = known(sandbox, change.key)
    assert made.summary == TITLE
    for told in ("1.2.3", "Prod", "Web Site", Subject().commit, RUN.url, "WEB-1 ", "WEB-2 "):
        assert told in made.description
    sent = next(seen.json() for seen in sandbox.exchanges if seen.path == "/rest/servicedeskapi/request")
    assert sent["requestTypeId"] == "25"
    assert sent["requestFieldValues"] | {"description": ""} == {
        "summary": TITLE,
        "description": "",
        "customfield_10306": {"value": "Low"},
        "customfield_10305": {"value": "Normal"},
        "customfield_10345": "2026-11-30T13:00:00.000+0000",
        "labels": ["a"],
    }
    assert sandbox.site.desk.extras.properties(change.id) == {
        PROPERTY: {
            "schema": "jira-ci.change/2",
            "bindings": [
                {
                    "repository": "acme/shop",
                    "project": "Web Site",
                    "environment": "Prod",
                    "tenant": "",
                    "version": "1.2.3",
                    "commit": Subject().commit,
                    "run": RUN.url,
                }
            ],
            "deployments": [],
            "dropped": 0,
        }
    }
    linked = [seen.json()["outwardIssue"]["key"] for seen in sandbox.exchanges if seen.path.endswith("issueLink")]
    assert linked == ["WEB-1", "WEB-2"]
    assert [seen.json()["object"]["url"] for seen in sandbox.exchanges if seen.path.endswith("remotelink")] == [RUN.url]


def test_the_next_run_finds_what_was_made(sandbox: Sandbox) -> None:
    made, found = find(sandbox), find(sandbox)
    assert made.change is not None
    assert found.change is not None
    assert (found.change.id, found.change.found_by, found.decision) == (made.change.id, "title", None)
    assert titled(sandbox) == [made.change.key]


def test_a_closed_change_means_a_new_one(sandbox: Sandbox) -> None:
    old = find(sandbox).change
    assert old is not None
    sandbox.desk.transition(old.key, "Completed")
    new = find(sandbox)
    assert row(new) == 15
    assert new.change is not None
    assert new.change.key != old.key


@pytest.mark.parametrize(
    ("attempt", "policy", "said"),
    [
        (Attempt(objection="a pull request"), {}, "a pull request"),
        (Attempt(objection="a dry run"), {}, "a dry run"),
        (RUN, {"create": False}, "create: false"),
    ],
)
def test_nothing_is_made_where_nothing_may_be(sandbox: Sandbox, attempt: Attempt, policy: Any, said: str) -> None:
    outcome = find(sandbox, attempt=attempt, **policy)
    assert row(outcome) == 16
    assert said in outcome.decision.reason  # type: ignore[union-attr]
    assert titled(sandbox) == []
    assert all(seen.method == "GET" or seen.path.endswith("/search/jql") for seen in sandbox.exchanges)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"service_desk": "WEB"}, "no service desk 'WEB'"),
        ({"request_type": "Request a chagne"}, "Did you mean Request a change"),
        ({"request_type": "request a change"}, "has no request type"),
        ({"request_type": "999"}, "has no request type"),
        ({"request_type": "Report an outage"}, "not in issue-types"),
        ({"fields": {"Change rsik": "Low"}}, "Did you mean Change risk"),
        ({"fields": {"Change risk": "Huge"}}, "Critical, High, Medium, Low"),
        ({"fields": {"Planned start": "tomorrow"}}, "takes a date and time"),
        ({"fields": {"summary": "x"}}, "set already"),
        ({"fields": {"labels": ["{verison}"]}}, "holds {verison}, which means nothing there. Did you mean version?"),
        ({"fields": {"labels": ["{state}"]}}, "holds {state}, which means nothing there"),
    ],
)
def test_what_the_service_desk_does_not_have_is_row_9(sandbox: Sandbox, policy: Any, said: str) -> None:
    outcome = find(sandbox, **policy)
    assert row(outcome) == 9
    assert said in outcome.decision.reason  # type: ignore[union-attr]
    assert titled(sandbox) == []
    assert not any(seen.path == "/rest/servicedeskapi/request" for seen in sandbox.exchanges)


def test_words_in_fields_are_filled_in(sandbox: Sandbox) -> None:
    fields = {
        "labels": ["v{version}", "{{x}}", "{actor}"],
        "Implementation plan": "Run it for {environment} ({short-commit})",
    }
    told = Attempt(RUN.url, "7", "ana", words={"actor": "ana"})
    assert row(find(sandbox, fields=fields, attempt=told)) == 15
    sent = next(seen.json() for seen in sandbox.exchanges if seen.path == "/rest/servicedeskapi/request")
    shown = json.dumps(sent["requestFieldValues"])
    assert "v1.2.3" in shown
    assert '"{x}"' in shown
    assert '"ana"' in shown
    assert f"Run it for Prod ({Subject().commit[:7]})" in shown


@pytest.mark.parametrize("wanted", ["Automated change", "27"])
def test_a_hidden_request_type_is_found(sandbox: Sandbox, wanted: str) -> None:
    assert row(find(sandbox, request_type=wanted)) == 15
    sent = next(seen.json() for seen in sandbox.exchanges if seen.path == "/rest/servicedeskapi/request")
    assert sent["requestTypeId"] == "27"


@pytest.mark.parametrize("status", [400, 404])
def test_a_request_that_jira_refuses_is_row_9(sandbox: Sandbox, status: int) -> None:
    def before(request: Request) -> Answer | None:
        body = b'{"errorMessage": "Risk must be set", "i18nErrorMessage": {"i18nKey": "", "parameters": []}}'
        refused = request.method == "POST" and request.path == "/rest/servicedeskapi/request"
        return Answer(status, body, {"Content-Type": "application/json"}) if refused else None

    sandbox.before = before
    outcome = find(sandbox)
    assert row(outcome) == 9
    assert "Risk must be set" in outcome.decision.reason  # type: ignore[union-attr]


def test_a_link_that_does_not_succeed_is_said_and_nothing_else(sandbox: Sandbox) -> None:
    outcome = find(sandbox, attempt=Attempt(RUN.url, "7", "octocat", ("WEB-1", "NONE-1", "WEB-2")))
    assert row(outcome) == 15
    (said,) = outcome.said
    assert outcome.change is not None
    assert said.startswith(f"{outcome.change.key} is not linked to NONE-1: ")
    linked = [seen.status for seen in sandbox.exchanges if seen.path.endswith("issueLink")]
    assert linked == [201, 404, 201]


def test_many_issues_are_linked_as_far_as_is_decent(sandbox: Sandbox) -> None:
    keys = tuple(f"WEB-{number}" for number in range(1, 61))
    outcome = find(sandbox, attempt=Attempt(RUN.url, "7", "octocat", keys))
    assert len([seen for seen in sandbox.exchanges if seen.path.endswith("issueLink")]) == 20
    assert outcome.said[0].endswith("is linked to 20 of 60 issues; its description names more.")
    assert outcome.change is not None
    assert "and 10 more" in known(sandbox, outcome.change.key).description


# The index, and simultaneous gates


def test_the_index_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.site.desk.ledger.delay = 0.15
    outcome = find(sandbox)
    assert row(outcome) == 15
    searches = [seen for seen in sandbox.exchanges if seen.path.endswith("/search/jql")]
    assert all("reconcileIssues" not in seen.json() for seen in searches)
    assert len(searches) > 3


def test_an_index_that_stays_behind_is_told_what_was_made(sandbox: Sandbox) -> None:
    sandbox.site.desk.ledger.delay = math.inf
    outcome = find(sandbox)
    assert outcome.change is not None
    assert (row(outcome), outcome.change.found_by) == (15, "created")
    last = [seen.json() for seen in sandbox.exchanges if seen.path.endswith("/search/jql")][-1]
    assert last["reconcileIssues"] == [int(outcome.change.id)]


def test_one_that_was_made_before_ours_and_shows_later_wins(sandbox: Sandbox) -> None:
    earlier: list[str] = []

    def before(request: Request) -> Answer | None:
        if request.path == "/rest/servicedeskapi/request" and not earlier:
            earlier.append(own(sandbox))
        return None

    sandbox.before = before
    outcome = find(sandbox)
    assert outcome.change is not None
    assert (row(outcome), outcome.change.key, outcome.change.found_by) == (15, earlier[0], "title")
    assert len(outcome.change.others) == 1
    assert outcome.said == (f"{earlier[0]} is used; {outcome.change.others[0]} is spare and can be closed.",)


def test_twenty_gates_at_the_same_moment_agree_on_one_change(sandbox: Sandbox) -> None:
    sandbox.site.desk.ledger.delay = 0.2
    together = threading.Barrier(20)
    outcomes: list[Search] = []

    def gate() -> None:
        with asking(sandbox, seconds=60) as service:
            service.connect()
            together.wait()
            outcomes.append(finder(service).find())

    threads = [threading.Thread(target=gate) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = [outcome.change for outcome in outcomes]
    assert len({change.id for change in changes if change}) == 1
    assert None not in changes
    assert changes[0] is not None
    assert changes[0].key == titled(sandbox)[0]
    assert {(outcome.decision.result, outcome.decision.exit) for outcome in outcomes if outcome.decision} == {
        ("wait", 4)
    }


# An answer that was lost


@pytest.mark.parametrize("name", [name for name in FAULTS if name.startswith(("closed", "cut", "5", "200", "429"))])
def test_a_change_whose_making_was_not_answered_is_looked_for(sandbox: Sandbox, name: str) -> None:
    def before(request: Request) -> Answer | None:
        if request.path != "/rest/servicedeskapi/request":
            return None
        answered(sandbox, request)
        return FAULTS[name]

    sandbox.before = before
    outcome = find(sandbox)
    assert outcome.change is not None
    assert (row(outcome), outcome.change.found_by) == (15, "created")
    assert titled(sandbox) == [outcome.change.key]
    assert PROPERTY in sandbox.site.desk.extras.properties(outcome.change.id)


def test_what_is_not_found_after_a_lost_answer_is_not_made_again_soon(sandbox: Sandbox) -> None:
    now = [0.0]
    sandbox.site.desk.ledger.delay = math.inf
    lose = True

    def before(request: Request) -> Answer | None:
        if request.path != "/rest/servicedeskapi/request" or not lose:
            return None
        answered(sandbox, request)
        return Answer(500)

    sandbox.before = before
    with asking(sandbox) as service:
        patient = Finder(service, Policy(), Subject(), RUN, clock=lambda: now[0], pauses=IMPATIENT[:2])
        assert row(patient.find()) == 8
        lose = False
        now[0] = 59.0
        assert row(patient.find()) == 8
        assert len(titled(sandbox)) == 1
        sandbox.site.desk.ledger.catch_up()
        found = patient.find()
    assert found.change is not None
    assert titled(sandbox) == [found.change.key]


def test_what_never_arrived_is_made_in_the_end(sandbox: Sandbox) -> None:
    now = [0.0]
    lose = True

    def before(request: Request) -> Answer | None:
        return Answer(503) if lose and request.path == "/rest/servicedeskapi/request" else None

    sandbox.before = before
    with asking(sandbox) as service:
        patient = Finder(service, Policy(), Subject(), RUN, clock=lambda: now[0], pauses=IMPATIENT[:2])
        assert [row(patient.find()), row(patient.find())] == [8, 8]
        lose, now[0] = False, 61.0
        assert row(patient.find()) == 15
    assert len(titled(sandbox)) == 1


def test_a_change_that_could_not_be_marked_is_not_made_again(sandbox: Sandbox) -> None:
    broken = True

    def before(request: Request) -> Answer | None:
        return Answer(500) if broken and PROPERTY in request.path else None

    sandbox.before = before
    with asking(sandbox) as service:
        patient = finder(service)
        assert row(patient.find()) == 8
        broken = False
        outcome = patient.find()
    assert outcome.change is not None
    assert (row(outcome), outcome.change.found_by) == (15, "created")
    assert titled(sandbox) == [outcome.change.key]


def test_the_search_lag_is_waited_for_within_half_a_minute() -> None:
    assert 15 < sum(PAUSES) < 30


# Other credentials, and the other edition


@pytest.mark.parametrize(
    "credentials",
    [
        {"token": "sandbox-scoped-token"},
        {"user": "", "token": "", "client_id": "sandbox-service", "client_secret": "sandbox-service-secret"},
    ],
    ids=["scoped token", "service account"],
)
def test_a_change_is_found_through_the_gateway(sandbox: Sandbox, credentials: Any) -> None:
    key = approved(sandbox)
    with asking(sandbox, **credentials) as service:
        found = finder(service).find()
        assert found.change is not None
        assert reader(service, found.change, minimum_approvals=1).read()[0].row == 31
    assert found.change.key == key
    asked = [seen.path for seen in sandbox.exchanges if "/ex/jira/" in seen.path]
    assert len(asked) == 5


NAMED = Subject(project="Prod (/) *x*", version="1.2-rc [a|https://bad.example]", tenant="A&amp;B")
PLAN = "h2. Plan\n{version} goes to {environment}\n"


def test_names_stand_on_a_change_as_they_are(sandbox: Sandbox) -> None:
    outcome = find(sandbox, subject=NAMED, fields={"Implementation plan": PLAN})
    assert row(outcome) == 15
    made = known(sandbox, outcome.change.key if outcome.change else "")
    lines = made.description.splitlines()
    assert lines[:2] == ["Project: Prod (/) *x*", "Version: 1.2-rc [a|https://bad.example]"]
    assert "Tenant: A&amp;B" in lines
    sent = next(seen.json() for seen in sandbox.exchanges if seen.path == "/rest/servicedeskapi/request")
    assert sent["isAdfRequest"] is True
    for name in ("description", "customfield_10342"):
        atlassian.document_check()(sent["requestFieldValues"][name])
    links = [part for line in shown("", made.documents["description"]) for part in line if part[1]]
    assert links == [(RUN.url, RUN.url)]
    assert made.values["customfield_10342"] == "h2. Plan\n1.2-rc [a|https://bad.example] goes to Prod"


def test_names_stand_on_a_change_of_data_center_as_they_are(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(edition="data-center")
    with asking(sandbox, user="", token="sandbox-personal-token") as service:
        outcome = finder(service, subject=NAMED, fields={"Implementation plan": PLAN}).find()
    made = known(sandbox, outcome.change.key if outcome.change else "")
    seen = ["".join(text for text, _ in line) for line in shown(made.description, None)]
    assert seen[:2] == ["Project: Prod (/) *x*", "Version: 1.2-rc [a|https://bad.example]"]
    assert "Tenant: A&amp;B" in seen
    assert [part for line in shown(made.description, None) for part in line if part[1]] == [(RUN.url, RUN.url)]
    plan = made.values["customfield_10342"]
    assert plan == "h2. Plan\n1.2-rc \\[a\\|https:{anchor:x}//bad.example\\] goes to Prod\n"  # its own markup is


def test_data_center_is_gated_alike(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(edition="data-center")
    with asking(sandbox, user="", token="sandbox-personal-token") as service:
        made = finder(service, fields={"Change risk": "Low"}).find()
        assert made.change is not None
        assert row(made) == 15
        key = made.change.key
        sandbox.desk.transition(key, "Authorize")
        sandbox.desk.approve(key)
        sandbox.desk.transition(key, "Implementing")
        before = len(sandbox.exchanges)
        found = finder(service).find()
        assert found.change is not None
        assert reader(service, found.change, minimum_approvals=1).read()[0].row == 31
        sandbox.desk.edit(key, {"summary": "x"})
        sandbox.desk.edit(key, {"summary": TITLE})
        assert reader(service, found.change, minimum_approvals=1).read()[0].row == 21
    assert [seen.path.split("/")[-1] for seen in sandbox.exchanges[before : before + 4]] == [
        "search",
        found.change.id,
        "approval",
        found.change.id,
    ]
    assert not any("serverInfo" in seen.path for seen in sandbox.exchanges)


def test_data_center_given_a_key_takes_four_requests(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(edition="data-center")
    key = approved(sandbox)
    with asking(sandbox, user="", token="sandbox-personal-token") as service:
        found = finder(service, change=key).find()
        assert found.change is not None
        assert reader(service, found.change, minimum_approvals=1).read()[0].row == 31
    assert (len(sandbox.exchanges), sandbox.connections) == (4, 1)
