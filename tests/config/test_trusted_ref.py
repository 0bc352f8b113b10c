"""Which commit's policy counts, told as stories of people who would like another one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ci.repositories import ENVIRON, Repository
from ci.servers import Api, serving
from jira_ci.ci.api import Files, Unreadable
from jira_ci.ci.github_api import GitHubHistory
from jira_ci.ci.gitlab_api import GitLabHistory
from jira_ci.config.trusted_ref import Absent, Committed, Place, is_own, path_of, place, policy_places
from jira_ci.errors import UsageError
from jira_ci.git.command import GitError
from jira_ci.git.objects import Unfit
from jira_ci.git.origin import origin_objection
from jira_ci.git.repository import Git
from jira_ci.run import CI, PullRequest, Run
from jira_ci.timing import Deadline

NAME = ".jira-ci.yml"
STRICT, LOOSE = b"change-control: strict\n", b"change-control: loose\n"
A, B = "a" * 40, "b" * 40


def run_of(provider: str = "github", **values: Any) -> Run:
    plain: dict[str, Any] = {
        "repository": "acme/shop",
        "repository_id": "1",
        "repository_url": "",
        "commit": A,
        "number": 1,
        "url": "",
        "event": "push",
        "branch": "main",
        "default_branch": "main",
    }
    return Run(provider=CI(provider), **{**plain, **values})


@dataclass
class Provider:
    """A provider that knows these files, by commit and path; ``None`` for a default branch that it does not show."""

    default: tuple[str, str] | None = None
    files: dict[tuple[str, str], bytes | None] = field(default_factory=dict)

    def default_commit(self) -> tuple[str, str]:
        if self.default is None:
            raise Unreadable("GitHub did not show the default branch's commit (403).")
        return self.default

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        if (commit, path) not in self.files:
            raise Unreadable(f"GitHub did not show the file {path} (503).")
        return self.files[commit, path]


def nobody() -> Files | None:
    return None


def untouched() -> Files | None:
    raise AssertionError("the provider was asked without need")


def write(repository: Repository, content: bytes, path: str = NAME) -> str:
    """Commits the file; the commit's id."""
    file = repository.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    repository.run("add", "--", path)
    return repository.commit(f"write {path}")


def content(found: Place, path: str = NAME) -> bytes:
    file = found.file(path)
    assert isinstance(file, Committed)
    return file.data


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    """acme/shop, whose main has the strict policy."""
    repository = Repository(tmp_path / "acme" / "shop")
    write(repository, STRICT)
    return repository


@pytest.fixture
def checkout(upstream: Repository, tmp_path: Path) -> Repository:
    """A pull request's checkout: its head says that nothing is controlled."""
    upstream.run("checkout", "--quiet", "-b", "feature")
    write(upstream, LOOSE)
    upstream.run("checkout", "--quiet", "main")
    return upstream.clone(tmp_path / "work", "--depth=1", "--branch=feature")


def tip(repository: Repository, name: str = "main") -> str:
    return repository.run("rev-parse", f"refs/heads/{name}")


PULL = PullRequest(7, "looser", "main", base_sha=B, head_sha=A)
OWN: list[tuple[Run, bool]] = [
    (run_of(), True),
    (run_of(branch="release/1", protected=True), True),
    (run_of(branch="feature"), False),
    (run_of(branch="feature", default_branch=""), False),
    (run_of(branch="", default_branch=""), False),
    # a tag on GitHub never is, protected or called like the default branch or not
    (run_of(branch="", tag="v1", protected=True), False),
    (run_of(branch="main", tag="main", protected=True), False),
    (run_of(event="release", branch="", tag="v1", protected=True), False),
    # a fork's branch may be called main, and its base is protected
    (run_of(event="pull_request", pull_request=PULL, protected=True), False),
    (run_of(event="pull_request_target", pull_request=PULL, protected=True), False),
    (run_of(event="push", pull_request=PULL, protected=True), False),
    (run_of(event="workflow_run", protected=True), False),
    (run_of(event="issue_comment", protected=True), False),
    (run_of(event="merge_group", branch="gh-readonly-queue/main/pr-7-abc", protected=True), False),
    (run_of(event="push", branch="gh-readonly-queue/main/pr-7-abc", protected=True), False),
    (run_of(event="deployment", protected=True), False),
    (run_of(event="", protected=True), False),
    (run_of(event="something_new", protected=True), False),
    (run_of(event="workflow_dispatch"), True),
    (run_of(event="workflow_dispatch", branch="feature"), False),
    # these run on the default branch only, and do not always say what it is called
    (run_of(event="schedule", branch="trunk", default_branch=""), True),
    (run_of(event="schedule", branch="trunk"), False),  # the default branch was renamed since
    (run_of(event="repository_dispatch", branch="trunk", default_branch=""), True),
    (run_of("gitlab"), True),
    (run_of("gitlab", event="web"), True),
    (run_of("gitlab", branch="feature"), False),
    (run_of("gitlab", branch="feature", protected=True), True),
    (run_of("gitlab", branch="", tag="v1", protected=True), True),
    (run_of("gitlab", branch="", tag="v1"), False),
    (run_of("gitlab", branch="main", tag="main"), False),
    (run_of("gitlab", branch="", default_branch=""), False),
    # a branch pipeline whose branch has an open merge request
    (run_of("gitlab", pull_request=PullRequest(7, "", "main")), True),
    (run_of("gitlab", event="merge_request_event", pull_request=PULL, protected=True), False),
    (run_of("gitlab", event="parent_pipeline", pull_request=PULL, protected=True), False),
    (run_of("gitlab", event="parent_pipeline"), True),
    (run_of("gitlab", event="external_pull_request_event", protected=True), False),
    (run_of("jenkins", protected=True), False),
]


