"""Payloads: within Jira's limits whatever strangers wrote, held against the published schemas where they are there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.errors import UsageError
from jira_ci.jira import identity, records
from jira_ci.jira.records import BuildRecord, DeploymentRecord, Report
from jira_ci.run import CI, Run

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "schemas"
NOW = 1795237200.25  # 2026-11-21T05:00:00.25Z
RUN = Run(
    provider=CI.GITHUB,
    repository="octo/web",
    repository_id="42",
    repository_url="https://github.com/octo/web",
    commit="c" * 40,
    number=7,
    url="https://github.com/octo/web/actions/runs/9",
    run_id="9",
    workflow=".github/workflows/ci.yml",
    workflow_name="CI",
    branch="feature/WEB-1 ä#1",
)
REPORT = Report(state="successful", now=NOW, version="1.4")


def run(**changes: Any) -> Run:
    return dataclasses.replace(RUN, **changes)


def report(**changes: Any) -> Report:
    return dataclasses.replace(REPORT, **changes)


def build(run_: Run = RUN, report_: Report = REPORT, keys: tuple[str, ...] = ("WEB-1",), tests: Any = None) -> Any:
    return records.build(run_, report_, keys, tests)


def deployment(run_: Run = RUN, report_: Report = REPORT, environment: str = "Prod", type_: str = "production") -> Any:
    return records.deployment(run_, report_, ("WEB-1",), environment, type_)


@lru_cache
def _validator(path: Path) -> Callable[[Any], Any]:
    validate: Callable[[Any], Any] = fastjsonschema.compile(json.loads(path.read_text(encoding="utf-8")))
    return validate


def check(plural: str, record: Any, run_: Run = RUN) -> None:
    """Fails when the documents forbid the record, or it holds what Jira's store refuses."""
    body = records.body(plural, [record], run_)
    text = json.dumps(body, ensure_ascii=False)
    text.encode("utf-8")  # no half characters
    assert all(character <= "\ufffd" for character in text)
    for url in (record["url"], record.get("pipeline", record)["url"]):
        assert url.startswith(("http://", "https://"))
        assert url.isascii()
    path = SCHEMAS / f"{plural}-request.schema.json"
    if path.is_file():
        _validator(path)(body)


def test_the_published_schemas_are_there() -> None:
    if not SCHEMAS.is_dir():
        pytest.skip(f"records are not validated: there are no schemas at {SCHEMAS}")
    assert (SCHEMAS / "builds-request.schema.json").is_file()


def test_a_build_in_full() -> None:
    tests = {"totalNumber": 3, "numberPassed": 2, "numberFailed": 1, "numberSkipped": 0}
    record = build(tests=tests)
    check("builds", record)
    assert record == {
        "schemaVersion": "1.0",
        "pipelineId": "github:42:.github/workflows/ci.yml",
        "buildNumber": 7,
        "updateSequenceNumber": (1 << 50) | (2 << 48) | (1 << 46) | 1795237200250,
        "displayName": "CI #7",
        "url": "https://github.com/octo/web/actions/runs/9",
        "state": "successful",
        "lastUpdated": "2026-11-21T05:00:00.250+00:00",
        "associations": [{"associationType": "issueIdOrKeys", "values": ["WEB-1"]}],
        "testInfo": tests,
        "references": [
            {
                "commit": {"id": "c" * 40, "repositoryUri": "https://github.com/octo/web"},
                "ref": {
                    "name": "feature/WEB-1 ä#1",
                    "uri": "https://github.com/octo/web/tree/feature/WEB-1%20%C3%A4%231",
                },
            }
        ],
    }


def test_a_deployment_in_full() -> None:
    record = deployment(run(provider=CI.GITLAB, attempt=5, attempt_started=1795237190000))
    check("deployments", record)
    assert record == {
        "schemaVersion": "1.0",
        "deploymentSequenceNumber": 7,
        "updateSequenceNumber": (5 << 26) | (2 << 24) | (1 << 22) | 10250,
        "displayName": "CI #7: 1.4",
        "url": "https://github.com/octo/web/actions/runs/9",
        "description": "1.4 to Prod",
        "label": "1.4",
        "state": "successful",
        "lastUpdated": "2026-11-21T05:00:00.250+00:00",
        "duration": 10,
        "associations": [{"associationType": "issueIdOrKeys", "values": ["WEB-1"]}],
        "pipeline": {
            "id": "gitlab:42:.github/workflows/ci.yml",
            "displayName": "CI",
            "url": "https://github.com/octo/web",
        },
        "environment": {"id": "prod", "displayName": "Prod", "type": "production"},
    }


