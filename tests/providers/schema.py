"""GitHub's published GraphQL schema, to hold documents and answers against."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema, execute_sync, parse, validate

from providers.description import CACHE, Absent
from providers.github_graphql_server import GitHubGraph

_PACKAGE = "@octokit/graphql-schema@15.26.1"
_INTEGRITY = "RFDC2MpRBd4AxSRvUeBIVeBU7ojN/SxDfALUd7iVYOSeEK3gZaqR2MGOysj4Zh2xj2RY5fQAUT+Oqq7hWTraMA=="
_FILE = "octokit-graphql-schema-15.26.1.tgz"


@lru_cache(maxsize=1)
def github_schema() -> GraphQLSchema:
    """The schema out of GitHub's npm package. It is not strictly valid, so that it is not judged itself.

    Raises:
        Absent: there is no npm, or no network.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / _FILE
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            try:
                subprocess.run(["npm", "pack", _PACKAGE], cwd=folder, check=True, capture_output=True, timeout=90)
            except (OSError, subprocess.SubprocessError) as error:
                raise Absent(f"npm pack {_PACKAGE} did not work: {error}") from None
            (Path(folder) / _FILE).replace(kept)
    if base64.b64encode(hashlib.sha512(kept.read_bytes()).digest()).decode() != _INTEGRITY:
        kept.unlink()
        raise ValueError(f"{_PACKAGE} is not what it was")
    with tarfile.open(kept) as archive, archive.extractfile("package/schema.graphql") as file:  # type: ignore[union-attr]
        text = file.read().decode("utf-8")
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


def problems(github: GitHubGraph) -> list[str]:
    """What the schema says against the documents, and against what the pretend server has to show for them."""
    schema = github_schema()
    found: list[str] = []
    for document, variables in github.asked:
        parsed = parse(document)
        found += [f"{error.message}: {document[:200]}" for error in validate(schema, parsed)]
        if not found:
            done = execute_sync(schema, parsed, github.root(), variable_values=_given(variables))
            found += [error.message for error in done.errors or () if error.original_error is None or _is_ours(error)]
    return found


def _given(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if value is not None}


def _is_ours(error: Any) -> bool:
    """Whether it is the answer that is wrong; a refusal is one of the server's own."""
    return type(error.original_error).__name__ != "Refusal"
