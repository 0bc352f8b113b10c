"""Keys of a range of 20,000 and of 100,000 commits from local git, beside the ``git log`` that delivers it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from figures import scene
from figures.process import clean_environ, compare, jira_ci, memory

COMMITS = 20_000, 100_000


def measure() -> None:
    """Prints the figures."""
    for commits in COMMITS:
        _compare(commits)


def _compare(commits: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "large"
        folder.mkdir()
        scene.git(folder, "init", "--quiet", "--initial-branch=main")
        stream = Path(temporary) / "stream"  # on disk: a child's peak memory begins with what its parent holds
        with stream.open("w", encoding="utf-8") as file:
            file.writelines(_commits(commits))
        with stream.open("rb") as file:
            subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, stdin=file, check=True)
        first = scene.git(folder, "rev-list", "--max-parents=0", "main")
        log = ["git", "log", "-z", "--format=%H%n%B", f"{first}..main"]
        keys = ["keys", "--environment", "Prod", "--since", first, "--projects", "WEB"]
        ours, floor = compare(jira_ci(*keys), log, (clean_environ(), clean_environ()), str(folder))
        peak = memory(keys, clean_environ(), str(folder))
        print(f"keys of {commits} commits: {ours}, {peak:.0f} MB (at most 80 MB)")
        print(f"              git log: {floor}")
        print(
            f"                ratio: {ours.wall / floor.wall:.2f} wall, {ours.cpu / floor.cpu:.2f} CPU (at most 1.5)\n"
        )


def _commits(commits: int) -> Iterator[str]:
    body = "It does what it says; see the discussion in the pull request for why it does so this way and not another."
    for number in range(commits + 1):
        trailer = "\nNames are UTF-8, co-written by Bo <bo@example.com>" if number % 3 == 0 else ""
        message = f"WEB-{number % 400 + 1} Change number {number}\n\n{body}\n{trailer}"
        yield (
            f"commit refs/heads/main\ncommitter Ana <ana@example.com> {1_700_000_000 + number} +0000\n"
            f"data {len(message)}\n{message}\n"
        )
