"""Writes what the reference pages hold below their mark, and llms.txt, from the code (make reference)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from jira_ci.cli import COMMANDS
from jira_ci.errors import Exit
from jira_ci.settings import TABLE, Setting
from jira_ci.states import STATES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SITE = "https://jira-ci.github.io/jira-ci"
MARK = "<!-- What follows is made from the code: make reference -->\n"

GROUPS = {
    "general": "Every command",
    "jira": "The site and its credentials",
    "access": "The account",
    "sites": "Several sites",
    "provider": "The CI's own API",
    "keys": "Issue keys",
    "deployment": "Deployments",
    "change": "The change",
    "policy": "The policy",
    "gate": "The gate",
    "script": "The script of command: deploy",
    "unpin": "Taking a pin off",
    "identity": "What a record is of",
    "record": "What a record says",
    "report": "Reports",
    "on-error": "Failing",
    "build": "Builds",
    "past": "Earlier runs",
    "dry-run": "Trying",
}


def pages() -> dict[str, str]:
    """The whole text of each page that has a mark, by its path from ``docs/``: people's part as it is, ours as the code
    says."""
    parts = {
        "settings": _settings(),
        "outputs": _outputs(),
        "exit-codes": _table(("code", "meaning"), [(f"`{code.value}`", code.meaning) for code in Exit]),
        "commands": _commands(),
        "file": _file(),
        "states": _states(),
    }
    found = {}
    for name, part in parts.items():
        head, mark, _ = (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8").partition(MARK)
        found[f"reference/{name}.md"] = f"{head}{mark}\n{part}\n"
    return found


def _cells(row: Setting) -> tuple[str, str, str]:
    choices = "; one of " + ", ".join(f"`{choice}`" for choice in row.choices) if row.choices else ""
    others = ["also " + ", ".join(f"`{name}`" for name in row.also)] if row.also else []
    others += [f"`{row.yaml}` in the file"] if row.yaml else []
    meaning = row.help + choices + (f" ({', '.join(others)})" if others else "")
    return f"`{row.name}`", f"`{row.default}`" * bool(row.default), meaning


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _settings() -> str:
    groups: dict[str, list[Setting]] = {}
    for row in TABLE:
        groups.setdefault(row.group, []).append(row)
    return "\n\n".join(
        f"## {GROUPS[group]}\n\n" + _table(("setting", "default", "meaning"), map(_cells, rows))
        for group, rows in groups.items()
    )


def _outputs() -> str:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return _table(("output", "meaning"), [(f"`{name}`", row["description"]) for name, row in action["outputs"].items()])


def _commands() -> str:
    overview = _table(("command", "what it does"), [(f"`{name}`", command.help) for name, command in COMMANDS.items()])
    flags = [
        f"## {name}\n\n" + ", ".join(f"`--{row.name}`" for row in TABLE if row.group in (*command.groups, "general"))
        for name, command in COMMANDS.items()
        if command.groups
    ]
    return "\n\n".join([overview, *flags])


def _states() -> str:
    rows = [
        (f"`{state.name}`", "yes" if state.of_builds else "no", ", ".join(f"`{word}`" for word in state.words.split()))
        for state in STATES.values()
    ]
    return _table(("state", "of builds", "also written"), rows)


def _file() -> str:
    schema = json.loads((ROOT / "jira-ci.schema.json").read_text(encoding="utf-8"))
    return "\n\n".join(
        f"## {name}\n\n" + _table(("key", "default", "meaning"), _keys(name, row, schema))
        for name, row in schema["properties"].items()
    )


def _keys(path: str, row: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A key and those below it; ``*`` stands for a name of the user's own."""
    row = _resolved(row, schema)
    choices = ", ".join(f"`{choice}`" for choice in row.get("enum", ()))
    meaning = row.get("description", "") + (f" One of {choices}." if choices else "")
    if meaning:
        yield f"`{path}`", f"`{json.dumps(row['default'])}`" if "default" in row else "", meaning
    for name, below in row.get("properties", {}).items():
        yield from _keys(f"{path}.{name}", below, schema)
    for branch in (*row.get("anyOf", ()), *row.get("oneOf", ())):
        for name, below in _resolved(branch, schema).get("properties", {}).items():
            yield from _keys(f"{path}.{name}", below, schema)
    if isinstance(row.get("additionalProperties"), dict):
        yield from _keys(f"{path}.*", row["additionalProperties"], schema)
    if isinstance(row.get("items"), dict) and _resolved(row["items"], schema).get("properties"):
        yield from _keys(f"{path}[]", row["items"], schema)


def _resolved(row: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in row:
        return row
    found: Any = schema
    for part in row["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return {**found, **{key: value for key, value in row.items() if key != "$ref"}}


def llms() -> str:
    """``llms.txt`` (https://llmstxt.org): each page of the site with its first sentence, under the index's captions."""
    lines = [
        "# jira-ci",
        "",
        "> Any CI pipeline tells Jira what it built and where it deployed it, and no change-controlled",
    ]
    lines += ["> deployment starts before its change request is approved and inside its window."]
    for line in (DOCS / "index.md").read_text(encoding="utf-8").splitlines():
        _, caption, title = line.partition(":caption: ")
        if caption:
            lines += ["", f"## {title}", ""]
        elif (DOCS / f"{line}.md").is_file():
            text = (DOCS / f"{line}.md").read_text(encoding="utf-8")
            lines.append(f"- [{text.splitlines()[0].lstrip('# ')}]({SITE}/{line}.html): {_first(text)}")
    return "\n".join(lines) + "\n"


def _first(text: str) -> str:
    """A page's first sentence, without its links: they lead from the page, and not from here."""
    paragraphs = (part for part in text.split("\n\n")[1:] if re.match(r"[^\W\d_]|\*|`(?!``)", part))
    sentence = " ".join(next(paragraphs, "").split()).partition(". ")[0].rstrip(".:")
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", f"{sentence}.")


def main() -> None:
    """Writes the pages that are not what the code says."""
    for path, text in (pages() | {"llms.txt": llms()}).items():
        (DOCS / path).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
