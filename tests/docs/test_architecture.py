"""The pages for maintainers: every place that they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md")
ROOTS = (ROOT, ROOT / "src" / "jira_ci", ROOT / "tests" / "providers")
# Not in the repository, or made by whoever follows the page.
ELSEWHERE = ("vendor/", "jira-ci.pyz", "ci/NAME_env.py", "build/descriptions/", "../shared/contracts", ".jira-ci.yml")
MADE_UP = "NAME/"
_PATH = re.compile(r"`([\w./-]*(?:/|\.(?:py|md|yml|json|toml|pyz)))`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def _named(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return sorted({*_PATH.findall(text), *_LINK.findall(text)} - set(ELSEWHERE))


def _places(name: str) -> list[Path]:
    """Where it is: a path from one of the roots, or a module by its base name, which stands once in the sources."""
    found = [root / name for root in ROOTS if (root / name).exists()]
    return found or ([] if "/" in name else sorted((ROOT / "src").rglob(name)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_place_is_there(page: Path) -> None:
    names = [name for name in _named(page) if MADE_UP not in name]
    assert len(names) > 20
    assert [name for name in names if len(_places(name)) != 1] == []


def test_every_folder_of_the_sources_has_its_line() -> None:
    text = PAGES[1].read_text(encoding="utf-8")
    folders = [path.parent for path in (ROOT / "src" / "jira_ci").glob("*/__init__.py")]
    assert [path.name for path in folders if f"`src/jira_ci/{path.name}/`" not in text] == []


def test_every_folder_of_the_repository_has_its_line() -> None:
    made = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    text = PAGES[1].read_text(encoding="utf-8")
    assert [name for name in sorted(folders) if name not in made and f"`{name}/" not in text] == []
