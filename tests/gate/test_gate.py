"""The gate from the settings to a result, against a site over real sockets."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gate_faults import FAULTS, Trouble
from gate_jobs import POLICY, Scene, commit, pinned, scene
from gate_subjects import TITLE, approved, titled
from jira_ci.gate.comments import duration
from jira_ci.gate.gate import Gate
from jira_ci.gate.gate_result import NOT_YET, GateResult, local_and_utc
from jira_ci.gate.record import Deployment, digest
from jira_ci.gate.targets import objection
from jira_ci.jira.change_endpoints import PROPERTY
from jira_ci.output.markdown import as_markdown
from jira_ci.run import CI, PullRequest, Run
from jira_sandbox.accounts import DINA
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def ask(here: Scene, *flags: str, **environ: str) -> GateResult:
    with here.gate(*flags, **environ) as gate:
        return gate.ask()


def told(found: GateResult) -> tuple[int, str, int]:
    return found.decision.row, found.decision.result, int(found.decision.exit)


def test_an_approved_change_proceeds_with_five_questions_on_one_connection(here: Scene) -> None:
    key = pinned(here)
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    assert found.change is not None
    assert (found.change.key, found.change.found_by) == (key, "title")
    assert (len(here.sandbox.exchanges), here.sandbox.connections) == (5, 1)
    assert found.outputs["approved"] is True
    assert found.outputs["change-key"] == key
    assert found.outputs["change-url"] == f"{here.sandbox.address}/browse/{key}"
    assert found.outputs["change-status"] == "Implementing"
    assert found.outputs["environment"] == ["Prod"]
    assert set(found.outputs) == {*NOT_YET, "environment"}


def job_of(here: Scene, environment: str) -> None:
    """The CI itself knows this name of the job's environment."""
    event = Path(here.job.environ["GITHUB_EVENT_PATH"])
    known = json.loads(event.read_text(encoding="utf-8"))
    event.write_text(json.dumps({**known, "deployment": {"environment": environment}}), encoding="utf-8")


def subjects(found: GateResult) -> list[tuple[str, str | None]]:
    return [(one["subject"]["environment"], one["subject"]["ci-environment"]) for one in found.records]


@pytest.mark.parametrize("setting", ["Dev", "Dev,DEV"])
def test_a_setting_does_not_rename_what_the_ci_deploys_to(here: Scene, setting: str) -> None:
    job_of(here, "Prod")
    found = ask(here, f"environment={setting}")
    assert told(found) == (15, "wait", 4)
    assert subjects(found) == [("Dev", "Prod"), ("Prod", "Prod")]
    assert "says that this job deploys to Prod, and the setting environment says Dev" in here.log.getvalue()


def test_of_two_controlled_names_both_are_asked_for(here: Scene) -> None:
    job_of(here, "Stage")
    approved(here.sandbox)
    found = ask(here)
    assert told(found) == (15, "wait", 4)
    assert subjects(found) == [("Prod", "Stage"), ("Stage", "Stage")]


def test_a_name_of_the_cis_that_no_rule_matches_is_refused(here: Scene) -> None:
    job_of(here, "Prodution")
    found = ask(here, "environment=Dev")
    assert told(found) == (2, "deny", 2)
    assert "Prodution" in found.decision.reason


@pytest.mark.parametrize(("name", "said"), [("Dev", True), ("PROD", False), ("Prod", False)])
def test_a_name_of_the_cis_that_adds_nothing_changes_nothing(here: Scene, name: str, said: bool) -> None:
    job_of(here, name)
    approved(here.sandbox)
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    assert subjects(found) == [("Prod", name)]
    assert ("is not change controlled" in here.log.getvalue()) is said


def test_a_tag_in_the_checkout_does_not_lend_its_approval_to_another_commit(here: Scene) -> None:
    tagged = here.job.git("rev-parse", "HEAD")
    here.job.git("tag", "-a", "-m", "x", "1.2.3")
    here.job.git("remote", "set-url", "origin", str(here.job.folder))  # whose tags nobody believes
    approved(here.sandbox)
    assert told(ask(here)) == (31, "proceed", 0)
    here.job.environ["GITHUB_SHA"] = other = here.job.commit("WEB-9 Never approved")
    asked = len(here.sandbox.exchanges)
    found = ask(here)
    assert told(found) == (4, "deny", 2)
    assert tagged in found.decision.reason
    assert other in found.decision.reason
    subject = found.records[0]["subject"]
    assert (subject["commit"], subject["checkout-commit"], subject["run-commit"]) == (other, other, other)
    assert len(here.sandbox.exchanges) == asked


