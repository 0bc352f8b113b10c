"""The sandbox and the OpenAPI documents judge alike: builds and deployments made up at random, good and spoilt."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contract
from jira_sandbox.dispatch import Api
from jira_sandbox.http_types import Exchange, Request
from jira_sandbox.routing import CLOUD_ID, Context
from submissions import build, deployment

CONTEXT = Context()
API = Api(CONTEXT)
TOKEN = CONTEXT.credentials.grant("sandbox-client", "sandbox-secret")
NAMES = st.text(st.characters(max_codepoint=0xD7FF, min_codepoint=32), max_size=300)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(["", "x" * 255, "x" * 256, "x" * 2001, "https://a.example/" + "u" * 1990, "2026-02-30T00:00:00Z"]),
    st.sampled_from(["pending", "rolled_back", "1.0", "production", "WEB-1", "UTF-8", "12", "\U0001f600", "\x00"]),
    st.sampled_from(
        ["2026-11-20T10:00:00.5-01:00", "2026-11-20t10:00:00z", "a:b", "git+ssh://h/x", "//h/x", "mailto:x"]
    ),
    st.lists(st.text(max_size=3), max_size=3),
    st.lists(st.just("WEB-1"), min_size=499, max_size=502),
    st.dictionaries(st.sampled_from(["id", "name", "commitHash", "repositoryId", "values"]), st.text(max_size=3)),
)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
KEYS = st.lists(st.sampled_from(["WEB-1", "OPS-22", "UTF-8", "ÄÖ-3", "a_b-1"]), min_size=1, max_size=5)
ISSUES = st.builds(
    lambda kind, values: {"associationType": kind, "values": values},
    st.sampled_from(["issueKeys", "issueIdOrKeys"]),
    KEYS,
)
OTHERS = st.sampled_from(
    [
        {"associationType": "serviceIdOrKeys", "values": ["billing", ""]},
        {"associationType": "commit", "values": [{"commitHash": "a", "repositoryId": "b"}]},
        {"associationType": "repository", "values": [{"repositoryId": "b"}]},
    ]
)
REFERENCES = st.lists(
    st.sampled_from([{}, {"commit": {"id": "a", "repositoryUri": "b"}}, {"ref": {"name": "n", "uri": "u"}}]),
    min_size=1,
    max_size=5,
)
TESTS = st.fixed_dictionaries(
    {"totalNumber": NUMBERS, "numberPassed": NUMBERS, "numberFailed": NUMBERS}, optional={"numberSkipped": NUMBERS}
)
MOMENTS = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
MORE = {"label": NAMES, "schemaVersion": st.just("1.0"), "displayName": NAMES, "lastUpdated": MOMENTS}
BUILDS = st.fixed_dictionaries(
    {"buildNumber": NUMBERS, "updateSequenceNumber": NUMBERS},
    optional={
        **MORE,
        "pipelineId": NAMES,
        "description": NAMES,
        "issueKeys": KEYS,
        "associations": st.lists(ISSUES, max_size=4),
        "testInfo": TESTS,
        "references": REFERENCES,
    },
).map(lambda changes: build(**changes))


DEPLOYMENTS = st.fixed_dictionaries(
    {"deploymentSequenceNumber": NUMBERS, "associations": st.lists(st.one_of(ISSUES, OTHERS), min_size=1, max_size=3)},
    optional={
        **MORE,
        "description": NAMES,
        "duration": NUMBERS,
        "issueKeys": KEYS,
        "commands": st.just([{"command": "x"}]),
    },
).map(lambda changes: deployment(**changes))


DOCUMENTS = st.one_of(
    st.fixed_dictionaries(
        {"builds": st.lists(BUILDS, min_size=1, max_size=3)},
        optional={
            "properties": st.dictionaries(NAMES, NAMES, max_size=6),
            "providerMetadata": st.just({"product": "x"}),
        },
    ),
    st.fixed_dictionaries({"deployments": st.lists(DEPLOYMENTS, min_size=1, max_size=3)}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the document, as the way to it."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for step, inner in steps for place in places(inner, (*path, step))]


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A document in which one or two places hold something else, or nothing."""
    document = copy.deepcopy(draw(DOCUMENTS))
    for _ in range(draw(st.integers(1, 2))):
        ways = places(document)
        if not ways:
            break
        *way, last = draw(st.sampled_from(ways))
        inside = document
        for step in way:
            inside = inside[step]
        if isinstance(inside, dict) and draw(st.booleans()):
            del inside[last]
        else:
            inside[last] = draw(ODD)
    return document


def judge(document: Any) -> Exchange:
    """Submit the document, and hold verdict and answer against the contract."""
    family = "deployments" if "deployments" in document else "builds"
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    body = json.dumps(document).encode()
    request = Request("POST", f"/jira/{family}/0.1/cloud/{CLOUD_ID}/bulk", "", headers, body)
    exchange = Exchange.of(request, API.answer(request), scripted=False)
    assert CONTEXT.faults == []
    assert contract.verify([exchange], bad_requests=True) == []
    return exchange


QUICK = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@QUICK
@given(DOCUMENTS)
def test_what_the_documents_allow_is_taken_and_what_they_forbid_is_not(document: dict[str, Any]) -> None:
    assert judge(document).status in (202, 400)


@QUICK
@given(spoilt())
def test_a_spoilt_submission_is_judged_as_the_documents_judge_it(document: dict[str, Any]) -> None:
    assert judge(document).status in (202, 400)


@pytest.mark.parametrize("document", [[], {}, "x", 5, None, {"builds": None}, {"builds": [build()] * 101}])
def test_a_document_that_is_no_submission_is_refused_by_both(document: Any) -> None:
    assert judge(document if isinstance(document, dict) else {"builds": document}).status == 400


def test_of_several_records_the_bad_ones_are_rejected_by_both() -> None:
    good, bad, odd = build(), build(buildNumber=8, state="done"), build(buildNumber=9, issueKeys=["UTF-8"])
    answer = judge({"builds": [good, bad, odd]}).answer_json()
    assert [one["key"]["buildNumber"] for one in answer["rejectedBuilds"]] == [8]
    assert [key["buildNumber"] for key in answer["acceptedBuilds"]] == [7, 9]
