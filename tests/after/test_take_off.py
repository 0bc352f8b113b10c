"""A roll-back takes off only what we added."""

from __future__ import annotations

import pytest

from after_scenes import Scene
from scenes import Ended


def rolled_back(here: Scene, *flags: str) -> Ended:
    return here.job.jira_ci("rollback", "--environment", "Prod", "--version", "1.4", "--run", "9001", *flags)


def test_what_we_added_is_taken_off(here: Scene) -> None:
    here.deploy(keys="WEB-1,WEB-2,MOB-1")
    ended = rolled_back(here, "--on-error", "fail")
    assert ended.code == 0, ended.out
    assert [here.versions(key) for key in ("WEB-1", "WEB-2", "MOB-1")] == [[], [], []]
    assert here.status("WEB-1") == "Done", "where it goes now is for people to say"
    assert "version Shop 1.4 of WEB: it stays released" in ended.out
    assert "Not everything was done" not in ended.out


def test_what_somebody_else_added_stays(here: Scene) -> None:
    made = here.make("WEB")
    here.alter("WEB-2", values={"fixVersions": [made.id]})
    here.deploy(keys="WEB-1,WEB-2")
    ended = rolled_back(here)
    assert here.versions("WEB-1") == []
    assert here.versions("WEB-2") == ["Shop 1.4"]
    assert "WEB-2: somebody else gave it the version" in ended.out


def test_what_another_environment_s_deployment_added_stays(here: Scene) -> None:
    here.deploy(keys="WEB-1")
    here.job.jira_ci(
        "deployment", "--environment", "Prod-US", "--environment-type", "production", "--version", "1.4",
        "--issue-keys", "WEB-1", "--state", "success",
    )  # fmt: skip
    given = ("--environment", "Prod-US", "--environment-type", "production", "--version", "1.4", "--run", "9001")
    ended = here.job.jira_ci("rollback", *given)
    assert here.versions("WEB-1") == ["Shop 1.4"]
    assert "it got the version when it was deployed to Prod" in ended.out


def test_twice_is_once(here: Scene) -> None:
    here.deploy(keys="WEB-1")
    rolled_back(here)
    before = [one for one in here.written if "/issue/" in one]
    rolled_back(here)
    assert [one for one in here.written if "/issue/" in one] == before


def test_who_added_it_anew_by_hand_keeps_it(here: Scene) -> None:
    here.deploy(keys="WEB-1")
    rolled_back(here)
    here.alter("WEB-1", values={"fixVersions": [here.version("WEB").id]})
    ended = rolled_back(here)
    assert here.versions("WEB-1") == ["Shop 1.4"]
    assert "somebody else gave it the version" in ended.out


@pytest.mark.parametrize("many", [True, False])
def test_however_they_got_it(here: Scene, *, many: bool) -> None:
    if not many:
        here.sandbox.site.desk.denied.add("BULK_CHANGE")
    here.deploy(keys=",".join(f"WEB-{number}" for number in range(1, 130)))
    ended = rolled_back(here)
    assert ended.code == 0
    assert [number for number in range(1, 130) if here.versions(f"WEB-{number}")] == []


def test_without_a_version_nothing_is_taken_off(here: Scene) -> None:
    here.deploy(keys="WEB-1")
    ended = here.job.jira_ci("rollback", "--environment", "Prod", "--run", "9001")
    assert ended.code == 0
    assert here.versions("WEB-1") == ["Shop 1.4"]
    assert "set version to the one that was rolled back" in ended.out


def test_a_dry_run_takes_nothing_off(here: Scene) -> None:
    here.deploy(keys="WEB-1")
    rolled_back(here, "--dry-run")
    assert here.versions("WEB-1") == ["Shop 1.4"]


def test_of_more_issues_than_are_looked_at_the_log_says_so(here: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    here.deploy(keys="WEB-1,WEB-2,WEB-3")
    monkeypatch.setattr("jira_ci.jira.issue_edits.PAGE", 2)
    monkeypatch.setattr("jira_ci.after.take_off._PAGES", 1)
    ended = rolled_back(here)
    assert ended.code == 0
    assert "only the first 2 issues that have it were looked at: run it again for the rest" in ended.out
    rolled_back(here)
    assert [here.versions(f"WEB-{number}") for number in (1, 2, 3)] == [[], [], []]