@pytest.mark.parametrize("version", ["1.2.3 ", "\t1.2.3", "1.2.3\n", "1.2.3\u00a0"])
def test_blanks_at_the_ends_of_a_version_are_refused(here: Scene, version: str) -> None:
    approved(here.sandbox)
    assert told(ask(here, f"version={version}")) == (4, "deny", 2)


def test_a_given_change_takes_four_questions(here: Scene) -> None:
    key = pinned(here, summary="Deploy 1.2.3 to Prod")
    found = ask(here, f"change={key}")
    assert told(found) == (31, "proceed", 0)
    assert (len(here.sandbox.exchanges), here.sandbox.connections) == (4, 1)


def test_without_a_change_one_is_made_that_names_the_issues(here: Scene) -> None:
    here.job.environ["GITHUB_SHA"] = here.job.commit("WEB-12 Pay by card")
    found = ask(here)
    assert told(found) == (15, "wait", 4)
    (key,) = titled(here.sandbox)
    assert found.outputs["change-key"] == key
    change = here.sandbox.site.desk.find(key)
    assert change is not None
    assert "WEB-12 " in change.description
    assert told(ask(here)) == (24, "wait", 4)
    assert titled(here.sandbox) == [key]


@pytest.mark.parametrize(
    ("flags", "environ"),
    [
        (["create=false"], {}),
        (["dry-run=true"], {}),
        ([], {"GITHUB_EVENT_NAME": "pull_request"}),
    ],
)
def test_none_is_made_where_none_may_be(here: Scene, flags: list[str], environ: dict[str, str]) -> None:
    commit_of_main = here.job.git("rev-parse", "HEAD")
    here.job.git("update-ref", "refs/remotes/origin/main", commit_of_main)
    assert told(ask(here, *flags, **environ)) == (16, "wait", 4)
    assert titled(here.sandbox) == []


def test_a_declined_change_denies(here: Scene) -> None:
    trials = here.sandbox.site.trials
    key = trials.create(TITLE).key
    trials.transition(key, "Authorize")
    trials.decline(key)
    assert told(ask(here, "wait=2h")) == (19, "deny", 3)
    assert here.time.slept == 0


def test_outside_its_window(here: Scene) -> None:
    key, now = approved(here.sandbox), here.sandbox.clock.now()
    here.sandbox.desk.window(key, now + timedelta(hours=1), now + timedelta(hours=2))
    assert told(ask(here)) == (29, "wait", 5)
    here.sandbox.desk.window(key, now - timedelta(hours=2), now - timedelta(hours=1))
    found = ask(here)
    assert told(found) == (23, "deny", 5)
    assert found.outputs["window-end"].endswith("Z")
    assert found.outputs["approved"] is False


@pytest.mark.parametrize(
    ("flags", "row", "result", "code"),
    [
        (["environment=Dev"], 3, "proceed", 0),
        (["environment=Prd"], 2, "deny", 2),
        (["version=main"], 4, "deny", 2),
        (["environment="], 1, "deny", 2),
        (["site=https://other.example"], 1, "deny", 2),
        (["change-controlled=false"], 1, "deny", 2),
        (["gate-by=jira"], 1, "deny", 2),
        (["headers=none"], 1, "deny", 2),
        (["environment=Dev", "dry-run=true"], 3, "wait", 4),
    ],
)
def test_what_needs_no_question(here: Scene, flags: list[str], row: int, result: str, code: int) -> None:
    found = ask(here, *flags)
    assert told(found) == (row, result, code)
    assert found.outputs["approved"] is False
    assert here.sandbox.exchanges == []
    assert json.loads(Path(found.outputs["record"]).read_text(encoding="ascii"))["row"] == row


def test_an_uncontrolled_environment_stays_a_proceed_however_long_ago_it_was_said(here: Scene) -> None:
    with here.gate("environment=Dev") as gate:
        gate.ask()
        here.time.sleep(4000)
        assert told(gate.confirm()) == (3, "proceed", 0)


