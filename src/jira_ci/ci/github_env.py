"""What GitHub Actions says of a run: environment and event -> Run, an answer -> PastRun, a workflow file -> its legs.

Pure; whatever an event lacks or garbles is left empty.

The variables: https://docs.github.com/actions/reference/workflows-and-actions/variables
The events: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jira_ci.errors import UsageError
from jira_ci.frozen import replace
from jira_ci.run import CI, Leg, PastRun, PullRequest, Run, leg_of_matrix, leg_of_values
from jira_ci.text import first, mapping, mappings, sha, string, strip_ref, url, whole

_PUSH_LIMIT = 2048
"""How many commits a push event holds at most (https://docs.github.com/webhooks/webhook-events-and-payloads#push)."""
_DEEPEST = 20
_QUEUE = r"gh-readonly-queue/.+/pr-([0-9]{1,18})-[0-9a-f]+\Z"
# The file, and behind it the ref, a commit, or nothing.
_WORKFLOW = re.compile(r"(.+?\.ya?ml)(?:@.*)?", re.DOTALL)
_COMMIT = r"@(?:[0-9a-f]{40}|[0-9a-f]{64})?\Z"
_WITHOUT_SECRETS = {"pull_request", "pull_request_review", "pull_request_review_comment"}


def read(environ: Mapping[str, str], event: Mapping[str, Any]) -> Run:
    """What GitHub says about this run.

    Args:
        environ: the process environment.
        event: the parsed event file, or an empty mapping.

    Raises:
        UsageError: a variable that GitHub always sets is missing or no such value.
    """
    run = _job(environ, event)
    ref = string(environ.get("GITHUB_REF"))
    pull_request = _pull_request(environ, event, run.repository_url, ref)
    base, commits, complete = _range(run.event, ref, event)
    return replace(
        run,
        commit=_commit(environ, event, run.event, pull_request),
        branch=_branch(event, run.event, ref, pull_request),
        tag=strip_ref(ref, "tags") or string(mapping(event.get("release")).get("tag_name")),
        base=base,
        messages=tuple(string(commit["message"]) for commit in commits),
        message_ids=tuple(sha(commit.get("id")) for commit in commits),
        messages_complete=complete,
        authors=_authors(commits, event),
        pull_request=pull_request,
        environment=_environment(event),
        event_state=_event_state(event, run.event),
        secrets_withheld=_withheld(environ, event, run.event),
        release_notes=string(mapping(event.get("release")).get("body")),
        payload=tuple(_payload(mapping(event.get("deployment")).get("payload"))),
    )


def _authors(commits: Iterable[Mapping[str, Any]], event: Mapping[str, Any]) -> tuple[str, ...]:
    """Logins of the authors; a commit whose author GitHub does not know has none."""
    known = [*commits, mapping(event.get("head_commit"))]
    logins = (string(mapping(commit.get("author")).get("username")) for commit in known)
    return tuple(dict.fromkeys(filter(None, logins)))


def _payload(given: object, depth: int = 0) -> Iterator[str]:
    """The texts in a deployment's payload: a text itself, or any JSON."""
    if isinstance(given, str):
        yield string(given)
    elif isinstance(given, (list, dict)) and depth < _DEEPEST:
        for part in given.values() if isinstance(given, dict) else given:
            yield from _payload(part, depth + 1)


def _job(environ: Mapping[str, str], event: Mapping[str, Any]) -> Run:
    """Whose run this is, and which one; what it builds is not looked at."""
    server = url(environ.get("GITHUB_SERVER_URL")) or "https://github.com"
    leg = leg_of_matrix(string(environ.get("JIRA_CI_INPUT_LEG")), string(environ.get("GITHUB_JOB")))
    repository = _required(environ, "GITHUB_REPOSITORY", r"[^/\s]+/[^/\s]+")
    run_id = _required(environ, "GITHUB_RUN_ID", r"[0-9]{1,18}")
    return Run(
        provider=CI.GITHUB,
        repository=repository,
        repository_id=_repository_id(environ, event, repository),
        repository_url=f"{server}/{repository}",
        commit="",
        number=int(_required(environ, "GITHUB_RUN_NUMBER", r"[0-9]{1,18}")),
        # Without /attempts/N: a re-run updates the same record, and this address shows the latest attempt.
        url=f"{server}/{repository}/actions/runs/{run_id}",
        run_id=run_id,
        workflow=_workflow(environ, repository),
        workflow_name=string(environ.get("GITHUB_WORKFLOW")),
        event=string(environ.get("GITHUB_EVENT_NAME")),
        default_branch=string(mapping(event.get("repository")).get("default_branch")),
        visibility=_visibility(mapping(event.get("repository"))),
        attempt=whole(environ.get("GITHUB_RUN_ATTEMPT")) or 1,
        actor=string(environ.get("GITHUB_ACTOR")),
        protected=environ.get("GITHUB_REF_PROTECTED") == "true",
        server_url=server,
        api_url=url(environ.get("GITHUB_API_URL")) or "https://api.github.com",
        graphql_url=url(environ.get("GITHUB_GRAPHQL_URL")),
        leg_values=leg.values,
        several_legs=leg.several,
        job=leg.job,
        leg=leg.name,
    )


def built(run: Run, event: Mapping[str, Any]) -> Run:
    """The run that a ``workflow_run`` event is about, as far as its identity goes: all of its jobs together. Any other
    run is its own."""
    about = mapping(event.get("workflow_run"))
    past = from_event(event, run.repository) if run.event == "workflow_run" else None
    if past is None:
        return run
    return replace(
        run,
        number=past.number,
        url=url(about.get("html_url")) or f"{run.repository_url}/actions/runs/{past.run_id}",
        run_id=past.run_id,
        workflow=past.workflow,
        workflow_name=string(about.get("name")) or past.workflow,
        attempt=past.attempt,
        leg_values=(),
        several_legs=False,
        job="",
        leg="",
    )


def _environment(event: Mapping[str, Any]) -> str:
    """A status may name another environment than its deployment did
    (https://docs.github.com/rest/deployments/statuses#create-a-deployment-status)."""
    status, deployment = mapping(event.get("deployment_status")), mapping(event.get("deployment"))
    return string(status.get("environment")) or string(deployment.get("environment"))


def _event_state(event: Mapping[str, Any], name: str) -> str:
    if name == "deployment_status":
        return string(mapping(event.get("deployment_status")).get("state"))
    about = mapping(event.get("workflow_run")) if name == "workflow_run" else {}
    return string(about.get("conclusion")) or string(about.get("status"))


def _required(environ: Mapping[str, str], name: str, pattern: str) -> str:
    value = string(environ.get(name))
    if not re.fullmatch(pattern, value):
        raise UsageError(
            f"GITHUB_ACTIONS is set, but {name} is {'missing' if not value else 'not what GitHub sets'}.",
            f"Pass {name} on to the process (containers get it with `docker run -e {name}`), or unset GITHUB_ACTIONS.",
        )
    return value


def _visibility(repository: Mapping[str, Any]) -> str:
    private = repository.get("private")
    return string(repository.get("visibility")) or ("" if private is None else "private" if private else "public")


def _repository_id(environ: Mapping[str, str], event: Mapping[str, Any], repository: str) -> str:
    found = whole(environ.get("GITHUB_REPOSITORY_ID")) or whole(mapping(event.get("repository")).get("id"))
    return str(found) if found else repository


def _commit(environ: Mapping[str, str], event: Mapping[str, Any], name: str, pull_request: PullRequest | None) -> str:
    run = mapping(event.get("workflow_run"))
    return first(
        [
            # GITHUB_SHA is a merge commit that nobody keeps (pull_request) or the base (pull_request_target).
            pull_request.head_sha if pull_request else "",
            sha(mapping(event.get("deployment")).get("sha")),
            # GITHUB_SHA is the default branch's head here, not what the other workflow built.
            sha(run.get("head_sha")) if name == "workflow_run" else "",
            sha(environ.get("GITHUB_SHA")),
        ]
    ) or _required(environ, "GITHUB_SHA", r"[0-9a-f]{40}|[0-9a-f]{64}")


def _workflow(environ: Mapping[str, str], repository: str) -> str:
    """``.github/workflows/x.yml`` from ``owner/name/.github/workflows/x.yml@refs/heads/main``: the ref changes from run
    to run. A workflow of another repository (organisation rulesets) keeps its repository's name.
    """
    written = string(environ.get("GITHUB_WORKFLOW_REF"))
    file = _WORKFLOW.fullmatch(written)
    # GitHub's own workflows have no file; and instead of a ref there may stand a commit, or nothing.
    path = file[1] if file else re.sub(_COMMIT, "", written.partition("@refs/")[0])
    if path.lower().startswith(repository.lower() + "/"):
        path = path[len(repository) + 1 :]
    return path or string(environ.get("GITHUB_WORKFLOW"))


def _branch(event: Mapping[str, Any], name: str, ref: str, pull_request: PullRequest | None) -> str:
    if name == "workflow_run":
        return string(mapping(event.get("workflow_run")).get("head_branch"))
    if pull_request and pull_request.branch:
        return pull_request.branch
    named = string(mapping(event.get("deployment")).get("ref"))  # a branch, a tag or a commit; GITHUB_REF may be empty
    return strip_ref(ref) or ("" if ref or sha(named) or named.startswith("refs/tags/") else strip_ref(named) or named)


def _pull_request(environ: Mapping[str, str], event: Mapping[str, Any], home: str, ref: str) -> PullRequest | None:
    found = mapping(event.get("pull_request"))
    group = mapping(event.get("merge_group"))
    queue = re.match(_QUEUE, strip_ref(string(group.get("head_ref")) or ref))
    issue = mapping(event.get("issue"))
    others = mappings(mapping(event.get("workflow_run")).get("pull_requests"))
    number = next(
        filter(
            None,
            [
                whole(found.get("number")),
                whole(queue[1]) if queue else None,
                whole(issue.get("number")) if "pull_request" in issue else None,
                whole(others[0].get("number")) if others else None,
                whole(ref.split("/")[2]) if ref.startswith("refs/pull/") else None,
            ],
        ),
        None,
    )
    if number is None:
        return None
    head, base = mapping(found.get("head")), mapping(found.get("base"))
    run_head = mapping(others[0].get("head")) if others else {}
    return PullRequest(
        number=number,
        title=string(found.get("title")) or string(issue.get("title")),
        branch=first([string(head.get("ref")), string(environ.get("GITHUB_HEAD_REF")), string(run_head.get("ref"))]),
        url=url(found.get("html_url")) or f"{home}/pull/{number}",
        base_sha=sha(base.get("sha")),
        head_sha=sha(head.get("sha")),
        commits=whole(found.get("commits")),
        description=string(found.get("body")) if "body" in found else None,
    )


def _range(name: str, ref: str, event: Mapping[str, Any]) -> tuple[str, list[Mapping[str, Any]], bool]:
    """The commit before the event's own ones, the commits the event holds, and whether these are all."""
    if name == "merge_group":
        group = mapping(event.get("merge_group"))
        return sha(group.get("base_sha")), _told([group.get("head_commit")]), False
    if name == "workflow_run":
        return "", _told([mapping(event.get("workflow_run")).get("head_commit")]), False
    if name != "push" or event.get("deleted") is True:
        return "", [], False
    listed = event.get("commits")
    commits = _told(listed if isinstance(listed, list) else [])
    sound = isinstance(listed, list) and len(commits) == len(listed) < _PUSH_LIMIT
    # A tag's push holds no commits, and neither does a new branch that brings nothing new.
    complete = sound and bool(commits) and ref.startswith("refs/heads/")
    return sha(event.get("before")), _own(event, ref, commits) or _told([event.get("head_commit")]), complete


def _own(event: Mapping[str, Any], ref: str, commits: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A push's commits, after a rebase without those of the branch that was rebased onto: they were pushed before, so
    they are not distinct (https://docs.github.com/webhooks/webhook-events-and-payloads#push). A merge brings commits
    that were pushed before as well, and they count."""
    default = string(mapping(event.get("repository")).get("default_branch"))
    if event.get("forced") is not True or strip_ref(ref) == default:
        return commits
    return [commit for commit in commits if commit.get("distinct") is not False] or commits


def _told(commits: list[Any]) -> list[Mapping[str, Any]]:
    return [commit for commit in mappings(commits) if isinstance(commit.get("message"), str)]


def _withheld(environ: Mapping[str, str], event: Mapping[str, Any], name: str) -> str:
    if environ.get("GITHUB_ACTOR") == "dependabot[bot]":
        return "Dependabot (it is given Dependabot's own secrets only)"
    if name not in _WITHOUT_SECRETS:
        return ""
    pull_request = mapping(event.get("pull_request"))
    head, base = mapping(pull_request.get("head")), mapping(pull_request.get("base"))
    ours = mapping(base.get("repo")).get("id")
    # A deleted fork is null.
    return "a fork's pull request" if head and ours and mapping(head.get("repo")).get("id") != ours else ""


def from_github(found: Mapping[str, Any], repository: str, path: str = "") -> PastRun | None:
    """A run from GitHub's API or event; None when it does not say which one it is.

    Args:
        repository: ``owner/name``, for a workflow's path that begins with it.
        path: the workflow's, where the run itself does not say it.
    """
    run_id, number = whole(found.get("id")), whole(found.get("run_number"))
    # The API writes .github/workflows/x.yml, at times with @main behind it.
    workflow = (string(found.get("path")) or path).partition("@")[0]
    if workflow.lower().startswith(repository.lower() + "/"):
        workflow = workflow[len(repository) + 1 :]
    if not (run_id and number and workflow):
        return None
    ended = found.get("status") == "completed"
    return PastRun(
        str(run_id),
        number,
        ended,
        string(found.get("conclusion" if ended else "status")),
        workflow,
        whole(found.get("run_attempt")) or 1,
        sha(found.get("head_sha")),
    )


def from_event(event: Mapping[str, Any], repository: str) -> PastRun | None:
    """The run that a ``workflow_run`` event is about."""
    return from_github(
        mapping(event.get("workflow_run")), repository, string(mapping(event.get("workflow")).get("path"))
    )


_MOST_LEGS = 256  # jobs that GitHub makes of one matrix


class UnknownLegs(Exception):
    """The file does not say which legs there are."""


def legs_of_workflow(text: str) -> list[Leg]:
    """The legs of the jobs of a workflow's file that may report to Jira: those whose steps mention it, or else all.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix

    Raises:
        UnknownLegs: the file cannot be read, or only a run knows its matrix, or another workflow's file holds the job.
    """
    import yaml

    try:
        jobs = mapping(mapping(yaml.safe_load(text)).get("jobs"))
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UnknownLegs("it is not YAML") from None
    named = {str(name): mapping(job) for name, job in jobs.items()}
    reporting = {name: job for name, job in named.items() if _may_report(job)}
    return [leg for name, job in (reporting or named).items() for leg in _legs_of(name, job)]


def _may_report(job: Mapping[str, Any]) -> bool:
    written = repr((job.get("steps"), job.get("uses"))).lower()
    return "jira-ci" in written or "jira_ci" in written


def _legs_of(name: str, job: Mapping[str, Any]) -> Iterator[Leg]:
    if "uses" in job:
        raise UnknownLegs(f"the job {name} is another workflow's")
    matrix = mapping(job.get("strategy")).get("matrix")
    if matrix is None:
        yield Leg(name)
        return
    rows = _rows(name, matrix)
    yield from (leg_of_values(name, row, several=len(rows) > 1) for row in rows)


def _rows(name: str, matrix: Any) -> list[dict[str, Any]]:
    if not isinstance(matrix, Mapping) or "${{" in repr(matrix):
        raise UnknownLegs(f"only a run knows the matrix of the job {name}")
    axes = {str(axis): values for axis, values in matrix.items() if axis not in ("include", "exclude")}
    if not all(isinstance(values, list) for values in axes.values()):
        raise UnknownLegs(f"the matrix of the job {name} is none")
    excluded, included = mappings(matrix.get("exclude")), mappings(matrix.get("include"))
    made = itertools.product(*axes.values()) if axes else iter(())
    rows = [dict(zip(axes, values, strict=True)) for values in itertools.islice(made, _MOST_LEGS)]
    rows = [row for row in rows if not any(_fits(one, row) for one in excluded)]
    original = len(rows)
    for one in included:
        over = {axis: value for axis, value in one.items() if axis in axes}
        # It is added to every combination of which it changes no value; where there is none, it is one of its own.
        fitting = [row for row in rows[:original] if _fits(over, row)]
        for row in fitting:
            row.update(one)
        if not fitting:
            rows.append(dict(one))
    return rows[:_MOST_LEGS]


def _fits(part: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(name in row and row[name] == value for name, value in part.items())
