"""What a pipeline's own lines say: where its test results are, what an image has not, which runners there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jira_ci.text import mapping, string

_MOST = 5  # paths and labels
# How runners are told where to write JUnit XML: pytest, gotestsum, PHPUnit, CTest, Mocha, Jest, Playwright, Vitest. A
# path with a variable or an expression is left alone, because only a run knows it.
_GIVEN = re.compile(
    r"(?:--junit-?xml|--junitfile|--log-junit|--output-junit|--junit-output|--junit|--outputFile(?:\.junit)?"
    r"|JEST_JUNIT_OUTPUT_FILE|PLAYWRIGHT_JUNIT_OUTPUT_(?:NAME|FILE)|MOCHA_FILE|mochaFile)[=\s:]+"
    r"[\"']?([\w./*-]+\.xml)\b"
)
# Where tools write it by themselves.
_USUAL = (
    (re.compile(r"\bmvnw?\b.*\b(?:test|verify|package|install|deploy)\b"), "**/target/surefire-reports/TEST-*.xml"),
    (re.compile(r"\bgradlew?\b.*\b(?:test|check|build)\b"), "**/build/test-results/**/*.xml"),
)
# Inputs of the actions that show JUnit results, and of those that keep files.
_INPUTS = ("path", "report_paths", "files", "report-path", "test-results", "paths")
_PATH = re.compile(r"[\w./*-]+\.xml")


def junit_paths(scripts: Iterable[str], inputs: Iterable[Mapping[str, Any]] = ()) -> tuple[str, ...]:
    """Patterns of the files that hold a job's test results, as far as its lines say them; the surest first."""
    lines = [line for script in scripts for line in script.splitlines()]
    found = [path for line in lines for path in _GIVEN.findall(line)]
    found += [path for row in inputs for path in _named(row)]
    found += [path for line in lines for said, path in _USUAL if said.search(line)]
    inside = (path.removeprefix("./") for path in found if not path.startswith("/") and ".." not in path)
    return tuple(dict.fromkeys(inside))[:_MOST]


def _named(row: Mapping[str, Any]) -> Iterator[str]:
    for name in _INPUTS:
        parts = re.split(r"[\n,]", string(row.get(name)))
        yield from (part.strip() for part in parts if _PATH.fullmatch(part.strip()))


# Images that many deploy with, and what they have not. Whatever is in no line here may have everything.
_BARE = re.compile(
    r"(?:alpine/\w[\w.-]*|alpine|busybox|docker|bitnami/kubectl|rancher/kubectl|registry\.k8s\.io/kubectl"
    r"|curlimages/curl|amazon/aws-cli|public\.ecr\.aws/aws-cli/aws-cli|hashicorp/[\w-]+|dtzar/helm-kubectl"
    r"|gcr\.io/kaniko-project/executor|ghcr\.io/opentofu/opentofu|mcr\.microsoft\.com/dotnet/\w+|maven|gradle|php"
    r"|eclipse-temurin|openjdk|debian|ubuntu|fedora|rockylinux|almalinux|nginx|caddy)"
)
_SMALL = re.compile(r"-?(?:alpine|slim)\b|\bslim-|\balpine")


def lacks(image: str) -> tuple[str, ...]:
    """Which of Python and git an image is known to lack; nothing is said of one that is not known.

    Args:
        image: as a job names it, perhaps with variables.
    """
    name, _, tag = image.partition("@")[0].rpartition(":") if ":" in image.rpartition("/")[2] else (image, "", "")
    name = name.removeprefix("docker.io/").removeprefix("library/")
    if name.rpartition("/")[2] == "python":
        return ("git",) if _SMALL.search(tag) else ()
    if _BARE.fullmatch(name) or (_SMALL.search(tag) and "python" not in image):
        return ("Python", "git")
    return ()


_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]+")


def runs_on(jobs: Iterable[Mapping[str, Any]]) -> Any:
    """Where a small job of ours runs: where most of the repository's jobs do, which is ``ubuntu-latest`` without any.

    Windows and macOS cost more on GitHub's own runners, and an expression is known to a run only: neither counts.
    """
    told: Counter[str] = Counter()
    values: dict[str, Any] = {}
    for job in jobs:
        value = job.get("runs-on")
        named = mapping(value).get("labels", value)  # beside a group
        labels = [string(one) for one in named] if isinstance(named, list) else [string(named)]
        known = mapping(value) or [label for label in labels if label and "${{" not in label]
        if known and "${{" not in str(value) and not any(_costs(label) for label in labels):
            told[str(value)] += 1
            values[str(value)] = value
    best = told.most_common(1)
    return values[best[0][0]] if best else "ubuntu-latest"


def _costs(label: str) -> bool:
    return bool(_HOSTED.fullmatch(label)) and not label.startswith("ubuntu")


_ZONE = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Z][\w+-]+){1,2}")


def zone(environ: Mapping[str, str], link: str = "/etc/localtime") -> str:
    """The IANA name of the time zone of this machine, such as ``Europe/Berlin``; empty where it does not say."""
    named = environ.get("TZ", "").removeprefix(":")
    if not named:
        try:
            named = Path(link).readlink().as_posix()
        except OSError:
            named = ""
        named = named.partition("zoneinfo/")[2]
    return named if _ZONE.fullmatch(named) and not named.startswith("Etc/") else ""