def test_without_credentials_nothing_is_asked(here: Scene) -> None:
    found = ask(here, JIRA_CI_TOKEN="", JIRA_CI_USER="")
    assert told(found) == (5, "deny", 6)
    assert here.sandbox.exchanges == []


def test_without_a_policy_the_command_gate_denies_and_a_deployment_proceeds(here: Scene) -> None:
    here.job.git("rm", "--quiet", ".jira-ci.yml")
    here.job.environ["GITHUB_SHA"] = here.job.commit("No policy")
    assert told(ask(here)) == (3, "proceed", 0)
    here.deploying = False
    assert told(ask(here)) == (1, "deny", 2)


def test_a_dry_run_reads_and_never_proceeds(here: Scene) -> None:
    approved(here.sandbox)
    found = ask(here, "dry-run=true", "wait=2h")
    assert told(found) == (31, "wait", 4)
    assert found.outputs["approved"] is False
    assert here.time.slept == 0


def test_all_environments_have_to_proceed(here: Scene) -> None:
    approved(here.sandbox)
    stage = approved(here.sandbox, summary=TITLE.replace("Prod", "Stage"))
    found = ask(here, "environment=Prod,Stage,Dev")
    assert told(found) == (3, "proceed", 0)
    assert [one["row"] for one in found.records] == [31, 31, 3]
    here.sandbox.desk.transition(stage, "Planning")
    found = ask(here, "environment=Prod,Stage,Dev")
    assert told(found) == (24, "wait", 4)
    assert found.outputs["change-status"] == ["Implementing", "Planning", ""]


def test_nothing_is_approved_before_anything_is_asked(here: Scene) -> None:
    written: list[str] = []

    def before(request: Request) -> Answer | None:
        del request
        written.append(here.job.output())
        return None

    here.sandbox.before = before
    approved(here.sandbox)
    ask(here)
    assert "approved<<" in written[0]
    assert "\nfalse\n" in written[0]
    assert "true" not in written[0]


def test_a_credential_of_another_connection(here: Scene, start_sandbox: Callable[..., Sandbox]) -> None:
    emea = start_sandbox(token="token-of-emea")
    connections = f"connection: emea\nconnections: {{emea: {{site: '{emea.address}', credentials: EMEA}}}}"
    commit(here.job, POLICY.format(site=here.sandbox.address, more=connections))
    approved(emea)
    found = ask(here, JIRA_CI_EMEA_USER=emea.credentials.user, JIRA_CI_EMEA_TOKEN="token-of-emea")
    assert told(found) == (31, "proceed", 0)
    assert here.sandbox.exchanges == []
    assert told(ask(here)) == (5, "deny", 6)


def test_a_result_is_confirmed_by_reading_again_when_it_is_old(here: Scene) -> None:
    key = approved(here.sandbox)
    with here.gate() as gate:
        first = gate.ask()
        asked = len(here.sandbox.exchanges)
        here.time.sleep(20)
        assert gate.confirm() is first
        here.time.sleep(20)
        assert told(gate.confirm()) == (31, "proceed", 0)
        assert len(here.sandbox.exchanges) == asked + 2
        here.sandbox.desk.transition(key, "Canceled")
        here.time.sleep(5)
        assert told(gate.confirm()) == (31, "proceed", 0)
        here.time.sleep(26)
        assert told(gate.confirm()) == (31, "wait", 7)


@pytest.mark.parametrize(("slow", "result"), [(3, "proceed"), (99, "wait")])
def test_a_round_that_takes_too_long_is_read_again_until_the_deadline(here: Scene, slow: int, result: str) -> None:
    approved(here.sandbox)
    rounds: list[Request] = []

    def before(request: Request) -> None:
        """So many rounds take 40 s each."""
        if request.path.endswith("/approval"):
            rounds.append(request)
            if len(rounds) <= slow:
                here.time.sleep(40)

    with here.gate("wait=10m", "timeout=2m") as gate:
        gate.ask()
        here.time.sleep(31)
        here.sandbox.before = before
        assert gate.confirm().decision.result == result
    assert len(rounds) == 4 or slow > 3 < len(rounds)


