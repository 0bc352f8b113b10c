"""DORA's figures over a population: what they were computed from, and what could not be."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from jira_ci.ci.deployment_list import ProviderDeployment
from jira_ci.evidence.evidence_document import figures
from jira_ci.evidence.population_rows import Change, Period, Population, Recorded, Row

NOON = datetime(2026, 7, 2, 12, tzinfo=timezone.utc)
CHANGE = Change("https://j", "7", "OPS-7")


def told(hours: int, state: str, place: str = "Prod", **changes: Any) -> Row:
    at = NOON + timedelta(hours=hours)
    one = Recorded(CHANGE, f"r{hours}", at, place, "1", "c", "a/b", "1", started=at, ended=at, state=state, **changes)
    return Row(None, one, CHANGE)


def bare(hours: int, state: str, place: str = "Prod") -> Row:
    at = NOON + timedelta(hours=hours)
    return Row(ProviderDeployment(f"d{hours}", place, "c", at, state=state, ended=at))


def of(*rows: Row, now: datetime = NOON + timedelta(days=90)) -> dict[str, Any]:
    period = Period(date(2026, 7, 1), date(2026, 7, 10))
    return figures(Population(period, "a/b", (), now, "GitHub", rows, {}, ()))


def test_nothing_amounts_to_nothing() -> None:
    assert of() == {
        "all": {
            "deployment-frequency": {"value": 0.0, "of": 0, "unknown": 0},
            "lead-time": {"value": None, "of": 0, "unknown": 0},
            "change-failure-rate": {"value": None, "of": 0, "unknown": 0},
            "time-to-restore": {"value": None, "of": 0, "unknown": 0},
        },
        "environments": {},
    }


def test_each_figure_says_of_how_many() -> None:
    found = of(
        told(0, "successful", lead_time=60),
        told(1, "failed"),
        told(3, "successful"),
        told(4, "cancelled"),
        told(5, "in_progress"),
        bare(6, "successful"),
        bare(7, "failed"),
        bare(8, "unknown"),
        told(9, "failed", "Stage"),
    )
    assert found["all"] == {
        "deployment-frequency": {"value": 0.3, "of": 3, "unknown": 3},
        "lead-time": {"value": 60.0, "of": 1, "unknown": 5},
        "change-failure-rate": {"value": 0.4, "of": 5, "unknown": 3},
        "time-to-restore": {"value": 7200.0, "of": 1, "unknown": 1},
    }
    assert found["environments"]["Stage"]["time-to-restore"] == {"value": None, "of": 0, "unknown": 1}
    assert list(found["environments"]) == ["Prod", "Stage"]


def test_a_job_that_failed_without_a_record_may_have_been_denied_by_the_gate() -> None:
    assert of(bare(0, "failed"))["all"]["change-failure-rate"] == {"value": None, "of": 0, "unknown": 1}


def test_tenants_are_restored_by_themselves() -> None:
    found = of(told(0, "failed", tenant="A"), told(1, "successful", tenant="B"), told(2, "successful", tenant="A"))
    assert found["all"]["time-to-restore"] == {"value": 7200.0, "of": 1, "unknown": 0}


def test_of_a_period_that_goes_on_only_what_is_over_counts() -> None:
    found = of(told(0, "successful"), now=datetime(2026, 7, 3, tzinfo=timezone.utc))
    assert found["all"]["deployment-frequency"]["value"] == 0.5