@pytest.mark.parametrize(
    ("run", "expected"), OWN, ids=[f"{n}-{run.provider}-{run.event}" for n, (run, _) in enumerate(OWN)]
)
def test_whose_own_commit_is_trusted(run: Run, expected: bool) -> None:
    assert is_own(run) is expected


def test_the_default_branchs_own_commit_needs_nobody_else(upstream: Repository) -> None:
    commit = tip(upstream)
    write(upstream, LOOSE)
    found = place(run_of(commit=commit), git=upstream.git, connect=untouched)
    file = found.file()
    assert file == Committed(f"acme/shop@{commit}:{NAME}", f"{NAME}@{commit[:8]}", STRICT)
    assert isinstance(file, Committed)
    assert file.sha256 == hashlib.sha256(STRICT).hexdigest()
    assert (found.what, found.relaxed) == ("this run's own commit", ())


def test_the_work_tree_and_the_index_are_not_asked(upstream: Repository) -> None:
    (upstream.path / NAME).write_bytes(LOOSE)
    upstream.run("add", NAME)
    found = place(run_of(commit=tip(upstream)), git=upstream.git, connect=untouched)
    assert content(found) == STRICT


def test_a_file_that_is_only_in_the_work_tree_is_certainly_none(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "acme" / "shop")
    commit = repository.commit("nothing yet")
    (repository.path / NAME).write_bytes(STRICT)
    found = place(run_of(commit=commit), git=repository.git, connect=untouched).file()
    assert found == Absent(f"acme/shop@{commit}:{NAME}")


def test_a_pull_requests_head_is_never_asked_and_the_remote_says_what_is(
    upstream: Repository, checkout: Repository
) -> None:
    head = tip(upstream, "feature")
    run = run_of(event="pull_request", commit=head, pull_request=PULL, protected=True)
    found = place(run, git=checkout.git, connect=nobody)
    assert (found.commit, found.what, found.relaxed) == (tip(upstream), "the default branch main", ())
    assert content(found) == STRICT


def test_the_shallow_checkout_keeps_its_history_and_its_cut(upstream: Repository, checkout: Repository) -> None:
    cut = checkout.git.boundary()
    content(place(run_of(branch="feature"), git=checkout.git, connect=nobody))
    assert cut < checkout.git.boundary()
    assert checkout.git.head() == tip(upstream, "feature")


def test_a_complete_clone_is_not_cut(upstream: Repository, tmp_path: Path) -> None:
    clone = upstream.clone(tmp_path / "complete")
    write(upstream, b"newer: true\n")
    assert content(place(run_of(branch="feature"), git=clone.git, connect=nobody)) == b"newer: true\n"
    assert clone.git.boundary() == frozenset()


def test_a_branch_without_the_file_does_not_lift_it(upstream: Repository, tmp_path: Path) -> None:
    upstream.run("checkout", "--quiet", "-b", "feature")
    upstream.run("rm", "--quiet", NAME)
    head = upstream.commit("no policy any more")
    upstream.run("checkout", "--quiet", "main")
    clone = upstream.clone(tmp_path / "work", "--branch=feature")
    assert content(place(run_of(commit=head, branch="feature"), git=clone.git, connect=nobody)) == STRICT


def test_a_tag_on_github_has_the_default_branchs_policy(upstream: Repository, checkout: Repository) -> None:
    run = run_of(branch="", tag="v9", commit=tip(upstream, "feature"), protected=True)
    assert content(place(run, git=checkout.git, connect=nobody)) == STRICT


def test_a_protected_tag_on_gitlab_has_its_own(upstream: Repository, checkout: Repository) -> None:
    run = run_of("gitlab", branch="", tag="v9", commit=tip(upstream, "feature"), protected=True)
    assert content(place(run, git=checkout.git, connect=untouched)) == LOOSE


def test_the_provider_is_asked_before_the_checkouts_own_memory(upstream: Repository, tmp_path: Path) -> None:
    clone = upstream.clone(tmp_path / "work")
    evil = write(clone, LOOSE)
    clone.run("update-ref", "refs/remotes/origin/main", evil)
    run = run_of(branch="feature", commit=evil)
    provider = Provider(("main", tip(upstream)))
    assert content(place(run, git=clone.git, connect=lambda: provider)) == STRICT
    assert content(place(run, git=clone.git, connect=nobody)) == STRICT  # the remote, too


def test_the_checkouts_own_memory_is_the_last_to_be_asked_and_said(upstream: Repository, tmp_path: Path) -> None:
    clone = upstream.clone(tmp_path / "work")
    clone.run("tag", "origin/main", write(clone, LOOSE))  # a tag of that name would win
    clone.run("remote", "set-url", "origin", f"file://{tmp_path}/gone/acme/shop.git")
    found = place(run_of(branch="feature", default_branch=""), git=clone.git, connect=nobody)
    assert (found.what, content(found)) == ("the default branch main", STRICT)
    assert found.relaxed == (
        "the policy is the one of the checkout's own origin/main, which may be older than the default branch is now",
    )