def test_the_record_is_a_file_and_stays_the_same_when_it_is_completed(here: Scene) -> None:
    approved(here.sandbox)
    with here.gate() as gate:
        found = gate.ask()
        (document,) = found.records
        assert json.loads(Path(found.outputs["record"]).read_text(encoding="ascii")) == document
        assert document["evidence"]["asked-as"] == "5b10a2844c20165700ede21g"
        assert document["evidence"]["rounds"] == 1
        assert document["approvals"][0]["approvers"][0]["counted"] is True
        done = gate.amend(Deployment(state="successful", exit=0))
    assert done.records[0]["deployment"]["state"] == "successful"
    assert digest(done.records[0]) == digest(document)
    assert done.outputs["record"] == found.outputs["record"]
    assert json.loads(Path(done.outputs["record"]).read_text(encoding="ascii")) == done.records[0]


def test_the_summary_names_everything_and_everything_in_it_is_inert(here: Scene) -> None:
    key, now = approved(here.sandbox), here.sandbox.clock.now()
    here.sandbox.desk.window(key, now - timedelta(hours=1), now + timedelta(hours=1))
    found = ask(here)
    assert told(found) == (32, "proceed", 0)
    text = as_markdown(found.summary)
    assert f"]({here.sandbox.address}/browse/{key})" in text
    for word in ("| Status | Implementing |", "✅ Proceed |", "Ana Souza ✅ approved", "Window ends", "UTC"):
        assert word in text
    assert TITLE not in text  # its quotes are entities


def commented(here: Scene, key: str) -> list[tuple[str, bool]]:
    return [(one.body, one.public) for one in here.sandbox.site.desk.extras.comments(_id(here, key))]


def _id(here: Scene, key: str) -> str:
    found = here.sandbox.site.desk.find(key)
    assert found is not None
    return found.id


@pytest.mark.parametrize(("setting", "public"), [("internal", False), ("public", True)])
def test_the_change_is_told_once_in_each_attempt(here: Scene, setting: str, public: bool) -> None:
    commit(here.job, POLICY.format(site=here.sandbox.address, more=f"comments: {setting}"))
    key = pinned(here)
    with here.gate() as gate, here.gate() as other:
        found = gate.ask()
        other.ask()
        for one in (gate, other, gate):
            one.comment("started")
        gate.comment("successful", seconds=200.4)
    with here.gate(GITHUB_RUN_ATTEMPT="2") as again:
        again.ask()
        again.comment("started")
    first, second, third = commented(here, key)
    assert [one[1] for one in (first, second, third)] == [public] * 3
    assert digest(found.records[0]) in first[0]
    assert "has begun" in first[0]
    assert "was successful after 3 min 20 s." in second[0]
    assert "has begun" in third[0]


@pytest.mark.parametrize(
    ("more", "flags", "environ"),
    [
        ("comments: off", [], {}),
        ("comments: internal", ["dry-run=true"], {}),
        ("comments: internal", [], {"GITHUB_EVENT_NAME": "pull_request"}),
        ("comments: internal", ["environment=Dev"], {}),
    ],
)
def test_nothing_is_told(here: Scene, more: str, flags: list[str], environ: dict[str, str]) -> None:
    commit(here.job, POLICY.format(site=here.sandbox.address, more=more))
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")
    key = approved(here.sandbox)
    with here.gate(*flags, **environ) as gate:
        gate.ask()
        gate.comment("started")
    assert commented(here, key) == []


def test_a_stranger_s_comment_does_not_silence_ours(here: Scene) -> None:
    first = pinned(here)
    with here.gate() as gate:
        gate.ask()
        gate.comment("started")
    ((body, _),) = commented(here, first)
    here.sandbox.desk.transition(first, "Canceled")
    second, extras = pinned(here), here.sandbox.site.desk.extras
    extras.comment(_id(here, second), DINA.account, body, 0, public=True)
    with here.gate() as gate:
        gate.ask()
        gate.comment("started")
    assert [one[1] for one in commented(here, second)] == [True, False]


