"""What origin adds to a clone: history behind cuts of many shapes, tags, branches, and never another repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci.repositories import Repository
from jira_ci.git.origin import Origin, is_home
from jira_ci.git.repository import Git
from jira_ci.run import CI, Run

ABSENT = "1234567890123456789012345678901234567890"


def run_of(commit: str = "", provider: str = "github", server: str = "https://github.com") -> Run:
    return Run(CI(provider), "acme/shop", "1", "", commit, 1, "", server_url=server)


def completed(git: Git, head: str, *bases: str, commit: str = "", **bounds: Any) -> bool:
    return Origin(git, run_of(commit or head)).complete(head, *bases, **bounds)


def messages(git: Git, head: str, *bases: str) -> list[str]:
    return [message.rstrip("\n") for _, message in git.messages(head, *bases)]


def test_a_cut_in_a_merged_branch_is_seen(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit("base")
    repository.run("checkout", "--quiet", "-b", "feature")
    repository.commits("WEB-1", "WEB-2", "WEB-3")
    repository.run("checkout", "--quiet", "main")
    repository.run("merge", "--quiet", "--no-ff", "-m", "merge", "feature")
    shallow = repository.clone(tmp_path / "shallow", "--depth=2")
    head = shallow.git.head()
    assert shallow.git.resolve(base) == base
    assert not shallow.git.holds(head, base)
    assert completed(shallow.git, head, base)


def test_a_shallow_clone_is_deepened_step_by_step(repository: Repository, tmp_path: Path) -> None:
    shas = repository.commits(*(f"WEB-{number}" for number in range(30)))
    shallow = repository.clone(tmp_path / "shallow", "--depth=1")
    git = shallow.git
    assert completed(git, shas[29], shas[9], steps=(5, 10, 100))
    assert messages(git, shas[29], shas[9]) == [f"WEB-{number}" for number in range(29, 9, -1)]
    assert shallow.run("status", "--porcelain") == ""


def test_the_head_of_a_pull_request_comes_with_the_merge_commit(repository: Repository, tmp_path: Path) -> None:
    repository.commits("m1", "m2")
    base = repository.git.head()
    repository.run("checkout", "--quiet", "-b", "feature", "HEAD~1")
    head = repository.commits("WEB-1", "WEB-2")[-1]
    repository.run("checkout", "--quiet", "-b", "merged", "main")
    repository.run("merge", "--quiet", "-m", "Merge", "feature")
    shallow = repository.clone(tmp_path / "shallow", "--depth=1", "--branch=merged")
    assert shallow.git.resolve(head) == ""
    assert completed(shallow.git, head, base)
    assert messages(shallow.git, head, base) == ["WEB-2", "WEB-1"]


def test_deepening_gives_up_quietly(repository: Repository, tmp_path: Path) -> None:
    shas = repository.commits(*(f"c{number}" for number in range(9)))
    gone = repository.clone(tmp_path / "gone", "--depth=1")
    gone.run("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    late = repository.clone(tmp_path / "late", "--depth=1")
    far = repository.clone(tmp_path / "far", "--depth=1")
    assert not completed(gone.git, shas[8], shas[0])
    assert not completed(late.git, shas[8], shas[0], seconds=0)
    assert not completed(far.git, shas[8], shas[0], steps=(2, 2))
    assert not completed(far.git, shas[8], ABSENT)


def test_a_clone_that_a_later_fetch_cut_is_not_believed(repository: Repository, tmp_path: Path) -> None:
    repository.commits(*(f"OLD-{number}" for number in range(1, 6)))
    repository.run("checkout", "--quiet", "-b", "topic")
    head = repository.commits("WEB-1", "WEB-2")[-1]
    repository.run("checkout", "--quiet", "main")
    base = repository.commits("OLD-6", "OLD-7")[-1]
    copy = repository.clone(tmp_path / "copy", "--branch=topic", "--single-branch")
    copy.run("fetch", "--quiet", "--depth=1", "origin", "main")
    assert copy.git.boundary() == {base}
    assert not copy.git.holds(head, base), "what base has is hidden"
    git = copy.git
    assert completed(git, head, base)
    assert messages(git, head, base) == ["WEB-2", "WEB-1"]


def test_what_a_branch_hides_behind_a_cut_is_not_claimed(repository: Repository, tmp_path: Path) -> None:
    """No cut lies in the range: the way from base to a commit of the "range" leads through one."""
    root = repository.commit("root")
    shared = repository.commit("OLD-1")
    repository.run("checkout", "--quiet", "-b", "old", root)
    repository.commit("old branch")
    repository.run("checkout", "--quiet", "main")
    repository.commits(*(f"OLD-{number}" for number in range(2, 9)))
    repository.run("merge", "--quiet", "--no-ff", "-m", "base", "old")
    base = repository.git.head()
    repository.run("checkout", "--quiet", "-b", "topic", shared)
    repository.commit("WEB-1")
    repository.run("checkout", "--quiet", "main")
    repository.run("merge", "--quiet", "--no-ff", "-m", "head", "topic")
    head = repository.git.head()
    git = repository.clone(tmp_path / "shallow", "--depth=4").git
    assert git.resolve(base)
    listed = git.run("rev-list", "--format=%s", head, f"^{base}")
    assert "OLD-1" in listed, "git alone believes it"
    assert git.boundary().isdisjoint(listed.split())
    assert not git.holds(head, base)
    assert completed(git, head, base)
    assert set(messages(git, head, base)) == {"head", "WEB-1"}


def test_an_island_and_a_commit_on_top_are_deepened_by_what_the_remote_knows(
    repository: Repository, tmp_path: Path
) -> None:
    base = repository.commits("OLD-1", "OLD-2")[-1]
    head = repository.commits("WEB-1", "WEB-2", "WEB-3")[-1]
    shallow = repository.clone(tmp_path / "shallow", "--depth=1")
    top = shallow.commit("1.4.0")
    git = shallow.git
    assert completed(git, top, base, commit=head)
    assert messages(git, top, base) == ["1.4.0", "WEB-3", "WEB-2", "WEB-1"]


def test_a_base_on_another_line_is_fetched(repository: Repository, tmp_path: Path) -> None:
    repository.commits("OLD-1", "OLD-2")
    repository.run("checkout", "--quiet", "-b", "release")
    base = repository.commits("fix", "release")[-1]
    repository.run("checkout", "--quiet", "main")
    head = repository.commits("WEB-1", "WEB-2")[-1]
    git = repository.clone(tmp_path / "shallow", "--depth=1").git
    assert completed(git, head, base)
    assert messages(git, head, base) == ["WEB-2", "WEB-1"]


def test_another_repository_is_not_asked(repository: Repository, tmp_path: Path) -> None:
    base, head = repository.commits("one", "two")
    shallow = repository.clone(tmp_path / "shallow", "--depth=1")
    shallow.run("config", "url." + repository.path.as_uri() + ".insteadOf", "https://github.com/acme/shop")
    shallow.run("remote", "set-url", "origin", "https://github.com/acme/shop")
    assert completed(shallow.git, head, base), "the rule leads to a folder of this machine"
    other = repository.clone(tmp_path / "other", "--depth=1")
    other.run("config", "url.https://evil.example/acme/shop.insteadOf", repository.path.as_uri())
    assert not Origin(other.git, run_of(head)).is_home
    assert not completed(other.git, head, base)
    assert Origin(other.git, run_of(head)).tags() == {}
    several = repository.clone(tmp_path / "several", "--depth=1")
    several.run("remote", "set-url", "--add", "origin", "https://evil.example/acme/shop")
    assert not Origin(several.git, run_of(head)).is_home


@pytest.mark.parametrize(
    ("address", "provider", "home"),
    [
        ("https://github.com/acme/shop.git", "github", True),
        ("https://x-access-token:t@github.com/Acme/Shop/", "github", True),
        ("git@github.com:acme/shop.git", "github", True),
        ("ssh://git@ssh.github.com:443/acme/shop.git", "github", True),
        ("https://github.com.evil.example/acme/shop", "github", False),
        ("https://evilgithub.com/acme/shop", "github", False),
        ("https://github.com/acme/other", "github", False),
        ("https://github.com/evil/acme/shop", "github", False),
        ("http://gitlab.internal:8080/acme/shop.git", "gitlab", True),
        ("http://gitlab.internal:8080/other/shop.git", "gitlab", False),
        ("https://anything.example/x/y", "local", True),
        ("file:///srv/shop", "github", True),
        ("/srv/shop", "github", True),
        ("ext::sh -c evil", "github", False),
        ("odd://x/acme/shop", "github", False),
        ("", "github", False),
    ],
)
def test_whose_address_it_is(address: str, provider: str, home: bool) -> None:
    assert is_home(address, run_of(provider=provider)) is home


def test_the_remote_says_where_its_tags_and_branches_stand(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit("one")
    copy = repository.clone(tmp_path / "copy", "--depth=1")
    second = repository.commit("two")
    repository.run("tag", "light", first)
    repository.run("tag", "-a", "-m", "t", "heavy", second)
    repository.run("tag", "-a", "-m", "t", "nested", "heavy")
    repository.run("branch", "main-2", first)
    origin = Origin(copy.git, run_of(first))
    assert dict(origin.tags()) == {"light": first, "heavy": second, "nested": second}
    assert (origin.tag("heavy"), origin.tag("v"), origin.branch("main"), origin.branch("in")) == (
        second,
        "",
        second,
        "",
    )
    assert origin.fetch(second)
    assert not origin.fetch(ABSENT)
