"""Atlassian's OpenAPI documents and our JSON Schemas, made ready to hold exchanges against them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastjsonschema
from openapi_core import Config, OpenAPI

import release_operations

CONTRACTS = Path(__file__).resolve().parents[3] / "shared" / "contracts"
_DOCUMENTS = {
    "software": "jira-software.v3.2025-10.subset.json",
    "platform": "jira-platform.v3.2026-01.subset.json",
    "desk": "jsm.v3.2025-10.subset.json",
}


def available() -> bool:
    """Whether there is anything to validate against."""
    return (CONTRACTS / _DOCUMENTS["software"]).is_file()


@lru_cache
def openapi(name: str) -> OpenAPI:
    """One of the documents: software, platform or desk; or releases, of what these leave out of the platform."""
    if name == "releases":
        document = release_operations.document()
    else:
        document = json.loads((CONTRACTS / _DOCUMENTS[name]).read_text(encoding="utf-8"))
    return OpenAPI.from_dict(_adapted(document), config=Config(spec_validator_cls=None))


def _adapted(node: Any) -> Any:
    """The document without what cannot be checked by it.

    The Authorization parameter speaks of apps' tokens only, and ``security`` is the sandbox's own business. What is
    deprecated is allowed, so no warning is wanted. Python's ``$`` takes a final line break. Moments are called
    date-times where the document's own examples, with ``+0000``, are none. What was nothing before a change is null in
    the history, also in the examples. A 204 has no body, whatever is said of its shape; nor has a 201 of no shape.
    """
    if isinstance(node, list):
        return [_adapted(one) for one in node if not (isinstance(one, dict) and one.get("name") == "Authorization")]
    if not isinstance(node, dict):
        return node
    if node.get("content") == {"application/json": {"schema": {}}} and "required" not in node:
        node = {name: value for name, value in node.items() if name != "content"}
    kept = {name: _adapted(value) for name, value in node.items() if name not in ("security", "deprecated")}
    if isinstance(kept.get("pattern"), str):
        # Jira takes letters of any alphabet; to some validators ``\\w`` means ASCII, to others ``$`` a line's end.
        kept["pattern"] = kept["pattern"].replace(r"\w", "[\\w\u0080-\uffff]").removesuffix("$") + r"(?![\s\S])"
    for name in _LOOSE_MOMENTS & kept.keys():
        if isinstance(kept[name], dict):
            kept[name].pop("format", None)
    for name in _PERHAPS_NULL & kept.keys():
        if "fromString" in kept and isinstance(kept[name], dict):
            kept[name]["nullable"] = True
    return kept


_LOOSE_MOMENTS = {"serverTime", "created", "updated"}
_PERHAPS_NULL = {"from", "fromString", "to", "toString"}


@lru_cache
def schema(name: str) -> Callable[[Any], Any]:
    """The check of one of our own schemas."""
    document = json.loads((CONTRACTS / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    formats = {"uri": r"^[A-Za-z][A-Za-z0-9+.\-]*:"}  # fastjsonschema's own takes letters only
    check: Callable[[Any], Any] = fastjsonschema.compile(document, formats=formats, use_default=False)
    return check
