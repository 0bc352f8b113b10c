"""GitHub's answers as its description has them: the smallest ones that it allows, in ``github.json``, with the
description's own examples as values; what a test looks at is put in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from providers.serving import Reply

_SHAPES: dict[str, Any] = json.loads((Path(__file__).parent / "github.json").read_text(encoding="utf-8"))
_DOCUMENTATION = "https://docs.github.com/rest"


def shape(name: str, **changes: Any) -> Any:
    """An answer of this kind, a copy."""
    return {**json.loads(json.dumps(_SHAPES[name])), **changes}


def sha(number: int) -> str:
    """The id of a commit of the repository, counted from 1."""
    return f"{number:040x}"


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """GitHub's refusals have one shape."""
    content = {"message": message, "documentation_url": _DOCUMENTATION}
    # The description of what is wrong with a request has no status.
    return Reply.of(content if status == 422 else {**content, "status": str(status)}, status, headers)
