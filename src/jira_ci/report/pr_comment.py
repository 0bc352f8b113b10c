"""One comment, whoever writes at the same time: the oldest of our account's counts, what newer ones know is taken over,
and they go; and after each writing it is looked at again, until there is nothing left to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.report import comment_text
from jira_ci.report.comment_state import MARK, Known, Place, is_ours, merged, read
from jira_ci.report.comment_text import Links, body
from jira_ci.report.plan import Plan
from jira_ci.report.report_result import SiteResult
from jira_ci.run import CI

if TYPE_CHECKING:
    from jira_ci.ci.api import Comment, Comments
    from jira_ci.run import PullRequest

_ROUNDS = 5
"""How often it is looked at again; each needs another job that wrote in between."""


def settle(comments: Comments, number: int, write: Callable[[Sequence[str]], str]) -> Comment:
    """Writes what there is to write, and nothing that is there already.

    Args:
        number: the pull or merge request's.
        write: the comment's text, from those of the comments that are there, oldest first.

    Raises:
        Unreadable: the provider did not answer, or took nothing.
    """
    written: Comment | None = None
    gone: Unreadable | None = None
    for _ in range(_ROUNDS):
        found = _own(comments, number, written)
        text = write([one.body for one in found])
        if not found:
            written = comments.comment(number, text)
            continue
        oldest, *newer = found
        changed = _same(oldest.body) != _same(text)
        if changed:
            try:
                oldest = comments.rewrite(number, oldest, text)
            except Unreadable as error:
                if not error.missing:
                    raise
                gone = error  # somebody took it away a moment ago
                written = None
                continue
        for one in newer:
            comments.delete(number, one)
        written = oldest
        if not changed:
            return oldest
    if written is None:
        raise gone or Unreadable("The comment was not there when it was looked for.")
    return written


def _own(comments: Comments, number: int, written: Comment | None) -> list[Comment]:
    """Our account's, oldest first. What was just written counts, although a list may not have it yet."""
    listed = [one for one in comments.comments(number, MARK) if is_ours(one.body)]
    if not listed:
        return [written] if written else []
    account = written.author if written else comments.account()
    own = [one for one in listed if one.author == account]
    if written and all(one.id != written.id for one in own):
        own.append(written)
    return sorted(own, key=lambda one: one.id)


