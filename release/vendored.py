"""``vendor/``: what the wheels hold, without their installers' notes, with their licences and a list of these."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import Parser

from release.contents import Tree
from release.wheels import Wheel

LICENCES = "LICENCES.md"
_NOTES = ("RECORD", "WHEEL", "INSTALLER", "top_level.txt", "entry_points.txt")
_NATIVE = (".so", ".pyd", ".dll", ".dylib", ".a", ".o")
_SPEEDUPS = ("markupsafe/_speedups.c", "markupsafe/_speedups.pyi")  # the source of a native module that is not built
# Those whose metadata names no SPDX expression; read in their licence texts.
_KNOWN = {
    "certifi": "MPL-2.0",
    "defusedxml": "PSF-2.0",
    "fastjsonschema": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "markupsafe": "BSD-3-Clause",
    "pygithub": "LGPL-3.0-or-later",
    "python-gitlab": "LGPL-3.0-or-later",
    "pyyaml": "MIT",
    "requests": "Apache-2.0",
    "requests-toolbelt": "Apache-2.0",
    "tzdata": "Apache-2.0",
}
_HEAD = """\
# What is inside

jira-ci is under the MIT licence. The packages below travel with it, unchanged and as source code, each under its own
licence; the texts stand in `*.dist-info`. They are separate folders on the import path: another version of one of them
can be put in its place.

PyNaCl and cryptography, which PyGithub also names, are native code and left out: `nacl.py` stands in for the former.
charset-normalizer, which requests names, would double the time that requests takes to load, and nothing here needs its
guesses: `charset_normalizer.py` stands in for it, with the encoding that requests assumes where nobody guesses.
PyYAML and MarkupSafe are built without their native parts.

| package | version | licence | texts |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Package:
    """A wheel that was read.

    Attributes:
        licence: an SPDX expression.
        texts: the paths of its licence texts.
    """

    name: str
    version: str
    licence: str
    sha256: str
    files: Tree
    texts: tuple[str, ...]


def read(wheel: Wheel) -> Package:
    """What a wheel brings.

    Raises:
        SystemExit: it holds native code, scripts, or no licence that we know.
    """
    with zipfile.ZipFile(wheel.path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    info = next(name.partition("/")[0] for name in files if ".dist-info/" in name)
    metadata = Parser().parsestr(files[f"{info}/METADATA"].decode())
    files = {name: content for name, content in files.items() if not _left_out(name, info)}
    wrong = [name for name in files if name.endswith(_NATIVE) or ".data/" in name]
    if wrong:
        raise SystemExit(f"{wheel.path.name} holds {wrong[0]}, which is not pure Python.")
    name = metadata["Name"].lower().replace("_", "-")
    licence = metadata["License-Expression"] or _KNOWN.get(name)
    texts = tuple(sorted(path for path in files if path.startswith(f"{info}/") and _is_licence(path)))
    if not licence or not texts:
        raise SystemExit(f"Which licence {name} is under is not known; name it in {__file__}.")
    return Package(name, metadata["Version"], licence, wheel.sha256(), files, texts)


def vendor(packages: Sequence[Package], stand_ins: Mapping[str, bytes]) -> Tree:
    """One folder with all packages and those that stand in for others.

    Raises:
        SystemExit: two of them bring the same file.
    """
    tree: Tree = {}
    for files in (*(package.files for package in packages), stand_ins, {LICENCES: _licences(packages)}):
        twice = tree.keys() & files.keys()
        if twice:
            raise SystemExit(f"Two packages bring {min(twice)}.")
        tree.update(files)
    return tree


def _licences(packages: Sequence[Package]) -> bytes:
    rows = [f"| {one.name} | {one.version} | {one.licence} | {', '.join(one.texts)} |\n" for one in packages]
    return (_HEAD + "".join(rows)).encode()


def _left_out(name: str, info: str) -> bool:
    return name in _SPEEDUPS or (name.startswith(f"{info}/") and name.rpartition("/")[2] in _NOTES)


def _is_licence(path: str) -> bool:
    return path.rpartition("/")[2].upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))
