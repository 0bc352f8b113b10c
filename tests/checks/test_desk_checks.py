"""The service desk as a change manager looks at it: statuses, groups, names of approvals; each asked once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate_jobs import scene
from gate_subjects import approved
from jira_ci.checks import gate_checks
from jira_ci.checks.report_checks import Line
from jira_sandbox.server import Sandbox

SOUND = "minimum-approvals: 2"


def lines(folder: Path, sandbox: Sandbox, more: str = SOUND) -> list[Line]:
    sandbox.site.desk.denied.add("TRANSITION_ISSUES")
    return list(gate_checks.lines(scene(folder, sandbox, more).context()))


def told(found: list[Line], subject: str) -> list[tuple[int, bool, str]]:
    return [(int(one.exit), one.doubtful, f"{one.found} {one.hint}") for one in found if one.subject == subject]


def test_a_desk_that_has_what_the_policy_names(tmp_path: Path, sandbox: Sandbox) -> None:
    approved(sandbox)
    more = f"{SOUND}\n  required-approvals: [Authorize]\n  required-approvers: [{{group: release-managers}}]"
    found = lines(tmp_path, sandbox, more)
    assert [one for one in found if one.exit or one.doubtful] == []
    assert "Implementing is there, and lets a deployment begin" in told(found, "gate statuses")[0][2]
    assert "see that an agent or an automation rule does" in told(found, "gate statuses")[1][2]
    assert "has 2 active members" in told(found, "gate required approvers")[0][2]
    assert "'Authorize' is an approval of the newest 5 changes" in told(found, "gate required approvals")[0][2]
    # A change itself is read as the gate reads it, for each environment that it may be for.
    asked = [(one.method, one.path, one.query, one.body) for one in sandbox.exchanges]
    of_desk = [one for one in asked if "/issue/" not in one[1] and "/request/" not in one[1]]
    assert [one for one in of_desk if of_desk.count(one) > 1] == []


def test_a_translated_site_is_told_by_its_own_words_and_ids(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.site.desk.language = "de"
    ((code, _, said),) = [one for one in told(lines(tmp_path, sandbox), "gate statuses") if one[0]]
    assert code == 2
    assert "No status of proceed-statuses (Implementing) is there" in said
    assert "In Umsetzung (10104)" in said
    assert "Implementing is called In Umsetzung there: write '10104', its id." in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("proceed-statuses: ['10104', Rollout]", "proceed-statuses names Rollout, which is not there"),
        ("wait-statuses: [Review, Autorize]", "wait-statuses names Autorize, which is not there"),
    ],
)
def test_statuses_that_a_file_names_and_the_desk_lacks(
    tmp_path: Path, sandbox: Sandbox, more: str, sentence: str
) -> None:
    (found,) = [one for one in told(lines(tmp_path, sandbox, f"{SOUND}\n  {more}"), "gate statuses") if one[1]]
    assert sentence in found[2]


@pytest.mark.parametrize(
    ("group", "code", "doubtful", "sentence"),
    [
        ("release-manager", 2, False, "There is no group 'release-manager'."),
        ("nobody", 0, True, "Nobody who could approve is in the group 'nobody'."),
        ("bots", 0, True, "The gate's own account is in the group 'bots'"),
        ("hidden", 6, False, "Browse users and groups"),
    ],
)
def test_groups_that_do_not_do(
    tmp_path: Path, sandbox: Sandbox, group: str, code: int, doubtful: bool, sentence: str
) -> None:
    people = sandbox.site.desk.people
    people.group("nobody")
    people.group("bots", "release", "ana")
    if group == "hidden":
        sandbox.site.desk.denied.add("USER_PICKER")
    found = lines(tmp_path, sandbox, f"{SOUND}\n  required-approvers: [{{group: {group}}}]")
    ((exit_code, doubt, said),) = told(found, "gate required approvers")
    assert (exit_code, doubt) == (code, doubtful)
    assert sentence in said


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("authorize", "have an approval 'Authorize', which is another name than 'authorize'"),
        ("CAB", "No approval of the newest 5 changes of OPS is called 'CAB'; they are called 'Authorize'"),
    ],
)
def test_a_name_that_no_recent_approval_bears(tmp_path: Path, sandbox: Sandbox, name: str, sentence: str) -> None:
    approved(sandbox)
    found = lines(tmp_path, sandbox, f"{SOUND}\n  required-approvals: [{name}]")
    ((code, doubtful, said),) = told(found, "gate required approvals")
    assert (code, doubtful) == (0, True)
    assert sentence in said


def test_without_any_approval_a_name_is_not_tested(tmp_path: Path, sandbox: Sandbox) -> None:
    found = told(lines(tmp_path, sandbox, f"{SOUND}\n  required-approvals: [CAB]"), "gate required approvals")
    assert "not tested" in found[0][2]


def test_a_request_type_that_is_not_there_is_told_with_those_that_are(tmp_path: Path, sandbox: Sandbox) -> None:
    found = told(lines(tmp_path, sandbox, f"{SOUND}\n  request-type: Zzz"), "gate request type")
    assert "It has 'Request a change', 'Emergency change'" in found[0][2]


def test_a_rule_for_every_name_and_a_shared_change_with_nobody(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, f"{SOUND}\n  one-change-for: [Prod]")
    text = (here.job.folder / ".jira-ci.yml").read_text(encoding="utf-8")
    here.job.write(".jira-ci.yml", text.replace("  Dev: dev", '  "*": dev'))
    here.job.git("add", ".jira-ci.yml")
    here.job.environ["GITHUB_SHA"] = here.job.commit("Policy")
    doubts = " ".join(one.found for one in gate_checks.lines(here.context()) if one.doubtful)
    assert "line 4: * matches every name" in doubts
    assert "one-change-for names Prod alone" in doubts
