"""The published schema: valid itself, described for editors, and one with what the program accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from jira_ci.config import schema as config_schema
from jira_ci.config import strict_yaml
from jira_ci.config.schema import defaults, problems, schema
from jira_ci.run_words import OF_CHANGE

WHOLE = (Path(__file__).parent / "answers/yaml/whole.yml").read_bytes()


def described(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a key, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("properties", "definitions"):
                for name, child in value.items():
                    yield f"{place}/{name}", child
                    yield from described(child, f"{place}/{name}")
            elif key == "additionalProperties" and isinstance(value, dict):
                yield f"{place}/*", value
                yield from described(value, f"{place}/*")
            elif key in ("if", "then", "else"):
                yield from described(value, place)


def test_it_is_a_valid_draft_7_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    assert schema()["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema()["$id"]


def test_every_key_has_a_title_and_a_description() -> None:
    keys = dict(described(schema()))
    assert len(keys) > 50
    lacking = [
        place
        for place, node in keys.items()
        if "$ref" not in node and set(node) != {"const"} and not (node.get("title") and node.get("description"))
    ]
    assert lacking == []


def test_every_object_of_ours_is_closed() -> None:
    nodes = [schema(), *(node for _, node in described(schema())), schema()["definitions"]["environment"]["else"]]
    assert [node for node in nodes if "properties" in node and node.get("additionalProperties") is not False] == []


def test_defaults_and_examples_fit_their_own_key() -> None:
    for place, node in described(schema()):
        whole = {**node, "definitions": schema()["definitions"]}
        for value in [*node.get("examples", []), *([node["default"]] if "default" in node else [])]:
            assert jsonschema.Draft7Validator(whole).is_valid(value), (place, value)


def test_the_defaults_of_change_control_are_the_documented_ones() -> None:
    assert defaults("change-control") == {
        "enabled": False,
        "connection": "default",
        "gate-by": "change",
        "request-type": "Request a change",
        "issue-types": ["[System] Change", "Change"],
        "title": 'Deploy "{project}" version {version} to "{environment}"',
        "create": True,
        "change-binding": "mention",
        "bind": "commit",
        "reuse": "open",
        "proceed-statuses": ["Implementing"],
        "wait-statuses": ["Review", "Preview", "Planning", "Authorize", "Awaiting implementation"],
        "minimum-approvals": 0,
        "required-approvals": [],
        "required-approvers": [],
        "window": {"start": "Planned start", "end": "Planned end"},
        "window-required": False,
        "edits": "say",
        "watched-fields": [],
        "exclude-approvers": [],
        "deployers": {},
        "fields": {},
        "description": "",
        "comments": "internal",
        "end-status": {},
    }


def test_a_file_with_every_key_fits_for_the_program_and_for_editors() -> None:
    document = strict_yaml.load(WHOLE, "whole.yml").value
    assert problems(document) == []
    jsonschema.validate(document, schema(), cls=jsonschema.Draft7Validator)


DOCUMENTS: list[Any] = [
    {},
    {"jira": {}},
    {"jira": {"site": "acme.atlassian.net"}},
    {"jira": {"site": "https://jira.acme.example:8443/jira"}},
    {"jira": {"site": "http://127.0.0.1:8080"}},
    {"jira": {"site": "http://[::1]:8080/x"}},
    {"jira": {"site": "localhost:8080"}},
    {"jira": {"site": "http://acme.atlassian.net"}},
    {"jira": {"site": "http://127.0.0.1.evil.example"}},
    {"jira": {"site": "https://user:pass@acme.atlassian.net"}},
    {"jira": {"site": "acme"}},
    {"jira": {"site": "acme.atlassian.net?x=1"}},
    {"jira": {"site": "ftp://acme.example"}},
    {"jira": {"projects": []}},
    {"jira": {"projects": ["WEB", "WEB"]}},
    {"jira": {"projects": ["WEB-1"]}},
    {"jira": {"projects": ["ЖУК", "MY_PROJ", "A1"]}},
    {"jira": {"projects": "WEB"}},
    {"jira": None},
    {"project-name": 'Web "Site"'},
    {"project-name": " Web"},
    {"project-name": 2024},
    {"environments": {"Dev": "development", "x": {"change-controlled": True}}},
    {"environments": {"Dev": {}}},
    {"environments": {"Dev": {"type": "dev"}}},
    {"environments": {"Dev": ["development"]}},
    {"environments": {"": "development"}},
    {"environments": {"Dev": {"change-control": {"enabled": True}}}},
    {"environments": {"Dev": {"change-control": {"change": "OPS"}}}},
    {"environments": {"Dev": {"change-control": {"window": "off", "comments": "off"}}}},
    {"unmatched-environments": "guess"},
    {"services": {"billing": {"paths": ["x"]}}},
    {"services": {"billing": {"ids": [""]}}},
    {"connections": {"default": {"site": "a.example", "credentials": "A"}}},
    {"connections": {"emea": {"site": "a.example", "credentials": "emea"}}},
    {"change-control": {"enabled": True}},
    {"change-control": {"enabled": False}},
    {"change-control": {"window": "on"}},
    {"change-control": {"window": {"start": "x"}}},
    {"change-control": {"window": False}},
    {"change-control": {"title": "Deploy {project} {version} to {environment}"}},
    {"change-control": {"title": "Deploy {project} {version}"}},
    {"change-control": {"title": "Deploy {project} {version} to {environment} {branch}"}},
    {"change-control": {"proceed-statuses": []}},
    {"change-control": {"wait-statuses": []}},
    {"change-control": {"proceed-statuses": [10012]}},
    {"change-control": {"minimum-approvals": -1}},
    {"change-control": {"minimum-approvals": True}},
    {"change-control": {"exclude-approvers": ["everybody"]}},
    {"change-control": {"fields": {"Risk": None}}},
    {"change-control": {"create": "true"}},
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=[json.dumps(one, ensure_ascii=False)[:70] for one in DOCUMENTS])
def test_the_program_and_an_independent_validator_agree(document: Any) -> None:
    fits = jsonschema.Draft7Validator(schema()).is_valid(document)
    assert (problems(document) == []) is fits


def test_an_installed_package_reads_the_schema_beside_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "jira_ci"
    folder.mkdir()
    (folder / "jira-ci.schema.json").write_text('{"title": "packed"}', encoding="utf-8")
    monkeypatch.setattr(config_schema, "__file__", str(folder / "configuration" / "schema.py"))
    assert schema.__wrapped__() == {"title": "packed"}


@pytest.mark.parametrize(
    "place",
    [{"change-control": {}}, {"environments": {"Prod": {"change-control": {}}}}],
    ids=["project", "environment"],
)
def test_a_word_that_a_description_cannot_hold_is_said_with_the_nearest_one(place: dict[str, Any]) -> None:
    section = place.get("change-control", place.get("environments", {}).get("Prod", {}).get("change-control"))
    section["description"] = "{{braces}} {version}: {isues} {state}"
    found = list(config_schema.contradictions(place))
    assert [one.path[-1] for one in found] == ["description", "description"]
    assert found[0].sentence.endswith("change-control.description holds {isues}, which stands for nothing there.")
    assert found[0].hint == "Did you mean issues? A brace itself is written twice, as {{ or }}."
    assert "{state}" in found[1].sentence
    section["description"] = "".join(f"{{{word}}}" for word in OF_CHANGE)
    assert list(config_schema.contradictions(place)) == []