@pytest.mark.parametrize("name", ["main~1", "main^", "main@{1}", "main:x"])
def test_a_default_branch_is_a_name_and_no_expression(upstream: Repository, tmp_path: Path, name: str) -> None:
    write(upstream, STRICT + b"# newer\n")
    clone = upstream.clone(tmp_path / "work")
    clone.run("remote", "set-url", "origin", f"file://{tmp_path}/gone/acme/shop.git")
    with pytest.raises(UsageError, match="does not hold the default branch"):
        place(run_of("gitlab", branch="feature", default_branch=name), git=clone.git, connect=nobody)


def test_a_branch_named_like_the_remotes_head_changes_nothing(upstream: Repository, checkout: Repository) -> None:
    for name in ("HEAD", "a/HEAD", "remotes/origin/HEAD"):
        upstream.run("update-ref", f"refs/heads/{name}", tip(upstream, "feature"))
    assert checkout.git.remote_head(20) == ("main", tip(upstream))


def test_a_renamed_default_branch_is_the_one_that_the_provider_names_now(
    upstream: Repository, checkout: Repository
) -> None:
    upstream.run("branch", "--quiet", "-m", "main", "trunk")
    upstream.run("branch", "--quiet", "main", "feature")  # whoever may push brings the old name back
    found = place(run_of(branch="feature", default_branch="main"), git=checkout.git, connect=nobody)
    assert (found.what, content(found)) == ("the default branch trunk", STRICT)


def test_another_repositorys_checkout_is_not_asked(upstream: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "acme" / "tools")
    write(other, LOOSE)
    clone = other.clone(tmp_path / "work")
    with pytest.raises(UsageError, match=r"origin is not acme/shop\."):
        place(run_of(branch="feature"), git=clone.git, connect=nobody)
    provider = Provider(("main", A), {(A, NAME): STRICT})
    assert content(place(run_of(branch="feature"), git=clone.git, connect=lambda: provider)) == STRICT


def test_without_a_checkout_the_provider_shows_the_runs_own_commit(tmp_path: Path) -> None:
    provider = Provider(files={(A, NAME): STRICT})
    found = place(run_of(), git=Git(tmp_path, ENVIRON), connect=lambda: provider)
    assert content(found) == STRICT


def test_what_the_provider_certainly_does_not_have_is_none(tmp_path: Path) -> None:
    provider = Provider(files={(A, NAME): None})
    found = place(run_of(), git=Git(tmp_path, ENVIRON), connect=lambda: provider)
    assert found.file() == Absent(f"acme/shop@{A}:{NAME}")


@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_nobody_who_could_tell_is_an_error_and_never_no_policy(tmp_path: Path, provider: str) -> None:
    with pytest.raises(UsageError) as caught:
        place(run_of(provider), git=Git(tmp_path, ENVIRON), connect=nobody).file()
    assert "no token" in caught.value.message
    assert "is not a git checkout" in caught.value.message
    assert f"{provider}-token" in caught.value.hint


def test_a_provider_in_trouble_is_an_error_that_names_every_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\(403\)\. .* is not a git checkout"):
        place(run_of(branch="feature"), git=Git(tmp_path, ENVIRON), connect=Provider)
    with pytest.raises(UsageError, match=r"\(503\)"):
        place(run_of(), git=Git(tmp_path, ENVIRON), connect=Provider).file()


def test_a_provider_in_trouble_leaves_the_remote(upstream: Repository, checkout: Repository) -> None:
    assert content(place(run_of(branch="feature"), git=checkout.git, connect=Provider)) == STRICT


def test_a_variable_that_claims_another_commit_than_gitlabs_runner_checked_out_is_not_believed(
    upstream: Repository, tmp_path: Path
) -> None:
    clone = upstream.clone(tmp_path / "work")
    evil = write(clone, LOOSE)
    clone.run("checkout", "--quiet", "--detach", "origin/main")
    # CI_COMMIT_SHA=evil, CI_DEFAULT_BRANCH=evil given to a pipeline on the protected main
    run = run_of("gitlab", commit=evil, protected=True, default_branch="evil", event="web")
    found = place(run, git=clone.git, connect=nobody)
    assert (found.commit, content(found)) == (tip(upstream), STRICT)


def test_outside_ci_it_is_the_committed_file_of_head_and_said(upstream: Repository) -> None:
    (upstream.path / NAME).write_bytes(LOOSE)
    upstream.run("checkout", "--quiet", "--detach")
    found = place(run_of("local", event="local", commit=B), git=upstream.git, connect=nobody)
    assert (found.commit, content(found)) == (tip(upstream), STRICT)
    assert found.relaxed == ("outside CI: the policy is the one of HEAD",)


def test_outside_ci_without_a_commit_nothing_can_be_told(tmp_path: Path) -> None:
    for git in (Repository(tmp_path / "empty").git, Git(tmp_path, ENVIRON)):
        with pytest.raises(UsageError, match="could not be read from a trusted place"):
            place(run_of("local", event="local", commit=""), git=git, connect=nobody)


