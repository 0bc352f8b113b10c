"""The sandbox shares no code with the client, or the tests would agree with themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import jira_ci

PACKAGE = Path(jira_ci.__file__).parent
MODULES = sorted((PACKAGE / "sandbox").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_sandbox_imports_nothing_else_of_jira_ci(module: Path) -> None:
    names = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.append(node.module or "")
    assert [name for name in names if name.startswith("jira_ci") and not name.startswith("jira_ci.sandbox")] == []


def test_only_its_command_imports_the_sandbox() -> None:
    outside = [path for path in PACKAGE.rglob("*.py") if path not in MODULES]
    others = [path for path in outside if "jira_ci.sandbox" in path.read_text(encoding="utf-8")]
    assert [path.relative_to(PACKAGE).as_posix() for path in others] == ["commands/sandbox.py"]
