"""A change is pinned to the commit that people approve, and allows that one and no other."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from gate_jobs import Scene, commit, scene
from gate_subjects import Subject, approved, asking, known, reader
from jira_ci.gate import pinning
from jira_ci.gate.bindings import ChangeProperty, Outcome, Scope, read
from jira_ci.gate.change_property import Change
from jira_ci.gate.gate_result import GateResult
from jira_ci.gate.pinning import Pins
from jira_ci.gate.subject import Attempt
from jira_ci.jira.change_endpoints import PROPERTY
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

TITLE = 'Deploy "Web Site" version 1.2.3 to "Prod"'
HERE = Scope("acme/shop", "Web Site", "Prod", "")


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def ask(here: Scene, *flags: str, **environ: str) -> GateResult:
    with here.gate(*flags, **environ) as gate:
        return gate.ask()


def held(sandbox: Sandbox, key: str) -> ChangeProperty:
    return read(sandbox.site.desk.extras.properties(known(sandbox, key).id).get(PROPERTY))


def pin(sandbox: Sandbox, key: str) -> str:
    """The commit that the change is pinned to; empty without a pin."""
    found = held(sandbox, key).of(HERE)
    return found.commit if found else ""


def waiting(sandbox: Sandbox) -> str:
    """A change that people made, and nobody approved yet."""
    key = str(sandbox.desk.create(TITLE).key)
    sandbox.desk.transition(key, "Authorize")
    return key


def approve(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")


def feature(here: Scene) -> str:
    """From now on the run is one of a branch that nobody protects, at a commit of its own."""
    remember(here)
    here.job.git("checkout", "-q", "-b", "feature/x")
    here.job.environ |= {"GITHUB_REF": "refs/heads/feature/x", "GITHUB_SHA": here.job.commit("WEB-9 Never approved")}
    return str(here.job.environ["GITHUB_SHA"])


def remember(here: Scene) -> None:
    """The checkout knows the default branch, whose policy counts for every other one."""
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")


def comments(sandbox: Sandbox, key: str) -> list[str]:
    return [one.body for one in sandbox.site.desk.extras.comments(known(sandbox, key).id)]


def pins(found: GateResult) -> bool:
    """Whether the record says that nothing is pinned."""
    return "bound by title only" not in found.records[0]["policy"]["relaxed"]


# Pinned at first sight, and again until somebody approves


def test_a_change_of_peoples_is_pinned_at_first_sight_and_again_until_it_is_approved(here: Scene) -> None:
    key, first = waiting(here.sandbox), here.job.environ["GITHUB_SHA"]
    found = ask(here)
    assert (found.decision.row, pin(here.sandbox, key), pins(found)) == (24, first, True)
    here.job.environ["GITHUB_SHA"] = second = here.job.commit("WEB-2 Better")
    assert (ask(here).decision.row, pin(here.sandbox, key)) == (24, second)
    told = comments(here.sandbox, key)
    assert [f"instead of commit {first}" in one for one in told] == [False, True]
    assert all("9001" in one for one in told)
    approve(here.sandbox, key)
    assert ask(here).decision.row == 31
    here.job.environ["GITHUB_SHA"] = third = here.job.commit("WEB-3 Too late")
    found = ask(here)
    assert (found.decision.row, found.decision.exit, pin(here.sandbox, key)) == (21, 3, second)
    assert second in found.decision.reason
    assert third in found.decision.reason
    assert "--unpin" in found.decision.reason
    assert len(comments(here.sandbox, key)) == 2


def test_a_change_that_was_approved_before_it_was_pinned_is_pinned_with_a_warning(here: Scene) -> None:
    key = approved(here.sandbox)
    found = ask(here)
    assert (found.decision.row, pins(found)) == (31, True)
    assert pin(here.sandbox, key) == here.job.environ["GITHUB_SHA"]
    assert "was approved before it was pinned" in here.log.getvalue()
    assert ask(here).decision.row == 31
    assert here.log.getvalue().count("was approved before it was pinned") == 1


def test_a_pinned_and_approved_change_takes_five_questions(here: Scene) -> None:
    approved(here.sandbox)
    ask(here)
    asked = len(here.sandbox.exchanges)
    assert ask(here).decision.row == 31
    assert len(here.sandbox.exchanges) - asked == 5


def test_a_branch_that_nobody_protects_pins_nothing_and_deploys_no_other_commit(here: Scene) -> None:
    key, first = waiting(here.sandbox), here.job.environ["GITHUB_SHA"]
    other = feature(here)
    found = ask(here)
    assert (found.decision.row, pin(here.sandbox, key), pins(found)) == (24, "", False)
    assert comments(here.sandbox, key) == []
    here.job.environ |= {"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": first}
    here.job.git("checkout", "-q", first)
    ask(here)
    approve(here.sandbox, key)
    here.job.environ |= {"GITHUB_REF": "refs/heads/feature/x", "GITHUB_SHA": other}
    here.job.git("checkout", "-q", other)
    found = ask(here)
    assert (found.decision.row, pin(here.sandbox, key)) == (21, first)
    assert other in found.decision.reason


@pytest.mark.parametrize(
    "setting", [{"project-name": "Other"}, {"environment": "PROD"}, {"tenant": "EU", "title": "tenant"}]
)
def test_another_name_is_no_way_round_a_pin(here: Scene, setting: dict[str, str]) -> None:
    commit(here.job, (here.job.folder / ".jira-ci.yml").read_text().replace("project-name: Web Site\n", ""))
    flags = [f"{name}={value}" for name, value in setting.items() if name != "title"]
    key = str(here.sandbox.desk.create("Web Site 1.2.3 to Prod EU").key)
    here.sandbox.desk.transition(key, "Authorize")
    assert ask(here, f"change={key}").decision.row == 24
    approve(here.sandbox, key)
    assert ask(here, f"change={key}").decision.row == 31
    feature(here)
    found = ask(here, f"change={key}", *flags)
    assert found.decision.row in (4, 21), found.decision


def test_a_pull_request_and_a_dry_run_pin_nothing(here: Scene) -> None:
    key = approved(here.sandbox)
    assert ask(here, "dry-run=true").decision.row == 31
    assert pin(here.sandbox, key) == ""
    remember(here)
    found = ask(here, GITHUB_EVENT_NAME="pull_request")
    assert (found.decision.row, pins(found)) == (31, False)
    assert pin(here.sandbox, key) == ""


def test_where_nothing_may_be_written_it_is_said_and_bound_by_title_only(here: Scene) -> None:
    key = approved(here.sandbox)
    here.sandbox.site.desk.denied.add("EDIT_ISSUES")
    found = ask(here)
    assert (found.decision.row, pins(found), pin(here.sandbox, key)) == (31, False, "")
    assert "could not be pinned" in here.log.getvalue()


def test_with_bind_version_the_version_is_all_that_counts(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, "bind: version")
    key = approved(sandbox)
    found = ask(here)
    assert found.decision.row == 31
    assert {"bind: version", "bound by title only"} <= set(found.records[0]["policy"]["relaxed"])
    assert (pin(sandbox, key), comments(sandbox, key)) == ("", [])
    bound = {"schema": "jira-ci.change/1", "project": "Web Site", "environment": "Prod", "version": "1.2.3"}
    sandbox.site.desk.extras.set_property(known(sandbox, key).id, PROPERTY, {**bound, "commit": "f" * 40, "run": "1"})
    assert ask(here).decision.row == 31


@pytest.mark.parametrize("more", ['comments: "off"', "comments: public"])
def test_comments_are_as_the_policy_says(tmp_path: Path, sandbox: Sandbox, more: str) -> None:
    here = scene(tmp_path, sandbox, more)
    key = waiting(sandbox)
    ask(here)
    assert pin(sandbox, key) == here.job.environ["GITHUB_SHA"]
    assert len(comments(sandbox, key)) == ("public" in more)


def test_a_property_that_is_none_of_ours_is_not_guessed_at_and_can_be_taken_off(here: Scene) -> None:
    key = approved(here.sandbox)
    here.sandbox.site.desk.extras.set_property(known(here.sandbox, key).id, PROPERTY, {"schema": "jira-ci.change/9"})
    found = ask(here)
    assert (found.decision.row, found.decision.exit) == (17, 7)
    assert "jira-ci.change/9" in found.decision.reason


def test_a_pin_of_another_repository_is_left_where_it_is(here: Scene) -> None:
    key = waiting(here.sandbox)
    ask(here)
    other = held(here.sandbox, key).bindings[0].commit
    here.job.environ |= {"GITHUB_REPOSITORY": "acme/second"}
    here.job.git("remote", "set-url", "origin", "https://github.com/acme/second.git")
    here.job.environ["GITHUB_SHA"] = second = here.job.commit("Second")
    ask(here)
    bound = {one.scope.repository: one.commit for one in held(here.sandbox, key).bindings}
    assert bound == {"acme/shop": other, "acme/second": second}


def test_a_change_that_the_gate_of_another_repository_made_is_for_nothing_else(here: Scene) -> None:
    key = ask(here).records[0]["change"]["key"]
    here.sandbox.desk.transition(key, "Authorize")
    approve(here.sandbox, key)
    assert ask(here).decision.row == 31
    first = here.job.environ["GITHUB_SHA"]
    here.job.environ |= {"GITHUB_REPOSITORY": "beta/shop"}  # its project is called by the same name
    here.job.git("remote", "set-url", "origin", "https://github.com/beta/shop.git")
    here.job.environ["GITHUB_SHA"] = second = here.job.commit("Second")
    found = ask(here)
    assert (found.decision.row, found.decision.exit) == (21, 3)
    assert f"was made for commit {first} of acme/shop" in found.decision.reason
    assert second in found.decision.reason
    assert [one.scope.repository for one in held(here.sandbox, key).bindings] == ["acme/shop"]


def test_of_two_that_pin_at_once_one_stays_and_the_other_follows_it(here: Scene) -> None:
    key = approved(here.sandbox)
    issue = known(here.sandbox, key)
    change = Change(issue.id, key, "OPS", "[System] Change", issue.summary, "title", False)
    both, rows = Barrier(2), dict[str, int]()

    def one(mark: str) -> None:
        subject = Subject(commit=mark * 40)
        with asking(here.sandbox) as service:
            asked = reader(service, change, subject=subject)
            decision, snapshot = asked.read()
            assert snapshot is not None
            both.wait(30)
            attempt = Attempt("", mark, may_pin=True, id=mark)
            found = Pins(service, change, subject, attempt, readers="off", settling=1.0)
            assert found.pin(snapshot, decision, may_pin=True).again
            found.settle()
            rows[mark] = asked.read()[0].row

    threads = [Thread(target=one, args=(mark,)) for mark in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    stayed = pin(here.sandbox, key)[0]
    assert rows == {stayed: 31, "ab".replace(stayed, ""): 21}


def test_an_answer_that_is_lost_lets_nothing_begin_unpinned(here: Scene) -> None:
    key = approved(here.sandbox)

    def lose(request: Request) -> Answer | None:
        return Answer(503) if request.method == "PUT" else None

    here.sandbox.before = lose
    found = ask(here)
    assert (found.decision.row, found.decision.result, found.decision.exit) == (8, "wait", 7)
    assert pin(here.sandbox, key) == ""


def test_a_comment_about_a_pin_that_hangs_holds_up_nothing(here: Scene) -> None:
    key, over = approved(here.sandbox), Event()

    def hang(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/comment"):
            over.wait(60)
        return None

    here.sandbox.before = hang
    try:
        found = ask(here, "timeout=12s")
    finally:
        over.set()
    assert (found.decision.row, pin(here.sandbox, key)) == (31, here.job.environ["GITHUB_SHA"])
    assert f"{key} was not told" in here.log.getvalue()


# One deployment or many


def used(sandbox: Sandbox, key: str) -> list[tuple[str, str]]:
    return [(one.run, one.outcome) for one in held(sandbox, key).deployments]


def test_each_deployment_is_kept_and_a_second_one_is_said(here: Scene) -> None:
    key = approved(here.sandbox)
    run = "https://github.com/acme/shop/actions/runs/9001"
    for count in (1, 2):
        with here.gate() as gate:
            assert gate.ask().decision.row == 31
            gate.comment("started")
            assert gate.start().decision.row == 31
            assert used(here.sandbox, key)[-1] == (run, "started")
            gate.comment("successful")
        assert used(here.sandbox, key) == [(run, "successful")] * count
        assert f"{key} was used once before" in here.log.getvalue() or count == 1


@pytest.mark.parametrize(("end", "row"), [("successful", 21), ("failed", 31), ("cancelled", 31), (None, 21)])
def test_once_means_one_that_succeeds(
    tmp_path: Path, sandbox: Sandbox, end: Outcome | None, row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinning, "SETTLING", 20.0)  # a busy machine may take more than three real seconds to write
    here = scene(tmp_path, sandbox, "reuse: once")
    key = approved(sandbox)
    with here.gate() as gate:
        gate.ask()
        gate.comment("started")
        assert used(sandbox, key) == []  # the start writes it
        assert gate.start().decision.row == 31
        assert [outcome for _, outcome in used(sandbox, key)] == ["started"]
        assert gate.confirm().decision.row == 31  # its own start is in nobody's way
        if end:
            gate.comment(end)
    found = ask(here)
    assert (found.decision.row, int(found.decision.exit)) == (row, 0 if row == 31 else 3)
    assert ("reconcile" in found.decision.reason) == (end is None)


def test_each_environment_of_one_change_uses_up_its_own_approval(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, "reuse: once")
    key = str(sandbox.desk.create("Web Site 1.2.3 to Stage and Prod").key)
    sandbox.desk.transition(key, "Authorize")
    approve(sandbox, key)
    flags = f"change={key}", "environment=Stage,Prod"
    with here.gate(*flags) as gate:
        assert gate.ask().decision.result == "proceed"
        assert gate.start().decision.result == "proceed"
        assert sorted((one.scope.environment, one.outcome) for one in held(sandbox, key).deployments) == [
            ("Prod", "started"),
            ("Stage", "started"),
        ]
        gate.comment("successful")
    assert {one.outcome for one in held(sandbox, key).deployments} == {"successful"}
    for environment in ("Stage", "Prod"):
        assert ask(here, f"change={key}", f"environment={environment}").decision.row == 21


def test_nothing_begins_whose_start_cannot_be_noted(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, "reuse: once")
    approved(sandbox)
    with here.gate() as gate:
        assert gate.ask().decision.row == 31
        sandbox.site.desk.denied.add("EDIT_ISSUES")
        found = gate.start()
    assert (found.decision.row, found.decision.result, found.outputs["approved"]) == (6, "deny", False)


def test_of_many_that_begin_at_once_one_does(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, "reuse: once")
    key = approved(sandbox)
    ask(here)
    issue = known(sandbox, key)
    change = Change(issue.id, key, "OPS", "[System] Change", issue.summary, "title", False)
    together, rows = Barrier(8), list[Any]()

    def one(number: int) -> None:
        with asking(sandbox) as service:
            attempt = Attempt("", str(number), id=f"id-{number}")
            found = Pins(service, change, Subject(), attempt, readers="off", settling=5.0)
            together.wait(30)
            rows.append(found.start())

    threads = [Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(rows) == 8
    assert rows.count(None) <= 1


def test_what_is_written_fits_into_what_jira_takes(here: Scene) -> None:
    key = approved(here.sandbox)
    ask(here)
    written = here.sandbox.site.desk.extras.properties(known(here.sandbox, key).id)[PROPERTY]
    assert len(json.dumps(written)) < 32_768


def test_a_start_that_is_noted_late_does_not_come_behind_the_outcome(sandbox: Sandbox) -> None:
    key = approved(sandbox)
    issue = known(sandbox, key)
    change = Change(issue.id, key, "OPS", "[System] Change", issue.summary, "title", False)
    arrived, go_on = Event(), Event()

    def slow(request: Request) -> Answer | None:
        if request.method == "PUT" and not arrived.is_set():
            arrived.set()
            go_on.wait(30)
        return None

    sandbox.before = slow
    with asking(sandbox) as service:
        pins = Pins(service, change, Subject(), Attempt("", "7", id="id-7"), readers="off")
        late = Thread(target=pins.end, args=("started",))
        late.start()
        assert arrived.wait(30)
        over = Thread(target=pins.end, args=("successful",))
        over.start()
        go_on.set()
        for thread in (late, over):
            thread.join(30)
        assert pins.end("started") == ""
    assert [one.outcome for one in held(sandbox, key).deployments] == ["successful"]


def test_a_pin_of_which_the_change_is_not_told_is_said(here: Scene) -> None:
    key = waiting(here.sandbox)
    here.sandbox.before = lambda request: Answer(500) if request.path.endswith("/comment") else None
    ask(here)
    assert pin(here.sandbox, key)
    assert f"{key} was not told about its pin: " in here.log.getvalue()