def test_a_link_is_not_followed(upstream: Repository) -> None:
    (upstream.path / "loose.yml").write_bytes(LOOSE)
    (upstream.path / NAME).unlink()
    (upstream.path / NAME).symlink_to("loose.yml")
    upstream.run("add", ".")
    commit = upstream.commit("a link")
    with pytest.raises(UsageError, match=r"\.jira-ci\.yml is a symbolic link in commit"):
        place(run_of(commit=commit), git=upstream.git, connect=untouched).file()


@pytest.mark.parametrize(("mode", "words"), [("160000", "a submodule"), ("120000", "a symbolic link")])
def test_what_is_no_file_is_refused_by_its_mode(upstream: Repository, mode: str, words: str) -> None:
    entry = tip(upstream) if mode == "160000" else upstream.run("rev-parse", f"HEAD:{NAME}")
    upstream.run("update-index", "--cacheinfo", f"{mode},{entry},{NAME}")
    commit = upstream.commit("strange")
    with pytest.raises(Unfit, match=words):
        upstream.git.file(commit, NAME, 1000)


def test_committed_files_are_read_as_they_are(upstream: Repository) -> None:
    odd = b"\xff\xfea\x00:\x00\r\n\x1a\x80"
    (upstream.path / ".gitattributes").write_text(
        "*.yml text eol=crlf working-tree-encoding=UTF-16\n", encoding="utf-8"
    )
    blob = upstream.run("hash-object", "-w", "--no-filters", "--stdin", stdin=odd)
    upstream.run("update-index", "--add", "--cacheinfo", f"100644,{blob},sub/ö [x]*.yml")
    commit = upstream.commit("odd")
    assert upstream.git.file(commit, "sub/ö [x]*.yml", len(odd)) == odd
    with pytest.raises(Unfit, match=f"has {len(odd)} bytes"):
        upstream.git.file(commit, "sub/ö [x]*.yml", len(odd) - 1)


@pytest.mark.parametrize("path", ["sub", "sub/", ":(top)x", "*", "-h", "SUB/x", "sub/x/y", ".jira-ci.ym?"])
def test_only_the_very_path_is_the_file(upstream: Repository, path: str) -> None:
    commit = write(upstream, LOOSE, "sub/x")
    try:
        assert upstream.git.file(commit, path, 1000) is None
    except GitError:
        assert path.startswith("sub")


def test_the_path_counts_from_the_top_wherever_jira_ci_runs(upstream: Repository) -> None:
    commit = write(upstream, LOOSE, f"sub/{NAME}")
    git = Git(upstream.path / "sub", ENVIRON)
    assert git.file(commit, NAME, 1000) == STRICT
    assert git.file(commit, f"sub/{NAME}", 1000) == LOOSE


def test_an_empty_file_is_there(upstream: Repository) -> None:
    commit = write(upstream, b"")
    assert content(place(run_of(commit=commit), git=upstream.git, connect=untouched)) == b""


def test_that_the_checkouts_memory_has_no_file_is_no_proof_that_the_default_branch_has_none(
    upstream: Repository, tmp_path: Path
) -> None:
    upstream.run("rm", "--quiet", NAME)
    upstream.commit("no policy yet")
    clone = upstream.clone(tmp_path / "work")
    clone.run("remote", "set-url", "origin", f"file://{tmp_path}/gone/acme/shop.git")
    found = place(run_of(branch="feature", commit=clone.git.head()), git=clone.git, connect=nobody)
    with pytest.raises(UsageError, match=r"memory of the default branch has no \.jira-ci\.yml"):
        found.file()


GITHUB, GITLAB = "https://github.com/acme/shop", "https://git.example:8443/lab/acme/shop"


@pytest.mark.parametrize(
    ("home", "address"),
    [
        (GITHUB, "https://github.com/acme/shop"),
        (GITHUB, "https://github.com/Acme/Shop.git/"),
        (GITHUB, "https://x-access-token:t0ken@github.com/acme/shop.git"),
        (GITHUB, "https://github.com:443/acme/shop"),
        (GITHUB, "git@github.com:acme/shop.git"),
        (GITHUB, "ssh://git@github.com:2222/acme/shop.git"),
        (GITLAB, "https://gitlab-ci-token:t@git.example:8443/lab/acme/shop.git"),
        (GITLAB, "git@git.example:acme/shop.git"),
        ("http://git.local/acme/shop", "http://git.local/acme/shop.git"),
        ("", "file:///srv/acme/shop.git"),
        ("", "git@git.example:acme/shop.git"),
    ],
)
def test_the_runs_own_repository_by_its_address(home: str, address: str) -> None:
    assert origin_objection([address], run_of(repository_url=home), trusting=True) == ""


