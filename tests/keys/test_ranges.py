"""Which texts a run has, from real repositories and from providers that answer, refuse, or are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ci.repositories import ENVIRON, Repository
from jira_ci.ci.api import Commits
from jira_ci.errors import UsageError
from jira_ci.git.repository import Git
from jira_ci.keys.parse_keys import Source, Tally
from jira_ci.keys.resolve import texts
from jira_ci.keys.run_range import Asked
from jira_ci.run import CI, PullRequest, Run
from table_provider import Provider

SHA = "a" * 40
GONE = "b" * 40
NO_TOKEN = "github-token is not set, so the provider was not asked."


def run_of(**values: Any) -> Run:
    plain: dict[str, Any] = {
        "provider": "github",
        "repository": "octo/hello",
        "repository_id": "1",
        "repository_url": "",
        "commit": SHA,
        "number": 1,
        "url": "",
        "event": "push",
        "branch": "main",
        "default_branch": "main",
    }
    return Run(**{**plain, **values})


def read(
    run: Run,
    git: Git,
    api: Provider | None = None,
    since: str = "",
    environment: str = "",
    projects: Sequence[str] = (),
    version: str = "",
) -> tuple[list[str], list[str]]:
    """Texts (without trailing line breaks) and gaps."""
    gaps: list[str] = []
    asked = Asked(since, environment, version)
    found = texts(run, asked, git=git, api=api, gaps=gaps, projects=projects)
    return [source.text.rstrip("\n") for source in found], gaps


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "upstream")


@pytest.fixture
def nowhere(tmp_path: Path) -> Git:
    """A job without a checkout: a reporting job of its own has none."""
    (tmp_path / "empty").mkdir()
    return Git(tmp_path / "empty", {**ENVIRON, "GIT_CEILING_DIRECTORIES": str(tmp_path)})


def commits(*messages: str, complete: bool = True) -> Commits:
    return Commits(tuple((f"{number:040x}", message) for number, message in enumerate(messages, 1)), complete)


def pull(number: int = 12, title: str = "WEB-90 title", branch: str = "feature/web-91", **extra: Any) -> PullRequest:
    return PullRequest(number, title, branch, **extra)


# --- the event's own range


def test_a_push_with_all_its_commits_needs_neither_clone_nor_provider(nowhere: Git) -> None:
    run = run_of(messages=("WEB-1", "WEB-2"), message_ids=(GONE, SHA), messages_complete=True)
    gaps: list[str] = []
    found = list(texts(run, Asked(), git=nowhere, api=None, gaps=gaps))
    assert found == [
        Source("branch", "main", branch=True),
        Source("commit aaaaaaaa", "WEB-2"),
        Source("commit bbbbbbbb", "WEB-1"),
    ]
    assert gaps == []


def test_a_push_is_read_from_the_clone(repository: Repository) -> None:
    base = repository.commit("OLD-1")
    repository.commits("WEB-1", "WEB-2")
    api = Provider()
    run = run_of(base=base, commit=repository.git.head(), messages=("WEB-2",))
    assert read(run, repository.git, api) == (["main", "WEB-2", "WEB-1"], [])
    assert api.asked == []


def test_a_shallow_clone_is_deepened_before_the_provider_is_asked(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit("OLD-1")
    repository.commits(*(f"WEB-{number}" for number in range(1, 9)))
    shallow = repository.clone(tmp_path / "shallow", "--depth=1")
    api = Provider()
    found, gaps = read(run_of(base=base, commit=shallow.git.head()), shallow.git, api)
    assert found == ["main", *(f"WEB-{number}" for number in range(8, 0, -1))]
    assert (gaps, api.asked) == ([], [])


def offline(repository: Repository, tmp_path: Path) -> Repository:
    shallow = repository.clone(tmp_path / "shallow", "--depth=1")
    shallow.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    return shallow


@pytest.mark.parametrize(
    ("provider", "hint"),
    [("github", "give actions/checkout `fetch-depth: 0`"), ("gitlab", "set the variable GIT_DEPTH to 0")],
)
def test_a_shallow_clone_that_stays_so_is_completed_by_the_provider_or_said(
    repository: Repository, tmp_path: Path, provider: str, hint: str
) -> None:
    base, head = repository.commits("OLD-1", "WEB-2")
    shallow = offline(repository, tmp_path)
    run = run_of(provider=provider, base=base, commit=head)
    api = Provider({("compare", base, head): commits("WEB-1", "WEB-2")})
    assert read(run, shallow.git, api)[0] == ["main", "WEB-1", "WEB-2"]
    found, gaps = read(run, shallow.git)
    assert found == ["main", "WEB-2"]
    assert len(gaps) == 1
    assert gaps[0].startswith("The commits of this push could not be read: the clone is shallow")
    assert hint in gaps[0]
    assert f"{provider}-token is not set" in gaps[0]
    _, gaps = read(run, shallow.git, Provider())
    assert "The provider did not show compare." in gaps[0]


def test_a_list_the_provider_cuts_is_said(nowhere: Git) -> None:
    api = Provider({("compare", GONE, SHA): commits("WEB-1", complete=False)})
    found, gaps = read(run_of(base=GONE), nowhere, api)
    assert found == ["main", "WEB-1"]
    assert gaps[0].startswith("The provider lists only 1 of the commits of this push")


def test_a_force_push_whose_base_is_gone_is_said(repository: Repository) -> None:
    repository.commits("WEB-1", "WEB-2")
    run = run_of(base=GONE, commit=repository.git.head())
    found, gaps = read(run, repository.git)
    assert found == ["main", "WEB-2"]
    assert "commit bbbbbbbb is not in the clone (a force push may have removed it)" in gaps[0]


def test_a_new_branch_has_what_the_default_branch_has_not(repository: Repository, tmp_path: Path) -> None:
    repository.commit("OLD-1")
    repository.run("checkout", "--quiet", "-b", "feature/web-7")
    repository.commits("WEB-1", "WEB-2")
    copy = repository.clone(tmp_path / "copy", "--branch=feature/web-7")
    run = run_of(branch="feature/web-7", commit=copy.git.head())
    assert read(run, copy.git) == (["feature/web-7", "WEB-2", "WEB-1"], [])


def test_a_new_branch_is_compared_where_the_clone_has_only_itself(repository: Repository, tmp_path: Path) -> None:
    repository.commit("OLD-1")
    repository.run("checkout", "--quiet", "-b", "new")
    head = repository.commit("WEB-1")
    copy = repository.clone(tmp_path / "copy", "--single-branch", "--branch=new")
    api = Provider({("compare", "main", head): commits("WEB-1", "WEB-0")})
    run = run_of(branch="new", commit=head)
    assert read(run, copy.git, api) == (["new", "WEB-1", "WEB-0"], [])
    assert read(run, copy.git) == (["new", "WEB-1"], []), "origin says where main stands"
    copy.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    found, gaps = read(run, copy.git)
    assert found == ["new", "WEB-1"]
    assert gaps == ["The commits that main does not have could not be read: " + NO_TOKEN]


# --- pull requests


@pytest.fixture
def pull_request(repository: Repository) -> tuple[Repository, Run]:
    """Two commits behind a main that went on, with main merged in between."""
    repository.commit("OLD-1")
    repository.run("checkout", "--quiet", "-b", "feature")
    repository.commit("WEB-1")
    repository.run("checkout", "--quiet", "main")
    base = repository.commit("OLD-2")
    repository.run("checkout", "--quiet", "feature")
    repository.run("merge", "--quiet", "--no-ff", "-m", "Merge main", "main")
    head = repository.commit("WEB-2")
    own = pull(base_sha=base, head_sha=head, commits=3)
    return repository, run_of(event="pull_request", commit=head, branch="feature/web-91", pull_request=own)


def test_a_pull_requests_title_and_branch_come_before_its_commits(pull_request: tuple[Repository, Run]) -> None:
    repository, run = pull_request
    gaps: list[str] = []
    found = list(texts(run, Asked(), git=repository.git, api=None, gaps=gaps))
    assert [(source.where, source.branch) for source in found[:2]] == [("pull request title", False), ("branch", True)]
    assert [source.text.strip() for source in found] == [
        "WEB-90 title",
        "feature/web-91",
        "WEB-2",
        "Merge main",
        "WEB-1",
    ]
    assert gaps == []


def test_a_clone_that_counts_other_commits_is_not_believed(pull_request: tuple[Repository, Run]) -> None:
    repository, run = pull_request
    assert run.pull_request is not None
    stale = replace(run, pull_request=replace(run.pull_request, base_sha=repository.git.resolve("main~1")))
    api = Provider({("pull commits", 12): commits("WEB-2", "Merge main", "WEB-1")})
    assert read(stale, repository.git, api)[0][2:] == ["WEB-2", "Merge main", "WEB-1"]
    assert read(stale, repository.git)[0][2:] == ["WEB-2", "Merge main", "OLD-2", "WEB-1"]
    assert read(run, repository.git, api)[0][2:] == ["WEB-2", "Merge main", "WEB-1"]
    assert api.asked == [("pull commits", 12)]


def test_a_merge_request_is_compared_in_the_project_that_builds_it(nowhere: Git) -> None:
    own = pull(base_sha=GONE, head_sha=SHA)
    run = run_of(provider=CI.GITLAB, event="merge_request_event", pull_request=own)
    api = Provider({("compare", GONE, SHA): commits("WEB-1")})
    gaps: list[str] = []
    found = list(texts(run, Asked(), git=nowhere, api=api, gaps=gaps))
    assert found[0] == Source("merge request title", "WEB-90 title")
    assert found[2].text == "WEB-1"


def test_a_merge_queue_run_reads_the_title_from_the_provider(repository: Repository) -> None:
    base, head = repository.commits("OLD-1", "Login (#104)")
    queue = PullRequest(104, "", "", head_sha="")
    branch = f"gh-readonly-queue/main/pr-104-{base}"
    run = run_of(event="merge_group", base=base, commit=head, branch=branch, pull_request=queue)
    api = Provider({("pull", 104): pull(104)})
    assert read(run, repository.git, api) == (["WEB-90 title", "feature/web-91", "Login (#104)"], [])
    assert api.asked == [("pull", 104)]
    found, gaps = read(run, repository.git)
    assert found == ["Login (#104)"]
    assert gaps == ["The title of pull request #104 was not read: " + NO_TOKEN]


def test_a_comment_on_a_pull_request_is_about_its_commits(nowhere: Git) -> None:
    run = run_of(event="issue_comment", pull_request=PullRequest(31, "WEB-31", ""))
    api = Provider({("pull", 31): pull(31), ("pull commits", 31): commits("WEB-1")})
    assert read(run, nowhere, api) == (["WEB-90 title", "feature/web-91", "WEB-1"], [])


def test_a_merged_result_that_hides_its_head_is_asked_for(nowhere: Git) -> None:
    run = run_of(provider=CI.GITLAB, event="merge_request_event", pull_request=pull(base_sha=GONE))
    api = Provider({("pull commits", 12): commits("WEB-1")})
    assert read(run, nowhere, api)[0][2:] == ["WEB-1"]
    assert "The commits of merge request !12 could not be read: gitlab-token is not set" in read(run, nowhere)[1][0]


# --- deployments


def test_a_deployment_has_everything_since_the_last_one(repository: Repository) -> None:
    shas = repository.commits("OLD-1", "WEB-1", "WEB-2", "WEB-3")
    api = Provider({("last", "prod"): shas[0]})
    run = run_of(base=shas[2], commit=shas[3], messages=("WEB-3",), message_ids=(shas[3],), messages_complete=True)
    assert read(run, repository.git, api, environment="prod") == (["main", "WEB-3", "WEB-2", "WEB-1"], [])


def test_a_job_without_deployments_goes_back_to_the_last_run_that_succeeded(repository: Repository) -> None:
    base, _, head = repository.commits("WEB-1", "WEB-2", "WEB-3")
    api = Provider({("last", "prod"): "", ("last run",): (41, base)})
    found, gaps = read(run_of(commit=head), repository.git, api, environment="prod")
    assert found == ["main", "WEB-3", "WEB-2"]
    assert gaps == [
        "The provider knows no deployment to 'prod' that succeeded before, as a job without deployments makes none; the"
        f" commits since run #41 ({base[:8]}) of this pipeline, the last that succeeded, were read."
    ]


@pytest.mark.parametrize(("provider", "said"), [("github", True), ("gitlab", False)])
def test_why_the_runs_are_not_known_is_said(repository: Repository, provider: str, said: bool) -> None:
    head = repository.commit("WEB-1")
    api = Provider({("last", "prod"): ""})
    _, gaps = read(run_of(commit=head, provider=CI(provider)), repository.git, api, environment="prod")
    assert gaps[0].endswith("only this run's own commits were read (since names another start).")
    assert gaps[1:] == ["The provider did not show last run."] * said


def test_the_tag_before_wins_over_a_run(repository: Repository) -> None:
    base, head = repository.commits("WEB-1", "WEB-2")
    repository.run("tag", "v1.0", base)
    api = Provider({("last", "prod"): ""})
    run = run_of(commit=head, tag="v1.1", branch="")
    assert read(run, repository.git, api, environment="prod") == (["WEB-2"], [])


def test_a_first_deployment_has_the_events_commits(repository: Repository) -> None:
    base, head = repository.commits("WEB-1", "WEB-2")
    api = Provider({("last", "prod"): "", ("last run",): (0, "")})
    found, gaps = read(run_of(base=base, commit=head), repository.git, api, environment="prod")
    assert found == ["main", "WEB-2"]
    assert gaps == [
        "The provider knows no deployment to 'prod' that succeeded before; only this run's own commits were read"
        " (since names another start)."
    ]


def test_a_rollback_has_its_own_commit_only(repository: Repository) -> None:
    shas = repository.commits("WEB-1", "WEB-2", "WEB-3")
    repository.run("checkout", "--quiet", "--detach", shas[1])
    api = Provider({("last", "prod"): shas[2]})
    run = run_of(event="workflow_dispatch", commit=shas[1])
    assert read(run, repository.git, api, environment="prod") == (["main", "WEB-2"], [])


@pytest.mark.parametrize(
    ("api", "said"),
    [(None, "The last deployment to 'prod' is not known: github-token is not set"), (Provider(), "did not show last")],
)
def test_an_unknown_last_deployment_is_said(repository: Repository, api: Provider | None, said: str) -> None:
    base, head = repository.commits("OLD-1", "WEB-2")
    found, gaps = read(run_of(base=base, commit=head), repository.git, api, environment="prod")
    assert found == ["main", "WEB-2"]
    assert said in gaps[0]


def test_since_wins_over_the_last_deployment(repository: Repository) -> None:
    shas = repository.commits("OLD-1", "WEB-1", "WEB-2")
    repository.run("tag", "v1")
    repository.run("tag", "-f", "v1", shas[0])
    api = Provider({("last", "prod"): shas[1]})
    for since in ("v1", shas[0], "HEAD~2"):
        found = read(run_of(commit=shas[2]), repository.git, api, since=since, environment="prod")
        assert found == (["main", "WEB-2", "WEB-1"], [])
    assert api.asked == []


@pytest.mark.parametrize("since", ["v9", "--all", "-x", "a..b", "v1\n", "../../x", GONE])
def test_since_that_does_not_exist_is_a_usage_error(repository: Repository, since: str) -> None:
    head = repository.commit("WEB-1")
    with pytest.raises(UsageError, match="since"):
        read(run_of(commit=head), repository.git, since=since)
    with pytest.raises(UsageError, match="since"):
        read(run_of(commit=head), repository.git, Provider(missing=True), since=since)


def test_since_that_the_clone_lacks_is_asked_for(repository: Repository, tmp_path: Path) -> None:
    head = repository.commits("OLD-1", "WEB-1")[-1]
    shallow = offline(repository, tmp_path)
    api = Provider({("compare", "v1", head): commits("WEB-1", "WEB-0")})
    assert read(run_of(commit=head), shallow.git, api, since="v1") == (["main", "WEB-1", "WEB-0"], [])
    for nobody in (None, Provider()):
        found, gaps = read(run_of(commit=head), shallow.git, nobody, since="v1")
        assert (found, len(gaps)) == (["main", "WEB-1"], 1)


def test_the_tag_before_begins_a_release_of_which_no_deployment_is_known(
    repository: Repository, tmp_path: Path
) -> None:
    for message, tag in (("OLD-1", "v1.3.2"), ("WEB-1", "v1.4.0-rc1"), ("WEB-2", ""), ("WEB-3", "v1.4.0")):
        repository.commit(message)
        if tag:
            repository.run("tag", tag)
    run = run_of(commit=repository.git.head(), branch="", tag="v1.4.0")
    api = Provider({("last", "prod"): ""})
    assert read(run, repository.git, api, environment="prod") == (["WEB-3", "WEB-2", "WEB-1"], [])
    shallow = repository.clone(tmp_path / "shallow", "--depth=1", "--branch=v1.4.0")
    assert read(run, shallow.git, api, environment="prod") == (["WEB-3", "WEB-2", "WEB-1"], [])
    found, gaps = read(run, repository.git, environment="prod")
    assert found == ["WEB-3", "WEB-2", "WEB-1"]
    assert gaps == [
        f"The last deployment to 'prod' is not known: {NO_TOKEN[:-1]}; the commits since the tag v1.3.2 were read."
    ]
    refusing = Provider()  # it may know of a deployment that is older than the tag
    found, gaps = read(run, repository.git, refusing, environment="prod")
    assert found == ["WEB-3", "WEB-2", "WEB-1"]
    assert len(gaps) == 1
    assert "did not show last" in gaps[0]
    assert gaps[0].endswith("; the commits since the tag v1.3.2 were read.")
    untagged = run_of(commit=repository.git.head(), branch="main", event="push", base=repository.git.resolve("HEAD~1"))
    assert read(untagged, repository.git, api, environment="prod", version="1.4.0")[0] == [
        "main",
        "WEB-3",
        "WEB-2",
        "WEB-1",
    ]


def test_a_version_ends_the_range_and_later_commits_are_not_claimed(repository: Repository) -> None:
    base = repository.commits("OLD-1", "WEB-1")[0]
    repository.run("tag", "v1.0")
    head = repository.commit("LATER-1")
    run = run_of(event="workflow_dispatch", commit=head)
    assert read(run, repository.git, None, base, "prod", version="1.0") == (["main", "WEB-1"], [])
    assert read(run, repository.git, None, base, "prod", version="2.0")[0] == ["main", "LATER-1", "WEB-1"]


@pytest.fixture
def taken_in(repository: Repository) -> tuple[Repository, Run]:
    """A push to a branch that took main in."""
    repository.commit("OLD-1")
    repository.run("checkout", "--quiet", "-b", "topic")
    before = repository.commit("WEB-1")
    repository.run("checkout", "--quiet", "main")
    repository.commits("OLD-2", "OLD-3")
    repository.run("checkout", "--quiet", "topic")
    repository.run("merge", "--quiet", "--no-ff", "-m", "Merge branch 'main' into topic", "main")
    head = repository.commit("WEB-2")
    return repository, run_of(branch="topic", base=before, commit=head, messages=("WEB-2",), message_ids=(head,))


def test_a_push_that_takes_main_in_does_not_claim_it(taken_in: tuple[Repository, Run], tmp_path: Path) -> None:
    repository, run = taken_in
    copy = repository.clone(tmp_path / "copy", "--branch=topic")
    assert read(run, copy.git)[0] == ["topic", "WEB-2", "Merge branch 'main' into topic", "main"]
    assert read(run, copy.git)[1] == []
    told = replace(run, messages=("OLD-2", "Merge branch 'main' into topic", "WEB-2"), messages_complete=True)
    assert "OLD-2" not in read(told, copy.git)[0]
    deployed = read(run, copy.git, Provider({("last", "test"): run.base}), environment="test")
    assert "OLD-2" in deployed[0], "it is deployed"


def test_where_main_stands_is_asked_or_it_is_said(taken_in: tuple[Repository, Run], tmp_path: Path) -> None:
    repository, run = taken_in
    copy = repository.clone(tmp_path / "copy", "--branch=topic")
    copy.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    pushed = commits("OLD-2", "WEB-2")
    api = Provider(
        {("compare", run.base, run.commit): pushed, ("compare", "main", run.commit): Commits(pushed.found[1:])}
    )
    assert read(run, copy.git, api) == (["topic", "WEB-2"], [])
    _, gaps = read(run, copy.git)
    assert gaps == [
        "The commits of this push may be fewer: some may be of main, and where that stands now is not known."
    ]


def test_a_working_copy_that_is_used_again_is_not_believed_about_main(repository: Repository, tmp_path: Path) -> None:
    repository.commit("OLD-1")
    copy = repository.clone(tmp_path / "copy")
    repository.commits("OLD-2", "OLD-3")
    repository.run("checkout", "--quiet", "-b", "topic")
    head = repository.commit("WEB-1")
    copy.run("fetch", "--quiet", "origin", head)
    copy.run("checkout", "--quiet", "--detach", head)
    run = run_of(branch="topic", commit=head)
    assert read(run, copy.git) == (["topic", "WEB-1"], [])
    copy = repository.clone(tmp_path / "stale", "--branch=topic")
    copy.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    found, gaps = read(run, copy.git)
    assert found == ["topic", "WEB-1"]
    assert gaps == ["The commits that main does not have may be fewer: where it stands now could not be asked."]


def test_the_merge_that_is_checked_out_knows_the_base(pull_request: tuple[Repository, Run], tmp_path: Path) -> None:
    repository, run = pull_request
    assert run.pull_request is not None
    repository.run("checkout", "--quiet", "-b", "merged", "main")
    repository.run("merge", "--quiet", "--no-ff", "-m", "Merge", run.commit)
    own = replace(run.pull_request, base_sha=repository.git.resolve("main~1"))
    for depth in ([], ["--depth=1"]):
        copy = repository.clone(tmp_path / f"copy{len(depth)}", "--branch=merged", *depth)
        found, gaps = read(replace(run, pull_request=own), copy.git)
        assert (found[2:], gaps) == (["WEB-2", "Merge main", "WEB-1"], [])


# --- what a setting adds


def test_a_merge_brings_the_branch_that_it_merges(repository: Repository) -> None:
    base, head = repository.commits("OLD-1", "Merge pull request #7 from acme/feature/web-12-pay")
    gaps: list[str] = []
    run = run_of(base=base, commit=head)
    found = list(texts(run, Asked(), git=repository.git, api=None, gaps=gaps))
    assert found[2] == Source(f"branch of commit {head[:8]}", "feature/web-12-pay", branch=True)


def test_descriptions_notes_and_payload_are_read_where_they_are_wanted(nowhere: Git) -> None:
    own = pull(description="Closes WEB-92")
    run = run_of(pull_request=own, messages=("Fix (#5)",), message_ids=(SHA,), messages_complete=True,
                 release_notes="WEB-93", payload=("WEB-94", "WEB-95"))  # fmt: skip
    api = Provider({("pull", 5): pull(5, "Fix", "x", description="WEB-96")})
    plain = list(texts(run, Asked(), git=nowhere, api=api, gaps=[]))
    more = Asked(descriptions=True, release_notes=True, payload=True)
    added = [source for source in texts(run, more, git=nowhere, api=api, gaps=[]) if source not in plain]
    assert added == [
        Source("pull request description", "Closes WEB-92"),
        Source("release notes", "WEB-93"),
        Source("deployment payload", "WEB-94"),
        Source("deployment payload", "WEB-95"),
        Source("description of pull request #5 of commit aaaaaaaa", "WEB-96"),
    ]


def test_a_description_that_the_event_cuts_is_asked_for(nowhere: Git) -> None:
    run = run_of(provider="gitlab", pull_request=pull(), messages_complete=True)
    api = Provider({("pull", 12): pull(description="WEB-92")})
    found = [source.text for source in texts(run, Asked(descriptions=True), git=nowhere, api=api, gaps=[])]
    assert found == ["WEB-90 title", "feature/web-91", "WEB-92"]
    gaps: list[str] = []
    list(texts(run, Asked(descriptions=True), git=nowhere, api=None, gaps=gaps))
    assert gaps == [
        "The description of merge request !12 was not read: gitlab-token is not set, so the provider was not asked."
    ]


def test_another_repositorys_commits_between_two_versions(repository: Repository) -> None:
    head = repository.commit("WEB-1 of this one")
    asked = Asked(since="v1.3", version="1.4", environment="prod", repository="acme/shop")
    own = Provider()
    for version in ("1.4", "v1.4"):
        other = Provider(
            {("compare", "v1.3", version): commits("WEB-2", "Pay (#3)"), ("pull", 3): pull(3)}, missing=True
        )
        gaps: list[str] = []
        run = run_of(commit=head, event="workflow_dispatch")
        found = [source.text for source in texts(run, asked, git=repository.git, api=own, gaps=gaps, other=other)]
        assert (found, gaps) == (["main", "WEB-2", "Pay (#3)", "WEB-90 title", "feature/web-91"], [])
    assert own.asked == []
    list(texts(run, asked, git=repository.git, api=own, gaps=gaps))
    assert gaps == ["The commits of acme/shop from v1.3 to 1.4 could not be read: " + NO_TOKEN]


# --- HEAD alone


@pytest.mark.parametrize("event", ["workflow_dispatch", "schedule", "release", "push"])
def test_other_events_have_their_commit_and_its_pull_request(repository: Repository, event: str) -> None:
    head = repository.commits("OLD-1", "Login")[-1]
    api = Provider({("pulls of", head): [pull()]})
    run = run_of(event=event, commit=head, branch="", tag="v1")
    gaps: list[str] = []
    found = list(texts(run, Asked(), git=repository.git, api=api, gaps=gaps))
    where = f"pull request #12 of commit {head[:8]}"
    assert found == [
        Source(f"commit {head[:8]}", "Login"),
        Source(where, "WEB-90 title"),
        Source(f"branch of {where}", "feature/web-91", branch=True),
    ]
    assert gaps == []


def test_without_a_checkout_the_provider_tells_the_message(nowhere: Git) -> None:
    run = run_of(event="schedule")
    assert read(run, nowhere, Provider({("message", SHA): "WEB-1"})) == (["main", "WEB-1"], [])
    assert read(run, nowhere, Provider())[1] == ["The provider did not show message."]
    found, gaps = read(run, nowhere)
    assert found == ["main"]
    assert gaps[0].startswith("Commit aaaaaaaa could not be read:")
    assert "check the repository out before jira-ci" in gaps[0]


def test_a_commit_whose_pull_request_nobody_can_name_is_said(repository: Repository) -> None:
    head = repository.commit("Login")
    found, gaps = read(run_of(event="schedule", commit=head), repository.git)
    assert found == ["main", "Login"]
    assert gaps == ["The pull requests of a commit without an issue key were not read: " + NO_TOKEN]


def test_outside_ci_head_is_read_and_nobody_is_asked(repository: Repository) -> None:
    head = repository.commit("Login (#5)")
    run = run_of(provider=CI.LOCAL, event="local", commit=head)
    assert read(run, repository.git) == (["main", "Login (#5)"], [])
    assert read(run_of(provider=CI.LOCAL, event="local", commit="", branch=""), repository.git) == ([], [])


# --- squash merges


def pushed(*messages: str, **values: Any) -> Run:
    ids = tuple(f"{number:08x}" + "e" * 32 for number in range(1, len(messages) + 1))
    return run_of(messages=messages, message_ids=ids, messages_complete=True, commit=ids[-1], **values)


def test_only_commits_without_a_key_are_looked_up(nowhere: Git) -> None:
    run = pushed("WEB-1 (#1)", "UTF-8 names (#2)", "Fix (#3)\n\nWEB-4", "Plain", "Fix (#5)", "Twice (#5)", "WEB-6")
    api = Provider({("pull", 2): pull(2), ("pull", 5): pull(5, "OPS-5", "")})
    found, gaps = read(run, nowhere, api)
    assert found[-3:] == ["OPS-5", "WEB-90 title", "feature/web-91"]
    assert (gaps, api.asked) == ([], [("pull", 5), ("pull", 2)])


def test_keys_of_other_projects_do_not_count(nowhere: Git) -> None:
    api = Provider({("pull", 1): pull(1)})
    read(pushed("OPS-1 (#1)", "WEB-2"), nowhere, api, projects=["WEB"])
    assert api.asked == [("pull", 1)]


def test_gitlab_names_merge_requests_with_an_exclamation_mark(nowhere: Git) -> None:
    run = pushed("Fix (#1)", "Fix (!2)", "WEB-3", provider=CI.GITLAB)
    api = Provider({("pull", 2): pull(2)})
    gaps: list[str] = []
    found = list(texts(run, Asked(), git=nowhere, api=api, gaps=gaps))
    assert api.asked == [("pull", 2)]
    assert found[-2].where == "merge request !2 of commit 00000002"


def test_there_is_no_limit_of_pull_requests(nowhere: Git) -> None:
    run = pushed(*(f"Fix (#{number})" for number in range(1, 201)), "WEB-1")
    api = Provider({("pull", number): pull(number, f"OPS-{number}") for number in range(1, 201)})
    found, gaps = read(run, nowhere, api)
    assert found[-400::2] == [f"OPS-{number}" for number in range(200, 0, -1)]
    assert gaps == []


def test_one_that_brought_several_commits_counts_once(nowhere: Git) -> None:
    range_ = commits("Part one", "Part two (#7)", "Part three", "WEB-1")
    (first, _), _, (third, _), _ = range_.found
    api = Provider({("last", "prod"): GONE, ("compare", GONE, SHA): range_, ("pull", 7): pull(7)})
    api.answers |= {("pulls of", first): [pull(7)], ("pulls of", third): [pull(7), pull(8, "OPS-8")]}
    found, gaps = read(run_of(event="workflow_dispatch", branch=""), nowhere, api, environment="prod")
    assert (found[-4:], gaps) == (["WEB-90 title", "feature/web-91", "OPS-8", "feature/web-91"], [])


def test_commits_without_ids_are_several_all_the_same(nowhere: Git) -> None:
    run = run_of(messages=("Fix (#1)", "Fix (#2)", "Plain"), message_ids=("", "", ""), messages_complete=True)
    api = Provider({("pull", number): pull(number, f"OPS-{number}", "") for number in (1, 2)})
    assert read(run, nowhere, api)[0][-2:] == ["OPS-2", "OPS-1"]
    assert read(run, nowhere)[1] == ["The pull requests of 2 commits without an issue key were not read: " + NO_TOKEN]


def test_a_build_asks_for_what_its_commits_name_alone(nowhere: Git) -> None:
    run = pushed("Part one", "WEB-1")
    api = Provider({("pulls of", run.message_ids[0]): [pull()]})
    assert read(run, nowhere, api) == (["main", "WEB-1", "Part one"], [])
    assert api.asked == []


def test_a_number_that_is_no_pull_request_is_no_gap(nowhere: Git) -> None:
    run = pushed("Fix (#1)", "Fix (#2)", "WEB-1")
    api = Provider({("pull", 1): pull(1)}, missing=True)
    assert read(run, nowhere, api)[1] == []
    assert len(api.asked) == 2


def test_a_refusal_is_said_once_and_ends_the_asking(nowhere: Git) -> None:
    api = Provider()
    _, gaps = read(pushed("Fix (#1)", "Fix (#2)", "Fix (#3)"), nowhere, api)
    assert (gaps, len(api.asked)) == (["The provider did not show pull."], 1)


def test_without_a_token_the_unread_ones_are_counted(nowhere: Git) -> None:
    _, gaps = read(pushed("Fix (#1)", "Fix (#2)", "WEB-3"), nowhere)
    assert gaps == ["The pull requests of 2 commits without an issue key were not read: " + NO_TOKEN]


def test_a_huge_message_is_delivered_whole(repository: Repository) -> None:
    base = repository.commit("base")
    repository.raw_commit(b"WEB-1 " * 900_000 + b"(#1)")
    found, gaps = read(run_of(base=base, commit=repository.git.head()), repository.git)
    assert (len(found[1]), gaps) == (5_400_004, [])


@pytest.mark.parametrize("provider", [CI.GITHUB, CI.LOCAL])
def test_passing_over_what_is_known_loses_nothing(tmp_path: Path, provider: CI) -> None:
    """Of a long history whole blocks of commits are passed over; what is special in them is met all the same."""
    odd = {
        300: "Merge pull request #7 from acme/feature/web-77-pay",
        900: "WEB-9000 once",
        1500: "Something useful (#12)",
        1700: "grün OPS-7",
        2100: "Pull request #3: web-3",
        2500: "OPS-8 last (#13)\n\nUTF-8",
    }
    repository = Repository(tmp_path / "shop")
    messages = [odd.get(number, f"WEB-{number % 7 + 1} {'x' * 100}\n\nWhy (so).\nEnd") for number in range(3000)]
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@b> {1_600_000_000 + number} +0000\ndata {len(text.encode())}\n{text}\n"
        for number, text in enumerate(messages)
    )
    repository.run("fast-import", "--quiet", stdin=stream.encode())
    base, head = repository.run("rev-list", "--max-parents=0", "main"), repository.run("rev-parse", "main")
    run = Run(provider, "acme/shop", "1", "", head, 1, "", event="workflow_dispatch")
    answers = []
    for passes_over in (False, True):
        tally, gaps, delivered = Tally(), list[str](), 0
        known = tally.knows_all_of if passes_over else None
        for source in texts(run, Asked(since=base), git=repository.git, api=None, gaps=gaps, known=known):
            tally.add(source)
            delivered += 1
        answers.append((tally.keys(), gaps))
    assert answers[0] == answers[1]
    assert {"WEB-9000", "WEB-77", "OPS-7", "OPS-8"} < set(answers[1][0].keys)
    assert len(answers[1][1]) == (provider == CI.GITHUB), "nobody was asked about pull request 12"
    assert delivered < 2900
