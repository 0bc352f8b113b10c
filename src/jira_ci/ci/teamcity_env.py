"""TeamCity: environment and the build's property files -> Run.

Most of what a build knows is in no variable: ``TEAMCITY_BUILD_PROPERTIES_FILE`` names a file of the system properties,
and ``teamcity.configuration.properties.file`` in it one of the configuration's parameters.
https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from jira_ci.ci import local_env
from jira_ci.run import CI, PullRequest, Run
from jira_ci.text import first, sha, strip_ref, url, variables, whole

_LARGEST = 4 * 1024 * 1024  # bytes of a file
# A reference that nothing was known for, and the default branch where the VCS root gives it no name.
_NOTHING = re.compile(r"%[^%\s]+%|<default>")
_LINE = re.compile(r"\s*(?P<name>(?:\\.|[^\\:=\s])+)\s*[:=\s]\s*(?P<value>.*)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_PULL = re.compile(r"(?:refs/)?(?:pull|pull-requests|merge-requests)/([0-9]{1,18})(?:/(?:head|merge|from))?")


def read(environ: Mapping[str, str], reader: Callable[[Path, int], bytes]) -> Run:
    """What TeamCity says about this build.

    Args:
        reader: reads a file; the second argument is the most bytes it may return.
    """
    get = variables(environ, _NOTHING)
    system = _properties(get("TEAMCITY_BUILD_PROPERTIES_FILE"), reader)
    known = {**_properties(system.get("teamcity.configuration.properties.file", ""), reader), **system}
    said = variables(known, _NOTHING)
    build = whole(said("teamcity.build.id"))
    ref = said("teamcity.build.branch")
    pull_request, tag = _pull_request(said, ref), strip_ref(ref, "tags")
    names = [get("TEAMCITY_PROJECT_NAME"), get("TEAMCITY_BUILDCONF_NAME")]
    run = Run(
        provider=CI.TEAMCITY,
        repository="",
        repository_id="",
        repository_url="",
        commit=sha(get("BUILD_VCS_NUMBER")),
        # The server's own id. BUILD_NUMBER is a text of the user's, whose counter may be set back.
        number=build or whole(get("BUILD_NUMBER")) or 0,
        url=first([url(get("BUILD_URL")), _address(said, build)]),
        run_id=str(build or get("BUILD_NUMBER")),
        # The names are for people, who may change them.
        workflow=said("teamcity.buildType.id") or " / ".join(filter(None, names)),
        workflow_name=" / ".join(filter(None, names)),
        event="pull_request" if pull_request else "build",
        branch=_branch(pull_request, tag, ref),
        tag=tag,
        pull_request=pull_request,
        actor=said("teamcity.build.triggeredBy.username"),
    )
    return local_env.with_repository(run, said("vcsroot.url"))


def _branch(pull_request: PullRequest | None, tag: str, ref: str) -> str:
    return pull_request.branch if pull_request else "" if tag else strip_ref(ref) or ref


def _address(said: Callable[[str], str], build: int | None) -> str:
    server = url(said("teamcity.serverUrl"))
    return f"{server}/viewLog.html?buildId={build}" if server and build else ""


def _pull_request(said: Callable[[str], str], ref: str) -> PullRequest | None:
    """What the build feature *Pull Requests* says, else the number in the branch."""
    match = _PULL.fullmatch(ref)
    number = whole(said("teamcity.pullRequest.number")) or (int(match[1]) if match else 0)
    if not number:
        return None
    branch = said("teamcity.pullRequest.source.branch")
    return PullRequest(number, said("teamcity.pullRequest.title"), strip_ref(branch) or branch)


def _properties(name: str, reader: Callable[[Path, int], bytes]) -> dict[str, str]:
    """A file in Java's format for properties; an empty mapping where there is none."""
    if not name:
        return {}
    try:
        lines = reader(Path(name), _LARGEST).decode("latin-1").splitlines()
    except (OSError, ValueError):
        return {}
    found = (_LINE.fullmatch(line) for line in lines if line.lstrip()[:1] not in ("#", "!"))
    return {_unescaped(match["name"]): _unescaped(match["value"]) for match in found if match}


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _PLAIN.get(match[2], match[2])

    return _ESCAPE.sub(one, text)