@pytest.mark.parametrize(
    ("home", "addresses"),
    [
        (GITHUB, []),
        (GITHUB, ["https://evil.example/acme/shop"]),
        (GITHUB, ["https://github.com/acme/shop", "https://github.com/acme/shop"]),
        (GITHUB, ["https://github.com@evil.example/acme/shop"]),
        (GITHUB, ["https://github.com.evil.example/acme/shop"]),
        (GITHUB, ["https://github.com:8443/acme/shop"]),
        (GITHUB, ["http://github.com/acme/shop"]),
        (GITHUB, ["https://github.com/evil/acme/shop"]),
        (GITHUB, ["https://github.com/evil/shop?/acme/shop"]),
        (GITHUB, ["https://github.com/evil/../acme/shop"]),
        (GITHUB, ["https://github.com/acme/shop2"]),
        (GITHUB, ["git@evil.example:acme/shop.git"]),
        (GITHUB, ["git@evil.example:github.com/acme/shop.git"]),
        (GITHUB, ["file:///srv/acme/shop"]),
        (GITHUB, ["/srv/acme/shop"]),
        (GITHUB, ["ext::sh -c evil% /acme/shop"]),
        (GITLAB, ["https://git.example/lab/acme/shop"]),
        ("", ["file:///srv/acme/tools"]),
    ],
)
def test_what_is_not_the_runs_own_repository(home: str, addresses: list[str]) -> None:
    assert "the checkout's origin" in origin_objection(addresses, run_of(repository_url=home), trusting=True)


def lead_away(clone: Repository, tmp_path: Path, how: str) -> None:
    """The checkout's own configuration leads to a stranger's repository, or past it."""
    stranger = Repository(tmp_path / "evil" / "shop")
    write(stranger, LOOSE)
    own = clone.run("config", "remote.origin.url")
    if how == "two addresses":
        clone.run("config", "--replace-all", "remote.origin.url", stranger.path.as_uri())
        clone.run("config", "--add", "remote.origin.url", own)
    elif how == "instead of":
        clone.run("config", f"url.{stranger.path.as_uri()}.insteadOf", own)
    elif how == "included":
        (tmp_path / "more").write_text(f'[url "{stranger.path.as_uri()}"]\n\tinsteadOf = {own}\n', encoding="utf-8")
        clone.run("config", "include.path", str(tmp_path / "more"))
    elif how == "old form":
        clone.run("config", "--remove-section", "remote.origin")
        (clone.path / ".git" / "remotes").mkdir(exist_ok=True)
        (clone.path / ".git" / "remotes" / "origin").write_text(f"URL: {stranger.path.as_uri()}\n", encoding="utf-8")
    else:
        clone.run("config", how, "http://127.0.0.1:9" if how.endswith("roxy") else "false")


@pytest.mark.parametrize(
    "how",
    ["two addresses", "instead of", "included", "old form", "http.proxy", "http.https://x/.sslVerify", "http.x.proxy"],
)
def test_a_checkout_whose_configuration_leads_elsewhere_asks_nobody(
    upstream: Repository, checkout: Repository, tmp_path: Path, how: str
) -> None:
    lead_away(checkout, tmp_path, how)
    run = run_of(branch="", tag="v1", commit=tip(upstream, "feature"))
    with pytest.raises(UsageError, match=r"The checkout's"):
        content(place(run, git=checkout.git, connect=nobody))


def partial(upstream: Repository, tmp_path: Path, kind: str) -> Repository:
    """A clone that has not all objects, at a commit before the policy's."""
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        upstream.run("config", name, "true")
    upstream.run("tag", "v0")
    write(upstream, STRICT + b"# newer\n", f"ci/deep/{NAME}")
    clone = Repository(tmp_path / f"partial-{kind.partition(':')[0]}", init=False)
    upstream.run("clone", "--quiet", "--no-checkout", f"--filter={kind}", upstream.path.as_uri(), str(clone.path))
    clone.run("checkout", "--quiet", "--detach", "v0")
    return clone


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_what_a_partial_clone_lacks_is_fetched(upstream: Repository, tmp_path: Path, kind: str) -> None:
    clone, newest = partial(upstream, tmp_path, kind), tip(upstream)
    found = place(run_of(commit=newest), git=clone.git, connect=nobody)
    assert content(found, f"ci/deep/{NAME}") == STRICT + b"# newer\n"
    assert content(found) == STRICT
    assert clone.run("config", "remote.origin.partialclonefilter") == kind
    assert clone.git.boundary() == frozenset()


def unpack(clone: Repository) -> None:
    """Every object is a file of its own."""
    packs = list((clone.path / ".git/objects/pack").glob("*.pack"))
    contents = [pack.read_bytes() for pack in packs]
    for leftover in (clone.path / ".git/objects/pack").iterdir():
        leftover.chmod(0o600)
        leftover.unlink()
    for pack in contents:
        clone.run("unpack-objects", "-q", stdin=pack)


def stored(clone: Repository, name: str) -> Path:
    """The file that holds an object."""
    object_id = clone.run("rev-parse", name)
    return clone.path / ".git" / "objects" / object_id[:2] / object_id[2:]