HOSTILE = [
    "🚀",
    "deploy 🚀 now",
    "\ud83d",
    "a\x00b\x1b[31m",
    "x" * 10_000,
    "ä" * 10_000,
    "🚀" * 300,
    "../../etc",
    '"quoted" <b>&amp;</b>',
    "line\r\nbreak",
    "$(id) `id` ${{ secrets.X }} {{x}}",
    "\ufffe\uffff",
    " ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_strangers_write_the_documents_allow_it(text: str) -> None:
    hostile = run(workflow_name=text, branch=text, commit=text, workflow=text, repository=text, run_id=text)
    said = report(description=text, label=text, version=text, pipeline=text)
    check("builds", build(hostile, said), hostile)
    check("deployments", deployment(hostile, said, environment=text), hostile)


@given(text=st.text(max_size=400), number=st.integers(0, 2**40))
def test_any_text_at_all_is_allowed(text: str, number: int) -> None:
    hostile = run(workflow_name=text, branch=text, number=number, repository_id=text)
    said = report(description=text, label=text, version=text, url=f"https://x.example/{text}")
    check("builds", build(hostile, said), hostile)
    check("deployments", deployment(hostile, said, environment=text), hostile)


def test_names_are_cut_at_jiras_limits_and_say_so() -> None:
    record = deployment(report_=report(description="d" * 300, label="l" * 300), environment="e" * 300)
    assert record["description"] == "d" * 254 + "…"
    assert record["label"] == "l" * 254 + "…"
    assert record["environment"]["displayName"] == "e" * 254 + "…"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://ci.example/a b", "https://ci.example/a%20b"),
        ("https://ci.example/%2Fx?a=1&b=%C3%A4#top", "https://ci.example/%2Fx?a=1&b=%C3%A4#top"),
        ("https://ci.example/100%", "https://ci.example/100%25"),
        ("https://ci.example/#a#b", "https://ci.example/#a%23b"),
        ("https://ci.example/ä🚀", "https://ci.example/%C3%A4%F0%9F%9A%80"),
        ('https://ci.example/"><script>', "https://ci.example/%22%3E%3Cscript%3E"),
        ("https://ci.example/\ud83d", "https://ci.example/?"),
        ("https://ci.example/\r\nX: y", "https://ci.example/%0D%0AX:%20y"),
        ("HTTPS://CI.example/x", "HTTPS://CI.example/x"),
    ],
)
def test_an_address_is_made_inert(url: str, sent: str) -> None:
    assert build(report_=report(url=url))["url"] == sent


@pytest.mark.parametrize("character", ["x", "ä", "€", "🚀", "%C3%A4", "%F0%9F%9A%80"])
@pytest.mark.parametrize("shift", range(12))
def test_a_long_address_is_cut_at_a_character(character: str, shift: int) -> None:
    url = build(report_=report(url="https://ci.example/" + "y" * shift + character * 2000))["url"]
    assert 1980 < len(url) <= 2000
    bytes.fromhex("".join(part[:2] for part in url.split("%")[1:])).decode("utf-8")


@pytest.mark.parametrize("bad", ["", "javascript:alert(1)", "file:///x", "//host/x", "https://", "ftp://x", "git@x:y"])
def test_an_address_that_is_none_is_never_sent(bad: str) -> None:
    there = "https://github.com/octo/web"
    assert build(run(url=bad))["url"] == there
    assert deployment(run(url=bad))["url"] == there
    assert deployment(run(repository_url=bad))["pipeline"]["url"] == RUN.url
    assert "references" not in build(run(repository_url=bad))
    for make in (build, deployment):
        with pytest.raises(UsageError, match="url is not set"):
            make(run(url=bad, repository_url=bad))
        assert make(run(url=bad, repository_url=bad), report(url="https://x.example"))["url"] == "https://x.example"


