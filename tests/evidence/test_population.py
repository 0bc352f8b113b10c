"""The population of a quarter, asked of a provider and a site: what they know, what they do not, and what is said."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from evidence_scenes import NOON, QUARTER, Desk, asked, entry, listed, on_github, on_gitlab, stamp
from gate_jobs import POLICY, commit
from gate_subjects import known
from jira_ci.evidence.population import of_a_clone, review
from jira_ci.evidence.population_rows import Approved, Change, Emergency, Recorded, Review
from jira_ci.gate.kept_records import INDEX, PREFIX
from jira_ci.jira.change_endpoints import PROPERTY
from jira_ci.run import CI, Run
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox
from providers.github_answers import refusal
from providers.github_graphql_server import GitHubGraph
from providers.gitlab_server import GitLab
from providers.serving import serving

OLD = listed(9, "05-02 10:00")
"""What proves that the list goes back beyond the quarter."""
LATER = datetime(2026, 10, 2, 12, tzinfo=timezone.utc)


@pytest.fixture
def desk(tmp_path: Path, sandbox: Sandbox, github: GitHubGraph) -> Desk:
    return on_github(tmp_path, sandbox, github, LATER)


def test_what_is_controlled_for_a_tenant_alone_is_no_empty_list(desk: Desk, github: GitHubGraph) -> None:
    text = (
        f"project-name: Web Site\njira: {{site: '{desk.sandbox.address}'}}\nenvironments: {{Prod: production}}\n"
        "tenants: {Open: {change-controlled: false}, Aurora: {change-controlled: true}}\n"
        "change-control: {enabled: true, service-desk: OPS}\n"
    )
    github.files = {".jira-ci.yml": text.encode()}
    commit(desk.job, text)
    desk.change(entry(1, "07-02 10:00", tenant="Aurora"))
    github.listed = [listed(2, "07-03 10:00"), listed(1, "07-02 09:58"), OLD]
    found, ended = desk.found(*QUARTER, "--environment", "Prod")
    assert ended.code == 0, ended.err
    assert [(one["tenant"], one["finding"]) for one in found["deployments"]] == [("Aurora", None), (None, "no-change")]
    assert "Prod is change controlled for some tenants only" in found["notes"][0]


def test_what_went_by_the_gate_and_what_went_past_it(desk: Desk, github: GitHubGraph) -> None:
    key = desk.change(entry(1, "07-02 10:00"))
    github.listed = [
        listed(3, "08-01 10:00", environment="Dev"),
        listed(2, "07-03 10:00"),
        listed(1, "07-02 09:58"),
        OLD,
    ]
    found, ended = desk.found()
    assert ended.code == 0, ended.err
    assert (found["known"], found["with-record"], found["without-record"], found["complete"]) == (2, 1, 1, True)
    first, second = found["deployments"]
    assert (first["change"]["key"], first["known-to"], first["finding"]) == (key, ["GitHub", "Jira"], None)
    assert first["approvals"] == [{"account": "712020:ana", "at": stamp("07-02 10:00")}]
    assert (second["change"], second["record"], second["finding"], second["state"]) == (
        None,
        None,
        "no-change",
        "successful",
    )
    assert (second["run"], second["actor"], second["provider-id"]) == ("9002", "octocat", "502")
    assert found["figures"]["all"]["deployment-frequency"] == {"value": 2 / 92, "of": 2, "unknown": 0}
    assert "2 known, 1 of them without a record" in ended.err


def test_a_gate_and_a_deploy_of_one_job_are_one_deployment(desk: Desk, github: GitHubGraph) -> None:
    asked_first = entry(1, "07-02 10:00", started=None, ended=None, state=None)
    desk.change(asked_first, entry(2, "07-02 10:01", run="octo/hello#9001/1"))
    github.listed = [listed(1, "07-02 09:58"), OLD]
    found, ended = desk.found()
    assert ended.code == 0, ended.err
    assert [(one["record"][-1], one["provider-id"]) for one in found["deployments"]] == [("2", "501")]
    assert found["figures"]["all"]["deployment-frequency"]["of"] == 1
    assert "A record of a gate that was asked before the same deployment" in found["notes"][0]


def test_what_jira_itself_gates_did_not_go_past_a_gate(desk: Desk, github: GitHubGraph) -> None:
    text = POLICY.format(site=desk.sandbox.address, more="gate-by: jira")
    github.files = {".jira-ci.yml": text.encode()}
    commit(desk.job, text)
    github.listed = [listed(1, "07-02 09:58"), OLD]
    found, ended = desk.found()
    assert (ended.code, [one["finding"] for one in found["deployments"]]) == (7, ["by-jira"]), ended.err
    assert "Prod is gated by Jira itself" in found["not-provable"][1]["why"]
    assert "gated by Jira itself, no record" in ended.err


def test_an_empty_list_never_means_none(desk: Desk, github: GitHubGraph) -> None:
    github.permissions = {"metadata", "contents"}
    found, ended = desk.found()
    assert (ended.code, found["known"], found["complete"]) == (7, 0, False)
    [gap] = found["not-provable"]
    assert (gap["source"], gap["from"], gap["to"]) == ("GitHub", "2026-07-01", "2026-09-30")
    assert "0 known; not provable: 2026-07-01 to 2026-09-30 (GitHub)." in ended.err


def test_a_provider_that_forgot_is_not_taken_for_one_that_knows(desk: Desk, github: GitHubGraph) -> None:
    desk.change(entry(1, "07-01 10:00"))
    github.listed = [listed(2, "09-01 10:00")]
    found, ended = desk.found("--from", "2026-06-01", "--to", "2026-09-30")
    assert (ended.code, found["known"]) == (7, 2)
    [gap] = found["not-provable"]
    assert (gap["from"], gap["to"]) == ("2026-06-01", "2026-07-03"), "ninety days before the second of October"
    github.created = "2026-06-20T00:00:00Z"
    assert desk.found("--from", "2026-06-01", "--to", "2026-09-30")[1].code == 0, "it was made since"


def test_an_account_that_may_see_nothing_proves_nothing(desk: Desk, github: GitHubGraph) -> None:
    desk.sandbox.site.desk.denied |= {"BROWSE_PROJECTS"}
    github.listed = [listed(1, "07-02 10:00"), OLD]
    found, ended = desk.found()
    assert ended.code == 7
    assert [one["source"] for one in found["not-provable"]] == ["Jira"]
    assert "Browse projects" in found["not-provable"][0]["why"]


def test_jira_that_does_not_answer_is_a_gap(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [listed(1, "07-02 10:00"), OLD]
    desk.sandbox.before = lambda request: Answer(403) if "search" in request.path else None
    found, ended = desk.found()
    assert (ended.code, found["known"], len(found["not-provable"])) == (7, 1, 1)


def test_a_period_that_goes_on_is_not_proven_to_its_end(tmp_path: Path, sandbox: Sandbox, github: GitHubGraph) -> None:
    desk = on_github(tmp_path, sandbox, github, NOON)
    github.listed = [listed(1, "05-02 10:00")]
    found, ended = desk.found("--from", "2026-09-29")
    assert ended.code == 7
    assert [(one["from"], one["to"]) for one in found["not-provable"]] == [("2026-09-30", "2026-09-30")]


def test_records_that_the_index_only_names_are_read_one_by_one(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [OLD]
    key = desk.change(entry(1, "07-02 10:00"))
    number, extras = known(desk.sandbox, key).id, desk.sandbox.site.desk.extras
    index = {**extras.properties(number)[INDEX], "older": ["0" * 15 + "2", "0" * 15 + "3"]}
    attached = {"schema": "jira-ci.record-attachment/1", "sha256": "0" * 15 + "2" + "f" * 48, "attachment": "1"}
    extras.set_property(number, INDEX, index)
    extras.set_property(number, f"{PREFIX}{'0' * 15}2", {**attached, "entry": entry(2, "07-01 10:00")})
    found, ended = desk.found()
    assert [(one["record"][-1], one["proof"]) for one in found["deployments"]] == [("2", "record"), ("1", "index")]
    assert ended.code == 7
    assert f"{key}: its record 0000000000000003 is gone" in found["not-provable"][0]["why"]


def test_fresh_believes_no_index(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [OLD]
    key = desk.change(entry(1, "07-02 10:00"), entry(2, "07-03 10:00"))
    number, extras = known(desk.sandbox, key).id, desk.sandbox.site.desk.extras
    attached = {"schema": "jira-ci.record-attachment/1", "sha256": "e" * 64, "attachment": "1"}
    extras.set_property(number, f"{PREFIX}{'0' * 15}1", {**attached, "entry": entry(1, "07-02 10:00", version="9.9")})
    found, ended = desk.found(*QUARTER, "--fresh")
    [one] = found["deployments"]
    assert (one["proof"], one["finding"], one["version"]) == ("altered", "altered", "9.9")
    assert "0000000000000002 is gone" in found["not-provable"][0]["why"]
    assert ended.code == 7


@pytest.mark.parametrize(("told", "proof"), [("successful", "record"), (None, "record"), ("failed", "altered")])
def test_fresh_sees_an_end_that_was_edited(desk: Desk, github: GitHubGraph, told: str | None, proof: str) -> None:
    github.listed = [OLD]
    key = desk.change(entry(1, "07-02 10:00", state=told))
    sha256 = "0" * 15 + "1" + "f" * 48
    attached = {"schema": "jira-ci.record-attachment/1", "sha256": sha256, "attachment": "1"}
    value = {**attached, "entry": entry(1, "07-02 10:00")}
    desk.sandbox.site.desk.extras.set_property(known(desk.sandbox, key).id, f"{PREFIX}{sha256[:16]}", value)
    [one] = desk.found(*QUARTER, "--fresh")[0]["deployments"]
    assert (one["proof"], one["state"]) == (proof, "successful")


def test_an_emergency_is_listed_with_who_looked_at_it(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [OLD]
    told = {"reason": "Payments are down", "asker": "octocat", "request-type": "Emergency change"}
    long_ago = {**told, "review-until": stamp("07-04 10:00")}
    key = desk.change(entry(1, "07-02 10:00", emergency=long_ago))
    desk.sandbox.desk.transition(key, "Authorize")
    desk.sandbox.clock.standing = datetime(2026, 7, 5, tzinfo=timezone.utc).timestamp()
    desk.sandbox.desk.approve(key)
    desk.sandbox.clock.standing = LATER.timestamp()
    desk.change(entry(2, "09-29 10:00", emergency=True))
    desk.change(entry(3, "09-30 10:00", emergency={**told, "review-until": stamp("10-03 10:00")}))
    found, ended = desk.found()
    reviewed, old, open_ = (one["emergency"] for one in found["deployments"])
    assert (reviewed["reason"], reviewed["in-time"]) == ("Payments are down", False)
    assert [one["at"][:10] for one in reviewed["reviewed"]][:1] == ["2026-07-05"]
    assert (old["reason"], old["in-time"], open_["reviewed"], open_["in-time"]) == (None, None, [], None)
    assert f"Emergency: {key}" in ended.err
    assert "too late (had to be until 2026-07-04 10:00)" in ended.err


def test_what_a_change_tells_of_without_a_record(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [listed(2, "07-03 10:00"), OLD]
    deployed = {"version": "1", "commit": "c", "run": "x", "attempt": 1, "outcome": "successful"}
    where = {"repository": "octo/hello", "project": "Web Site", "environment": "Prod", "tenant": ""}
    both = [{**where, **deployed, "run-id": run, "id": run} for run in ("9002", "9777", "7777")]
    value = {"schema": "jira-ci.change/2", "bindings": [], "deployments": both, "dropped": 0}
    key = desk.change(properties={PROPERTY: value})
    found, ended = desk.found()
    [one] = found["deployments"]
    assert (one["change"]["key"], one["finding"], one["provider-id"]) == (key, "no-record", "502")
    assert ended.code == 7
    [gap] = found["not-provable"]
    assert "by run 9777" in gap["why"], "what is older than the list is not of the period"


def test_other_repositories_and_other_environments_are_left_out(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [OLD]
    desk.change(entry(1, "07-02 10:00"), entry(2, "07-03 10:00", environment="Stage"))
    desk.change(entry(3, "07-02 10:00", run="octo/other#7/1"))
    found, ended = desk.found(*QUARTER, "--environment", "prod")
    assert [one["environment"] for one in found["deployments"]] == ["Prod"]
    assert (found["environments"], ended.code) == (["prod"], 0)
    assert found["notes"] == ["A record of another repository is not listed: run it there."]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Prodution", "The nearest is Prod"),
        ("Dev", "--environment Dev is not change controlled"),
        ("Prod,Prodution", "The nearest is Prod"),
        ("Prod*", "is a pattern"),
        (" ", "--environment is empty"),
        (",", "--environment is empty"),
    ],
)
def test_a_name_with_a_mistake_in_it_makes_no_empty_list(desk: Desk, name: str, told: str) -> None:
    ended = desk.evidence(*QUARTER, "--environment", name)
    assert ended.code == 2
    assert told in ended.out


def test_environments_that_no_rule_names_count_and_are_said(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [listed(2, "07-03 10:00", environment="Prodution"), OLD]
    found, ended = desk.found()
    assert [(one["environment"], one["finding"]) for one in found["deployments"]] == [("Prodution", "no-change")]
    assert found["notes"] == ["No rule of the policy names these environments, so that they count: Prodution."]
    assert ended.code == 0


def test_a_repository_that_was_renamed_keeps_its_records(desk: Desk, github: GitHubGraph) -> None:
    desk.change(entry(1, "07-02 10:00", run="octo/former#9001/1"), entry(2, "07-02 11:00", run="octo/former#9002/1"))
    # Of another provider, whose runs are counted by themselves.
    desk.change(entry(3, "07-03 10:00", run="else/where#9003/1", commit="b" * 40))
    github.listed = [listed(3, "07-03 09:58"), listed(1, "07-02 09:58"), OLD]
    found, _ = desk.found()
    rows = [(one["record"], one["finding"]) for one in found["deployments"]]
    assert rows == [(f"{1:016x}", None), (None, "no-change")]
    assert found["notes"] == ["2 records of other repositories are not listed: run it there."]


@pytest.mark.parametrize(
    ("server", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://gitlab.com", "https://gitlab.com/api/v4"),
        ("https://evil.example", ""),
    ],
)
def test_a_clone_s_own_host_gets_a_token_only_where_everybody_knows_it(server: str, api: str) -> None:
    run = Run(CI.LOCAL, "acme/shop", "evil.example/acme/shop", server, "c" * 40, 1, "", server_url=server)
    found = of_a_clone(run)
    assert (found.api_url, found.repository) == (api, "acme/shop")
    assert (found.provider == CI.LOCAL) is (not api)


def test_where_graphql_is_refused_each_that_has_no_record_is_asked_about(desk: Desk, github: GitHubGraph) -> None:
    github.faulty[-1] = refusal(403, "Resource not accessible")
    desk.change(entry(1, "07-02 10:00"), entry(2, "07-04 10:00", commit="b" * 40))
    github.listed = [
        listed(3, "07-05 10:00", "failure"),
        listed(2, "07-04 09:59", commit="b" * 40),
        listed(1, "07-02 09:59"),
        listed(
            0,
            "06-20 09:59",
            told=[("in_progress", stamp("07-01 10:00"), 9000), ("success", stamp("07-01 10:05"), 9000)],
        ),
        OLD,
    ]
    found, ended = desk.found()
    assert ended.code == 0, ended.err
    assert [(one["state"], one["finding"]) for one in found["deployments"]] == [
        ("successful", "no-change"),
        ("successful", None),
        ("successful", None),
        ("failed", "no-change"),
    ]
    statuses = [path for path in github.paths if path.endswith("/statuses")]
    assert statuses == [f"/repos/octo/hello/deployments/{number}/statuses" for number in (503, 500)]


def test_without_anything_controlled_there_is_no_population(desk: Desk, github: GitHubGraph) -> None:
    github.files = {}
    desk.job.git("rm", "--quiet", ".jira-ci.yml")
    desk.job.environ["GITHUB_SHA"] = desk.job.commit("Nothing")
    ended = desk.evidence()
    assert ended.code == 2
    assert "Nothing here is change controlled" in ended.out


def govern(desk: Desk, github: GitHubGraph, policy: str) -> None:
    github.files = {".jira-ci.yml": policy.encode()}
    commit(desk.job, policy)


def test_where_only_a_tenant_is_controlled_every_deployment_counts(desk: Desk, github: GitHubGraph) -> None:
    key = desk.change(entry(1, "07-02 10:00", environment="QA", tenant="Aurora"))
    more = "environments: {'Q*': testing}\ntenants: {Aurora: {change-controlled: true}}\n"
    site, control = f"jira: {{site: '{desk.sandbox.address}'}}", "change-control: {enabled: true, service-desk: OPS}"
    govern(desk, github, f"project-name: Web Site\n{site}\n{more}{control}\n")
    github.listed = [listed(2, "07-03 10:00", environment="QA"), listed(1, "07-02 09:58", environment="QA"), OLD]
    found, ended = desk.found(*QUARTER, "--environment", "QA, q4")
    assert ended.code == 0, ended.err
    of_tenants, unknown = found["notes"]
    assert of_tenants.startswith("QA is change controlled for some tenants only"), of_tenants
    assert unknown == "No deployment to q4 is known; is the name spelt so?"
    first, second = found["deployments"]
    assert (first["change"]["key"], first["tenant"], second["finding"]) == (key, "Aurora", "no-change")


def test_where_nothing_is_controlled_today_an_empty_list_proves_nothing(desk: Desk, github: GitHubGraph) -> None:
    control = "change-control: {enabled: true, service-desk: OPS}"
    govern(desk, github, f"environments: {{Prod: production}}\n{control}\n")
    github.listed = [OLD]
    found, ended = desk.found()
    assert (ended.code, found["known"]) == (7, 0)
    assert "today's policy puts no environment under control" in found["not-provable"][0]["why"]


def test_on_gitlab(tmp_path: Path, sandbox: Sandbox) -> None:
    provider = GitLab()
    with serving(provider):
        desk = on_gitlab(tmp_path, sandbox, provider, LATER)
        desk.change(entry(1, "07-02 10:00", run="acme/web#5001/1790000000", by="ada"))
        made = {"commit": "a" * 40, "ref": "main", "status": "success", "environment": "Prod"}
        provider.listed = [
            {**made, "id": 3, "created": stamp("07-03 10:00"), "run": 0},
            {**made, "id": 2, "created": stamp("07-02 10:00"), "run": 5001},
            {**made, "id": 1, "created": stamp("05-02 10:00"), "run": 4000},
        ]
        found, ended = desk.found()
    assert ended.code == 0, ended.err
    assert [(one["known-to"], one["finding"]) for one in found["deployments"]] == [
        (["GitLab", "Jira"], None),
        (["GitLab"], "no-change"),
    ]


def test_a_manual_job_counts_when_it_is_played(tmp_path: Path, sandbox: Sandbox) -> None:
    provider = GitLab()
    with serving(provider):
        desk = on_gitlab(tmp_path, sandbox, provider, LATER)
        made = {"commit": "a" * 40, "ref": "main", "environment": "Prod"}
        played = {"started": stamp("07-03 10:00"), "updated": stamp("07-03 10:05")}
        provider.listed = [
            {**made, "id": 3, "created": stamp("07-01 10:00"), "run": 5003, "status": "created", "started": None},
            {**made, "id": 2, "created": stamp("03-01 10:00"), "run": 5002, "status": "success", **played},
            {**made, "id": 1, "created": stamp("06-29 10:00"), "run": 5001, "status": "success"},
        ]
        found, ended = desk.found()
    assert ended.code == 0, ended.err
    assert [(one["provider-id"], one["started"]) for one in found["deployments"]] == [("2", stamp("07-03 10:00"))]
    assert found["notes"] == ["Of 1 more the job has not begun, so that nothing was deployed: not listed."]


def test_what_waited_for_its_review_is_of_the_quarter_in_which_it_began(desk: Desk, github: GitHubGraph) -> None:
    waited = [("success", stamp("07-02 10:05"), 9001), ("in_progress", stamp("07-02 10:00"), 9001)]
    over = [("success", stamp("10-01 10:05"), 9002), ("in_progress", stamp("10-01 10:00"), 9002)]
    github.listed = [listed(2, "09-29 10:00", told=over), listed(1, "06-05 10:00", told=waited), OLD]
    found, ended = desk.found()
    assert ended.code == 0, ended.err
    assert [(one["provider-id"], one["started"]) for one in found["deployments"]] == [("501", stamp("07-02 10:00"))]


def test_what_jira_is_asked(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [OLD]
    desk.change(entry(1, "07-02 10:00"))
    assert desk.evidence().code == 0
    assert asked(desk)[-3:] == ["GET mypermissions", "POST jql", "GET properties"]


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("until", "after", "in_time"),
    [
        (None, [], None),
        (None, [0], None),
        (1, [], None),
        (-1, [], False),
        (-1, [-2, 0], True),
        (-1, [0, -2], True),
        (-2, [-1], False),
    ],
)
def test_whether_an_emergency_was_reviewed_in_time(until: int | None, after: list[int], in_time: bool | None) -> None:
    emergency = Emergency("x", review_until=None if until is None else NOON + until * DAY)
    one = Recorded(Change("", "1", "OPS-1"), "r", NOON - 5 * DAY, "Prod", "1", "c", "a/b", "1", emergency=emergency)
    found = review(one, [Approved("ana", NOON + days * DAY) for days in after], NOON)
    assert found.in_time is in_time
    assert isinstance(found, Review)
    assert [moment.at for moment in found.approvals] == sorted(NOON + days * DAY for days in after)


def test_a_change_that_is_gone_since_the_search_is_said(desk: Desk, github: GitHubGraph) -> None:
    github.listed = [OLD]
    key = desk.change(entry(1, "07-02 10:00"))

    def gone(request: Request) -> Answer | None:
        return Answer(404) if "/properties" in request.path else None

    desk.sandbox.before = gone
    found, ended = desk.found(*QUARTER, "--fresh")
    assert (ended.code, found["known"]) == (7, 0)
    assert f"{key}: deleted, or hidden" in found["not-provable"][0]["why"]
