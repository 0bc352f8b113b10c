"""The branches that merge commits name."""

from __future__ import annotations

import pytest

from jira_ci.keys.sources import MERGE, merged_branches, without_target


@pytest.mark.parametrize(
    ("message", "branches"),
    [
        ("Merge pull request #7 from acme/feature/web-12-pay\n\nPay by card", ["feature/web-12-pay"]),
        ("Merge pull request #7 from acme/web-12", ["web-12"]),
        ("Merge branch 'feature/web-12-pay'", ["feature/web-12-pay"]),
        ("Merge branch 'web-12' into 'main'\n\nPay\n\nSee merge request acme/shop!12", ["web-12"]),
        ("Merge branch 'web-12' into main", ["web-12"]),
        ("Merge branch 'web-12' of https://github.com/acme/shop into main", ["web-12"]),
        ("Merge remote-tracking branch 'origin/web-12' into main", ["web-12"]),
        ("Merge remote-tracking branches 'origin/web-1' and 'fork/web-2'", ["web-1", "web-2"]),
        ("Merge branches 'web-1', 'web-2' and 'x/web-3' into main", ["web-1", "web-2", "x/web-3"]),
        ("Merged in feature/web-12-pay (pull request #7)\n\nPay", ["feature/web-12-pay"]),
        ("Merge pull request #7 in SHOP/web from feature/web-12 to master", ["feature/web-12"]),
        ("Pull request #7: Pay by card\n\nMerge in SHOP/web from feature/web-12 to master", ["feature/web-12"]),
        ("Pull request #7: Pay by card\nMerge in SHOP/web from feature/web-12 to master", ["feature/web-12"]),
        ("Merge pull request 7 from feature/web-12 into main", ["feature/web-12"]),
        ("Merge pull request 'Pay by card' (#7) from feature/web-12 into main", ["feature/web-12"]),
        ("Merge pull request 'it''s' (#7)' (!8) from web-12 into main\r\n", ["web-12"]),
        ("Merge tag 'v1.0' into main", []),
        ("Merge web-12 by hand", []),
        ("Revert \"Merge branch 'web-12'\"", []),
        ("Pay by card\n\n\nMerge branch 'web-12'", []),
        ("", []),
    ],
)
def test_what_is_merged(message: str, branches: list[str]) -> None:
    assert list(merged_branches(message)) == branches
    assert not branches or message.startswith(MERGE)


@pytest.mark.parametrize(
    "message",
    ["Merge pull request " + "'" * 5_000_000, "Merge pull request '" + "' (#1) from " * 400_000, "Merge in " * 500_000],
    ids=["quotes", "halves", "words"],
)
def test_millions_of_characters_are_no_more_than_a_line(message: str) -> None:
    assert list(merged_branches(message)) == []


@pytest.mark.parametrize(
    ("message", "rest"),
    [
        ("Merge branch 'main' into feature/WEB-12\n\nREL-7", "Merge branch 'main'\n\nREL-7"),
        ("Merge branch 'main' into 'WEB-12'", "Merge branch 'main'"),
        ("Merge branch 'main'", "Merge branch 'main'"),
    ],
)
def test_the_branch_that_it_goes_into_is_left_out(message: str, rest: str) -> None:
    assert without_target(message) == rest