@pytest.mark.parametrize("name", ["500", "401", "closed without a word", "200 HTML", "302"])
def test_a_comment_that_fails_is_said_and_sent_once(here: Scene, name: str) -> None:
    key = approved(here.sandbox)
    posts: list[str] = []

    def before(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/comment"):
            posts.append(request.path)
            return FAULTS[name]
        return None

    with here.gate() as gate:
        found = gate.ask()
        here.sandbox.before = before
        gate.comment("started")
        assert gate.confirm() is found
    assert len(posts) == 1
    assert sum(f"{key} was not told about its deployment" in line for line in here.lines) == 1


def test_a_window_that_ended_meanwhile_is_said(here: Scene) -> None:
    key, now = pinned(here), here.sandbox.clock.now()
    here.sandbox.desk.window(key, now - timedelta(hours=1), now + timedelta(hours=1))
    with here.gate() as gate:
        gate.ask()
        here.time.sleep(4000)
        gate.comment("failed")
    ((body, _),) = commented(here, key)
    assert "failed" in body
    assert "The window was over before it ended." in body


def test_a_clock_that_is_off_is_said_once_and_decides_nothing(here: Scene) -> None:
    approved(here.sandbox)
    here.sandbox.clock.offset = 86_400
    with here.gate() as gate:
        assert told(gate.ask()) == (31, "proceed", 0)
        here.time.sleep(31)
        gate.confirm()
    assert sum("machine's clock is 24 h behind" in line for line in here.lines) == 1


def test_after_a_signal_nothing_proceeds(here: Scene) -> None:
    approved(here.sandbox)

    def before(request: Request) -> Answer | None:
        if request.path.endswith("/approval"):
            here.signals.received = 15
            assert here.signals.deadline is not None
            here.signals.deadline.hurry()
        return None

    here.sandbox.before = before
    found = ask(here)
    assert told(found) == (31, "wait", 4)
    assert found.outputs["approved"] is False


def walk(here: Scene, name: str, *flags: str, **environ: str) -> tuple[int, GateResult]:
    """Lets each question of the conversation go wrong in turn; how many there were, and the result without a fault."""
    walked = 0
    while True:
        trouble = Trouble(here.sandbox, walked, FAULTS[name])
        here.sandbox.before = trouble
        found = ask(here, *flags, *(["timeout=1s"] if FAULTS[name] is None else []), **environ)
        if len(trouble.asked) <= trouble.number:
            return walked, found
        assert found.decision.result != "proceed", trouble.asked
        assert found.outputs["approved"] is False
        assert found.records[0]["approved"] is False
        assert int(found.decision.exit) in (3, 6, 7)
        walked += 1


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize(("given", "questions"), [(True, 4), (False, 5)], ids=["given", "by title"])
def test_no_fault_at_any_question_proceeds(here: Scene, name: str, given: bool, questions: int) -> None:
    key = pinned(here, summary="Deploy 1.2.3 to Prod" if given else TITLE)
    here.sandbox.site.desk.denied.add("CREATE_ISSUES")
    walked, found = walk(here, name, *([f"change={key}"] if given else []))
    assert walked == questions
    assert told(found) == (31, "proceed", 0)


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "hangs"])
def test_no_fault_proceeds_where_a_service_account_asks(here: Scene, name: str) -> None:
    credentials, key = here.sandbox.credentials, pinned(here, summary="Deploy 1.2.3 to Prod")
    account = {"JIRA_CI_CLIENT_ID": credentials.service_id, "JIRA_CI_CLIENT_SECRET": credentials.service_secret}
    walked, found = walk(here, name, f"change={key}", JIRA_CI_USER="", JIRA_CI_TOKEN="", **account)
    # A token that was just got and is refused is not got again, so that 401 ends the conversation at each question.
    assert walked >= 6
    assert told(found) == (31, "proceed", 0)


