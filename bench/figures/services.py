"""A monorepo's range of 10,000 commits attributed to 50 services, beside the ``git log`` that names the files."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from figures import scene
from figures.process import clean_environ, compare, jira_ci, memory

COMMITS, SERVICES, CONTENTS = 10_000, 50, 97
PARTS = ("main/java/com/acme/shop/api", "main/java/com/acme/shop/core", "docs", "main/resources/texts")
TESTS = "test/java/com/acme/shop/core"


def measure() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "monorepo"
        folder.mkdir()
        scene.git(folder, "init", "--quiet", "--initial-branch=main")
        stream = Path(temporary) / "stream"
        with stream.open("w", encoding="utf-8") as file:
            file.writelines(_history())
        with stream.open("rb") as file:
            subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, stdin=file, check=True)
        scene.git(folder, "repack", "-a", "-d", "-f", "--quiet")  # as a server packs what it sends
        (folder / ".jira-ci.yml").write_text(_configuration(), encoding="utf-8")
        first = scene.git(folder, "rev-list", "--max-parents=0", "main")
        _attribute(folder, first)


def _attribute(folder: Path, first: str) -> None:
    names = ",".join(f"service{number}" for number in range(SERVICES))
    log = ["git", "log", "-z", "--format=%H%n%B", "--name-only", "--no-renames", f"{first}..main"]
    log[2:2] = ["--diff-merges=first-parent"]
    for given in (names, "service7"):
        keys = ["keys", "--since", first, "--service", given]
        ours, floor = compare(jira_ci(*keys), log, (clean_environ(), clean_environ()), str(folder))
        peak = memory(keys, clean_environ(), str(folder))
        what = f"{given.count(',') + 1} of {SERVICES} services"
        print(f"{COMMITS} commits, {what}: {ours}, {peak:.0f} MB (at most 80 MB)")
        print(f"    git log with names: {floor}")
        print(f"                 ratio: {ours.wall / floor.wall:.2f} wall (at most 2)\n")


def _configuration() -> str:
    lines = ["services:"]
    for number in range(SERVICES):
        paths = [f"services/service{number}/**", f"!services/service{number}/docs/**", f"libs/lib{number % 20}/**/*.py"]
        lines.append(f"  service{number}: {{ids: [id{number}], paths: {paths}}}".replace("'", '"'))
    return "\n".join(lines) + "\n"


def _history() -> Iterator[str]:
    """Three commits in four on main, the fourth on a branch that the next one merges."""
    for number in range(1, CONTENTS + 1):
        yield f"blob\nmark :{number}\ndata 4\n{number:04}\n"
    yield _commit(CONTENTS + 1, "From nothing", (), [f"M 100644 :1 {path}" for path in _tree()])
    for number in range(1, COMMITS + 1):
        last = CONTENTS + number
        parents: tuple[int, ...] = (last,)
        if number % 4 == 3:
            parents = (last - 1,)
        elif number % 4 == 0:
            parents = (last - 1, last)
        message = f"WEB-{number % 900 + 1} Change number {number}\n\nIt does what it says, and the tests say so too."
        files = _changed(number - 1 if len(parents) > 1 else number)
        yield _commit(last + 1, message, parents, [f"M 100644 :{number % CONTENTS + 1} {path}" for path in files])


def _commit(mark: int, message: str, parents: tuple[int, ...], changes: list[str]) -> str:
    joined = [f"{word} :{parent}\n" for word, parent in zip(("from", "merge"), parents, strict=False)]
    who = f"committer Ana <ana@example.com> {1_700_000_000 + mark} +0000"
    head = f"commit refs/heads/main\nmark :{mark}\n{who}\ndata {len(message)}\n{message}\n"
    return head + "".join(joined) + "\n".join(changes) + "\n\n"


def _tree() -> Iterator[str]:
    for service in range(SERVICES):
        for part in (*PARTS, TESTS):
            for number in range(100):
                yield f"services/service{service}/{part}/file{number}.py"
    for lib in range(20):
        for number in range(12):
            yield f"libs/lib{lib}/src/module{number}.py"


def _changed(number: int) -> list[str]:
    service, part = number * 7 % SERVICES, PARTS[number % 4]
    files = [f"services/service{service}/{part}/file{(number + more) % 100}.py" for more in range(1 + number % 4)]
    files += [f"services/service{service}/{TESTS}/file{(number + more) % 100}.py" for more in range(1 + number % 3)]
    return [*files, f"libs/lib{number % 20}/src/module{number % 12}.py"] if number % 5 == 0 else files
