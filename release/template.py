"""The GitLab template of a release, which names its archive by SHA-256, and the CI/CD component made from the template.

``python -m release.template`` writes the component again after the template was edited.
"""

from __future__ import annotations

import re
from pathlib import Path

from release.contents import Tree

NAME = ".gitlab-ci-template.yml"
COMPONENT = "templates/jira-ci/template.yml"
_HEADER = "release/component.yml"
_UNPINNED = b"jira_ci_sha256='' # a release names its archive here\n"
_BODY = "# jira_ci COMMAND: "
_COMMAND = "        jira_ci_command=${1:-}\n"
_IMAGE = "image: python:3.13"
_JOB = re.compile(r"(?<![\w./-])\.jira-ci(?![\w./])((?:-[a-z]+)*)")
# Interpolation comes before YAML and the shell. The header's regex lets nothing through that could leave the quotes.
_INPUTS = """
        # The component's inputs: each is for where its variable is not set.
        jira_ci_site='$[[ inputs.site ]]' jira_ci_projects='$[[ inputs.projects ]]'
        jira_ci_given='$[[ inputs.pyz ]]' jira_ci_given_sha256='$[[ inputs.pyz-sha256 ]]'
        [ -z "$jira_ci_site" ] || export JIRA_CI_SITE="${JIRA_CI_SITE-$jira_ci_site}"
        [ -z "$jira_ci_projects" ] || export JIRA_CI_PROJECTS="${JIRA_CI_PROJECTS-$jira_ci_projects}"
        [ -z "$jira_ci_given" ] || JIRA_CI_PYZ=${JIRA_CI_PYZ-$jira_ci_given}
        [ -z "$jira_ci_given_sha256" ] || JIRA_CI_PYZ_SHA256=${JIRA_CI_PYZ_SHA256-$jira_ci_given_sha256}
"""


def component(template: bytes, header: bytes) -> bytes:
    """The component: its header, then the template's jobs with inputs for their prefix, their image and some settings.

    Raises:
        SystemExit: the template has not the places that inputs go to.
    """
    _, found, body = template.decode().partition(_BODY)
    if not found or _COMMAND not in body or _IMAGE not in body:
        raise SystemExit(f"{NAME} has no place for the component's inputs.")
    body = body.replace(_COMMAND, _COMMAND + _INPUTS).replace(_IMAGE, 'image: "$[[ inputs.image ]]"')
    lines = (line if line.lstrip().startswith("#") else _prefixed(line) for line in body.splitlines(keepends=True))
    return header + (_BODY + "".join(lines)).encode()


def _prefixed(line: str) -> str:
    return _JOB.sub(r'"$[[ inputs.prefix ]]\1"', line)


def release(files: Tree, version: str, sha256: str) -> Tree:
    """The template and the component with the archive's hash; unchanged where they hold that already.

    Raises:
        SystemExit: the component is not the one that this template makes, or names another archive or version.
    """
    named = pinned(files[NAME], version, sha256)
    if component(files[NAME], files[_HEADER]) != files[COMPONENT]:
        raise SystemExit(f"{COMPONENT} is not what {NAME} makes: run python -m release.template.")
    return {NAME: named, COMPONENT: component(named, files[_HEADER])}


def pinned(text: bytes, version: str, sha256: str) -> bytes:
    """The template with the archive's hash; unchanged when it holds that already, as in a release's own tree.

    Raises:
        SystemExit: it names another archive, or is one of another version.
    """
    line = f"jira_ci_sha256={sha256}\n".encode()
    if f"        jira_ci_version={version}\n".encode() not in text:
        raise SystemExit(f"{NAME} is not of version {version}.")
    if text.count(_UNPINNED) + text.count(line) != 1:
        raise SystemExit(f"{NAME} names another archive than the one built here, {sha256}.")
    return text.replace(_UNPINNED, line)


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    (root / COMPONENT).write_bytes(component((root / NAME).read_bytes(), (root / _HEADER).read_bytes()))
