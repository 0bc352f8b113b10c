"""The keys of all that was merged since the last deployment, out of a clone of one commit, beside the build before."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import scene
from figures.process import Weight, clean_environ, jira_ci, memory, weigh
from jira_sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
BEFORE = "819711a"
"""The build before: it asked one question after the other, and for fifty pull requests."""
_DEPLOYMENT = ("deployment", "--environment", "prod", "--version", "1.4.0", "--state", "success")


@dataclass(frozen=True)
class Row:
    """One history."""

    name: str
    merges: int
    delay: float
    """Seconds before each of the provider's answers."""
    most: str
    """What is wanted."""
    sign: str = " (#{})"
    """How a squashed commit names its pull request."""


ROWS = [
    Row("GitHub", 200, 0.080, "at most 6 requests, 0.15 of the wall before, 200 keys"),
    Row("GitHub", 1000, 0.020, "at most 25 requests, 500 keys and the rest named"),
    Row("GitHub by REST alone", 200, 0.080, "200 keys"),
    Row("GitLab", 200, 0.080, "at most 8 requests, 0.15 of the wall before, 200 keys", " (!{})"),
    Row("GitLab, fast-forwarded", 200, 0.080, "at most 8 requests, 200 keys", ""),
]


def measure() -> None:
    """Prints the figures."""
    sys.path.insert(0, str(ROOT / "tests"))
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    with tempfile.TemporaryDirectory() as temporary:
        before = built_before(Path(temporary) / "before")
        for number, row in enumerate(ROWS):
            folder = Path(temporary) / str(number)
            folder.mkdir()
            _measure(row, folder, before)


def _measure(row: Row, folder: Path, before: list[str]) -> None:
    clone, ids = _histories(folder, row)
    with Sandbox() as sandbox, _provider(row, ids) as provider:
        scene.git(clone, "remote", "set-url", "origin", f"{provider.address}/{_REPOSITORY[row.name[:6]]}.git")
        jira = scene.jira(sandbox, sandbox.address, sandbox.address)
        environ = clean_environ() | jira | _job(row, provider, ids[-1], clone, folder)
        now = _weigh(jira_ci(*_DEPLOYMENT), environ, clone, provider, sandbox)
        told = f"{row.name}, {row.merges} squash merges, {row.delay * 1000:.0f} ms"
        peak = memory([*_DEPLOYMENT], environ, str(clone))
        print(f"{told}: {now[0]}, {now[1]} requests, {now[2]} keys, {peak:.0f} MB ({row.most})")
        if before:
            then = _weigh([*before, *_DEPLOYMENT], environ, clone, provider, sandbox)
            print(f"  {BEFORE}: {then[0]}, {then[1]} requests, {then[2]} keys")
            print(f"    ratio: {now[0].wall / then[0].wall:.2f} wall\n")


_REPOSITORY = {"GitHub": "octo/hello", "GitLab": "acme/web"}


def _weigh(
    command: list[str], environ: dict[str, str], clone: Path, provider: Any, sandbox: Sandbox
) -> tuple[Weight, int, int]:
    """What it cost at best, how many requests the provider got, and how many keys Jira did."""
    weigh(command, environ, str(clone), times=1)
    _forget(provider)
    before = len(sandbox.exchanges)
    first = weigh(command, environ, str(clone), times=1)
    count = _count(provider)
    keys = _keys(sandbox, before)
    best = weigh(command, environ, str(clone), times=2)
    return Weight(min(first.wall, best.wall), min(first.cpu, best.cpu)), count, keys


def _keys(sandbox: Sandbox, before: int) -> int:
    bulks = [json.loads(one.body) for one in sandbox.exchanges[before:] if one.path.endswith("/bulk")]
    known = bulks[-1]["deployments"][0]["associations"] if bulks else []
    return sum(len(one["values"]) for one in known if one["associationType"] == "issueIdOrKeys")


def _forget(provider: Any) -> None:
    for name in ("exchanges", "asked"):
        getattr(provider, name, []).clear()


def _count(provider: Any) -> int:
    """Requests of the API; git's own are none."""
    own = [one for one in provider.exchanges if one.target.startswith(("/repos/", "/projects/"))]
    return len(own) + len(getattr(provider, "asked", []))


