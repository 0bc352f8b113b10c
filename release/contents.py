"""Files as values: the path below some folder, with forward slashes, to the content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Tree: TypeAlias = dict[str, bytes]


def files_at(folder: Path) -> Tree:
    """Every file below a folder but byte code."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def below(prefix: str, tree: Mapping[str, bytes]) -> Tree:
    """The same files in a folder of this name."""
    return {f"{prefix}/{name}": content for name, content in tree.items()}


def digest(tree: Mapping[str, bytes]) -> str:
    """One name for exactly these files, 32 characters long."""
    lines = (f"{hashlib.sha256(content).hexdigest()} {name}\n" for name, content in sorted(tree.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:32]