@pytest.mark.parametrize("lost", [f"HEAD:{NAME}", "HEAD^{tree}"])
def test_what_a_damaged_clone_lacks_is_fetched_or_told(upstream: Repository, tmp_path: Path, lost: str) -> None:
    upstream.run("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = upstream.clone(tmp_path / "work")
    unpack(clone)
    gone = stored(clone, lost)
    gone.unlink()
    run = run_of(commit=tip(upstream))
    clone.run("config", "remote.origin.url", f"file://{tmp_path}/gone/acme/shop")
    with pytest.raises(UsageError, match=r"partial or damaged clone: fetch it anew") as caught:
        place(run, git=clone.git, connect=nobody).file()
    assert "github-token" in caught.value.hint
    provider = Provider(files={(tip(upstream), NAME): STRICT})
    assert content(place(run, git=clone.git, connect=lambda: provider)) == STRICT
    clone.run("config", "remote.origin.url", upstream.path.as_uri())
    assert content(place(run, git=clone.git, connect=nobody)) == STRICT
    assert gone.exists() or list((clone.path / ".git/objects/pack").glob("*.pack"))


@pytest.mark.parametrize("format_", ["sha1", "sha256"])
@pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
def test_a_forged_object_under_a_known_id_is_not_believed(tmp_path: Path, kind: str, format_: str) -> None:
    repository = Repository(tmp_path / "acme" / "shop", init=False)
    repository.path.mkdir(parents=True)
    repository.run("init", "--quiet", "--initial-branch=main", f"--object-format={format_}")
    honest = write(repository, STRICT)
    assert repository.git.file(honest, NAME, 1000) == STRICT
    write(repository, LOOSE)
    name = {"blob": f":{NAME}", "tree": "^{tree}", "commit": ""}[kind]
    forged = stored(repository, f"HEAD{name}").read_bytes()
    target = stored(repository, f"{honest}{name}")
    target.chmod(0o600)
    target.write_bytes(forged)
    with pytest.raises(UsageError, match=r"not what its id says|hash mismatch|cannot read|not in the checkout"):
        place(run_of(commit=honest), git=repository.git, connect=nobody).file()


def test_a_commit_graph_that_lies_about_a_tree_is_not_believed(upstream: Repository) -> None:
    honest, tree = tip(upstream), upstream.run("rev-parse", "HEAD^{tree}")
    write(upstream, LOOSE)
    other = upstream.run("rev-parse", "HEAD^{tree}")
    upstream.run("commit-graph", "write", "--reachable")
    graph = upstream.path / ".git/objects/info/commit-graph"
    data = graph.read_bytes()
    assert bytes.fromhex(tree) in data
    graph.chmod(0o600)
    graph.write_bytes(data.replace(bytes.fromhex(tree), bytes.fromhex(other)))
    assert content(place(run_of(commit=honest), git=upstream.git, connect=nobody)) != LOOSE


def test_a_replaced_object_is_not_taken_for_the_real_one(upstream: Repository) -> None:
    commit = tip(upstream)
    upstream.run("replace", commit, write(upstream, LOOSE))
    assert upstream.git.file(commit, NAME, 1000) == STRICT


def test_what_a_partial_clone_lacks_is_not_taken_for_absent(upstream: Repository, tmp_path: Path) -> None:
    upstream.run("config", "uploadpack.allowFilter", "true")
    older = tip(upstream)
    write(upstream, LOOSE)
    for kind in ("blob:none", "tree:0"):
        clone = upstream.clone(tmp_path / kind.replace(":", ""), f"--filter={kind}")
        with pytest.raises(GitError):
            clone.git.file(older, NAME, 1000)


@pytest.mark.parametrize(
    ("config", "expected"),
    [(NAME, NAME), (f"./{NAME}", NAME), ("ci//jira.yml", "ci/jira.yml"), ("a b/ö.yml", "a b/ö.yml"), ("..x", "..x")],
)
def test_config_as_a_path_of_the_repository(config: str, expected: str) -> None:
    assert path_of(config) == expected


@pytest.mark.parametrize(
    "config", ["/etc/x.yml", "../x.yml", "a/../../x.yml", "a/..", "C:/x.yml", "a\\b.yml", ".", "", "a\nb", "a\0b"]
)
def test_config_that_leads_elsewhere_is_refused(config: str) -> None:
    with pytest.raises(UsageError, match="from the repository only"):
        path_of(config)


HUB, LAB = "/repos/acme/shop", "/projects/1"


@pytest.fixture
def hub() -> Iterator[tuple[Api, GitHubHistory]]:
    with serving("/api/v3") as api:
        history = GitHubHistory(replace(run_of(), api_url=api.url), "t0ken", ca_bundle="", deadline=Deadline(20))
        yield api, history
        history.close()


@pytest.fixture
def lab() -> Iterator[tuple[Api, Callable[[str], GitLabHistory]]]:
    made: list[GitLabHistory] = []

    def connect(token: str) -> GitLabHistory:
        run = replace(run_of("gitlab"), api_url=api.url)
        made.append(GitLabHistory(run, token, job_token="job", ca_bundle="", deadline=Deadline(20)))
        return made[-1]

    with serving("/api/v4") as api:
        yield api, connect
        for history in made:
            history.close()


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(data), data)).hexdigest()  # noqa: S324 - git's own


def blob(data: bytes) -> dict[str, Any]:
    return {"encoding": "base64", "content": base64.encodebytes(data).decode(), "size": len(data)}


def tree(*entries: tuple[str, str, str, str], truncated: bool = False) -> dict[str, Any]:
    listed = [{"path": p, "mode": m, "type": t, "sha": s, "size": 9} for p, m, t, s in entries]
    return {"sha": A, "tree": listed, "truncated": truncated}


