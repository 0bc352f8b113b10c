"""What becomes of the records: portions, partial acceptance, refused keys, and answers that make no sense."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.errors import AccessError, NetworkError, RejectedError
from jira_ci.exchange import Answer, Request
from jira_ci.jira.identity import keys_of
from jira_ci.jira.records import Record
from jira_ci.jira.status_errors import TooLarge
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS, Kind, Submission, submit

REQUEST = Request("POST", "https://api.example/bulk", "take 1 build", {}, bearer="t")
Reaction = Callable[[Sequence[Record]], Answer]


def build(number: int, *keys: str) -> Record:
    return {
        "pipelineId": "p",
        "buildNumber": number,
        "associations": [{"associationType": "issueIdOrKeys", "values": list(keys) or ["WEB-1"]}],
    }


def deployment(environment: str) -> Record:
    return {
        "deploymentSequenceNumber": 7,
        "pipeline": {"id": "p"},
        "environment": {"id": environment},
        "associations": [{"associationType": "issueIdOrKeys", "values": ["WEB-1"]}],
    }


def key(record: Record) -> Record:
    return {"pipelineId": record["pipelineId"], "buildNumber": record["buildNumber"]}


def answer(status: int, body: Any = None) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body).encode())


def accepted(portion: Sequence[Record], **more: Any) -> Answer:
    return answer(202, {"acceptedBuilds": [key(record) for record in portion], **more})


class Jira:
    """Reacts to each portion with the next reaction, the last one for ever, and remembers what was sent."""

    def __init__(self, *reactions: Reaction | Answer | Exception) -> None:
        self._reactions = list(reactions)
        self.sent: list[list[Record]] = []

    def __call__(self, portion: Sequence[Record]) -> tuple[Request, Answer]:
        self.sent.append(list(portion))
        reaction = self._reactions.pop(0) if len(self._reactions) > 1 else self._reactions[0]
        if isinstance(reaction, Exception):
            raise reaction
        return REQUEST, reaction if isinstance(reaction, Answer) else reaction(portion)

    @property
    def keys(self) -> list[list[list[str]]]:
        return [[keys_of(record) for record in portion] for portion in self.sent]


def send(jira: Jira, *records: Record, kind: Kind = BUILDS) -> Submission:
    return submit(kind, records, list, jira)


def test_200_records_go_out_in_two_requests() -> None:
    jira = Jira(accepted)
    outcome = send(jira, *map(build, range(200)))
    assert [len(portion) for portion in jira.sent] == [100, 100]
    assert len(outcome.accepted) == 200
    assert outcome.error is None


def test_nothing_to_send_is_not_sent() -> None:
    jira = Jira(accepted)
    assert send(jira) == Submission()
    assert jira.sent == []


def test_every_part_of_a_partial_acceptance_is_kept() -> None:
    records = [build(number) for number in range(4)]
    jira = Jira(
        answer(
            202,
            {
                "acceptedBuilds": [key(records[0])],
                "rejectedBuilds": [
                    {"key": key(records[1]), "errors": [{"message": "too old"}, {"message": "too long"}]},
                    {"key": key(records[2]), "errors": []},
                ],
                "unknownIssueKeys": ["WEB-9", "WEB-9"],
                "unknownAssociations": [
                    {"associationType": "issueIdOrKeys", "values": ["WEB-8"]},
                    {"associationType": "serviceIdOrKeys", "values": ["billing"]},
                    {"associationType": "commit", "values": [{"commitHash": "abc", "repositoryId": "r"}]},
                ],
            },
        )
    )
    outcome = send(jira, *records)
    assert outcome.accepted == [records[0]]
    assert outcome.rejected == [
        (records[1], ["too old", "too long"]),
        (records[2], ["Jira gives no reason"]),
        (records[3], ["Jira's answer does not mention it"]),
    ]
    assert outcome.unknown_keys == ["WEB-9", "WEB-8"]
    assert outcome.unknown_services == ["billing"]
    assert outcome.unknown_associations == ["commit: abc/r"]
    assert len(jira.sent) == 1


def test_deployments_are_told_apart_by_environment() -> None:
    first, second = deployment("a"), deployment("b")
    known = {"pipelineId": "p", "environmentId": "a", "deploymentSequenceNumber": 7}
    jira = Jira(answer(202, {"acceptedDeployments": [known], "rejectedDeployments": None}))
    outcome = send(jira, first, second, kind=DEPLOYMENTS)
    assert outcome.accepted == [first]
    assert [record for record, _ in outcome.rejected] == [second]


def test_numbers_as_text_are_the_same_numbers() -> None:
    jira = Jira(answer(202, {"acceptedBuilds": [{"pipelineId": "p", "buildNumber": "7"}]}))
    assert len(send(jira, build(7)).accepted) == 1


def rejects(message: str, *numbers: int) -> Reaction:
    def react(portion: Sequence[Record]) -> Answer:
        bad = [record for record in portion if record["buildNumber"] in numbers]
        rejected = [{"key": key(record), "errors": [{"message": message}]} for record in bad]
        good = [record for record in portion if record["buildNumber"] not in numbers]
        return accepted(good, rejectedBuilds=rejected)

    return react


def test_a_record_refused_because_of_a_key_is_sent_once_more_without_it() -> None:
    jira = Jira(rejects("Invalid issue key: 'UTF-8'.", 1), accepted)
    outcome = send(jira, build(1, "WEB-1", "UTF-8"), build(2, "UTF-8", "WEB-2"))
    assert jira.keys == [[["WEB-1", "UTF-8"], ["UTF-8", "WEB-2"]], [["WEB-1"]]]
    assert len(outcome.accepted) == 2
    assert (outcome.rejected, outcome.refused_keys) == ([], ["UTF-8"])


def test_it_is_never_sent_a_third_time() -> None:
    jira = Jira(rejects("UTF-8 and then WEB-1", 1), rejects("WEB-2 is bad too", 1))
    outcome = send(jira, build(1, "WEB-1", "UTF-8", "WEB-2", "WEB-3"))
    assert jira.keys == [[["WEB-1", "UTF-8", "WEB-2", "WEB-3"]], [["WEB-2", "WEB-3"]]]
    assert [reasons for _, reasons in outcome.rejected] == [["WEB-2 is bad too"]]
    assert outcome.refused_keys == ["WEB-1", "UTF-8"]


def test_a_record_without_another_key_is_rejected() -> None:
    jira = Jira(rejects("UTF-8 is no issue", 1))
    outcome = send(jira, build(1, "UTF-8"))
    assert len(jira.sent) == 1
    assert outcome.rejected == [(build(1, "UTF-8"), ["UTF-8 is no issue"])]
    assert outcome.refused_keys == []


@pytest.mark.parametrize("message", ["WEB-12 is bad", "MY-WEB-1 is bad", "XWEB-1", "WEB-1-2", "web-1", "too long"])
def test_a_message_that_names_another_key_takes_none_away(message: str) -> None:
    jira = Jira(rejects(message, 1))
    assert len(send(jira, build(1, "WEB-1", "WEB-2")).rejected) == 1
    assert len(jira.sent) == 1


def test_a_400_for_the_whole_request_sends_the_innocent_again_too() -> None:
    jira = Jira(answer(400, [{"message": "builds[0]: 'UTF-8' is no key"}]), accepted)
    outcome = send(jira, build(1, "WEB-1", "UTF-8"), build(2, "WEB-2"), build(3, "UTF-8"))
    assert jira.keys[1] == [["WEB-1"], ["WEB-2"]]
    assert [record["buildNumber"] for record in outcome.accepted] == [1, 2]
    assert [record["buildNumber"] for record, _ in outcome.rejected] == [3]
    assert outcome.refused_keys == ["UTF-8"]


def test_a_second_400_is_the_end() -> None:
    jira = Jira(answer(400, [{"message": "UTF-8"}]), answer(400, [{"message": "WEB-1"}]))
    outcome = send(jira, build(1, "WEB-1", "UTF-8", "WEB-2"))
    assert len(jira.sent) == 2
    assert isinstance(outcome.error, RejectedError)


def test_a_400_that_names_no_key_rejects_the_report() -> None:
    jira = Jira(answer(400, [{"message": "displayName is required"}]))
    outcome = send(jira, build(1))
    assert isinstance(outcome.error, RejectedError)
    assert "displayName is required" in outcome.error.message
    assert len(jira.sent) == 1


def test_too_large_a_request_is_split_once() -> None:
    jira = Jira(answer(413, [{"message": "too large"}]), accepted)
    outcome = send(jira, build(1), build(2), build(3))
    assert [len(portion) for portion in jira.sent] == [3, 1, 2]
    assert len(outcome.accepted) == 3


def test_halves_that_are_still_too_large_are_not_split_again() -> None:
    jira = Jira(answer(413))
    outcome = send(jira, *map(build, range(8)))
    assert [len(portion) for portion in jira.sent] == [8, 4]
    assert isinstance(outcome.error, TooLarge)


def test_a_single_record_cannot_be_split() -> None:
    jira = Jira(answer(413))
    assert isinstance(send(jira, build(1)).error, TooLarge)
    assert len(jira.sent) == 1


def test_a_refused_key_in_a_half_still_gets_its_second_chance() -> None:
    jira = Jira(answer(413), rejects("UTF-8", 1), accepted)
    outcome = send(jira, build(1, "UTF-8", "WEB-1"), build(2))
    assert [len(portion) for portion in jira.sent] == [2, 1, 1, 1]
    assert len(outcome.accepted) == 2


@pytest.mark.parametrize(
    "failure", [NetworkError("down"), answer(503), answer(401), answer(202, {}), answer(202, "x")], ids=str
)
def test_a_portion_that_fails_keeps_what_the_first_achieved(failure: Any) -> None:
    jira = Jira(accepted, failure)
    outcome = send(jira, *map(build, range(250)))
    assert len(outcome.accepted) == 100
    assert isinstance(outcome.error, (NetworkError, AccessError))
    assert len(jira.sent) == 2


def test_500_keys_in_100_records_and_a_long_complaint_are_quickly_compared() -> None:
    records = [build(number, *(f"WEB-{issue}" for issue in range(500))) for number in range(100)]
    jira = Jira(answer(400, [{"message": "bad: " + ", ".join(f"WEB-{issue}" for issue in range(250))}]), accepted)
    outcome = send(jira, *records)
    assert len(outcome.refused_keys) == 250
    assert jira.keys[1][0] == [f"WEB-{issue}" for issue in range(250, 500)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_KEY = st.fixed_dictionaries({}, optional={"pipelineId": _JSON | st.just("p"), "buildNumber": _JSON | st.just(1)})
_ERRORS = st.lists(st.fixed_dictionaries({}, optional={"message": _JSON | st.just("WEB-1")}) | _JSON, max_size=3)
_REJECTED = st.fixed_dictionaries({}, optional={"key": _KEY | _JSON, "errors": _ERRORS | _JSON})
_UNKNOWN = st.fixed_dictionaries({}, optional={"associationType": _JSON | st.just("issueKeys"), "values": _JSON})
_ALMOST = st.fixed_dictionaries(
    {},
    optional={
        "acceptedBuilds": st.lists(_KEY | _JSON, max_size=3) | _JSON,
        "rejectedBuilds": st.lists(_REJECTED | _JSON, max_size=3) | _JSON,
        "unknownIssueKeys": st.lists(_JSON, max_size=3) | _JSON,
        "unknownAssociations": st.lists(_UNKNOWN | _JSON, max_size=3) | _JSON,
    },
)


def test_without_a_refused_key_a_record_keeps_all_else_that_it_was_associated_with() -> None:
    service = {"associationType": "serviceIdOrKeys", "values": ["billing"]}
    one = {**deployment("prod"), "associations": [{"associationType": "issueIdOrKeys", "values": ["WEB-1"]}, service]}

    def refuse(portion: Sequence[Record]) -> Answer:
        keys = [{"pipelineId": "p", "environmentId": "prod", "deploymentSequenceNumber": 7}]
        if any(keys_of(record) for record in portion):
            reason = [{"key": keys[0], "errors": [{"message": "WEB-1 is archived"}]}]
            return answer(202, {"acceptedDeployments": [], "rejectedDeployments": reason})
        return answer(202, {"acceptedDeployments": keys})

    jira = Jira(refuse)
    outcome = send(jira, one, kind=DEPLOYMENTS)
    assert [record["associations"] for record in jira.sent[1]] == [[service]]
    assert outcome.refused_keys == ["WEB-1"]
    assert len(outcome.accepted) == 1


def _texts(outcome: Submission) -> list[str]:
    return [*outcome.unknown_keys, *outcome.unknown_services, *outcome.unknown_associations]


@given(body=_ALMOST | _JSON, status=st.sampled_from([202, 200, 400, 413, 500]))
def test_an_answer_that_makes_no_sense_loses_no_record_and_breaks_nothing(body: Any, status: int) -> None:
    records = [build(1, "WEB-1", "WEB-2"), build(2)]
    outcome = send(Jira(answer(status, body)), *records)
    known = len(outcome.accepted) + len(outcome.rejected)
    assert known == len(records) or outcome.error is not None
    assert all(isinstance(text, str) for text in _texts(outcome))
    assert all(isinstance(text, str) for _, reasons in outcome.rejected for text in reasons)


@given(body=st.binary(max_size=200))
def test_an_answer_that_is_no_json_is_not_jiras(body: bytes) -> None:
    outcome = send(Jira(Answer(202, {}, body)), build(1))
    assert outcome.error is not None or outcome.rejected
