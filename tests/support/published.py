"""Every piece of YAML and shell that users see or copy: our files, the examples, the snippets of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from wrappers.gitlab_runner import TEMPLATE, Loader, commands, resolve
from wrappers.machine import ROOT

COMPONENT = ROOT / "templates" / "jira-ci" / "template.yml"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = ROOT / "examples"
_SNIPPET = re.compile(r"^```ya?ml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_HEAD = """\
name: Steps
on: push
permissions:
  contents: read # the checkout
concurrency:
  group: steps
  cancel-in-progress: false
jobs:
  steps:
    name: Steps
    runs-on: ubuntu-latest
    steps:
"""
_INPUT = re.compile(r"\$\[\[ inputs\.([\w-]+) \]\]")


def load(text: str) -> Any:
    """YAML with GitLab's tags."""
    return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader with one tag


def snippets() -> Iterator[tuple[str, str]]:
    """A name fit for a file, and the text, of every YAML snippet."""
    for path in DOCUMENTS:
        for number, text in enumerate(_SNIPPET.findall(path.read_text("utf-8")), 1):
            yield f"{path.stem}-{number}", text


def workflows() -> dict[str, str]:
    """Snippets that are workflows for GitHub; steps alone are put into one."""
    found = {}
    for name, text in snippets():
        document = load(text) or {}  # a comment alone
        if isinstance(document, list) and any("uses" in step for step in document):
            found[name] = _HEAD + re.sub(r"^(?=.)", "      ", text, flags=re.MULTILINE)
        elif "jobs" in document and "version" not in document:  # CircleCI's has jobs as well
            found[name] = text
    return found


def pipelines() -> dict[str, str]:
    """Snippets that are pipelines for GitLab, and the component's header and jobs."""
    found = {}
    for name, text in snippets():
        document = load(text)
        if isinstance(document, Mapping) and ("include" in document or any(map(_is_job, document.values()))):
            found[name] = text
    header, jobs = component()
    return {**found, "component-header": header, "component-jobs": jobs}


def _is_job(value: Any) -> bool:
    return isinstance(value, Mapping) and bool({"script", "extends"} & value.keys())


def component(**inputs: str) -> tuple[str, str]:
    """The component's header, and its jobs with these inputs, as GitLab puts them into the text."""
    header, _, jobs = COMPONENT.read_text("utf-8").partition("\n---\n")
    given = {name: inputs.get(name, row["default"]) for name, row in load(header)["spec"]["inputs"].items()}
    return header + "\n", _INPUT.sub(lambda match: given[match[1]], jobs)


def shell() -> dict[str, str]:
    """Every script for a POSIX shell, and those that runners give to bash as ``NAME.bash``."""
    found = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "wrapper").glob("*.sh"))}
    steps = load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    found |= {f"action-{step['id']}.sh": step["run"] for step in steps}
    found |= _of_jobs("template", resolve(TEMPLATE.read_text("utf-8")))
    found |= _of_jobs("component", resolve(component()[1]))
    for path in [ROOT / ".gitlab-ci.yml", *sorted((EXAMPLES / "gitlab").glob("*.yml"))]:
        found |= _of_jobs(path.stem.strip("."), resolve(TEMPLATE.read_text("utf-8"), path.read_text("utf-8")))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        found |= _of_steps(path.stem, path.read_text("utf-8"))
    for path in sorted((EXAMPLES / "github").glob("*.yml")):
        found |= _of_steps(f"example-{path.stem}", path.read_text("utf-8"))
    for name, text in workflows().items():
        found |= _of_steps(name, text)
    found["ci-run.bash"] = (ROOT / ".ci" / "run").read_text("utf-8")
    return found


def _of_jobs(name: str, jobs: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{name}-{job.strip('.')}-{part}.sh": "\n".join(commands(value[part])) + "\n"
        for job, value in jobs.items()
        if isinstance(value, Mapping)
        and not job.startswith(".jira-ci" if name not in ("template", "component") else "?")
        for part in ("before_script", "script", "after_script")
        if part in value
    }


def _of_steps(name: str, text: str) -> dict[str, str]:
    steps = [step for job in load(text)["jobs"].values() for step in job.get("steps", [])]
    scripts = [step.get("run") or step.get("with", {}).get("script") for step in steps]
    theirs = re.compile(r"\$\{\{ inputs\.script \}\}")  # the whole script is the caller's
    return {
        f"{name}-{number}.bash": script + "\n"
        for number, script in enumerate(scripts)
        if script and not theirs.fullmatch(script)
    }


def write(folder: Path, texts: Mapping[str, str], suffix: str = "") -> list[Path]:
    """Files of these names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}{suffix}").write_text(text, encoding="utf-8")
    return [folder / f"{name}{suffix}" for name in texts]
