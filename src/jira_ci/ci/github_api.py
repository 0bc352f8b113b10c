"""History and comments through GitHub's REST API, asked with PyGithub. Imported on use only: it brings all of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote

from github import Auth
from github.Commit import Commit
from github.GithubException import BadAttributeException, GithubException
from github.Repository import Repository
from github.Requester import HTTPSRequestsConnectionClass, Requester, RequestsResponse

from jira_ci import __version__
from jira_ci.ci.api import (
    PAGES,
    Asked,
    BoundSession,
    Comment,
    Commits,
    Refused,
    Touched,
    Unreadable,
    ask,
    commit_id,
    read,
    rows,
    said,
    touched,
)
from jira_ci.run import PullRequest, Run
from jira_ci.text import mapping, sha, short, string, url, whole
from jira_ci.timing import Deadline

if TYPE_CHECKING:
    from github.Deployment import Deployment
    from github.PullRequest import PullRequest as GitHubPullRequest

T = TypeVar("T")
_PAGE = 100
_LISTED = 250
"""A pull request's own list ends here (https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request)."""
_FILES = 3000
"""A commit's list of files ends here (https://docs.github.com/rest/commits/commits#get-a-commit)."""
_DEPLOYMENTS = 200
"""How many deployments are looked through, each with a request of its own, for one that succeeded."""
_RUN = re.compile(r"/actions/runs/([0-9]+)(?:[/?#]|$)")
_PULLS = "pull-requests: read"


