"""Keys of a 100,000-commit range from local git, beside the ``git log`` that delivers it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from figures import scene
from figures.process import clean_environ, jira_ci, weigh

COMMITS = 100_000


def measure() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "large"
        folder.mkdir()
        scene.git(folder, "init", "--quiet", "--initial-branch=main")
        scene.git(folder, "fast-import", "--quiet", stdin="".join(_commits()))
        first = scene.git(folder, "rev-list", "--max-parents=0", "main")
        log = ["git", "log", "-z", "--format=%H%n%B", f"{first}..main"]
        floor = weigh(log, clean_environ(), str(folder), times=3)
        ours = weigh(
            jira_ci("keys", "--environment", "Prod", "--since", first, "--projects", "WEB"),
            clean_environ(),
            str(folder),
            times=3,
        )
        print(f"keys of {COMMITS} commits: {ours}\n              git log: {floor}")
        print(f"                ratio: {ours.wall / floor.wall:.2f} wall (at most 1.5; 80 MB)\n")


def _commits() -> list[str]:
    lines = []
    for number in range(COMMITS + 1):
        message = f"WEB-{number % 400 + 1} Change number {number}\n\n" + "It does what it says, and UTF-8 too. " * 4
        lines.append(
            f"commit refs/heads/main\ncommitter Ana <ana@example.com> {1_700_000_000 + number} +0000\n"
            f"data {len(message)}\n{message}\n"
        )
    return lines
