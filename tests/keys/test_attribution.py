"""Which issues each service claims, from real repositories and from providers that answer, refuse, or are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci.repositories import ENVIRON, Repository
from jira_ci.ci.api import Commits, Touched
from jira_ci.git.repository import Git
from jira_ci.keys.attribution import Whose, attribute
from jira_ci.keys.run_range import Asked
from jira_ci.run import CI, PullRequest, Run
from table_provider import Provider

A, B = ("services/a/**",), ("services/b", "libs/**", "!libs/docs")
SHA = "a" * 40


def run_of(**values: Any) -> Run:
    plain = {"commit": SHA, "event": "push", "branch": "main", "default_branch": "main"}
    return Run(CI.GITHUB, "octo/hello", "1", "", number=1, url="", **{**plain, **values})


def claims(
    run: Run, git: Git, api: Provider | None = None, services: Any = (A, B), **asked: Any
) -> tuple[list[list[str]], list[str]]:
    gaps: list[str] = []
    whose = {name: asked.pop(name) for name in ("explicit", "projects") if name in asked}
    found = attribute(Whose(services, **whose), Asked(**asked), run, git, api, gaps)
    return [list(keys.keys) for keys in found], gaps


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "upstream")
    made.touch("base", "README.md")
    return made


@pytest.fixture
def nowhere(tmp_path: Path) -> Git:
    (tmp_path / "empty").mkdir()
    return Git(tmp_path / "empty", {**ENVIRON, "GIT_CEILING_DIRECTORIES": str(tmp_path)})


def test_each_service_claims_what_touches_its_paths(repository: Repository) -> None:
    base = repository.git.head()
    repository.touch("WEB-1", "services/a/x")
    repository.touch("WEB-2", "services/b/x", "docs/y")
    repository.touch("WEB-3 WEB-1", "services/a/x", "libs/x")
    repository.touch("WEB-4", "README.md", "libs/docs/x")
    repository.commit("WEB-5 empty")
    found, gaps = claims(run_of(base=base, commit=repository.git.head()), repository.git, Provider())
    assert found == [["WEB-3", "WEB-1"], ["WEB-3", "WEB-1", "WEB-2"]]
    assert gaps == []


def test_the_source_names_the_commit_and_the_file_on_one_line(repository: Repository) -> None:
    base = repository.git.head()
    commit = repository.touch("WEB-1", "README.md", "services/a/::x\n::stop-commands::y")
    gaps: list[str] = []
    keys, _ = attribute(Whose((A, B)), Asked(), run_of(base=base, commit=commit), repository.git, None, gaps)
    assert keys.sources == {"WEB-1": f"commit {commit[:8]} (services/a/::x\\n::stop-commands::y)"}


def test_a_merge_commits_key_goes_where_its_branch_went(repository: Repository) -> None:
    base = repository.git.head()
    repository.run("checkout", "--quiet", "-b", "feature/WEB-12")
    repository.touch("no key", "services/a/x")
    repository.run("checkout", "--quiet", "main")
    repository.touch("WEB-9", "services/b/x")
    repository.run("checkout", "--quiet", "feature/WEB-12")
    repository.run("merge", "--quiet", "--no-ff", "-m", "Merge branch 'main' into feature/WEB-12", "main")
    repository.run("checkout", "--quiet", "main")
    message = "Merge pull request #12 from acme/feature/WEB-12"
    repository.run("merge", "--quiet", "--no-ff", "-m", message, "feature/WEB-12")
    found, _ = claims(run_of(base=base, commit=repository.git.head()), repository.git, Provider())
    assert found == [["WEB-12"], ["WEB-9"]]


def test_a_pull_requests_title_counts_where_any_of_its_commits_does(repository: Repository) -> None:
    base = repository.git.head()
    repository.touch("no key", "services/a/x")
    head = repository.touch("WEB-3", "services/a/y")
    own = PullRequest(12, "WEB-1 title", "feature/web-2", "", base, head, 2)
    found, gaps = claims(run_of(commit=head, pull_request=own), repository.git, explicit=("OPS-1",))
    assert found == [["OPS-1", "WEB-1", "WEB-2", "WEB-3"], ["OPS-1"]]
    assert gaps == []


def test_a_squashed_pull_request_counts_where_its_commits_do(repository: Repository) -> None:
    base = repository.git.head()
    repository.touch("One (#12)", "services/a/x")
    repository.touch("Two (#12)", "services/b/x")
    repository.touch("Three (#13)", "services/a/x")
    repository.touch("Elsewhere (#14)", "README.md")
    api = Provider(
        {
            ("pull", 12): PullRequest(12, "WEB-12", "feature/web-13"),
            ("pull", 13): PullRequest(13, "WEB-14", ""),
        }
    )
    run = run_of(base=base, commit=repository.git.head())
    assert claims(run, repository.git, api) == ([["WEB-14", "WEB-12", "WEB-13"], ["WEB-12", "WEB-13"]], [])
    assert ("pull", 14) not in api.asked


def test_fifty_services_are_served_by_one_pass(repository: Repository) -> None:
    base = repository.git.head()
    for number in range(20):
        repository.touch(f"WEB-{number + 1}", f"services/s{number}/x", f"libs/l{number % 2}/x")
    services = [(f"services/s{number}/**", f"libs/l{number % 2}/**", "!libs/l1/x") for number in range(50)]
    found, gaps = claims(run_of(base=base, commit=repository.git.head()), repository.git, services=services)
    even = [f"WEB-{number + 1}" for number in range(18, -1, -2)]
    assert found[0] == found[48] == even
    assert found[1] == ["WEB-2"]
    assert found[49] == []
    assert gaps == []


def test_a_shallow_clones_last_commit_has_not_made_everything(repository: Repository, tmp_path: Path) -> None:
    repository.touch("WEB-1", "services/a/x")
    head = repository.touch("WEB-2", "services/b/x")
    clone = repository.clone(tmp_path / "clone", "--depth=1")
    clone.run("remote", "set-url", "origin", str(tmp_path / "gone"))
    api = Provider({("files", head): Touched(("services/b/x",))})
    run = run_of(commit=head, event="workflow_dispatch", branch="")
    api.answers["pulls of", head] = []
    assert claims(run, clone.git, api) == ([[], ["WEB-2"]], [])
    assert api.asked == [("files", head)]
    found, gaps = claims(run, clone.git)
    assert found == [[], []]
    assert gaps == [
        "Which files a commit touches is not known: github-token is not set, so the provider was not asked; their"
        " issues count for no service (give actions/checkout `fetch-depth: 0`)."
    ]


def test_a_shallow_clone_is_deepened_before_anybody_is_asked(repository: Repository, tmp_path: Path) -> None:
    repository.touch("WEB-1", "services/a/x")
    head = repository.touch("WEB-2", "services/b/x")
    clone = repository.clone(tmp_path / "clone", "--depth=1")
    api = Provider()
    run = run_of(commit=head, event="workflow_dispatch", branch="")
    assert claims(run, clone.git, api) == ([[], ["WEB-2"]], [])
    assert api.asked == []


def test_what_only_the_event_tells_is_asked_for(nowhere: Git) -> None:
    ids = tuple(f"{number:040x}" for number in range(1, 4))
    run = run_of(
        messages=("WEB-1", "no key", "WEB-3"), message_ids=ids, messages_complete=True, commit=ids[2], branch=""
    )
    api = Provider({("files", ids[0]): Touched(("services/a/x",)), ("files", ids[2]): Touched(("x", "libs/y"))})
    assert claims(run, nowhere, api) == ([["WEB-1"], ["WEB-3"]], [])
    assert ("files", ids[1]) not in api.asked, "a commit without a key is worth no request"


def test_a_title_asks_for_the_other_commits_too(nowhere: Git) -> None:
    ids = tuple(f"{number:040x}" for number in range(1, 4))
    commits = Commits(tuple((commit, "no key") for commit in ids))
    own = PullRequest(12, "WEB-1", "topic", "", "c" * 40, ids[2])
    api = Provider({("pull commits", 12): commits, **{("files", commit): Touched(("libs/x",)) for commit in ids}})
    assert claims(run_of(pull_request=own, commit=SHA), nowhere, api) == ([[], ["WEB-1"]], [])


def test_the_bound_on_requests_is_said(nowhere: Git) -> None:
    ids = [f"{number:040x}" for number in range(1, 61)]
    commits = Commits(tuple((commit, f"WEB-{number + 1}") for number, commit in enumerate(ids)))
    api = Provider({("compare", "c" * 40, SHA): commits, **{("files", sha): Touched(("libs/x",)) for sha in ids}})
    found, gaps = claims(run_of(base="c" * 40, branch=""), nowhere, api, services=(B,))
    assert len(found[0]) == 50
    assert gaps == [
        "Which files 10 commits touch is not known: only 50 were asked for; their issues count for no service (give"
        " actions/checkout `fetch-depth: 0`)."
    ]


def test_a_cut_list_of_files_is_said(nowhere: Git) -> None:
    api = Provider({("compare", "c" * 40, SHA): Commits(((SHA, "WEB-1"),))})
    api.answers["files", SHA] = Touched(("services/a/x",), complete=False)
    found, gaps = claims(run_of(base="c" * 40, branch=""), nowhere, api)
    assert found == [["WEB-1"], []]
    assert gaps == ["The provider lists only some of the files of a commit (give actions/checkout `fetch-depth: 0`)."]


def test_a_refusal_is_said_once_and_ends_the_asking(nowhere: Git) -> None:
    ids = [f"{number:040x}" for number in range(1, 6)]
    commits = Commits(tuple((commit, "WEB-1") for commit in ids))
    api = Provider({("compare", "c" * 40, SHA): commits})
    found, gaps = claims(run_of(base="c" * 40, branch=""), nowhere, api)
    assert found == [[], []]
    assert gaps[0] == "The provider did not show files."
    assert "5 commits touch is not known" in gaps[1]
    assert len(api.asked) == 2


def test_bringing_a_branch_up_to_date_needs_no_files(nowhere: Git) -> None:
    commits = Commits(((SHA, "Merge branch 'main' into feature/WEB-12"),))
    api = Provider({("compare", "c" * 40, SHA): commits})
    assert claims(run_of(base="c" * 40, branch=""), nowhere, api) == ([[], []], [])


def test_a_clone_without_trees_has_its_files_from_the_provider(repository: Repository, tmp_path: Path) -> None:
    repository.run("config", "uploadpack.allowFilter", "true")
    base = repository.git.head()
    head = repository.touch("WEB-1", "services/a/x")
    clone = repository.clone(tmp_path / "clone", "--filter=tree:0", "--no-checkout")
    api = Provider({("files", head): Touched(("services/a/x",))})
    assert claims(run_of(base=base, commit=head), clone.git, api) == ([["WEB-1"], []], [])


def test_only_keys_of_the_projects_count(repository: Repository) -> None:
    base = repository.git.head()
    head = repository.touch("web-1 OPS-2", "services/a/x")
    found, _ = claims(run_of(base=base, commit=head), repository.git, projects=("WEB",))
    assert found == [["WEB-1"], []]


def test_a_merge_into_an_environments_branch_keeps_its_keys(repository: Repository) -> None:
    base = repository.git.head()
    repository.run("branch", "production")
    repository.touch("Pay by card", "services/a/x")
    repository.run("checkout", "--quiet", "production")
    message = "Merge branch 'main' into 'production/WEB-99'\n\nREL-7 Release\n\nSee merge request acme/shop!12"
    repository.run("merge", "--quiet", "--no-ff", "-m", message, "main")
    run = run_of(branch="production", commit=repository.git.head())
    assert claims(run, repository.git, since=base)[0] == [["REL-7"], []]


def test_a_merged_branchs_key_goes_where_the_branch_went(repository: Repository) -> None:
    base = repository.git.head()
    repository.run("checkout", "--quiet", "-b", "feature/web-12-pay")
    repository.touch("Pay by card", "services/b/x")
    repository.run("checkout", "--quiet", "main")
    message = "Merge pull request #7 from acme/feature/web-12-pay"
    repository.run("merge", "--quiet", "--no-ff", "-m", message, "feature/web-12-pay")
    run = run_of(commit=repository.git.head())
    assert claims(run, repository.git, since=base)[0] == [[], ["WEB-12"]]


def test_a_clone_without_trees_is_told_apart_from_one_without_history(repository: Repository, tmp_path: Path) -> None:
    repository.run("config", "uploadpack.allowFilter", "true")
    base = repository.git.head()
    head = repository.touch("WEB-1", "services/a/x")
    bare = repository.clone(tmp_path / "treeless", "--filter=tree:0", "--no-checkout")
    found, gaps = claims(run_of(base=base, commit=head), bare.git)
    assert found == [[], []]
    assert len(gaps) == 1
    assert "give actions/checkout no `filter`, or `filter: blob:none`" in gaps[0]
    assert "fetch-depth" not in gaps[0]