def test_github_names_the_default_branch_and_its_commit_exactly(hub: tuple[Api, GitHubHistory]) -> None:
    api, history = hub
    api.json(HUB, {"default_branch": "main#1"})
    api.json(f"{HUB}/git/ref/heads/main%231", {"ref": "refs/heads/main#1", "object": {"type": "commit", "sha": B}})
    assert history.default_commit() == ("main#1", B)
    assert history.default_commit() == ("main#1", B)
    assert len(api.requests) == 2


def test_github_shows_a_file_through_its_folders(hub: tuple[Api, GitHubHistory]) -> None:
    api, history = hub
    api.json(f"{HUB}/git/trees/{A}", tree(("ci", "040000", "tree", B)))
    api.json(f"{HUB}/git/trees/{B}", tree(("jira.yml", "100644", "blob", blob_id(LOOSE))))
    api.json(f"{HUB}/git/blobs/{blob_id(LOOSE)}", blob(LOOSE))
    assert history.file(A, "ci/jira.yml", 100) == LOOSE
    assert history.file(A, "ci/other.yml", 100) is None
    assert history.file(A, "other/jira.yml", 100) is None
    assert len(api.requests) == 3, "each folder is asked for once"


@pytest.mark.parametrize(
    "answer",
    [
        tree((NAME, "120000", "blob", B)),
        tree((NAME, "160000", "commit", B)),
        tree((NAME, "040000", "tree", B)),
        tree((NAME, "100644", "blob", "../../x")),
        tree(truncated=True),
        {"tree": []},
        {"tree": None, "truncated": False},
        {"message": "Not Found"},
        [],
    ],
)
def test_github_saying_anything_else_is_not_absence(hub: tuple[Api, GitHubHistory], answer: Any) -> None:
    api, history = hub
    api.json(f"{HUB}/git/trees/{A}", answer)
    api.json(f"{HUB}/git/blobs/{B}", blob(LOOSE))
    with pytest.raises(Unreadable):
        history.file(A, NAME, 100)


@pytest.mark.parametrize(
    "answer",
    [
        {**blob(LOOSE), "size": 5},
        {**blob(LOOSE), "encoding": "utf-8"},
        {**blob(b""), "size": 9},
        {},
        blob(STRICT),  # whole, and another file
    ],
)
def test_github_cutting_the_content_is_seen(hub: tuple[Api, GitHubHistory], answer: Any) -> None:
    api, history = hub
    api.json(f"{HUB}/git/trees/{A}", tree((NAME, "100644", "blob", blob_id(LOOSE))))
    api.json(f"{HUB}/git/blobs/{blob_id(LOOSE)}", answer)
    with pytest.raises(Unreadable):
        history.file(A, NAME, 100)


def test_a_404_of_githubs_tree_is_not_absence_and_a_large_file_is_not_read(hub: tuple[Api, GitHubHistory]) -> None:
    api, history = hub
    with pytest.raises(Unreadable, match="contents: read"):
        history.file(A, NAME, 100)
    with pytest.raises(Unreadable, match="contents: read"):
        history.default_commit()
    api.json(f"{HUB}/git/trees/{B}", tree((NAME, "100644", "blob", B)))
    with pytest.raises(Unreadable, match="larger than 8 bytes"):
        history.file(B, NAME, 8)


def test_gitlab_shows_the_default_branch_and_a_file(lab: tuple[Api, Callable[[str], GitLabHistory]]) -> None:
    api, connect = lab
    history = connect("t0ken")
    api.json(LAB, {"id": 1, "default_branch": "main"})
    api.json(f"{LAB}/repository/branches/main", {"name": "main", "commit": {"id": B}})
    api.json(
        f"{LAB}/repository/files/ci%2Fjira.yml", {"file_path": "ci/jira.yml", "blob_id": blob_id(LOOSE), **blob(LOOSE)}
    )
    assert history.default_commit() == ("main", B)
    assert history.file(A, "ci/jira.yml", 100) == LOOSE
    with pytest.raises(Unreadable, match="larger than 3 bytes"):
        connect("t0ken").file(A, "ci/jira.yml", 3)


def test_gitlabs_404_is_absence_only_where_the_commit_is_shown(
    lab: tuple[Api, Callable[[str], GitLabHistory]],
) -> None:
    api, connect = lab
    with pytest.raises(Unreadable):
        connect("t0ken").file(A, NAME, 100)
    api.json(f"{LAB}/repository/commits/{A}", {"id": A})
    assert connect("t0ken").file(A, NAME, 100) is None
    # a job token is shown every commit and no file
    with pytest.raises(Unreadable, match="gitlab-token"):
        connect("").file(A, NAME, 100)


def test_a_policy_that_only_the_provider_has_comes_over_the_wire(
    hub: tuple[Api, GitHubHistory], tmp_path: Path
) -> None:
    api, history = hub
    api.json(HUB, {"default_branch": "main"})
    api.json(f"{HUB}/git/ref/heads/main", {"object": {"type": "commit", "sha": A}})
    api.json(f"{HUB}/git/trees/{A}", tree((NAME, "100644", "blob", blob_id(STRICT))))
    api.json(f"{HUB}/git/blobs/{blob_id(STRICT)}", blob(STRICT))
    run = run_of(event="pull_request", pull_request=PULL, commit=B)
    found = place(run, git=Git(tmp_path, ENVIRON), connect=lambda: history)
    assert content(found) == STRICT
    assert len(api.requests) == 4


