"""GitLab's jobs: where they deploy to, and the file that reports them once it is included.

Only this repository's own files are read: ``.gitlab-ci.yml`` and what it includes from here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from jira_ci import __version__
from jira_ci.errors import UsageError
from jira_ci.init import files, hints
from jira_ci.init.files import Deploying, File, Found, Pipelines
from jira_ci.text import mapping, mappings, one_line, string

MAIN = ".gitlab-ci.yml"
OURS = ".gitlab/jira-ci.yml"
_MOST_FILES = 50
_MOST_NAMES = 200
_MOST_MERGED = 5
_MOST_PARENTS = 11  # https://docs.gitlab.com/ci/yaml/#extends
_DEPLOYS = re.compile(r"(?:.*[-_ :/])?(?:deploy|rollout)(?:[-_ :/].*)?", re.IGNORECASE)
_INPUT = re.compile(r"\$\[\[\s*inputs\.([\w-]+)\s*\]\]")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_SCRIPTS = ("before_script", "after_script")
_NO_JOBS = {
    *("default", "include", "stages", "variables", "workflow", "spec", "image", "services", "cache"),
    *_SCRIPTS,
}
_TIERS = ("production", "staging", "testing", "development", "other")


def look_at_gitlab(root: Path) -> Pipelines:
    """What the jobs of this repository say, those of its child pipelines too."""
    notes: list[str] = []
    files = dict(_files(root, [MAIN], notes))
    main, merged = files.get(MAIN, {}), _merged(files)
    children: dict[str, dict[str, Any]] = {}
    for started in [_started(job) for job in merged.values()][:_MOST_FILES]:
        child = dict(_files(root, [name for name in started if name not in files], notes))
        children |= {} if any(map(_reports, child.values())) else child
    tests, tested_by = _tests(files, merged)
    notes += [*_misnamed(root, main), *_elsewhere(files)]
    deploying = [one for file, document in files.items() for name in document for one in _deploying(file, name, merged)]
    return Pipelines(
        here=bool(files or notes),
        deploying=(*deploying, *_of_children(children)),
        reports=tuple(file for file, document in files.items() if _reports(document)),
        tests=tests,
        tested_by=tested_by,
        unnamed=() if deploying or children else tuple(_unnamed(files, merged)),
        includes="" if "include" not in main else "several" if isinstance(main["include"], list) else "one",
        notes=tuple(notes),
    )


def _merged(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """All keys as GitLab merges them: the first file includes the others, and wins."""
    first, *others = documents.values() or [{}]
    return {key: value for document in [*others, first] for key, value in document.items()}


def _started(job: Any) -> list[str]:
    """The files of this repository that make the child pipeline which the job starts."""
    trigger = mapping(mapping(job).get("trigger"))
    return _includes(trigger.get("include"))


def _of_children(files: Mapping[str, Mapping[str, Any]]) -> Iterator[Deploying]:
    """A job of ours of the same name would not be in their pipeline, so that none is added."""
    merged = _merged(files)
    for file, document in files.items():
        for one in (one for name in document for one in _deploying(file, name, merged)):
            yield replace(one, obstacle=one.obstacle or "it is of a child pipeline", child=True)


def _unnamed(documents: Mapping[str, Mapping[str, Any]], merged: Mapping[str, Any]) -> Iterator[str]:
    """Jobs that seem to deploy, in a repository of which no job names an environment."""
    for file, document in documents.items():
        for name in document:
            job = _extended(name, merged, {}) if _DEPLOYS.fullmatch(name) and not name.startswith(".") else {}
            if "script" in job and "environment" not in job:
                yield f"{file}, job {name}"


def _elsewhere(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is included from other projects and servers, GitLab's own templates and ours apart."""
    named: dict[str, None] = {}
    for document in documents.values():
        include = document.get("include")
        for row in map(mapping, include if isinstance(include, list) else [include]):
            where = string(row.get("project")) or string(row.get("component")) or string(row.get("remote"))
            named |= {where: None} if where and "jira-ci" not in where else {}
    if named:
        yield f"Jobs of other projects were not read: {one_line(', '.join(named), 300)}."


