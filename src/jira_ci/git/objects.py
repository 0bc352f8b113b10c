"""A committed file out of git's object store, each object held against its id before it is believed.

git itself checks the hash of what it is sent, and not of what it finds in its store: ``git cat-file`` and ``git
ls-tree`` show whatever an earlier job in a reused directory has put under a known id. From a commit's id its tree
follows, from that the folders, and from these the file; none of it is taken from git's word, nor from its commit-graph.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from jira_ci.git import command as git_command
from jira_ci.git.command import GitError
from jira_ci.text import sha as full_sha
from jira_ci.text import short

_SECONDS = 30.0  # a local question; a cold repository on a network disk takes seconds
_REGULAR = b"100"  # a regular file's mode begins so, executable or not
_FOLDER = b"40000"
_KINDS = {b"120000": "a symbolic link", b"160000": "a submodule", _FOLDER: "a directory"}
_LARGEST = 64 * 1024 * 1024  # bytes of a commit or a tree


class Unfit(GitError):
    """What is committed there is known, and it is not what was asked for."""


class Missing(GitError):
    """An object that has to be there is not in the store: a partial or a damaged clone.

    Args:
        object_id: its id, which the objects before it name.
        what: for a sentence.
        kind: ``commit``, ``tree`` or ``blob``.
    """

    def __init__(self, object_id: str, what: str, kind: str) -> None:
        super().__init__(
            f"{what} ({short(object_id)}) is not in the checkout, which is a partial or damaged clone: fetch it anew, "
            "without a filter"
        )
        self.object_id, self.kind = object_id, kind


def is_id_of(object_id: str, content: bytes, kind: str = "blob") -> bool:
    """Whether git knows this content by this id."""
    framed = b"%s %d\0%s" % (kind.encode(), len(content), content)
    # The id's length tells the hash: https://git-scm.com/docs/hash-function-transition
    digest = hashlib.sha256(framed) if len(object_id) == 64 else hashlib.sha1(framed)  # noqa: S324 - git's own
    return digest.hexdigest() == object_id


def file(directory: Path, environ: Mapping[str, str], commit: str, path: str, limit: int) -> bytes | None:
    """A file as it was committed; None when that commit certainly has none of this path.

    Args:
        commit: a full commit id.
        path: from the repository's top, with slashes.
        limit: the most bytes it may have.

    Raises:
        Unfit: there is something else than a file of at most that size; a symbolic link is not followed.
        Missing: an object on the way to the file is not here.
        GitError: an object is not what its id says, or git failed.
    """
    *folders, name = path.split("/")
    above = ("/".join(folders[:depth]) for depth in range(1, len(folders) + 1))
    names = (commit, f"{commit}^{{tree}}", *(f"{commit}:{one}" for one in above), f"{commit}:{path}")
    store = _Store(directory, environ, names, limit)
    tree = _tree_of(store.object("commit", commit, f"commit {short(commit)}"))
    for folder in folders:
        found = _entry(store.object("tree", tree, f"a folder of {path}"), tree, folder)
        if found is None:
            return None
        mode, tree = found
        if mode != _FOLDER:
            raise Unfit(f"a folder of {path} is {_KINDS.get(mode, 'a file')} in commit {short(commit)}")
    found = _entry(store.object("tree", tree, f"the folder of {path}"), tree, name)
    if found is None:
        return None
    mode, blob = found
    if not mode.startswith(_REGULAR):
        raise Unfit(f"{path} is {_KINDS.get(mode, 'no file')} in commit {short(commit)}, and not a file")
    return store.object("blob", blob, path)


def blob(directory: Path, environ: Mapping[str, str], object_id: str, limit: int) -> bytes | None:
    """A file's content by its id; None where it is not here, has more bytes, or is not what its id says."""
    try:
        return _Store(directory, environ, [object_id], limit).object("blob", object_id, "a file")
    except GitError:
        return None


class _Store:
    """What git has under some names, read with two processes: how large each is, then those that are not too large.

    Args:
        limit: the most bytes of a file.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str], names: Iterable[str], limit: int) -> None:
        self._directory, self._environ, self._limit = directory, environ, limit
        self.sizes: dict[str, int] = {}
        self._found: dict[str, bytes] = {}
        # Before git 2.45 a partial clone ends all of this at the first object that it lacks.
        with suppress(GitError):
            self._load(names)

    def object(self, kind: str, object_id: str, what: str) -> bytes:
        """An object that is what its id says.

        Args:
            what: for a sentence.

        Raises:
            Unfit: it is a file that is too large.
            Missing: it is not here.
            GitError: it is something else than its id says.
        """
        if object_id not in self._found:
            with suppress(GitError):
                self._load([object_id])
        content, size = self._found.get(object_id), self.sizes.get(object_id, 0)
        if content is None and kind == "blob" and size > self._limit:
            raise Unfit(f"{what} has {size} bytes, and {self._limit} are allowed")
        if content is None:
            raise Missing(object_id, what, kind)
        if not is_id_of(object_id, content, kind):
            raise GitError(
                f"{what} ({short(object_id)}) is not what its id says, so the clone is damaged or was tampered with: "
                "check the repository out anew, into an empty directory"
            )
        return content

    def _load(self, names: Iterable[str]) -> None:
        listed = self._git("--batch-check", names).decode("utf-8", "replace").splitlines()
        told = [parts for parts in map(str.split, listed) if len(parts) == 3 and full_sha(parts[0])]
        self.sizes |= {object_id: int(size) for object_id, _, size in told if size.isdecimal()}
        most = {object_id: self._limit if kind == "blob" else _LARGEST for object_id, kind, _ in told}
        fitting = [object_id for object_id, limit in most.items() if self.sizes[object_id] <= limit]
        self._found |= _read(self._git("--batch", fitting))

    def _git(self, how: str, names: Iterable[str]) -> bytes:
        asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        return git_command.output(self._directory, self._environ, ("cat-file", how), seconds=_SECONDS, stdin=asked)


def _read(batch: bytes) -> Iterator[tuple[str, bytes]]:
    """Ids and contents out of what ``git cat-file --batch`` prints (https://git-scm.com/docs/git-cat-file)."""
    while batch:
        head, _, rest = batch.partition(b"\n")
        told = head.decode("ascii", "replace").split()
        size = int(told[2]) if len(told) == 3 and told[2].isdecimal() else -1  # "ID missing" has nothing behind it
        if size >= 0:
            yield told[0], rest[:size]
        batch = rest[size + 1 :]


def _tree_of(commit: bytes) -> str:
    """The tree that a commit names in its first line."""
    first, _, _ = commit.partition(b"\n")
    tree = full_sha(first.removeprefix(b"tree ").decode("ascii", "replace"))
    if not (first.startswith(b"tree ") and tree):
        raise GitError("a commit names no tree")
    return tree


def _entry(tree: bytes, tree_id: str, name: str) -> tuple[bytes, str] | None:
    """Mode and id of what a tree has under a name; None when it certainly has nothing.

    A tree is a list of ``MODE NAME``, a zero byte, and the id's bytes, as many as the tree's own id has.
    """
    wide, wanted, at = len(tree_id) // 2, name.encode("utf-8", "surrogateescape"), 0
    while (end := tree.find(b"\0", at)) >= 0:
        mode, _, told = tree[at:end].partition(b" ")
        at = end + 1 + wide
        if told == wanted:
            return mode, tree[end + 1 : at].hex()
    return None