def test_what_is_not_known_is_left_out_and_what_is_zero_is_sent() -> None:
    record = build(run(commit="", number=0))
    assert record["buildNumber"] == 0
    assert not {"references", "testInfo", "description", "label"} & record.keys()
    bare = deployment(run(workflow_name="", repository=""), report(version=""))
    assert (bare["displayName"], bare["description"]) == ("github #7", "to Prod")
    assert not {"label", "duration"} & bare.keys()
    assert records.body("builds", [], run(repository_id="", run_id=""))["properties"] == {}


def test_a_blank_description_is_none() -> None:
    assert deployment(report_=report(description=" \n"))["description"] == "1.4 to Prod"


def test_a_service_for_a_tenant_in_full() -> None:
    said = report(service="billing", pipeline="eu")
    record = records.deployment(
        RUN,
        said,
        ("WEB-1",),
        "Dev",
        "development",
        tenant="Tenant A",
        service_ids=("ari:cloud:graph::service/1/2",),
        commands=("initiate_deployment_gating",),
    )
    check("deployments", record)
    assert record["displayName"] == "CI (eu, billing) #7: 1.4"
    assert record["description"] == "1.4 to Dev for Tenant A"
    assert record["pipeline"]["id"] == "github:42:.github/workflows/ci.yml:eu;SERVICE=billing"
    assert record["pipeline"]["displayName"] == "CI (eu, billing)"
    assert record["environment"] == {
        "id": "dev;TENANT=tenant a",
        "displayName": "Dev for Tenant A",
        "type": "development",
    }
    assert record["commands"] == [{"command": "initiate_deployment_gating"}]
    assert record["associations"] == [
        {"associationType": "issueIdOrKeys", "values": ["WEB-1"]},
        {"associationType": "serviceIdOrKeys", "values": ["ari:cloud:graph::service/1/2"]},
        {"associationType": "commit", "values": [{"commitHash": "c" * 40, "repositoryId": "42"}]},
    ]


def test_a_build_of_a_service_has_a_pipeline_of_its_own() -> None:
    record = build(report_=report(service="billing"))
    check("builds", record)
    assert record["pipelineId"] == "github:42:.github/workflows/ci.yml;SERVICE=billing"
    assert record["displayName"] == "CI (billing) #7"


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_tenant_or_a_service_is_called_the_documents_allow_it(text: str) -> None:
    ids = [f"id{number}" for number in range(499)]
    record = records.deployment(
        RUN, report(service=text), ("WEB-1", "WEB-2"), text, "testing", tenant=text, service_ids=ids
    )
    check("deployments", record)
    assert " for " in record["environment"]["displayName"]


@pytest.mark.parametrize(
    ("environment", "tenant", "shown"),
    [
        ("Dev", "", "Dev"),
        ("Dev", "Tenant A", "Dev for Tenant A"),
        (" Dev ", " A", "Dev for A"),
        ("🚀", "🎉", "\ufffd for \ufffd"),
        ("e" * 300, "", "e" * 254 + "…"),
        ("e" * 300, "A", "e" * 124 + "… for A"),
        ("e" * 300, "t" * 300, "e" * 124 + "… for " + "t" * 124 + "…"),
    ],
)
def test_both_names_are_shown_however_long_they_are(environment: str, tenant: str, shown: str) -> None:
    assert records.displayed(environment, tenant) == shown
    assert len(shown) <= 255


def test_the_users_properties_are_kept_beside_ours_and_never_instead() -> None:
    body = records.body("builds", [], RUN, {"train": "2026-11", "run": "other"})
    assert body["properties"] == {"train": "2026-11", "run": "9", "repository": "42"}


