"""How each CI's log shows foldable blocks, warnings and errors: plain text in, exactly one marker out.

Everything a stranger could have written goes through :func:`jira_ci.text.one_line` before; the runner's own escapes are
added here (https://docs.github.com/actions/reference/workflow-commands-for-github-actions,
https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jira_ci.text import one_line

Level = Literal["warning", "error"]


@dataclass(frozen=True)
class Log:
    """The markers of one CI; this one is for a terminal."""

    on_stdout: bool = False
    """Whether warnings have to stand on stdout to be seen as such."""

    def open(self, title: str, block: str, now: int) -> str:  # noqa: ARG002 - GitLab needs them
        """The line that begins a foldable block.

        Args:
            block: a name of letters, digits and underscores, not used twice in one job.
            now: epoch seconds.
        """
        return one_line(title, 300)

    def close(self, block: str, now: int) -> str:  # noqa: ARG002
        """The line that ends it; empty where none is needed."""
        return ""

    def notice(self, level: Level, text: str) -> str:
        """A warning or an error that the CI shows outside the log as well, where it can."""
        return f"{level}: {one_line(text, 2000)}"


class GitHubLog(Log):
    """GitHub's workflow commands."""

    def open(self, title: str, block: str, now: int) -> str:  # noqa: ARG002
        return f"::group::{_escaped(title)}"

    def close(self, block: str, now: int) -> str:  # noqa: ARG002
        return "::endgroup::"

    def notice(self, level: Level, text: str) -> str:
        return f"::{level} title=jira-ci::{_escaped(text)}"


class GitLabLog(Log):
    """GitLab's collapsible sections and colours."""

    def open(self, title: str, block: str, now: int) -> str:
        return f"\x1b[0Ksection_start:{now}:{block}[collapsed=true]\r\x1b[0K{one_line(title, 300)}"

    def close(self, block: str, now: int) -> str:
        return f"\x1b[0Ksection_end:{now}:{block}\r\x1b[0K"

    def notice(self, level: Level, text: str) -> str:
        colour = {"warning": 33, "error": 31}[level]
        return f"\x1b[0;{colour}m{level}: {one_line(text, 2000)}\x1b[0m"


def log_of(provider: str) -> Log:
    """The markers of the provider that runs us."""
    return {"github": GitHubLog(on_stdout=True), "gitlab": GitLabLog()}.get(provider, Log())


def _escaped(text: str) -> str:
    # The runner turns %0A back into a line break, so a percent sign has to be escaped as well.
    return one_line(text, 2000).replace("%", "%25")
