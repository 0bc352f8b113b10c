"""Harness CI and Drone: environment -> Run. What the variables do not say, the checkout does.

Harness gives a plugin's container Drone's variables, and every step its own ``HARNESS_*``:
https://docs.drone.io/pipeline/environment/reference/,
https://developer.harness.io/docs/continuous-integration/use-ci/optimize-and-more/ci-env-var/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from jira_ci.ci import local_env
from jira_ci.errors import UsageError
from jira_ci.run import CI, PullRequest, Run
from jira_ci.text import first, sha, string, strip_ref, url, variables, whole

# An expression that Harness could not resolve arrives as it was written, or as "null".
_UNRESOLVED = re.compile(r"<\+[^>]*>|null")
_WORDS = {"true": "success", "false": "failure"}
_MILLISECONDS = 100_000_000_000  # seconds beyond the year 5000
_WITHHELD = "a pull request (Drone keeps secrets from those unless they are allowed)"


def is_here(environ: Mapping[str, str]) -> bool:
    """Whether Harness CI or Drone runs us."""
    get = variables(environ, _UNRESOLVED)
    of_drone = get("DRONE").lower() == "true" or get("DRONE_BUILD_NUMBER")
    return bool(of_drone or (get("HARNESS_PIPELINE_ID") and get("HARNESS_BUILD_ID")))


def read(environ: Mapping[str, str], checkout: Callable[[], Run]) -> Run:
    """What Harness or Drone says about this run.

    Args:
        environ: the process environment.
        checkout: what plain git says; asked only where the variables name no commit or no repository.

    Raises:
        UsageError: the build has no number.
    """
    get = variables(environ, _UNRESOLVED)
    run = _job(get)
    message = string(environ.get("DRONE_COMMIT_MESSAGE"))
    run = replace(
        run,
        branch=_branch(get, run.pull_request),
        tag=_tag(get),
        # A pull request's is its target, or whatever was there before the last push.
        base=sha(get("DRONE_COMMIT_BEFORE")) if run.event == "push" and not _tag(get) else "",
        messages=(message,) if message.strip() else (),
        message_ids=(run.commit,) if message.strip() else (),
        state=_state(get),
        environment=get("DRONE_DEPLOY_TO") if run.provider == CI.DRONE else "",
        secrets_withheld=_WITHHELD if run.provider == CI.DRONE and run.event == "pull_request" else "",
    )
    return local_env.completed(run, checkout)


def _job(get: Callable[[str], str]) -> Run:
    link = url(get("DRONE_REPO_LINK")) or url(get("DRONE_GIT_HTTP_URL").removesuffix(".git"))
    scope = [get(f"HARNESS_{name}_ID") for name in ("ACCOUNT", "ORG", "PROJECT", "PIPELINE")]
    ours = any(scope)
    started = whole(get("DRONE_STAGE_STARTED")) or whole(get("DRONE_BUILD_STARTED")) or 0
    commit = sha(get("DRONE_COMMIT_SHA")) or sha(get("DRONE_COMMIT"))
    return Run(
        provider=CI.HARNESS if ours else CI.DRONE,
        repository=get("DRONE_REPO") or _path(link),
        # Neither says the repository's own id. Its address, without what an https and an ssh remote differ in:
        repository_id=f"{urlsplit(link).netloc}/{_path(link)}".lower() if link else get("DRONE_REPO").lower(),
        repository_url=link,
        commit=commit,
        number=_number(get),
        url=url(get("DRONE_BUILD_LINK")),
        run_id=get("HARNESS_EXECUTION_ID") or get("DRONE_BUILD_NUMBER"),
        # Harness counts the runs of a pipeline, Drone those of a repository.
        workflow="/".join(part for part in scope if part),
        workflow_name=scope[-1],
        event=get("DRONE_BUILD_EVENT"),
        default_branch=get("DRONE_REPO_BRANCH"),
        attempt_started=started if started > _MILLISECONDS else started * 1000,
        job=first([get("HARNESS_STAGE_ID"), get("DRONE_STAGE_NAME")]),
        actor=get("DRONE_COMMIT_AUTHOR"),
        pull_request=_pull_request(get, commit),
    )


def _number(get: Callable[[str], str]) -> int:
    found = whole(get("DRONE_BUILD_NUMBER")) or whole(get("HARNESS_BUILD_ID"))
    if not found:
        raise UsageError(
            "This runs in Harness CI or Drone, but neither DRONE_BUILD_NUMBER nor HARNESS_BUILD_ID is a number.",
            "Pass one of them on to the process (containers get it with `docker run -e DRONE_BUILD_NUMBER`).",
        )
    return found


def _pull_request(get: Callable[[str], str], commit: str) -> PullRequest | None:
    number = whole(get("DRONE_PULL_REQUEST"))
    if not number:
        return None
    link = url(get("DRONE_COMMIT_LINK"))  # of a pull request it is the pull request's own, but not everywhere
    return PullRequest(
        number=number,
        title=get("DRONE_PULL_REQUEST_TITLE"),
        branch=get("DRONE_SOURCE_BRANCH"),
        url=link if link.endswith(f"/{number}") else "",
        head_sha=commit,
    )


def _branch(get: Callable[[str], str], pull_request: PullRequest | None) -> str:
    if pull_request:
        return pull_request.branch
    if _tag(get):
        return ""
    named = first([get("DRONE_COMMIT_BRANCH"), get("DRONE_SOURCE_BRANCH"), get("DRONE_BRANCH")])
    return strip_ref(named) or named


def _tag(get: Callable[[str], str]) -> str:
    # Harness puts a pushed tag's ref into the variables for branches.
    return first([get("DRONE_TAG"), *(strip_ref(get(name), "tags") for name in ("DRONE_COMMIT_REF", "DRONE_BRANCH"))])


def _state(get: Callable[[str], str]) -> str:
    """How it went so far: a failed stage counts before the build, whose status may not know of it yet."""
    stage, build = (get(name).lower() for name in ("DRONE_STAGE_STATUS", "DRONE_BUILD_STATUS"))
    stage, build = _WORDS.get(stage, stage), _WORDS.get(build, build)
    return stage if stage.startswith("fail") else build or stage


def _path(link: str) -> str:
    return urlsplit(link).path.strip("/").removesuffix(".git")