def test_at_its_end_a_record_says_what_the_end_says() -> None:
    began = deployment(report_=report(state="in_progress", url="https://x.example/in_progress", label="l"))
    texts = {"url": "https://x.example/a b", "description": "d" * 300, "label": " "}
    ended = records.as_ended(began, RUN, state="failed", now=NOW + 9, seconds=8.6, texts=texts)
    check("deployments", ended)
    assert {name: ended[name] for name in ("url", "label", "state", "duration")} == {
        "url": "https://x.example/a%20b",
        "label": "l",
        "state": "failed",
        "duration": 9,
    }
    assert ended["description"] == "d" * 254 + "…"
    assert ended["associations"] == began["associations"]


def test_no_more_than_500_keys_are_sent_the_most_certain_first() -> None:
    record = build(keys=tuple(f"WEB-{number}" for number in range(1, 700)))
    check("builds", record)
    assert identity.keys_of(record) == [f"WEB-{number}" for number in range(1, 501)]


@pytest.mark.parametrize("state", ["pending", "in_progress"])
def test_what_has_not_ended_has_no_duration(state: str) -> None:
    assert "duration" not in deployment(run(attempt_started=1795237190000), report(state=state))


def test_a_job_that_seems_to_begin_after_its_end_has_no_duration() -> None:
    assert "duration" not in deployment(run(attempt_started=1795237300000))


def test_a_tag_is_a_reference_too_and_gitlabs_address_differs() -> None:
    uri = build(run(provider=CI.GITLAB, branch="", tag="v1"))["references"][0]["ref"]["uri"]
    assert uri == "https://github.com/octo/web/-/tree/v1"


def test_other_keys_make_another_record_and_leave_the_first_alone() -> None:
    record = build(keys=("WEB-1", "UTF-8"))
    assert identity.keys_of(identity.with_keys(record, ["WEB-1"])) == ["WEB-1"]
    assert identity.keys_of(record) == ["WEB-1", "UTF-8"]


_TYPES = {str: "string", int: "integer", list: "array", dict: "object"}


def _shape(told: Any) -> tuple[Any, bool]:
    """A type without None, and whether it may be None."""
    parts = [one for one in get_args(told) if one is not type(None)]
    optional = type(None) in get_args(told)
    return (parts[0] if optional else told), optional


def _differences(kind: Any, schema: Any, path: str) -> Iterator[str]:
    """Where a typed record says something else than the published schema."""
    known = schema["properties"]
    for name, told in get_type_hints(kind).items():
        inner, optional = _shape(told)
        here = f"{path}.{name}"
        if name not in known:
            yield f"{here} is not in the schema"
            continue
        found = known[name]
        if name in schema.get("required", ()) and optional and name != "description":
            yield f"{here} may not be left out"
        base = dict if is_typeddict(inner) else get_origin(inner) or inner
        if found.get("type") not in (None, _TYPES[base]):
            yield f"{here} is {found['type']}"
        (item,) = get_args(inner) if base is list else (inner,)
        if is_typeddict(item) and "properties" in (found.get("items") or found):
            yield from _differences(item, found.get("items") or found, here)
    for name in schema.get("required", ()):
        if name not in get_type_hints(kind):
            yield f"{path}.{name} is missing"


@pytest.mark.parametrize(("plural", "kind"), [("builds", BuildRecord), ("deployments", DeploymentRecord)])
def test_the_typed_records_say_what_the_published_schemas_say(plural: str, kind: Any) -> None:
    path = SCHEMAS / f"{plural}-request.schema.json"
    if not path.is_file():
        pytest.skip(f"there are no schemas at {SCHEMAS}")
    schema = json.loads(path.read_text(encoding="utf-8"))["properties"][plural]["items"]
    assert list(_differences(kind, schema, plural)) == []
    wrong = {**schema, "properties": {**schema["properties"], "url": {"type": "integer"}}}
    assert list(_differences(kind, wrong, plural)) == [f"{plural}.url is integer"]


def test_what_is_built_has_the_names_of_the_typed_records() -> None:
    tests = {"totalNumber": 1, "numberPassed": 1, "numberFailed": 0, "numberSkipped": 0}
    assert records.build(RUN, REPORT, ["WEB-1"], tests).keys() <= get_type_hints(BuildRecord).keys()
    assert deployment().keys() <= get_type_hints(DeploymentRecord).keys()