class GitHubHistory:
    """One repository on GitHub or GitHub Enterprise Server; see :class:`jira_ci.ci.api.History`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        self.session = BoundSession(run.api_url, ca_bundle, deadline)
        self._run_id = run.run_id
        self._answers: dict[tuple[str, ...], Any] = {}  # several environments ask the same questions
        self._requester = _requester(self.session, run.api_url, token)
        self._home = f"/repos/{run.repository}"
        # Known well enough to ask questions about: no request of its own.
        self._repository = Repository(self._requester, {}, {"url": self._home}, completed=True)

    def compare(self, base: str, head: str) -> Commits:
        def question() -> Commits:
            comparison = self._repository.compare(base, head, comparison_commits_per_page=_PAGE)
            return _commits(comparison.commits, comparison.total_commits)

        return self._ask(f"the commits of {short(base)}..{short(head)}", "contents: read", question, base, head)

    def commit_message(self, commit: str) -> str:
        what = f"commit {short(commit)}"
        return self._ask(what, "contents: read", lambda: said(self._repository.get_git_commit(commit).message), commit)

    def files_of(self, commit: str) -> Touched:
        def question() -> Touched:
            files: list[Mapping[str, Any]] = []
            page, more = 1, True
            while more and len(files) < _FILES:
                path = f"{self._home}/commits/{commit}?per_page={_PAGE}&page={page}"
                headers, answer = self._requester.requestJsonAndCheck("GET", path)
                files += rows(mapping(answer)["files"])
                page, more = page + 1, 'rel="next"' in string(headers.get("link"))
            return touched(files, "filename", "previous_filename", complete=not more and len(files) < _FILES)

        return self._ask(f"the files of commit {short(commit)}", "contents: read", question, commit)

    def pull_request(self, number: int) -> PullRequest:
        what = f"pull request #{number}"
        return self._ask(what, _PULLS, lambda: _pull_request(self._repository.get_pull(number)))

    def pull_request_commits(self, number: int) -> Commits:
        def question() -> Commits:
            found = self._repository.get_pull(number)
            if found.commits > _LISTED:
                return self.compare(found.base.sha, found.head.sha)
            return _commits(found.get_commits(), found.commits)

        return self._ask(f"the commits of pull request #{number}", _PULLS, question)

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        known = Commit(self._requester, {}, {"url": f"{self._home}/commits/{commit}"}, completed=True)
        what = f"the pull requests of commit {short(commit)}"
        return self._ask(what, _PULLS, lambda: [_pull_request(found) for found in known.get_pulls()], commit)

    def last_deployment(self, environment: str) -> str:
        def question() -> str:
            for count, deployment in enumerate(self._repository.get_deployments(environment=environment)):
                if count >= _DEPLOYMENTS:
                    raise Refused(0, f"none of the last {_DEPLOYMENTS} succeeded")
                if self._succeeded(deployment):
                    return commit_id(deployment.sha)
            return ""

        return self._ask(f"the deployments to {environment!r}", "deployments: read", question)

    def close(self) -> None:
        self.session.close()

    def default_commit(self) -> tuple[str, str]:
        def question() -> tuple[str, str]:
            name = said(self._get("").get("default_branch"))
            # Not /commits/NAME: a tag of the same name would win there.
            found = mapping(self._get(f"/git/ref/heads/{quote(name)}").get("object"))
            return name, commit_id(found.get("sha"))

        return self._ask("the default branch's commit", "contents: read", question)

    def tag(self, name: str) -> str:
        # /commits/tags/NAME peels annotated tags: https://docs.github.com/rest/commits/commits#get-a-commit
        def question() -> str:
            try:
                return commit_id(self._get(f"/commits/tags/{quote(name)}?per_page=1").get("sha"))
            except Refused as error:
                if error.status != 404:
                    raise
                return ""

        asked = Asked("GitHub", self.session.host, f"the tag {name!r}", "`permissions: contents: read`")
        return ask(asked, question, (GithubException, BadAttributeException))

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
            blob = self._get(f"/git/blobs/{_object(entry, 'blob')}")
            data = base64.b64decode(string(blob["content"]))
            if blob["encoding"] != "base64" or len(data) != blob["size"]:
                raise Refused(0, "its content is not complete")
            return data

        return self._ask(f"the file {path} of commit {short(commit)}", "contents: read", question, commit)

    def _entry(self, tree: str, name: str) -> Mapping[str, Any] | None:
        """What a tree has of this name; None when it certainly has nothing."""
        answer = self._get(f"/git/trees/{tree}")
        found = [entry for entry in answer["tree"] if entry["path"] == name]
        if not found and answer["truncated"] is not False:
            raise Refused(0, "its folder has too many files to be listed")
        return mapping(found[0]) if found else None

    def _get(self, path: str) -> Mapping[str, Any]:
        _, answer = self._requester.requestJsonAndCheck("GET", self._home + path)
        return mapping(answer)

    def _succeeded(self, deployment: Deployment) -> bool:
        """Whether another run's deployment succeeded. A later one turns success into inactive, so any success
        counts and not the last status (https://docs.github.com/rest/deployments/deployments#inactive-deployments).
        """
        statuses = list(deployment.get_statuses())
        addresses = [string(address) for status in statuses for address in (status.log_url, status.target_url)]
        runs = [found[1] for address in addresses if (found := _RUN.search(address))]
        return self._run_id not in runs and any(status.state == "success" for status in statuses)

    def _ask(self, what: str, permission: str, question: Callable[[], T], *about: str) -> T:
        key = (what, *about)  # a sentence has short ids, which somebody may have made alike
        if key not in self._answers:
            asked = Asked("GitHub", self.session.host, what, f"`permissions: {permission}`")
            self._answers[key] = ask(asked, question, (GithubException, BadAttributeException))
        return cast("T", self._answers[key])


def _commits(found: Any, total: Any) -> Commits:
    read = tuple((said(commit.sha), said(commit.commit.message)) for commit in found)
    return Commits(read, complete=len(read) >= (whole(total) or 0))


def _pull_request(found: GitHubPullRequest) -> PullRequest:
    return PullRequest(
        number=found.number,
        title=string(found.title),
        branch=string(found.head.ref),
        url=url(found.html_url),
        base_sha=sha(found.base.sha),
        head_sha=sha(found.head.sha),
        # Not found.body: where a list lacks it, PyGithub asks once more.
        description=string(found._rawData["body"]) if "body" in found._rawData else None,
    )


def _object(entry: Mapping[str, Any], kind: str) -> str:
    """The id of a tree's entry, if it is a folder (tree) or a regular file (blob)."""
    mode = string(entry.get("mode"))
    if entry.get("type") != kind or (kind == "blob" and not mode.startswith("100")) or not sha(entry.get("sha")):
        raise Refused(0, "it is a symbolic link, a submodule or a directory, and not a file")
    return sha(entry.get("sha"))


class _Connection(HTTPSRequestsConnectionClass):
    """Hands PyGithub's requests to our session: PyGithub itself sleeps, follows redirects and knows no deadline."""

    session_of_all: BoundSession
    base: str

    def __init__(self, host: str, port: int | None = None, *_: Any, **__: Any) -> None:
        self.host = f"{host}:{port}" if port else host

    def getresponse(self) -> RequestsResponse:
        address = f"{self.protocol}://{self.host}{self.url}"
        answer = self.session_of_all.request(self.verb, address, headers=self.headers, data=self.input)
        return RequestsResponse(answer)

    def close(self) -> None:
        """The session is closed by whoever made it."""


def _requester(session: BoundSession, api_url: str, token: str) -> Requester:
    class OurRequester(Requester):
        """A class of its own, so that the connection class is set for this session only."""

    def connection(protocol: str) -> Any:
        return type("Connection", (_Connection,), {"session_of_all": session, "protocol": protocol})

    OurRequester.injectConnectionClasses(connection("http"), connection("https"))
    return OurRequester(
        auth=Auth.Token(token),
        base_url=api_url,
        timeout=30,
        user_agent=f"jira-ci/{__version__}",
        per_page=_PAGE,
        verify=True,
        retry=None,
        pool_size=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


_COMMENTS_PAGE = 100
_PERMISSION = "`permissions: pull-requests: write`"
_INSTALLATION = "ghs_"
"""https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"""
_ACTIONS = "github-actions[bot]"
_GHOST = "ghost"  # how a deleted account is shown


class GitHubComments(GitHubHistory):
    """One repository's comments; see :class:`jira_ci.ci.api.Comments`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        super().__init__(run, token, ca_bundle=ca_bundle, deadline=deadline)
        self._of_app = token.startswith(_INSTALLATION)

    def account(self) -> str:
        def question() -> str:
            name = "" if self._of_app else self._user()
            return (name or self._app()).lower()

        return self._ask("the token's user", "pull-requests: write", question)

    def comments(self, number: int, mark: str) -> list[Comment]:
        def question() -> list[Comment]:
            found: list[Comment] = []
            for page in range(1, PAGES + 1):
                path = f"{self._home}/issues/{number}/comments?per_page={_COMMENTS_PAGE}&page={page}"
                headers, answer = self._requester.requestJsonAndCheck("GET", path)
                if not isinstance(answer, list):
                    raise TypeError
                marked = [part for part in map(mapping, answer) if mark in string(part.get("body"))]
                found += [_comment(part, _GHOST) for part in marked]
                if 'rel="next"' not in string(headers.get("link")):
                    return sorted(found, key=lambda one: one.id)
            raise Refused(0, f"there are more than {PAGES * _COMMENTS_PAGE}")

        return self._told(f"the comments of pull request #{number}", "show", question)

    def comment(self, number: int, body: str) -> Comment:
        path = f"{self._home}/issues/{number}/comments"
        return self._told(f"a comment on pull request #{number}", "take", lambda: self._sent("POST", path, body))

    def rewrite(self, number: int, comment: Comment, body: str) -> Comment:
        path = f"{self._home}/issues/comments/{comment.id}"
        what = f"the comment on pull request #{number}"
        return self._told(what, "change", lambda: self._sent("PATCH", path, body))

    def delete(self, number: int, comment: Comment) -> None:
        path = f"{self._home}/issues/comments/{comment.id}"
        what = f"the second comment on pull request #{number}"
        try:
            self._told(what, "delete", lambda: self._requester.requestJsonAndCheck("DELETE", path))
        except Unreadable as error:
            if not error.missing:
                raise

    def _user(self) -> str:
        """The user's name; empty when the token is no user's."""
        try:
            return string(mapping(self._requester.requestJsonAndCheck("GET", "/user")[1]).get("login"))
        except Refused as error:
            if error.status not in (403, 404):
                raise
            return ""

    def _app(self) -> str:
        """The name that an app writes under: its own tokens may not ask for ``/user``, but for this. The workflow's own
        token is one of the app github-actions, which is assumed where nobody answers."""
        try:
            _, answer = self._requester.graphql_query("query { viewer { login } }", {})
        except (Refused, GithubException):
            return _ACTIONS
        name = string(mapping(mapping(mapping(answer).get("data")).get("viewer")).get("login"))
        if not name:
            return _ACTIONS
        return f"{name}[bot]" if self._of_app and not name.endswith("[bot]") else name

    def _sent(self, verb: str, path: str, body: str) -> Comment:
        return _comment(mapping(self._requester.requestJsonAndCheck(verb, path, input={"body": body})[1]))

    def _told(self, what: str, verb: str, question: Callable[[], T]) -> T:
        asked = Asked("GitHub", self.session.host, what, _PERMISSION, verb)
        return ask(asked, question, (GithubException, BadAttributeException))


def _comment(found: Mapping[str, Any], unknown: str = "") -> Comment:
    author = string(mapping(found.get("user")).get("login")).lower()
    return read(found, author or unknown, found.get("html_url"))