def test_twenty_gates_at_once_come_to_one_change(here: Scene) -> None:
    found: list[GateResult] = []

    def one() -> None:
        with here.gate("timeout=60s") as gate:
            found.append(gate.ask())

    threads = [Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert {one.decision.result for one in found} == {"wait"}
    assert len({one.outputs["change-key"] for one in found}) == 1


def test_a_gate_that_was_not_asked_asks_when_it_has_to_confirm(here: Scene) -> None:
    approved(here.sandbox)
    with here.gate() as gate:
        assert isinstance(gate, Gate)
        gate.comment("started")
        assert told(gate.confirm()) == (31, "proceed", 0)


def test_data_center_with_a_personal_access_token(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    here = scene(tmp_path, start_sandbox(edition="data-center"))
    key = approved(here.sandbox)
    found = ask(here, JIRA_CI_USER="", JIRA_CI_TOKEN=here.sandbox.credentials.personal_token)
    assert told(found) == (31, "proceed", 0)
    assert found.outputs["change-key"] == key


@pytest.mark.parametrize(
    ("provider", "event", "pull", "expected"),
    [
        ("github", "push", False, ""),
        ("github", "workflow_dispatch", False, ""),
        ("github", "pull_request", True, "a pull request"),
        ("github", "pull_request_target", False, "a pull request"),
        ("github", "workflow_run", True, "a pull request"),
        ("gitlab", "push", True, ""),  # the branch has an open merge request
        ("gitlab", "merge_request_event", True, "a merge request"),
        ("gitlab", "parent_pipeline", True, "a merge request"),
        ("gitlab", "parent_pipeline", False, ""),
        ("local", "", False, ""),
    ],
)
def test_what_is_a_pull_request_s_run(provider: str, event: str, pull: bool, expected: str) -> None:
    request = PullRequest(5, "t", "b") if pull else None
    run = Run(CI(provider), "acme/shop", "77", "", "1" * 40, 1, "", event=event, pull_request=request)
    assert objection(run) == expected


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc), "2026-03-02 12:00 UTC"),
        (
            datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2026-03-02 12:00 +05:30 (2026-03-02 06:30 UTC)",
        ),
        (
            datetime(2026, 3, 2, 22, 0, tzinfo=timezone(timedelta(hours=-5))),
            "2026-03-02 22:00 -05:00 (2026-03-03 03:00 UTC)",
        ),
    ],
)
def test_a_moment_is_shown_as_jira_shows_it_and_in_utc(moment: datetime, shown: str) -> None:
    assert local_and_utc(moment) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (0.4, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (7200, "2 h"), (7261, "2 h 1 min 1 s")],
)
def test_durations_are_for_people(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


TENANTS = """title: 'Deploy "{{project}}" version {{version}} to "{{environment}}" for "{{tenant}}"'"""


def tenants(here: Scene, more: str = TENANTS) -> None:
    commit(here.job, POLICY.format(site=here.sandbox.address, more=more.replace("{{", "{").replace("}}", "}")))


def title_of(environment: str, tenant: str) -> str:
    return f'Deploy "Web Site" version 1.2.3 to "{environment}" for "{tenant}"'


def test_each_tenant_needs_a_change_of_its_own(here: Scene) -> None:
    tenants(here)
    approved(here.sandbox, summary=title_of("Prod", "Acme"))
    both = ("tenant=Acme,Bolt",)
    found = ask(here, "tenant=Acme")
    assert told(found) == (31, "proceed", 0)
    assert found.records[0]["subject"]["tenant"] == "Acme"
    found = ask(here, *both)
    assert told(found) == (15, "wait", 4)
    (made,) = titled(here.sandbox, title_of("Prod", "Bolt"))
    assert found.outputs["environment"] == ["Prod"]
    assert found.outputs["change-key"][1] == made
    assert "Prod for Bolt" in as_markdown(found.summary)
    here.sandbox.desk.transition(made, "Implementing")
    found = ask(here, *both)
    assert told(found) == (31, "proceed", 0)
    assert [one["subject"]["tenant"] for one in found.records] == ["Acme", "Bolt"]


def test_spellings_of_one_environment_and_tenant_need_one_change_and_that_is_said(here: Scene) -> None:
    tenants(here)
    here.deploying = False
    found = ask(here, "environment=Prod, PROD", "tenant=Big Acme,big  acme")
    assert told(found) == (15, "wait", 4)
    assert [one["subject"]["tenant"] for one in found.records] == ["Big Acme"]
    assert len(titled(here.sandbox, title_of("Prod", "Big Acme"))) == 1
    log = here.log.getvalue()
    assert '"Prod" and "PROD" are one environment' in log
    assert "are one tenant" in log


@pytest.mark.parametrize("names", ["Prod,Pro\u200bd", "Pro\u200bd,Prod"])
def test_a_spelling_that_nobody_sees_is_refused_and_not_taken_for_the_other(here: Scene, names: str) -> None:
    approved(here.sandbox)
    assert told(ask(here, f"environment={names}"))[1:] == ("deny", 2)


@pytest.mark.parametrize("flags", [(), ("wait=2m",)])
def test_every_environment_that_is_waited_for_is_said_once(here: Scene, flags: tuple[str, ...]) -> None:
    tenants(here)
    approved(here.sandbox, summary=title_of("Prod", "Acme"))
    found = ask(here, "tenant=Acme,Bolt,Coil", "create=false", *flags)
    assert told(found) == (16, "wait", 4)
    log = here.log.getvalue()
    assert [log.count(f"Prod for {name}: ") for name in ("Acme", "Bolt", "Coil")] == [0, 1, 1]


def test_of_environments_and_tenants_one_that_is_denied_denies_all(here: Scene) -> None:
    tenants(here)
    for environment, tenant in [("Prod", "Acme"), ("Prod", "Bolt"), ("Stage", "Acme")]:
        approved(here.sandbox, summary=title_of(environment, tenant))
    late = approved(here.sandbox, summary=title_of("Stage", "Bolt"))
    flags = ("environment=Prod,Stage,Dev", "tenant=Acme,Bolt")
    assert told(ask(here, *flags)) == (3, "proceed", 0)
    here.sandbox.desk.transition(late, "3")
    found = ask(here, *flags)
    assert told(found) == (20, "deny", 3)
    assert [one["decision"] for one in found.records] == ["proceed", "proceed", "proceed", "deny", "proceed", "proceed"]


@pytest.mark.parametrize(
    ("more", "flags"),
    [
        ("comments: internal", ["tenant=Acme"]),
        ("comments: internal", ["environment=Prod,Stage", "tenant=Acme,Bolt"]),
        (TENANTS, []),
        (TENANTS, ["tenant=Ac\U0001f600me"]),
        (TENANTS, ['tenant=Ac"me']),
        (TENANTS, ["tenant=" + "x" * 256]),
    ],
)
def test_a_title_and_tenants_that_do_not_fit_ask_nothing(here: Scene, more: str, flags: list[str]) -> None:
    tenants(here, more)
    assert told(ask(here, *flags)) == (4, "deny", 2)
    assert here.sandbox.exchanges == []


@pytest.mark.parametrize(("summary", "row"), [("Deploy 1.2.3 to Prod for Acme", 31), ("Deploy 1.2.3 to Prod", 13)])
def test_a_given_change_has_to_name_the_tenant(here: Scene, summary: str, row: int) -> None:
    tenants(here)
    key = approved(here.sandbox, summary=summary)
    assert ask(here, f"change={key}", "tenant=Acme").decision.row == row


def test_fifty_tenants_are_read_one_after_the_other(here: Scene) -> None:
    tenants(here)
    names = [f"Tenant {number}" for number in range(50)]
    for name in names:
        pinned(here, tenant=name, summary=title_of("Prod", name))
    assert told(ask(here, f"tenant={','.join(names)}")) == (31, "proceed", 0)
    # Who the gate is, once; then the search, the candidate, its approvals and the issue.
    assert (len(here.sandbox.exchanges), here.sandbox.connections) == (1 + 4 * 50, 1)


def test_a_change_is_told_of_its_tenant_and_of_no_other(here: Scene) -> None:
    tenants(here, TENANTS)
    keys = [pinned(here, tenant=name, summary=title_of("Prod", name)) for name in ("Acme", "Bolt")]
    with here.gate("tenant=Acme,Bolt") as gate:
        gate.ask()
        gate.comment("started")
    for key, name in zip(keys, ("Acme", "Bolt"), strict=True):
        ((body, _),) = commented(here, key)
        assert body.startswith(f"The deployment of 1.2.3 to Prod for {name} has begun.")


@pytest.mark.parametrize("own", ["off", "internal", "public"])
@pytest.mark.parametrize("wanted", ["off", "internal", "public"])
def test_comments_may_be_made_quieter_and_never_louder(here: Scene, own: str, wanted: str) -> None:
    commit(here.job, POLICY.format(site=here.sandbox.address, more=f"comments: {own}"))
    key = pinned(here)
    readers = ["off", "internal", "public"]
    with here.gate(f"comments={wanted}") as gate:
        found = gate.ask()
        gate.comment("started")
    if readers.index(wanted) > readers.index(own):
        assert told(found) == (1, "deny", 2)
        assert "comments" in found.decision.reason
        assert commented(here, key) == []
        return
    assert told(found) == (31, "proceed", 0)
    assert [public for _, public in commented(here, key)] == {"off": [], "internal": [False], "public": [True]}[wanted]


# What is kept, and said of what happened before


def kept(here: Scene, key: str) -> dict[str, Any]:
    return here.sandbox.site.desk.extras.properties(_id(here, key))


def test_the_change_keeps_the_record_and_what_became_of_it(here: Scene) -> None:
    key = pinned(here)
    with here.gate() as gate:
        found = gate.ask()
        assert kept(here, key).keys() == {PROPERTY}, "nothing before it is told to"
        gate.keep()
        gate.amend(Deployment(state="successful", exit=0))
        gate.keep()
    name = digest(found.records[0])[:16]
    assert kept(here, key)[f"jira-ci.record.{name}"]["deployment"]["state"] == "successful"
    assert [one["state"] for one in kept(here, key)["jira-ci.records"]["records"]] == ["successful"]


def test_what_only_waits_and_what_may_write_nothing_is_not_kept(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox)
    with here.gate() as gate:
        key = gate.ask().outputs["change-key"]
        gate.keep()
    assert set(kept(here, key)) == {"jira-ci.change"}
    for status in ("Authorize", "Implementing"):
        sandbox.desk.transition(key, status)
        if status == "Authorize":
            sandbox.desk.approve(key)
    with here.gate("dry-run=true") as gate:
        gate.ask()
        gate.keep()
    assert set(kept(here, key)) == {"jira-ci.change"}


def test_a_record_that_the_change_does_not_keep_is_said_and_changes_nothing(here: Scene) -> None:
    key = approved(here.sandbox)
    here.sandbox.before = lambda request: Answer(403) if request.method == "PUT" else None
    with here.gate() as gate:
        found = gate.ask()
        gate.keep()
    assert told(found) == (31, "proceed", 0)
    assert f"The record of this deployment was not kept on {key}: " in here.log.getvalue()


def test_after_a_signal_nothing_is_approved_in_the_record_either(here: Scene) -> None:
    approved(here.sandbox)
    with here.gate() as gate:
        assert gate.ask().outputs["approved"] is True
        found = gate.interrupted()
    assert (found.outputs["approved"], found.outputs["decision"], found.outputs["environment"]) == (
        False,
        "wait",
        ["Prod"],
    )
    assert found.records[0]["approved"] is False
    assert json.loads(Path(found.outputs["record"]).read_text(encoding="ascii"))["approved"] is False


def test_who_moved_it_and_what_was_edited_since_is_in_log_summary_and_record(here: Scene) -> None:
    key, now = approved(here.sandbox), here.sandbox.clock.now()
    here.sandbox.desk.window(key, now - timedelta(hours=1), now + timedelta(hours=1))
    found = ask(here, "wait=1m")
    assert told(found) == (32, "proceed", 0)
    log = here.log.getvalue()
    assert log.count(f"{key} was moved to Implementing by Dina") == 1
    assert log.count(f"Edited on {key} after its approval: Planned start by Dina") == 1
    history = found.records[0]["history"]
    assert history["moved-by"]
    assert history["moved-at"]
    assert [one["field"] for one in history["edits-since-approval"]] == ["Planned start", "Planned end"]
    page = as_markdown(found.summary)
    assert "Moved there" in page
    assert "Edited since" in page


def test_without_an_approval_a_proceed_is_not_approved_and_says_so(here: Scene) -> None:
    key = here.sandbox.desk.create(TITLE).key
    here.sandbox.desk.transition(key, "Implementing")
    found = ask(here)
    assert (told(found), found.outputs["approved"]) == ((31, "proceed", 0), False)
    assert found.records[0]["approved"] is False
    for place in (found.outputs["reason"], here.log.getvalue(), as_markdown(found.summary)):
        assert "without any approval" in place
