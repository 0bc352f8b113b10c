"""Every fault at every question of the gate's conversations: none proceeds, none makes two, each has its row."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from email.utils import formatdate

import pytest

from gate_faults import FAULTS, Trouble, answered
from gate_subjects import approved, asking, finder, known, reader, titled
from jira_ci.gate.decision import Decision
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

GIVEN = "Deploy 1.2.3 to Prod"


def gate(sandbox: Sandbox, key: str, seconds: float) -> Decision:
    """Finds and reads the change as one gate does that asks once."""
    with asking(sandbox, seconds=seconds) as service:
        found = finder(service, change=key, minimum_approvals=0).find()
        if found.decision is not None:
            return found.decision
        assert found.change is not None
        return reader(service, found.change).read()[0]


def walk(sandbox: Sandbox, key: str, name: str, *, after: bool = False) -> list[tuple[str, Decision]]:
    """The question that went wrong and what the gate said, for each question of the conversation; after each walk a
    gate without trouble must come to its end."""
    seconds = 0.3 if FAULTS[name] is None else 10.0
    smooth = Trouble(sandbox, -1, None)
    troubled(sandbox, key, smooth, 10.0)
    said: list[tuple[str, Decision]] = []
    while len(said) < len(smooth.asked):
        trouble = Trouble(sandbox, len(said), FAULTS[name], after=after)
        decision = troubled(sandbox, key, trouble, seconds)
        if len(trouble.asked) > trouble.number:
            said.append((trouble.asked[trouble.number], decision))
        else:  # a busy machine did not come as far as that question
            seconds *= 2
    return said


def troubled(sandbox: Sandbox, key: str, trouble: Trouble, seconds: float) -> Decision:
    sandbox.before = trouble
    try:
        return gate(sandbox, key, seconds)
    finally:
        sandbox.before = None


def rows(name: str) -> tuple[int, int]:
    """The rows for a question before the round and for one in it."""
    same = {"401": 6, "403": 6, "302": 7, "307 to itself": 7}.get(name)
    return (same, same) if same else (8, 17)


@pytest.mark.parametrize("name", FAULTS)
def test_a_given_change_proceeds_through_no_fault(sandbox: Sandbox, name: str) -> None:
    key = approved(sandbox, summary=GIVEN)
    said = walk(sandbox, key, name)
    before, late = rows(name)
    missing = name == "404"
    assert [(path.split("/")[-1], decision.row) for path, decision in said] == [
        ("myself", before),
        (key, 10 if missing else before),
        ("approval", late),
        (known(sandbox, key).id, 11 if missing else late),
    ]
    assert {decision.result for _, decision in said} <= {"wait", "deny"}
    assert gate(sandbox, key, 10).row == 31


@pytest.mark.parametrize("name", FAULTS)
def test_a_change_found_by_its_title_proceeds_through_no_fault(sandbox: Sandbox, name: str) -> None:
    key = approved(sandbox)
    sandbox.site.desk.denied.add("CREATE_ISSUES")
    said = walk(sandbox, "", name)
    before, late = rows(name)
    missing = name == "404"
    identity = known(sandbox, key).id
    assert [(path.split("/")[-1], decision.row) for path, decision in said] == [
        ("myself", before),
        ("jql", 6 if name == "200 an empty page" else before),  # an answer as good as any: there is no such change
        (identity, 6 if missing else before),  # deleted, so that another one would be made, which is not allowed here
        ("approval", late),
        (identity, 11 if missing else late),
    ]
    assert {decision.result for _, decision in said} <= {"wait", "deny"}


def made_twice(sandbox: Sandbox) -> bool:
    return len(titled(sandbox)) > 1


LOST = ("closed without a word", "cut in the body", "hangs", "302", "401", "404", "500", "200 HTML", "200 an error")


@pytest.mark.parametrize(
    ("name", "after"),
    [*((name, False) for name in FAULTS), *((name, True) for name in LOST)],
    ids=[*FAULTS, *(f"{name}, but done" for name in LOST)],
)
def test_making_a_change_proceeds_through_no_fault_and_makes_one(sandbox: Sandbox, name: str, after: bool) -> None:
    seconds = 1.0 if FAULTS[name] is None else 10.0
    said: list[tuple[str, Decision]] = []
    while True:
        trouble = Trouble(sandbox, len(said), FAULTS[name], after=after)
        sandbox.before = trouble
        with asking(sandbox, seconds=seconds) as service:
            decision = finder(service).find().decision
        assert not made_twice(sandbox)
        if len(trouble.asked) <= trouble.number and not titled(sandbox):
            seconds *= 2  # a busy machine did not come as far as that question
            sandbox.before = None
            continue
        if len(trouble.asked) <= trouble.number:
            break
        said.append((trouble.asked[trouble.number].split("/")[-1], decision or Decision.of(24, "found")))
        sandbox.before = None
        with asking(sandbox) as service:
            again = finder(service).find()
        assert not made_twice(sandbox)
        assert again.change is not None
        assert [again.change.key] == titled(sandbox)
        _close(sandbox)
    assert {decision.result for _, decision in said} <= {"wait", "deny"}
    _check(name, said)


def _close(sandbox: Sandbox) -> None:
    """So that the next gate makes another one."""
    for key in titled(sandbox):
        sandbox.desk.edit(key, {"summary": "done with"})


def _check(name: str, said: Sequence[tuple[str, Decision]]) -> None:
    expected = {"401": 6, "403": 6, "302": 7, "307 to itself": 7}.get(name)
    for path, decision in said:
        if path in ("remotelink", "issueLink"):
            assert decision.row == 15, (path, decision)
        elif path == "bulkfetch":  # titles keep none from being made; a credential that is refused does, and lost time
            assert decision.row in {"401": (6,), "hangs": (8, 15)}.get(name, (15,)), (path, decision)
        elif path == "jira-ci.change":  # where it may not be written, the change is bound by its title
            assert decision.row in (expected, 8, 15), (path, decision)
        elif expected is not None:
            assert decision.row == expected, (path, decision)
        else:
            assert decision.row in (8, 9, 15), (path, decision)
    assert {path for path, _ in said} >= {"myself", "jql", "request", "jira-ci.change"}


def test_a_fault_that_passes_is_lived_through(sandbox: Sandbox) -> None:
    key = approved(sandbox, summary=GIVEN)
    troubles = [FAULTS[name] for name in ("500", "closed without a word", "429", "200 empty")]

    def before(request: Request) -> Answer | None:
        del request
        return troubles.pop() if troubles else None

    sandbox.before = before
    assert gate(sandbox, key, 10).row == 31
    assert troubles == []


def doubled(body: bytes) -> bytes:
    """The same object with its first name twice, or a list of such."""
    text = body.decode()
    return re.sub(r'\{("[^"]+": ?)', r"{\1null, \1", text, count=1).encode()


ODD: dict[str, Callable[[Answer], Answer]] = {
    "a name twice": lambda answer: replace(answer, body=doubled(answer.body)),
    "an hour ago": lambda answer: dated(answer, -3600),
    "out of a cache": lambda answer: dated(answer, 0, "Age: 7\r\n"),
    "two dates": lambda answer: dated(answer, 0, f"Date: {formatdate(time.time() + 999, usegmt=True)}\r\n"),
}


def dated(answer: Answer, seconds: float, more: str = "") -> Answer:
    date = formatdate(time.time() + seconds, usegmt=True)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: {date}\r\n{more}"
    return replace(answer, raw=f"{head}Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("given", [True, False], ids=["given", "by title"])
def test_no_odd_answer_to_any_question_after_the_first_proceeds(sandbox: Sandbox, odd: str, given: bool) -> None:
    key = approved(sandbox, summary=GIVEN) if given else approved(sandbox)
    for number in range(1, 4 if given else 5):
        asked: list[str] = []

        def before(request: Request, number: int = number, asked: list[str] = asked) -> Answer | None:
            asked.append(request.path)
            return ODD[odd](answered(sandbox, request)) if len(asked) > number else None

        sandbox.before = before
        # a search that was answered oddly finds nothing, and makes nothing
        decision = gate(sandbox, key if given else "", 3.0)
        sandbox.before = None
        assert (decision.result, decision.row in (8, 17)) == ("wait", True), (asked, decision)
    assert len(titled(sandbox)) == (0 if given else 1)
    assert gate(sandbox, key if given else "", 10).row == 31
