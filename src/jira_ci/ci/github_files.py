"""A repository's committed files through GitHub's REST API, without PyGithub: every gate needs them, and importing that
costs more than all else that a gate does."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import quote

from jira_ci import __version__
from jira_ci.ci.api import Asked, Here, Refused, ask, commit_id, said, whole_blob
from jira_ci.ci.bound_session import BoundSession
from jira_ci.exchange import Answer
from jira_ci.git.objects import is_id_of
from jira_ci.run import Run
from jira_ci.text import mapping, sha, short, string, whole
from jira_ci.timing import Deadline

T = TypeVar("T")


class GitHubFiles:
    """One repository on GitHub or GitHub Enterprise Server; see :class:`jira_ci.ci.api.RepositoryFiles`.

    Args:
        here: gives a file's content by git's id, where the checkout has it: what GitHub need not be asked for.
    """

    _errors: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline, here: Here | None = None) -> None:
        self.session, self._here = BoundSession(run.api_url, ca_bundle, deadline), here
        self._answers: dict[tuple[str, ...], Any] = {}  # several environments ask the same questions
        self._trees: dict[str, tuple[Any, Any]] = {}  # several names are looked for in the same folder
        self._api, self._home = run.api_url, f"/repos/{run.repository}"
        self._headers = {
            "Authorization": f"token {token}",
            "Accept": "application/vnd.github+json",
            "User-Agent": f"jira-ci/{__version__}",
        }

    def default_commit(self) -> tuple[str, str]:
        def question() -> tuple[str, str]:
            name = said(self._get("").get("default_branch"))
            # Not /commits/NAME: a tag of the same name would win there.
            found = mapping(self._get(f"/git/ref/heads/{quote(name)}").get("object"))
            return name, commit_id(found.get("sha"))

        return self._ask("the default branch's commit", "contents: read", question)

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        # Not /contents/PATH: it follows symbolic links, and its 404 does not tell *no file* from *not for you*.
        def question() -> bytes | None:
            tree = commit
            *folders, name = path.split("/")
            for folder in folders:
                entry = self._entry(tree, folder)
                if entry is None:
                    return None
                tree = _object(entry, "tree")
            entry = self._entry(tree, name)
            if entry is None:
                return None
            if (whole(entry.get("size")) or 0) > limit:
                raise Refused(0, f"it is larger than {limit} bytes")
            object_id = _object(entry, "blob")
            held = self._here(object_id, limit) if self._here else None
            data = self._blob(object_id) if held is None else held
            if not is_id_of(object_id, data):
                raise Refused(0, "its content is not what its id says")
            return data

        return self._ask(f"the file {path} of commit {short(commit)}", "contents: read", question, commit)

    def _blob(self, object_id: str) -> bytes:
        blob = self._get(f"/git/blobs/{object_id}")
        data = base64.b64decode(string(blob["content"]))
        if blob["encoding"] != "base64" or len(data) != blob["size"]:
            raise Refused(0, "its content is not complete")
        return data

    def _entry(self, tree: str, name: str) -> Mapping[str, Any] | None:
        """What a tree has of this name; None when it certainly has nothing."""
        if tree not in self._trees:
            answer = self._get(f"/git/trees/{tree}")
            self._trees[tree] = answer["tree"], answer.get("truncated")
        entries, truncated = self._trees[tree]
        found = [entry for entry in entries if entry["path"] == name]
        if not found and truncated is not False:
            raise Refused(0, "its folder has too many files to be listed")
        return mapping(found[0]) if found else None

    def _get(self, path: str) -> Mapping[str, Any]:
        answer = self.session.request("GET", f"{self._api}{self._home}{path}", headers=self._headers)
        return mapping(Answer(answer.status_code, body=answer.content).json())

    def named_file(self, ref: str, path: str, limit: int) -> tuple[str, bytes]:
        def question() -> tuple[str, bytes]:
            # The commit first: what a branch names may be another one between two questions.
            commit = sha(ref) or commit_id(self._get(f"/commits/{quote(ref, safe='')}").get("sha"))
            found = self._get(f"/contents/{quote(path)}?ref={commit}")
            if found.get("type") != "file" or string(found.get("path")) != path:
                raise Refused(0, "it is a symbolic link, a submodule or a directory, and not a file")
            return commit, whole_blob(found, string(found.get("sha")), limit)

        return self._ask(f"the file {path} of {self._home.removeprefix('/repos/')}", "contents: read", question, ref)

    def tag(self, name: str) -> str:
        # /commits/tags/NAME peels annotated tags: https://docs.github.com/rest/commits/commits#get-a-commit
        def question() -> str:
            try:
                return commit_id(self._get(f"/commits/tags/{quote(name)}?per_page=1").get("sha"))
            except Refused as error:
                if "No commit found" not in error.told:  # 404 is what a token gets that may not see the repository
                    raise
                return ""

        return ask(self._asked(f"the tag {name!r}", "contents: read"), question, self._errors)

    def close(self) -> None:
        self.session.close()

    def _ask(self, what: str, permission: str, question: Callable[[], T], *about: str) -> T:
        key = (what, *about)  # a sentence has short ids, which somebody may have made alike
        if key not in self._answers:
            self._answers[key] = ask(self._asked(what, permission), question, self._errors)
        return cast("T", self._answers[key])

    def _asked(self, what: str, permission: str) -> Asked:
        return Asked("GitHub", self.session.host, what, f"`permissions: {permission}`")


def _object(entry: Mapping[str, Any], kind: str) -> str:
    """The id of a tree's entry, if it is a folder (tree) or a regular file (blob)."""
    mode = string(entry.get("mode"))
    if entry.get("type") != kind or (kind == "blob" and not mode.startswith("100")) or not sha(entry.get("sha")):
        raise Refused(0, "it is a symbolic link, a submodule or a directory, and not a file")
    return sha(entry.get("sha"))
