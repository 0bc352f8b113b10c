"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jira_ci

SRC = Path(jira_ci.__file__).parents[1]
MODULES = sorted(path for name in ("jira_ci", "jira_sandbox") for path in (SRC / name).rglob("*.py"))
# What a start must not wait for: these are imported where they are used.
HEAVY = (
    "github",
    "gitlab",
    "yaml",
    "requests",
    "urllib3",
    "fastjsonschema",
    "jinja2",
    "xml",
    "defusedxml",
    "jira_sandbox",
)


def _name(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> Iterator[str]:
    """Everything a module imports, at its top or inside of functions, by full name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def _crossings(inside: str, outside: str) -> list[str]:
    """Imports of what is outside by what is inside; both are beginnings of module names."""
    return [
        f"{_name(path)} imports {imported}"
        for path in MODULES
        if f"{_name(path)}.".startswith(f"{inside}.")
        for imported in _imports(path)
        if f"{imported}.".startswith(f"{outside}.")
    ]


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("jira_ci.ci", "jira_ci.jira"),
        ("jira_ci.jira", "jira_ci.ci"),
        *[
            (inside, f"jira_ci.{outside}")
            for inside in ("jira_ci.ci", "jira_ci.jira")
            for outside in ("cli", "commands")
        ],
    ],
)
def test_the_parties_do_not_know_each_other(inside: str, outside: str) -> None:
    assert _crossings(inside, outside) == []


def test_the_sandbox_imports_nothing_of_what_it_tests() -> None:
    assert _crossings("jira_sandbox", "jira_ci") == []
    assert _crossings("jira_sandbox", "jira_sandbox")


def test_only_its_command_imports_the_sandbox() -> None:
    importers = {crossing.split()[0] for crossing in _crossings("jira_ci", "jira_sandbox")}
    assert importers == {"jira_ci.commands.sandbox"}


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 40
    assert _crossings("jira_ci.ci", "jira_ci")
    assert _crossings("jira_ci.jira", "jira_ci")


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=_name)
def test_packages_import_nothing_by_themselves(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert isinstance(body[0], ast.Expr), "a docstring"
    assert [type(node) for node in body[1:]] in ([], [ast.Assign]), "and nothing but the version"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_first_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring


@pytest.mark.parametrize(
    "statement",
    [
        "import jira_ci.cli",
        "import jira_ci.cli, jira_ci.cli as arguments; arguments.parser()",
        "import jira_ci.commands.report, jira_ci.output.publish",
    ],
)
def test_a_start_imports_nothing_heavy(statement: str) -> None:
    program = f"import sys; sys.path.insert(0, {str(SRC)!r}); {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr  # also: the standard library is enough
    loaded = done.stdout.split()
    assert "jira_ci.settings" in loaded
    assert [name for name in loaded if f"{name}.".startswith(tuple(f"{heavy}." for heavy in HEAVY))] == []


def test_only_one_place_reads_the_environment() -> None:
    readers = [
        _name(path)
        for path in MODULES
        if not _name(path).startswith("jira_sandbox")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
        if getattr(node.value, "id", "") == "os"
    ]
    assert readers == ["jira_ci.edges"]
