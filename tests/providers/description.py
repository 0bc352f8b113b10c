"""Providers' published API descriptions, made ready to hold requests and answers against them.

An extract has ``operations`` (a path's template, its query parameters, its answers' schemas by status) and
``components`` (the schemas that those refer to); every operation reads.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import fastjsonschema

from providers.serving import Provider, pattern

_PACKAGE = "@octokit/openapi@23.0.2"
_INTEGRITY = "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
CACHE = Path(__file__).parents[2] / "build" / "descriptions"
_LOOSE = ("description", "example", "examples", "title", "deprecated", "externalDocs", "format", "xml", "discriminator")


class Absent(Exception):
    """The description is not to be had; why."""


class Description:
    """What a provider says its API takes and answers.

    Args:
        extract: as above.
        errors: the name of the schema of a refusal that its operation says nothing of.
    """

    def __init__(self, extract: Mapping[str, Any], errors: str) -> None:
        self._operations, self._components = extract["operations"], extract["components"]
        self._errors = {"$ref": f"#/components/schemas/{errors}"}
        self._checks: dict[str, Callable[[Any], Any]] = {}

    def template(self, path: str) -> str:
        """The operation that a path, still quoted and without the API's own, belongs to; empty when none does."""
        found = [known for known in self._operations if re.fullmatch(pattern(known), path)]
        return max(found, key=lambda known: len(re.sub(r"{[^}]*}", "", known)), default="")

    def problems(self, target: str, status: int = 0, body: bytes = b"") -> list[str]:
        """What is wrong with a request for ``target`` and, when there is one, with its answer; in sentences."""
        path, query = urlsplit(target).path, urlsplit(target).query
        template = self.template(path)
        if not template:
            return [f"{target}: there is no such operation"]
        operation = self._operations[template]
        found = [*self._against_query(template, operation["parameters"], query)]
        if status:
            schema = operation["answers"].get(str(status)) or self._errors
            found += self._against(schema, json.loads(body), f"{template} {status}")
        return [f"{target} -> {status}: {problem}" for problem in found]

    def _against_query(self, template: str, known: Mapping[str, Any], query: str) -> Iterable[str]:
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in known:
                yield f"there is no parameter {name}"
                continue
            whole = known[name].get("type") == "integer" and value.isdigit()
            yield from self._against(known[name], int(value) if whole else value, f"{template}?{name}")

    def _against(self, schema: Any, value: Any, name: str) -> list[str]:
        if name not in self._checks:
            whole = {**_plain(schema), "components": _plain(self._components)}
            self._checks[name] = fastjsonschema.compile(whole, use_default=False)
        try:
            self._checks[name](value)
        except fastjsonschema.JsonSchemaValueException as error:
            return [str(error.message)[:300]]
        return []


def github_description(name: str, templates: Iterable[str]) -> Description:
    """GitHub's description of these operations, out of its npm package; kept in the build folder.

    Args:
        name: ``api.github.com`` or ``ghes-3.19``.

    Raises:
        Absent: there is no npm, or no network.
    """
    wanted = sorted(templates)
    mark = hashlib.sha256(repr((_PACKAGE, wanted)).encode()).hexdigest()[:12]
    kept = CACHE / f"{name}-{mark}.json"
    if not kept.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        extract = _extract(_published(f"package/generated/{name}.json"), wanted)
        with tempfile.NamedTemporaryFile("w", dir=CACHE, suffix=".part", delete=False, encoding="utf-8") as part:
            json.dump(extract, part)
        Path(part.name).replace(kept)
    return Description(json.loads(kept.read_text(encoding="utf-8")), "basic-error")


def held(provider: Provider, descriptions: list[Description]) -> list[str]:
    """What the descriptions say against requests and answers; a fault that a test wanted is no answer."""
    sound = [one for one in provider.exchanges if not one.faulty]
    faulty = [one for one in provider.exchanges if one.faulty]
    return [
        *(
            problem
            for each in descriptions
            for one in sound
            for problem in each.problems(one.target, one.status, one.body)
        ),
        *(problem for each in descriptions for one in faulty for problem in each.problems(one.target)),
    ]


def _published(member: str) -> Any:
    """One JSON file of the package."""
    kept = CACHE / "octokit-openapi-23.0.2.tgz"
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _download(Path(folder))
            next(Path(folder).glob("*.tgz")).replace(kept)
    if base64.b64encode(hashlib.sha512(kept.read_bytes()).digest()).decode() != _INTEGRITY:
        kept.unlink()
        raise ValueError(f"{_PACKAGE} is not what it was")
    with tarfile.open(kept) as archive, archive.extractfile(member) as file:  # type: ignore[union-attr]
        return json.load(file)


def _download(folder: Path) -> None:
    try:
        subprocess.run(["npm", "pack", _PACKAGE], cwd=folder, check=True, capture_output=True, timeout=90)
    except (OSError, subprocess.SubprocessError) as error:
        raise Absent(f"npm pack {_PACKAGE} did not work: {error}") from None


def _extract(document: Mapping[str, Any], templates: Iterable[str]) -> dict[str, Any]:
    """These operations, and all that they refer to."""
    operations = {template: _operation(document, document["paths"][template]["get"]) for template in templates}
    schemas: dict[str, Any] = {}
    waiting = [*_references(operations), "basic-error"]
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = document["components"]["schemas"][name]
            waiting += _references(schemas[name])
    return {"operations": operations, "components": {"schemas": schemas}}


def _operation(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [_resolved(document, one) for one in operation.get("parameters", [])]
    answers = {status: _resolved(document, one) for status, one in operation["responses"].items()}
    return {
        "parameters": {one["name"]: one["schema"] for one in parameters if one["in"] == "query"},
        "answers": {
            status: one["content"]["application/json"]["schema"]
            for status, one in answers.items()
            if "application/json" in one.get("content", {})
        },
    }


def _resolved(document: Any, node: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    for step in node["$ref"].removeprefix("#/").split("/"):
        document = document[step]
    return _resolved(document, document)


def _references(node: Any) -> list[str]:
    return re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(node))


def _plain(node: Any) -> Any:
    """JSON Schema out of OpenAPI 3.0: what may be null says so in its types. Whoever names an object's properties
    means all of them, so that an answer cannot have one that nobody knows of.
    """
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _plain(value) for name, value in node.items() if name not in _LOOSE or isinstance(value, dict)}
    nullable = kept.pop("nullable", False)
    if isinstance(nullable, dict):
        kept["nullable"], nullable = nullable, False  # a property of that name
    if kept.get("type") == "object" and isinstance(kept.get("properties"), dict):
        kept.setdefault("additionalProperties", False)
    return {"anyOf": [kept, {"type": "null"}]} if nullable else kept