def _same(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


_SHARE = 0.5
_NEWEST = 5
"""How many pull requests of one commit are told."""
_DEPENDABOT = "Dependabot"
_FORK = "a fork's"


def comment(context: Context, plan: Plan, results: Sequence[SiteResult], cards: Mapping[str, tuple[str, str]]) -> str:
    """Writes the comment on the run's own pull request, or else on those that brought the commit it deploys.

    Args:
        results: what became of the report to Jira.
        cards: title and status of issues, as far as they are known.

    Returns:
        The newest pull request's comment's address; empty when there is none.
    """
    noun = comment_text.noun(context.run)
    if not (context.run.pull_request or _deployed(context, plan)):
        return ""  # a build of a branch has no news for any pull request
    why = _why_not(context)
    if why:
        context.console.say(f"The {noun} is not commented: {why}.")
        return ""
    try:
        return _Commenting(context, plan, results, cards).run()
    except Unreadable as error:
        _complain(context, error)
    except Exception as error:  # noqa: BLE001 - a comment is worth no job
        context.console.notice("warning", f"The {noun} was not commented: {str(error) or type(error).__name__}.")
    return ""


class _Commenting:
    """One run's comments."""

    def __init__(
        self, context: Context, plan: Plan, results: Sequence[SiteResult], cards: Mapping[str, tuple[str, str]]
    ) -> None:
        run = self._run = context.run
        self._context, self._cards, self._now = context, cards, context.edges.clock()
        self._own = comment_text.source(plan, run, self._now)
        self._places = _deployed(context, plan)
        self._links: Links = comment_text.links(run, results)
        self._noun = comment_text.noun(run)

    def run(self) -> str:
        """Writes, or in a dry run shows."""
        if self._context.settings.dry_run:
            self._show()
            return ""
        settings = self._context.settings
        from jira_ci.ci.detect import connect_comments

        comments = connect_comments(
            self._run,
            github_token=settings.github_token,
            gitlab_token=settings.gitlab_token,
            ca_bundle=self._context.provider_bundle,
            deadline=self._context.deadline.part(_SHARE),
        )
        if comments is None:
            return ""
        with closing(comments):
            return self._everywhere(comments)

    def _everywhere(self, comments: Comments) -> str:
        """Where one cannot be written, the others are; of what goes wrong the first is said."""
        tried = [self._settled(comments, pull) for pull in self._pulls(comments)]
        wrong = [one for one in tried if isinstance(one, Unreadable)]
        if wrong:
            _complain(self._context, wrong[0])
        return next((one.url for one in tried if not isinstance(one, Unreadable)), "")

    def _settled(self, comments: Comments, pull: PullRequest) -> Comment | Unreadable:
        try:
            found = settle(comments, pull.number, lambda bodies: self._body(comments, pull, bodies))
        except Unreadable as error:
            return error
        self._context.console.say(f"The comment on the {self._noun}: {found.url}")
        return found

    def _pulls(self, comments: Comments) -> list[PullRequest]:
        """Newest first. A fork's list holds those of the repository it was made from as well."""
        if self._run.pull_request:
            return [self._run.pull_request]
        here = f"/{self._run.repository}/".lower()
        found = comments.pull_requests_of(self._run.commit)
        own = [pull for pull in found if not pull.url or here in f"{urlsplit(pull.url).path}/".lower()]
        return sorted(own, key=lambda pull: -pull.number)[:_NEWEST]

    def _body(self, comments: Comments, pull: PullRequest, bodies: Sequence[str]) -> str:
        kept = Known()
        for one in bodies:
            kept = merged(kept, read(one, self._now))
        found = self._own
        if not self._run.pull_request:
            # What a deployment reports are the issues of everything that it brings, not of this pull request.
            found = comment_text.outside(() if kept.sources else self._keys_of(comments, pull))
        new = comment_text.known(found, self._places, self._cards, self._context.console.mask)
        return body(merged(kept, new), self._links, self._noun)

    def _keys_of(self, comments: Comments, pull: PullRequest) -> tuple[str, ...]:
        from jira_ci.keys.parse_keys import Source, collect

        sources = [Source("title", pull.title), Source("branch", pull.branch, branch=True)]
        try:
            commits = comments.pull_request_commits(pull.number).found
        except Unreadable:
            commits = ()  # its title and its branch tell as well
        sources += [Source("commit", message) for _, message in commits]
        return collect(sources, self._context.settings.projects).keys

    def _show(self) -> None:
        """Nothing is asked in a dry run, so what the comment knows already is not there."""
        new = comment_text.known(self._own, self._places, self._cards, self._context.console.mask)
        own = self._run.pull_request
        where = f"on the {self._noun} {own.number}" if own else f"on the {self._noun}s of this commit"
        text = body(merged(Known(), new), self._links, self._noun)
        self._context.console.block(f"Dry run, would be written {where}:", text.splitlines())


def _deployed(context: Context, plan: Plan) -> tuple[Place, ...]:
    run = context.run
    version = context.settings.version.strip() or run.tag or run.commit[:12]
    return comment_text.places(plan, run, version, context.console.mask)


def _why_not(context: Context) -> str:
    """Why there is no account to write as, where that is no fault; empty when there is one."""
    run, settings = context.run, context.settings
    if run.secrets_withheld.startswith(_FORK):
        return f"{run.secrets_withheld} may not write"
    if run.provider not in (CI.GITHUB, CI.GITLAB):
        return "this run is neither GitHub's nor GitLab's"
    if settings.dry_run:
        return ""
    if run.provider == CI.GITHUB and not settings.github_token:
        return "github-token is not set"
    if run.provider == CI.GITLAB and not settings.gitlab_token:
        return "gitlab-token is not set, and CI_JOB_TOKEN may not write comments"
    return "" if run.api_url else "the address of the CI's API is not known"


def _complain(context: Context, error: Unreadable) -> None:
    noun = comment_text.noun(context.run)
    if error.denied and context.run.secrets_withheld.startswith(_DEPENDABOT):
        # Its token may only read, but a workflow's own ``permissions`` can give it more:
        # https://docs.github.com/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions
        context.console.say(f"The {noun} is not commented: Dependabot's runs may not write, unless permissions say so.")
        return
    locked = " A session that is locked takes no comments either." if "(403)" in str(error) else ""
    context.console.notice("warning", f"The {noun} was not commented: {error}{locked}")
