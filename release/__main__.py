"""``python -m release``: the action's release tree, ``jira-ci.pyz``, the GitLab template, a list of parts, and sums.

Run from the root of a git checkout. Same input, same bytes: nothing of the clock, the user, the umask, the locale or
the folder gets in. What is fetched once is kept in ``build/`` and checked against the lock again each time.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from release import checkout, pyz, sbom, template
from release.archives import tar, write_tree
from release.contents import Tree, below, files_at
from release.vendored import LICENCES, read, vendor
from release.wheels import fetch

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Reads the arguments and builds."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where everything goes (default: dist)")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "wheels", help="where downloads are kept")
    arguments = parser.parse_args()
    for name, size in build(arguments.out, arguments.cache).items():
        print(f"{size:>9,}  {arguments.out / name}")  # noqa: T201 - that is its output


def build(out: Path, cache: Path) -> dict[str, int]:
    """Writes the release into a folder; the names and sizes in bytes of its files.

    Raises:
        SystemExit: something could not be fetched, or is not what the lock names.
    """
    packages = [read(wheel) for wheel in fetch(ROOT / "requirements", cache)]
    version = checkout.version(ROOT)
    vendored = vendor(packages, files_at(Path(__file__).parent / "stand_ins"))
    repository = checkout.repository(ROOT)
    archive = pyz.archive(repository, vendored)
    digest = hashlib.sha256(archive).hexdigest()
    action = checkout.action(repository, vendored)
    action.update(template.release(action, version, digest))
    programs = checkout.programs(ROOT)
    files: Tree = {
        "jira-ci.pyz": archive,
        "jira-ci.cdx.json": sbom.document(version, packages),
        f"jira-ci-action-{version}.tar.gz": tar(action, f"jira-ci-action-{version}", programs),
        "jira-ci.gitlab-ci.yml": action[template.NAME],
        "LICENCES.md": vendored[LICENCES],
    }
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    files["SHA256SUMS"] = sums.encode()
    write_tree({**files, **below("action", action)}, out, {"jira-ci.pyz", *(f"action/{name}" for name in programs)})
    return {name: len(content) for name, content in files.items()}


if __name__ == "__main__":
    main()