def _misnamed(root: Path, main: Mapping[str, Any]) -> Iterator[str]:
    if not main and os.path.lexists(root / ".gitlab-ci.yaml"):
        yield f".gitlab-ci.yaml is there; GitLab reads {MAIN}, unless the project's settings name another file."


def _tests(documents: Mapping[str, Mapping[str, Any]], merged: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Where the first job that has test results keeps them, and its name."""
    for name in (name for document in documents.values() for name in document):
        job = _extended(name, merged, {}) if name not in _NO_JOBS and not name.startswith(".") else {}
        kept = mapping(mapping(job.get("artifacts")).get("reports")).get("junit")
        listed = [string(one) for one in kept] if isinstance(kept, list) else [string(kept)]
        script = job.get("script")
        lines = [string(line) for line in script] if isinstance(script, list) else [string(script)]
        found = tuple(path for path in listed if path and "$" not in path) or hints.junit_paths(lines)
        if found and not mapping(job).get("environment"):
            return found, name
    return (), ""


def _reports(document: Mapping[str, Any]) -> bool:
    """Whether it includes our file, or has jobs that extend the template's."""
    extended = [str(mapping(job).get("extends")) for job in document.values()]
    return OURS in _includes(document.get("include")) or any(".jira-ci" in name for name in extended)


def _files(root: Path, names: Sequence[str], notes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """These files and those of this repository that they include."""
    waiting, seen = list(names), {OURS}
    while waiting and len(seen) <= _MOST_FILES:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        try:
            document = files.read_yaml(root, name)
        except UsageError as error:
            notes.append(f"{error.message} It was passed over.")
            continue
        if document is not None:
            yield name, document
            waiting += [one for path in _includes(document.get("include")) for one in _matching(root, path)]


def _includes(include: Any) -> list[str]:
    rows = include if isinstance(include, list) else [include]
    named = [string(row) or string(mapping(row).get("local")) for row in rows]
    return [name.lstrip("/") for name in named if name.endswith((".yml", ".yaml")) and not re.search(r"[$]|://", name)]


def _matching(root: Path, path: str) -> list[str]:
    """The path, or the files that its wildcards stand for: https://docs.gitlab.com/ci/yaml/includes/"""
    if "*" not in path:
        return [path]
    if ".." in path.split("/") or re.search(r"[^/*]\*\*|\*\*[^/*]", path):
        return []
    found = (one.relative_to(root).as_posix() for one in root.glob(path))
    return sorted(islice(found, _MOST_FILES))


def _deploying(file: str, name: str, merged: Mapping[str, Any]) -> Iterator[Deploying]:
    raw = mapping(merged.get(name))
    if name in _NO_JOBS or name.startswith(".") or not raw:
        return
    job = _extended(name, merged, {})
    given = job.get("environment")
    row = mapping(given)
    written = (string(row.get("name")) or string(given)).strip()
    if written in files.NOTHING or string(row.get("action")) not in ("", "start"):
        return
    names = _resolve(written, job, merged)
    tier = string(row.get("deployment_tier"))
    image = _image(job, merged)
    lacking = hints.lacks(image)
    bare = f"its image {image} has no {' and no '.join(lacking)}" if "Python" in lacking else ""
    yield Deploying(
        file,
        name,
        tuple(names),
        written,
        tier if tier in _TIERS else "",
        _obstacle(raw, job, merged) or bare,
        _parents(raw),
        image=image,
        stage=string(job.get("stage")) or "test",
        conditions=tuple(key for key in ("rules", "only", "except") if key in job),
        starts="trigger" in job,
        alone="resource_group" in job,
        by_hand=any(string(row.get("when")) == "manual" for row in (job, *mappings(job.get("rules")))),
    )


def _image(job: Mapping[str, Any], merged: Mapping[str, Any]) -> str:
    """The job's own, else the pipeline's."""
    given = [place.get("image") for place in (job, mapping(merged.get("default")), merged)]
    return next(filter(None, (string(one) or string(mapping(one).get("name")) for one in given)), "")


def _extended(name: str, merged: Mapping[str, Any], known: dict[str, dict[str, Any]], depth: int = 0) -> dict[str, Any]:
    """The job with what it extends. ``known`` ends circles, and keeps parents of parents from being read again."""
    known[name] = {}
    job = _with_merged(mapping(merged.get(name)))
    result: dict[str, Any] = {}
    for parent in _parents(job):
        if depth < _MOST_PARENTS and parent in merged:
            if parent not in known:
                _extended(parent, merged, known, depth + 1)
            result = _over(result, known[parent])
    known[name] = _over(result, job)
    return known[name]


def _with_merged(job: Mapping[str, Any], depth: int = _MOST_MERGED) -> dict[str, Any]:
    """The map with what YAML's merge key brings in, which is read as it is written: one map, or a list of them of which
    the first wins (https://yaml.org/type/merge.html)."""
    given = job.get("<<")
    maps = [mapping(one) for one in (given if isinstance(given, list) else [given])] if depth else []
    brought: dict[str, Any] = {}
    for one in reversed(maps[:_MOST_MERGED]):
        brought |= _with_merged(one, depth - 1)
    return {**brought, **job}


def _parents(job: Mapping[str, Any]) -> tuple[str, ...]:
    given = _with_merged(job).get("extends")
    return tuple(filter(None, map(string, given if isinstance(given, list) else [given])))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Maps are merged, everything else is replaced; two levels are enough for what is read here."""
    both = {key: {**mapping(below.get(key)), **value} for key, value in above.items() if isinstance(value, dict)}
    return {**below, **above, **both}


def _resolve(written: str, job: Mapping[str, Any], merged: Mapping[str, Any]) -> list[str]:
    """The names that a text with variables may become; those with unknown variables are left out."""
    names = [written]
    for _ in range(3):
        names = [resolved for name in names for resolved in _step(name, job, merged)][:_MOST_NAMES]
    return list(dict.fromkeys(name for name in names if "$" not in name and name.strip()))


def _step(name: str, job: Mapping[str, Any], merged: Mapping[str, Any]) -> list[str]:
    match = _INPUT.search(name) or _VARIABLE.search(name)
    if not match:
        return [name]
    values = _of_input(match[1], merged) if match.re is _INPUT else _values(match[1] or match[2], job, merged)
    return [name[: match.start()] + value + name[match.end() :] for value in values]


def _of_input(name: str, merged: Mapping[str, Any]) -> list[str]:
    """The options of an input of the file's header, else its default: https://docs.gitlab.com/ci/inputs/"""
    row = mapping(mapping(mapping(merged.get("spec")).get("inputs")).get(name))
    options = row.get("options")
    listed = [string(option) for option in options] if isinstance(options, list) else []
    return list(filter(None, listed or [string(row.get("default"))]))[:_MOST_NAMES]


def _values(variable: str, job: Mapping[str, Any], merged: Mapping[str, Any]) -> list[str]:
    """What a variable may be: a matrix's values, the job's own, or the form's options of the whole pipeline's."""
    found: list[str] = []
    for row in mappings(mapping(job.get("parallel")).get("matrix")):
        value = row.get(variable)
        found += [string(one) for one in value] if isinstance(value, list) else [string(value)]
    for place in (job, merged):
        value = mapping(place.get("variables")).get(variable)
        options = mapping(value).get("options")
        listed = [string(option) for option in options] if isinstance(options, list) else []
        found = list(filter(None, found)) or listed or [string(value) or string(mapping(value).get("value"))]
    return list(filter(None, found))[:_MOST_NAMES]


def _obstacle(raw: Mapping[str, Any], job: Mapping[str, Any], merged: Mapping[str, Any]) -> str:
    """Why ``extends: .jira-ci-deployment`` from another file would do nothing, or change what the job does."""
    if ".jira-ci" in str(raw.get("extends")):
        return "it reports already"
    if "trigger" in job:
        return "it starts another pipeline, whose jobs report by themselves"
    if "extends" in raw or "<<" in raw:
        return "it extends another job"
    own = [key for key in _SCRIPTS if key in job]
    if own:
        return f"it has {' and '.join(own)} of its own"
    common = [key for key in _SCRIPTS if key in mapping(merged.get("default")) or key in merged]
    return f"it has the pipeline's {' and '.join(common)}" if common else ""


TEMPLATE = f"https://gitlab.com/jira-ci/jira-ci/-/raw/v{__version__}/.gitlab-ci-template.yml"
INCLUDE = f"local: {OURS}"
_JOBS = f"""\
# Tells Jira how pipelines and deployments went. Its credentials are CI/CD variables of the project or group:
# JIRA_CI_CLIENT_ID and JIRA_CI_CLIENT_SECRET (masked).
include:
  - remote: {TEMPLATE}

jira-build-success:
  extends: .jira-ci-build-success

jira-build-failure:
  extends: .jira-ci-build-failure
"""
RESUME = """\
# Starts again what waits for its change, once the change allows it: in a scheduled pipeline, or one that Jira triggers.
jira-resume:
  extends: .jira-ci-report
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "trigger"
  resource_group: resume
  script:
    - !reference [.jira-ci, script]
    - jira_ci resume"""
_FIRST = f"""\
include:
  - {INCLUDE}

build:
  image: python:3.13
  script:
    - echo "Put here what builds and tests this repository."
"""


def make(found: Found) -> Iterator[File]:
    """The file to include, and a pipeline that includes it where there is none; nothing where jobs report already."""
    if found.gitlab.reports:
        return
    added = [job for job in found.gitlab.deploying if not job.obstacle]
    jobs = "".join(_added(job, gated=found.waits(job)) for job in added)
    yield File(OURS, _JOBS + jobs + (f"\n{RESUME}\n" if found.gate else ""))
    if not found.gitlab.here:
        yield File(MAIN, _FIRST)


def beside(job: Deploying) -> str:
    """Jobs that report this one's deployment from an image of their own; empty where a person starts it."""
    if job.by_hand:
        return ""
    of_job = files.quoted(job.job)
    lines = [f"  stage: {files.quoted(job.stage)}", f"  environment: {{name: {files.quoted(job.written)}}}"]
    lines += [f"  {key}: !reference [{of_job}, {key}]" for key in job.conditions]
    texts = []
    for ending in ("start", "success", "failure"):
        name, needs = files.quoted(f"{job.job}-jira-{ending}"), [f"  needs: [{of_job}]"] * (ending != "start")
        texts += [f"{name}:", f"  extends: .jira-ci-deployment-{ending}", *needs, *lines]
    return "\n".join(texts)


def hidden(*, gated: bool) -> str:
    """The template's job for one that deploys."""
    return ".jira-ci-gated-deployment" if gated else ".jira-ci-deployment"


def _added(job: Deploying, *, gated: bool) -> str:
    # GitLab merges jobs of the same name, and what includes wins over what is included:
    # https://docs.gitlab.com/ci/yaml/includes/#override-included-configuration-values
    needs = "its image has no git, so that fewer commits are read" if hints.lacks(job.image) else ""
    needs = needs or "its image needs Python 3.10 and git"
    waits = " Nothing of its script starts before\n# the gate lets it." if gated else ""
    return (
        f"\n# Added to the job of this name in {files.comment(job.file)}; {needs}.{waits}\n"
        f"{files.quoted(job.job)}:\n  extends: {hidden(gated=gated)}\n"
    )