def commits(run: Run, git: Git, connect: Callable[[], Files | None] = nobody) -> list[tuple[str, str]]:
    return [(one.commit, one.what) for one in policy_places(run, git=git, connect=connect)]


def test_a_run_of_last_month_is_held_against_the_default_branch_of_today(upstream: Repository) -> None:
    then = tip(upstream)
    now = write(upstream, STRICT + b"# newer\n")
    provider = Provider(("main", now))
    found = commits(run_of(commit=then), upstream.git, lambda: provider)
    assert found == [(now, "the default branch main"), (then, "this run's own commit")]
    assert commits(run_of(commit=now), upstream.git, lambda: provider) == [(now, "the default branch main")]


def test_the_remote_knows_the_default_branch_of_today_as_well(upstream: Repository, tmp_path: Path) -> None:
    clone = upstream.clone(tmp_path / "work")
    then, now = tip(upstream), write(upstream, LOOSE)
    assert [commit for commit, _ in commits(run_of(commit=then), clone.git)] == [now, then]
    now_place, _ = policy_places(run_of(commit=then), git=clone.git, connect=nobody)
    assert content(now_place) == LOOSE


def test_a_protected_branch_adds_its_own_and_another_one_does_not(upstream: Repository, checkout: Repository) -> None:
    head = tip(upstream, "feature")
    own = run_of(branch="feature", commit=head, protected=True)
    assert [commit for commit, _ in commits(own, checkout.git)] == [tip(upstream), head]
    assert [commit for commit, _ in commits(replace(own, protected=False), checkout.git)] == [tip(upstream)]
    tag = replace(own, branch="", tag="v1", event="push")
    assert [commit for commit, _ in commits(tag, checkout.git)] == [tip(upstream)]


def test_where_nobody_can_be_asked_the_runs_own_commit_stands_in_and_that_is_said(
    upstream: Repository, tmp_path: Path
) -> None:
    clone = upstream.clone(tmp_path / "work")
    clone.run("remote", "set-url", "origin", f"file://{tmp_path}/gone/acme/shop.git")
    then = tip(upstream)
    (found,) = policy_places(run_of(commit=then), git=clone.git, connect=nobody)
    assert (found.commit, content(found)) == (then, STRICT)
    assert found.relaxed == (
        "the default branch could not be asked: the policy is the one of this run's own commit, and main may be newer "
        "by now",
    )


def test_a_later_memory_of_the_checkout_counts_before_the_runs_own_commit(upstream: Repository, tmp_path: Path) -> None:
    then = tip(upstream)
    now = write(upstream, LOOSE)
    clone = upstream.clone(tmp_path / "work")
    clone.run("remote", "set-url", "origin", f"file://{tmp_path}/gone/acme/shop.git")
    first, second = policy_places(run_of(commit=then), git=clone.git, connect=nobody)
    assert ((first.commit, content(first)), second.commit) == ((now, LOOSE), then)
    assert "which may be older than the default branch is now" in first.relaxed[0]


def test_a_stale_memory_of_a_reused_checkout_does_not(upstream: Repository, tmp_path: Path) -> None:
    clone = upstream.clone(tmp_path / "work")
    now = write(clone, STRICT + b"# newer\n")
    clone.run("remote", "set-url", "origin", f"file://{tmp_path}/gone/acme/shop.git")
    (found,) = policy_places(run_of(commit=now), git=clone.git, connect=nobody)
    assert found.commit == now


def test_a_variable_of_gitlabs_alone_makes_no_branch_the_default_one(upstream: Repository, tmp_path: Path) -> None:
    clone = upstream.clone(tmp_path / "work")
    clone.run("remote", "set-url", "origin", f"file://{tmp_path}/gone/acme/shop.git")
    clone.run("checkout", "--quiet", "-b", "feature")
    own = run_of("gitlab", branch="feature", default_branch="feature", commit=write(clone, LOOSE))
    with pytest.raises(UsageError, match="could not be read from a trusted place"):
        policy_places(own, git=clone.git, connect=nobody)
    assert content(policy_places(own, git=clone.git, connect=lambda: Provider(("main", tip(upstream))))[0]) == STRICT


def test_a_protected_branch_whose_default_branch_nobody_knows_has_no_policy(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "acme" / "shop")
    head = write(repository, LOOSE)
    with pytest.raises(UsageError, match="could not be read from a trusted place"):
        policy_places(run_of(branch="release", commit=head, protected=True), git=repository.git, connect=nobody)


def test_without_git_the_provider_is_asked_for_the_default_branch_alone(tmp_path: Path) -> None:
    provider = Provider(("main", B), {(B, NAME): STRICT, (A, NAME): LOOSE})
    run = run_of("gitlab", commit=A, protected=True)
    (found,) = policy_places(run, git=Git(tmp_path, ENVIRON), connect=lambda: provider)
    assert (found.commit, content(found)) == (B, STRICT)


def test_outside_ci_the_policy_is_heads_alone(upstream: Repository) -> None:
    assert commits(run_of("local", event="local"), upstream.git) == [(tip(upstream), "HEAD")]
