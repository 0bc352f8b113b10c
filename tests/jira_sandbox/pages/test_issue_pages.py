"""The page of an issue, and that of a change with what a person does there."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from jira_sandbox.accounts import ANA, BEN
from jira_sandbox.server import Sandbox
from pages import HOSTILE, Page, get, on, post, report
from scenes import reach
from submissions import build


@pytest.fixture
def key(sandbox: Sandbox) -> str:
    return sandbox.desk.create('Deploy "Shop" version 1.4.0 to "Prod"').key


def status(sandbox: Sandbox, key: str) -> str:
    change = sandbox.site.issue(key)
    assert change
    return sandbox.site.desk.workflow.status(change.status).name


def do(sandbox: Sandbox, key: str, step: str, **fields: str) -> Page:
    return post(sandbox, f"/browse/{key}/{step}", fields)


@pytest.mark.parametrize("begin", ["", "Planning", "Authorize"])
def test_approving_asks_answers_and_moves_on(begin: str, sandbox: Sandbox, key: str) -> None:
    if begin:
        sandbox.desk.transition(key, begin)
    before = get(sandbox, f"/browse/{key}")
    assert "Approve as Ana Souza" in before.text
    assert f"/browse/{key}/approve" in before.all("form", "action")
    answer = do(sandbox, key, "approve", by=ANA.account, onward="1")
    assert (answer.status, answer.headers["location"]) == (303, f"/browse/{key}?done=approved")
    assert status(sandbox, key) == "Implementing"
    after = get(sandbox, answer.headers["location"])
    assert "Approved. A gate that waits for this change sees it at its next look." in after.text
    assert "Approve as Ana Souza" not in after.text
    assert "Review Planning Authorize Awaiting implementation Implementing Completed" in after.text


def test_of_two_who_have_to_approve_the_first_does_not_move_it(sandbox: Sandbox) -> None:
    from jira_sandbox.desk.change_issue import Stage

    sandbox.site.desk.stages = (Stage("Two people", (ANA.account, BEN.account), needed=2),)
    key = sandbox.desk.create("Deploy").key
    do(sandbox, key, "approve", by=ANA.account, onward="1")
    assert status(sandbox, key) == "Authorize"
    assert "1 of 2 needed" in get(sandbox, f"/browse/{key}").text
    assert do(sandbox, key, "approve", by=ANA.account, onward="1").status == 409
    do(sandbox, key, "approve", by=BEN.account, onward="1")
    assert status(sandbox, key) == "Implementing"


def test_a_stage_after_the_first_is_asked_for_too(sandbox: Sandbox) -> None:
    from jira_sandbox.desk.change_issue import Stage

    sandbox.site.desk.stages = (Stage("First", (ANA.account,)), Stage("Second", (BEN.account,)))
    key = sandbox.desk.create("Deploy").key
    do(sandbox, key, "approve", by=ANA.account, onward="1")
    assert status(sandbox, key) == "Authorize"
    do(sandbox, key, "approve", by=BEN.account, onward="1")
    assert status(sandbox, key) == "Implementing"


def test_declining_ends_it(sandbox: Sandbox, key: str) -> None:
    assert do(sandbox, key, "decline", by=ANA.account).headers["location"].endswith("?done=declined")
    assert status(sandbox, key) == "Declined"
    assert do(sandbox, key, "approve", by=ANA.account, onward="1").status == 409
    assert status(sandbox, key) == "Declined"


def test_a_decline_is_not_green_and_stands_in_the_history_with_who_said_it(sandbox: Sandbox, key: str) -> None:
    do(sandbox, key, "decline", by=ANA.account)
    found = get(sandbox, f"/browse/{key}")
    assert "lozenge refused" in found.all("span", "class")
    story = found.text[found.text.index("History") :]
    assert "Ana Souza" in story
    assert "approval Authorize: waiting → became declined" in " ".join(story.split())
    assert story.index("→ became Declined") < story.index("→ became declined"), "newest first"


def test_a_moment_is_written_in_one_way(sandbox: Sandbox, key: str) -> None:
    do(sandbox, key, "window", start="2026-03-13T14:00", end="2026-03-13T18:00")
    found = get(sandbox, f"/browse/{key}").text
    assert "Planned start: nothing → became 13 Mar 2026, 14:00" in " ".join(found.split())
    assert "/Mar/" not in found


def test_somebody_who_is_not_asked_cannot_answer(sandbox: Sandbox, key: str) -> None:
    refused = do(sandbox, key, "approve", by=BEN.account, onward="1")
    assert refused.status == 403
    assert "You do not have permission to answer this approval." in refused.text
    assert status(sandbox, key) != "Implementing"


def test_it_is_moved_along_the_workflow_and_nowhere_else(sandbox: Sandbox, key: str) -> None:
    workflow = sandbox.site.desk.workflow
    assert do(sandbox, key, "move", status=workflow.named("Implementing").id).status == 409
    for name in ("Planning", "Authorize", "Canceled"):
        assert workflow.named(name).id in get(sandbox, f"/browse/{key}").all("button", "value")
        assert do(sandbox, key, "move", status=workflow.named(name).id).status == 303
        assert status(sandbox, key) == name
    assert "Canceled" in get(sandbox, f"/browse/{key}").text


def test_rich_texts_are_shown_as_jira_would_show_them(sandbox: Sandbox, key: str) -> None:
    body = r"Prod (/) \(x\) *a* https://x.example/a https:{anchor:x}//y.example"
    do(sandbox, key, "comment", body=body, visibility="internal")
    found = get(sandbox, f"/browse/{key}")
    assert "Prod \u2705 (x) *a* https://x.example/a https://y.example" in found.text
    assert [one for one in found.all("a", "href") if ".example" in one] == ["https://x.example/a"]


def test_comments_are_added_and_shown(sandbox: Sandbox, key: str) -> None:
    do(sandbox, key, "comment", body="Go <b>ahead</b>\nplease", visibility="public")
    do(sandbox, key, "comment", body="Not for customers", visibility="internal")
    found = get(sandbox, f"/browse/{key}").text
    assert "Reply to customer Go <b>ahead</b> please" in found
    assert "Internal note Not for customers" in found
    assert do(sandbox, key, "comment", body=" ").status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "multipart/form-data; boundary=x"},
        {"Host": "rebound.example"},
    ],
    ids=str,
)
@pytest.mark.parametrize("step", ["approve", "decline", "move", "window", "comment"])
def test_what_may_come_from_another_page_is_refused(
    headers: dict[str, str], step: str, sandbox: Sandbox, key: str
) -> None:
    before = sandbox.site.issue(key)
    fields = {"by": ANA.account, "onward": "1", "status": "10101", "preset": "now", "body": "x"}
    assert post(sandbox, f"/browse/{key}/{step}", fields, **headers).status == 403
    assert sandbox.site.issue(key) == before
    assert sandbox.site.desk.extras.comments(before.id if before else "") == []


def test_nothing_is_done_by_looking(sandbox: Sandbox, key: str) -> None:
    assert get(sandbox, f"/browse/{key}/approve").status == 405
    assert status(sandbox, key) == "Review"


def test_a_story_is_no_change(sandbox: Sandbox) -> None:
    assert do(sandbox, "WEB-12", "comment", body="x").status == 404
    assert do(sandbox, "NO-1", "comment", body="x").status == 404


def test_scripted_steps_wait_for_readers_of_the_api_and_not_for_lookers(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.transition(key, "Planning", after_polls=1)
    assert "1 step of a trial waits for the next reads of this change." in get(sandbox, f"/browse/{key}").text
    assert status(sandbox, key) == "Review"


def test_a_site_with_other_statuses_has_the_page_too(sandbox: Sandbox) -> None:
    from jira_sandbox.desk.workflow import STATUSES, Workflow

    desk = sandbox.site.desk
    desk.workflow = Workflow([one for one in STATUSES if one.name not in ("Implementing", "Planning")])
    desk.workflow.rename("Authorize", "Genehmigen")
    desk.stages = (type(desk.stages[0])("Freigabe", (ANA.account,), status="Genehmigen"),)
    key = sandbox.desk.create("Deploy").key
    assert do(sandbox, key, "approve", by=ANA.account, onward="1").status == 303
    assert status(sandbox, key) == "Genehmigen"
    found = get(sandbox, f"/browse/{key}").text
    assert "Implementing" not in found
    assert "Approved" in found


def test_an_issue_shows_its_builds_with_tests_and_where_it_was_deployed(sandbox: Sandbox) -> None:
    tests = {"totalNumber": 320, "numberPassed": 312, "numberFailed": 2, "numberSkipped": 6}
    references = [{"commit": {"id": "a" * 40, "repositoryUri": "https://git.example/shop"}}]
    report(sandbox.site, build(testInfo=tests, state="failed", references=references), on("Prod EU", label="1.4.0"))
    found = get(sandbox, "/browse/WEB-12")
    assert "312 of 320 passed, 2 failed, 6 skipped" in found.text
    assert "1 failed" in found.text
    assert "Prod EU Production 1.4.0 Release 1.4" in found.text
    assert {"https://ci.example/7", "https://git.example/shop"} <= set(found.all("a", "href"))
    other = get(sandbox, "/browse/WEB-13").text
    assert "Prod EU" not in other


def test_on_data_center_the_remote_links_are_what_people_see(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(edition="data-center")
    issue = sandbox.site.issue("WEB-12")
    assert issue
    shown = {"url": "https://ci.example/9", "title": "1.4.0 to Prod", "summary": "successful"}
    for link in (
        {"globalId": "a", "relationship": "deployed to", "object": {**shown, "status": {"resolved": True}}},
        {"globalId": "b", "object": {"url": "javascript:alert(1)", "title": "Bad"}},
        {"globalId": "c", "object": {"url": "https://user:pass@ci.example/", "title": HOSTILE}},
    ):
        sandbox.site.desk.extras.set_remote_link(issue.id, link)
    found = get(sandbox, "/browse/WEB-12")
    assert "deployed to 1.4.0 to Prod Resolved successful" in found.text
    links = found.all("a", "href")
    assert "https://ci.example/9" in links
    assert [one for one in links if "javascript" in one or "pass" in one] == []
    assert "1 remote link" not in found.text
    assert found.all("div", "data-news") == ["WEB-12 has 0 builds and 0 deployments, 3 remote links."]
    assert sandbox.site.desk.ledger.find("WEB-12") is None  # nothing but looked at
    assert "WEB-12 Pay by card In Progress – – 3 –" in get(sandbox, "/issues").text
    assert "WEB-12 Pay by card 3 remote links" in get(sandbox, "/").text


def test_the_addresses_that_jira_ci_prints_open_pages(sandbox: Sandbox) -> None:
    assert reach(sandbox)["JIRA_CI_SITE"] == sandbox.address
    assert get(sandbox, "/browse/WEB-12").status == 200
    document = json.loads(get(sandbox, "/sandbox/issues/WEB-12").body)
    assert document["key"] == "WEB-12"
