"""What Jira demands of builds and deployments: each limit on both of its sides."""

from __future__ import annotations

from typing import Any

import pytest

from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS, record_faults, request_faults
from submissions import build, deployment


def issues(*values: str) -> dict[str, Any]:
    return {"associationType": "issueIdOrKeys", "values": list(values)}


ALLOWED = [
    (BUILDS, build()),
    (BUILDS, build(issueKeys=None)),
    (BUILDS, build(pipelineId="p" * 255, displayName="d" * 255, label="l" * 255, description="")),
    (BUILDS, build(buildNumber=2**63 - 1, updateSequenceNumber=-(2**63))),
    (BUILDS, build(url="https://ci.example/" + "u" * 1981)),
    (BUILDS, build(url="https://ci.example/a?b=c#d%20e")),
    (BUILDS, build(schemaVersion="1.0", somethingNew={"a": None})),
    (BUILDS, build(lastUpdated="2024-02-29T23:59:59.123456789-07:00")),
    (BUILDS, build(issueKeys=["WEB-1"] * 100)),
    (BUILDS, build(associations=[])),
    (BUILDS, build(associations=[issues("WEB-1", "10001")] * 4)),
    (BUILDS, build(associations=[issues(*["WEB-1"] * 499), issues("OPS-1")])),
    (BUILDS, build(testInfo={"totalNumber": 3, "numberPassed": 2, "numberFailed": 1, "numberSkipped": 0})),
    (BUILDS, build(references=[{"commit": {"id": "a", "repositoryUri": "b"}, "ref": {"name": "a", "uri": "b"}}] * 5)),
    (BUILDS, build(references=[{}])),
    (DEPLOYMENTS, deployment()),
    (DEPLOYMENTS, deployment(state="rolled_back", duration=0, label="1.4")),
    (DEPLOYMENTS, deployment(associations=None, issueKeys=["WEB-1"])),
    (DEPLOYMENTS, deployment(commands=[{"command": "initiate_deployment_gating"}, {}])),
    (
        DEPLOYMENTS,
        deployment(
            associations=[
                {"associationType": "serviceIdOrKeys", "values": ["ari:cloud:graph::service/1"]},
                {"associationType": "commit", "values": [{"commitHash": "a", "repositoryId": "b"}]},
                {"associationType": "repository", "values": [{"repositoryId": "b"}]},
            ]
        ),
    ),
]
REJECTED = [
    (BUILDS, build(state="rolled_back"), "'state' must be one of"),
    (BUILDS, build(state="Successful"), "'state' must be one of"),
    (BUILDS, build(displayName=None), "'displayName' is required"),
    (BUILDS, build(displayName="d" * 256), "'displayName' must not be longer than 255"),
    (BUILDS, build(displayName=7), "'displayName' must be a string"),
    (BUILDS, {**build(), "label": None}, "'label' must be a string"),
    (BUILDS, build(description="d" * 256), "'description' must not be longer than 255"),
    (BUILDS, build(updateSequenceNumber=2**63), "'updateSequenceNumber' must be a 64 bit"),
    (BUILDS, build(updateSequenceNumber=True), "'updateSequenceNumber' must be an integer"),
    (BUILDS, build(updateSequenceNumber=1.0), "'updateSequenceNumber' must be an integer"),
    (BUILDS, build(updateSequenceNumber="1"), "'updateSequenceNumber' must be an integer"),
    (BUILDS, build(url=""), "'url' must be a valid URL"),
    (BUILDS, build(url="ci.example/7"), "'url' must be a valid URL"),
    (BUILDS, build(url="https://ci.example/a b"), "'url' must be a valid URL"),
    (BUILDS, build(url="https://ci.example/ä"), "'url' must be a valid URL"),
    (BUILDS, build(url="https://ci.example/%zz"), "'url' must be a valid URL"),
    (BUILDS, build(url="https://ci.example/" + "u" * 1982), "'url' must not be longer than 2000"),
    (BUILDS, build(schemaVersion="1.1"), "'schemaVersion' must be one of 1.0"),
    (BUILDS, build(lastUpdated="2026-11-20T10:00:00"), "'lastUpdated' must be an RFC 3339"),
    (BUILDS, build(lastUpdated="2026-11-20T10:00:00+0100"), "'lastUpdated' must be an RFC 3339"),
    (BUILDS, build(lastUpdated="2026-02-29T10:00:00Z"), "'lastUpdated' must be an RFC 3339"),
    (BUILDS, build(lastUpdated="2026-11-20T24:00:00Z"), "'lastUpdated' must be an RFC 3339"),
    (BUILDS, build(lastUpdated=1700000000), "'lastUpdated' must be an RFC 3339"),
    (BUILDS, build(issueKeys=[]), "At least one 'issueKeys' is required"),
    (BUILDS, build(issueKeys=["WEB-1"] * 101), "'issueKeys' must not have more than 100"),
    (BUILDS, build(issueKeys=["see WEB-1"]), "'issueKeys[0]' must match"),
    (BUILDS, build(issueKeys=["WEB-1\n"]), "'issueKeys[0]' must match"),
    (BUILDS, build(associations=[issues()]), "Associations must provide at least one value."),
    (BUILDS, build(associations=[issues("WEB 1")]), "'associations[0].values[0]' must match"),
    (BUILDS, build(associations=[issues("!WEB-1!")]), "'associations[0].values[0]' must match"),
    (BUILDS, build(associations=[issues("WEB-1\n")]), "'associations[0].values[0]' must match"),
    (BUILDS, build(associations=[issues("WEB")]), "'associations[0].values[0]' must match"),
    (BUILDS, build(associations=[issues(*["WEB-1"] * 501)]), "'associations[0].values' must not have more than 500"),
    (BUILDS, build(associations=[issues(*["A-1"] * 499), issues("A-1", "A-2")]), "more than 500 values in total"),
    (BUILDS, build(associations=[{"associationType": "serviceIdOrKeys", "values": ["s"]}]), "associationType' must be"),
    (BUILDS, build(testInfo={"totalNumber": 3, "numberPassed": 2}), "'testInfo.numberFailed' is required"),
    (BUILDS, build(references=[]), "At least one 'references' is required"),
    (BUILDS, build(references=[{}] * 6), "'references' must not have more than 5"),
    (BUILDS, build(references=[{"ref": {"name": "main"}}]), "'references[0].ref.uri' is required"),
    (DEPLOYMENTS, deployment(description=None), "'description' is required"),
    (DEPLOYMENTS, deployment(url="/7"), "'url' must be a valid URL"),
    (DEPLOYMENTS, deployment(duration="12"), "'duration' must be an integer"),
    (DEPLOYMENTS, deployment(pipeline={"id": "p"}), "'pipeline.displayName' is required"),
    (
        DEPLOYMENTS,
        deployment(environment={"id": "e", "displayName": "E", "type": "prod"}),
        "'environment.type' must be",
    ),
    (DEPLOYMENTS, deployment(associations=None), "One of 'issueKeys' or 'associations' is required"),
    (DEPLOYMENTS, deployment(associations=[]), "At least one 'associations' is required"),
    (DEPLOYMENTS, deployment(associations=[issues("WEB-1")] * 4), "'associations' must not have more than 3"),
    (DEPLOYMENTS, deployment(associations=[{"associationType": "ari", "values": ["x"]}]), "associationType' must be"),
    (
        DEPLOYMENTS,
        deployment(associations=[{"associationType": "commit", "values": [{"repositoryId": "r"}]}]),
        "commitHash' is required",
    ),
    (
        DEPLOYMENTS,
        deployment(associations=[{"associationType": "serviceIdOrKeys", "values": ["s" * 256]}]),
        "must not be longer than 255",
    ),
    (DEPLOYMENTS, deployment(commands=["initiate_deployment_gating"]), "'commands[0]' must be an object"),
]
REFUSED = [
    (BUILDS, [], "'' must be an object"),
    (BUILDS, {}, "'builds' is required"),
    (BUILDS, {"builds": {}}, "'builds' must be an array"),
    (BUILDS, {"builds": []}, "At least one 'builds' is required"),
    (BUILDS, {"builds": [build()] * 101}, "'builds' must not have more than 100"),
    (BUILDS, {"builds": ["x"]}, "'builds[0]' must be an object"),
    (BUILDS, {"builds": [build(pipelineId=None)]}, "'builds[0]' must have a valid pipelineId, buildNumber"),
    (BUILDS, {"builds": [build(buildNumber=False)]}, "'builds[0]' must have a valid pipelineId, buildNumber"),
    (BUILDS, {"builds": [build(buildNumber=2**63)]}, "'builds[0]' must have a valid pipelineId, buildNumber"),
    (BUILDS, {"builds": [build(pipelineId="p" * 256)]}, "'builds[0]' must have a valid pipelineId, buildNumber"),
    (BUILDS, {"builds": [build()], "properties": {"a:b": "c"}}, "a key that contains ':'"),
    (BUILDS, {"builds": [build()], "properties": {"_a": "c"}}, "or starts with '_'"),
    (BUILDS, {"builds": [build()], "properties": {"a": 1}}, "'properties.a' must be a string"),
    (BUILDS, {"builds": [build()], "properties": {"a": "b" * 256}}, "'properties.a' must not be longer"),
    (BUILDS, {"builds": [build()], "properties": dict.fromkeys("abcdef", "x")}, "more than 5 entries"),
    (BUILDS, {"builds": [build()], "providerMetadata": {"product": 1}}, "'providerMetadata.product' must be a string"),
    (BUILDS, {"builds": [build(label="\U0001f600")]}, "Invalid binary character '#xD83D'"),
    (BUILDS, {"builds": [build(label="\ud83d")]}, "Invalid binary character '#xD83D'"),
    (BUILDS, {"builds": [build(displayName="a\x00b")]}, "Invalid binary character '#x0'"),
    (BUILDS, {"builds": [build(displayName="\uffff")]}, "Invalid binary character '#xFFFF'"),
    (BUILDS, {"builds": [build(**{"\U0001f600": 1})]}, "Invalid binary character '#xD83D'"),
    (BUILDS, {"builds": [build()], "properties": {"a": "\U0001d54f"}}, "Invalid binary character '#xD835'"),
    (DEPLOYMENTS, {"builds": [build()]}, "'deployments' is required"),
    (DEPLOYMENTS, {"deployments": [deployment(environment={"id": 1})]}, "valid pipeline.id, environment.id"),
    (DEPLOYMENTS, {"deployments": [deployment(pipeline="p")]}, "valid pipeline.id, environment.id"),
]


@pytest.mark.parametrize(("family", "record"), ALLOWED)
def test_a_record_inside_every_limit_has_no_fault(family: Any, record: dict[str, Any]) -> None:
    assert request_faults(family, {family.name: [record]}) == []
    assert record_faults(family, record) == []


@pytest.mark.parametrize(("family", "record", "fault"), REJECTED)
def test_a_fault_in_one_record_is_that_record_s_and_not_the_request_s(
    family: Any, record: dict[str, Any], fault: str
) -> None:
    assert request_faults(family, {family.name: [build() if family is BUILDS else deployment(), record]}) == []
    assert fault in "\n".join(record_faults(family, record))


@pytest.mark.parametrize(("family", "document", "fault"), REFUSED)
def test_a_fault_of_the_request_as_a_whole_is_told_apart(family: Any, document: Any, fault: str) -> None:
    assert fault in "\n".join(request_faults(family, document))


def test_a_hundred_records_and_five_properties_are_not_too_many() -> None:
    document = {"builds": [build()] * 100, "properties": dict.fromkeys("abcde", "x" * 255)}
    assert request_faults(BUILDS, document) == []
