"""The timeline of deployments, and the page of one."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from jira_sandbox import example
from jira_sandbox.pages.deployments_page import MOST, STEP, timeline
from jira_sandbox.pages.report_view import Deployment
from jira_sandbox.pages.report_view import deployment as shown
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.server import Sandbox
from pages import get, on, report
from submissions import build, deployment


def at(time: str, environment: str = "Prod", number: int = 1) -> Deployment:
    kind = {"id": environment, "displayName": environment, "type": "production"}
    return shown(deployment(environment=kind, lastUpdated=time, deploymentSequenceNumber=number), ["WEB-1"])


def many(environments: int, name: str, version: str, days: int) -> list[dict[str, Any]]:
    """A thousand deployments, one after the other to each of the environments, over so many days."""
    first = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    return [
        deployment(
            deploymentSequenceNumber=number,
            environment={
                "id": str(number % environments),
                "displayName": name.format(number % environments),
                "type": "testing",
            },
            label=version.format(number),
            duration=100 + number,
            lastUpdated=f"{first + datetime.timedelta(days=number * days // MOST):%Y-%m-%dT%H:%M:%SZ}",
            associations=[
                {"associationType": "issueIdOrKeys", "values": [f"WEB-{number % 900 + 1}", "OPS-7", "MOB-12"]}
            ],
        )
        for number in range(MOST)
    ]


def test_environments_are_lanes_in_the_order_of_their_types_and_tenants_of_their_own(sandbox: Sandbox) -> None:
    report(
        sandbox.site,
        on("Prod"),
        on("Stage", "staging"),
        on("Somewhere", "unmapped"),
        on("QA", "testing"),
        on("Dev for Tenant B", "development"),
        on("Dev for Tenant A", "development"),
        on("Twin", "testing", "one"),
        on("Twin", "testing", "two"),
    )
    found = get(sandbox, "/deployments").text
    lanes = ("Development", "Dev for Tenant A", "Dev for Tenant B", "Testing", "QA", "Twin", "Staging", "Stage")
    places = [found.index(name) for name in lanes] + [found.index("Production"), found.index("Unmapped")]
    assert places == sorted(places)
    assert "Twin one" in found
    assert "Twin two" in found


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("unknown", "Unknown"),
        ("pending", "Pending"),
        ("in_progress", "In progress"),
        ("cancelled", "Cancelled"),
        ("failed", "Failed"),
        ("rolled_back", "Rolled back"),
        ("successful", "Successful"),
    ],
)
def test_a_state_is_a_shape_and_a_word(state: str, word: str, sandbox: Sandbox) -> None:
    report(sandbox.site, deployment(state=state, duration=200))
    found = get(sandbox, "/deployments")
    assert f"{word} 20 Nov 2026, 09:00, 3 min 20 s WEB-12" in found.text
    assert f"#{state}" in found.all("use", "href")
    assert state in found.all("symbol", "id")


def test_a_mark_opens_its_deployment_with_everything_about_it(sandbox: Sandbox) -> None:
    associations = [
        {"associationType": "issueIdOrKeys", "values": ["WEB-12", "WEB-13"]},
        {"associationType": "serviceIdOrKeys", "values": ["ari:cloud:shop"]},
        {"associationType": "commit", "values": [{"commitHash": "c0ffee", "repositoryId": "77"}]},
    ]
    report(sandbox.site, deployment(label="1.4.0", associations=associations))
    [mark] = {link for link in get(sandbox, "/deployments").all("a", "href") if link.startswith("/deployments/")}
    found = get(sandbox, mark)
    assert "1.4.0 to Prod EU" in found.text
    assert "prod/eu" in found.text
    assert "ari:cloud:shop Commits c0ffee" in found.text
    assert {"/browse/WEB-12", "/browse/WEB-13", "https://ci.example/7"} <= set(found.all("a", "href"))


def test_no_two_marks_of_a_lane_touch_and_earlier_is_further_left() -> None:
    minutes = [
        f"2026-03-{day:02}T{hour:02}:{minute:02}:00Z" for day in (1, 4) for hour in (8, 9) for minute in (0, 0, 1)
    ]
    many = [at(time, f"E{number % 3}", number) for number, time in enumerate(minutes)][::-1]
    found = timeline(many)
    places: dict[str, int] = {}
    for lane in found.groups[0][1]:
        x = 0
        for mark in lane.marks:
            x += mark.gap
            places[mark.deployment.mark] = x
            x += STEP
        assert all(mark.gap >= 0 for mark in lane.marks)
        assert x <= found.width
    ordered = [places[one.mark] for one in reversed(many)]
    assert ordered == sorted(ordered)
    assert len(found.lines) == 2, "one for each day"
    assert found.days == (("1 Mar", 0),), "the second is too near for its name"


def test_within_a_day_the_line_says_hours() -> None:
    moments = ("2026-03-01T09:10:00Z", "2026-03-01T11:40:00Z", "2026-03-01T14:05:00Z")
    one_day = timeline([at(moment, number=number) for number, moment in enumerate(moments, 1)][::-1])
    assert one_day.days[0][0] == "09:00"
    assert len(one_day.lines) == 3, "one for each hour in which something was"


def test_idle_time_is_folded() -> None:
    year = timeline([at("2027-03-01T00:00:00Z", number=2), at("2026-03-01T00:00:00Z")])
    assert year.width < 4 * STEP


def test_without_deployments_there_is_no_timeline() -> None:
    assert timeline([]).groups == ()


def test_a_thousand_deployments_are_no_heavy_page(sandbox: Sandbox) -> None:
    records = example.deployments(MOST + 100, sandbox.clock.now())
    for start in range(0, len(records), 100):
        sandbox.site.submit(DEPLOYMENTS, {"deployments": records[start : start + 100]})
    found = get(sandbox, "/deployments")
    assert found.all("a", "class").count("m") == MOST
    assert "The newest 1,000 of 1,100" in found.text
    assert len(found.body.encode()) <= 300_000


@pytest.mark.parametrize("environments", [10, 300, 1000])
@pytest.mark.parametrize(
    ("name", "version", "days", "most"),
    [
        ("prod-eu-{:04}", "1.0.{}", 30, MOST),
        ("Production for tenant {}", "2026.11.{}", MOST, 0),
        ("{} " + "漢" * 240, "{} " + "漢" * 240, 30, 0),
        ("{} " + '<"&\u202e' * 60, "{} " + "\u202e" * 240, 30, 0),
    ],
)
def test_a_page_has_room_for_any_names_and_as_many_deployments_as_fit(
    name: str, version: str, days: int, most: int, environments: int, sandbox: Sandbox
) -> None:
    records = many(environments, name, version, days)
    for start in range(0, MOST, 100):
        sandbox.site.submit(DEPLOYMENTS, {"deployments": records[start : start + 100]})
    found = get(sandbox, "/deployments")
    shown = found.all("a", "class").count("m")
    assert len(found.body.encode()) <= 300_000
    assert shown >= (most or 250)
    assert (f"The newest {shown} of 1,000" in found.text) is (shown < MOST)
    assert "MOB-12" in get(sandbox, "/deployments?find=7").text


def test_an_environment_or_a_tenant_is_found_by_a_part_of_its_name(sandbox: Sandbox) -> None:
    for number, name in enumerate(("Prod-EU for Aurora", "Prod-EU for Borealis", "Dev")):
        environment = {"id": name, "displayName": name, "type": "production"}
        sandbox.site.submit(
            DEPLOYMENTS, {"deployments": [deployment(deploymentSequenceNumber=number, environment=environment)]}
        )
    found = get(sandbox, "/deployments?find=%20bOREalis")
    assert "Prod-EU for Borealis" in found.text
    assert "Aurora" not in found.text
    assert found.all("a", "class").count("m") == 1
    assert found.headers["etag"] != get(sandbox, "/deployments").headers["etag"]
    nothing = get(sandbox, "/deployments?find=%3Cb%3E%FF").text
    assert "No environment's name holds <b>\ufffd." in nothing
    assert get(sandbox, "/deployments?find=").all("a", "class").count("m") == 3


def test_every_moment_that_jira_takes_can_be_shown(sandbox: Sandbox) -> None:
    moments = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999999999Z", "2026-01-01t00:00:00z"]
    for number, at in enumerate(moments):
        sandbox.site.submit(DEPLOYMENTS, {"deployments": [deployment(deploymentSequenceNumber=number, lastUpdated=at)]})
        sandbox.site.submit(BUILDS, {"builds": [build(buildNumber=number, lastUpdated=at)]})
    assert get(sandbox, "/deployments").all("a", "class").count("m") == 3
    assert get(sandbox, "/browse/WEB-12").status == 200