def _histories(folder: Path, row: Row) -> tuple[Path, list[str]]:
    """A repository of squash merges and its clone of one commit, as actions/checkout makes it; the commits' ids."""
    upstream, clone = folder / "upstream", folder / "clone"
    upstream.mkdir()
    scene.git(upstream, "init", "--quiet", "--initial-branch=main")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=upstream, check=True, input="".join(_commits(row)), text=True)
    scene.git(folder, "clone", "--quiet", "--depth=1", upstream.as_uri(), str(clone))
    return clone, scene.git(upstream, "rev-list", "--reverse", "main").split()


def _message(row: Row, number: int) -> str:
    return f"Change number {number}{row.sign.format(number)}\n\nIt does what it says."


def _commits(row: Row) -> Iterator[str]:
    for number in range(1, row.merges + 2):
        message = _message(row, number)
        yield (
            f"commit refs/heads/main\ncommitter Ana <ana@example.com> {1_772_366_400 + number} +0000\n"
            f"data {len(message)}\n{message}\n"
        )


@contextmanager
def _provider(row: Row, ids: list[str]) -> Iterator[Any]:
    """Answers after a delay; the pull request of the n-th commit is #n, whose branch holds the key."""
    from providers.github_graphql_server import GitHubGraph
    from providers.github_server import GitHub
    from providers.gitlab_server import GitLab
    from providers.serving import serving

    made: GitHubGraph | GitHub | GitLab
    numbers = range(1, len(ids) + 1)
    if row.name.startswith("GitLab"):
        made = GitLab()
        made.left = {number: {"squash_commit_sha": ids[number - 1]} for number in numbers}
        made.requests = {number: (number, number) for number in numbers}
        made.deployments = [(1, 9001)]
    else:
        made = GitHubGraph("/api/v3") if row.name == "GitHub" else GitHub("/api/v3")
        made.pulls = {number: (number - 1, number) for number in numbers}
        failures = [(1, ["failure", "in_progress"], 9002)] * 10
        made.deployments = [*failures, (1, ["inactive", "success"], 9001)]
        made.titles = {number: f"Change number {number}" for number in numbers}
    made.ids, made.delay = ids, row.delay
    made.messages = [_message(row, number) for number in numbers]
    made.branches = {number: f"feature/WEB-{number}" for number in numbers}
    with serving(made):
        yield made


def _job(row: Row, provider: Any, head: str, clone: Path, folder: Path) -> dict[str, str]:
    url, address = provider.url, provider.address
    if row.name.startswith("GitLab"):
        return {
            "GITLAB_CI": "true", "CI_API_V4_URL": url, "CI_SERVER_URL": address, "CI_PROJECT_ID": "42",
            "CI_PROJECT_PATH": "acme/web", "CI_PROJECT_URL": f"{address}/acme/web", "CI_COMMIT_SHA": head,
            "CI_PIPELINE_ID": "9900", "CI_PIPELINE_IID": "41", "CI_PIPELINE_SOURCE": "schedule",
            "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_JOB_NAME": "deploy",
            "CI_PROJECT_DIR": str(clone), "JIRA_CI_GITLAB_TOKEN": "t0ken",
        }  # fmt: skip
    event = folder / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "main"}}), encoding="utf-8")
    (folder / "output").touch()
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main",
        "GITHUB_REPOSITORY": "octo/hello", "GITHUB_REPOSITORY_ID": "1", "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "9900", "GITHUB_RUN_NUMBER": "41", "GITHUB_SERVER_URL": address, "GITHUB_SHA": head,
        "GITHUB_WORKFLOW": "Deploy", "GITHUB_WORKSPACE": str(clone), "GITHUB_API_URL": url,
        "GITHUB_GRAPHQL_URL": f"{address}/api/graphql", "JIRA_CI_GITHUB_TOKEN": "t0ken", "GITHUB_JOB": "deploy",
        "GITHUB_WORKFLOW_REF": "octo/hello/.github/workflows/deploy.yml@refs/heads/main",
    }  # fmt: skip


def built_before(folder: Path) -> list[str]:
    """The command line of the build before, out of the history of git; nothing where that does not reach so far."""
    archive = subprocess.run(
        ["git", "archive", BEFORE, "src", "jira-ci.schema.json"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        print(f"{BEFORE} is not in this clone: there is nothing to compare with.")
        return []
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    run = f"import sys; sys.path.insert(0, {str(folder / 'src')!r}); from jira_ci.cli import main; sys.exit(main())"
    return [sys.executable, "-I", "-c", run]
