"""What every command about a run starts from: settings, configuration, the run, and a console to speak through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jira_ci import credentials
from jira_ci.ci.detect import read_run
from jira_ci.config import model as configuration
from jira_ci.config.model import Config
from jira_ci.edges import Edges
from jira_ci.errors import Exit
from jira_ci.frozen import dataclass, field
from jira_ci.git.command import GitError
from jira_ci.git.repository import Git
from jira_ci.output import terminal
from jira_ci.output.console import Console, log_of
from jira_ci.output.masking import Masker
from jira_ci.output.publish import Spare
from jira_ci.output.terminal import Live
from jira_ci.preconnect import Preconnected
from jira_ci.run import CI, Run
from jira_ci.settings import Settings, fill
from jira_ci.text import one_line
from jira_ci.timing import Deadline

if TYPE_CHECKING:
    from jira_ci.environments.atlassian_mapping import Mapping as AtlassianMapping
    from jira_ci.jira.auth import Refusals
    from jira_ci.output.page import Page


@dataclass(frozen=True)
class Context:
    """One command's surroundings. The file is read when something of it is asked for first."""

    given: Settings
    """From flags, inputs and variables alone."""
    run: Run
    git: Git
    root: Path
    """The repository's root, or the working directory outside of one."""
    console: Console
    edges: Edges
    deadline: Deadline
    vouched: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """Sites of the file, with the words of their credentials, and why those are not sent there; empty where they are.
    Found out once, before anything is run that could change the checkout: see :mod:`jira_ci.sites.trust`."""
    refusals: Refusals = field(default_factory=dict, repr=False)
    """Which credentials were refused where, so that nobody in this process offers them there again."""
    preconnected: Preconnected = field(default_factory=Preconnected, repr=False)
    """Connections that were begun before the client was there that will use them."""
    files: dict[str, Any] = field(default_factory=dict, repr=False)
    """What was read of the work tree's files: the contexts of one deployment share it, which may change them."""

    @property
    def config(self) -> Config | None:
        """``.jira-ci.yml`` of the work tree; where a sparse checkout leaves it out, as it is committed.

        Raises:
            UsageError: it cannot be read, or is invalid.
        """
        if "ours" not in self.files:
            self.files["ours"] = self._read_config()
        found: Config | None = self.files["ours"]
        return found

    def _read_config(self) -> Config | None:
        name = self.given.config
        try:
            data = self.git.left_out(self.root, name, configuration.MAX_BYTES)
        except GitError as error:
            self.console.notice(
                "warning",
                f"{one_line(name, 200)} is committed, the sparse checkout leaves it out, and it could not be read"
                f" ({one_line(str(error), 200)}): add it to the checkout's sparse-checkout.",
            )
            data = None
        if data is not None:
            return configuration.parse(data, name)
        return configuration.read(self.root, self.given.config, required="config" in self.given.origins)

    @property
    def fallback(self) -> AtlassianMapping | None:
        """What the file of Atlassian's GitHub app says, where there is no file of ours."""
        return self.theirs if self.config is None else None

    @property
    def theirs(self) -> AtlassianMapping | None:
        """The file of Atlassian's GitHub app; what is wrong in it is said only where it stands in for ours."""
        if "theirs" not in self.files:
            from jira_ci.environments import atlassian_mapping

            self.files["theirs"], warnings = atlassian_mapping.read(self.root)
            for sentence in warnings if self.config is None else ():
                self.console.notice("warning", sentence)
        found: AtlassianMapping | None = self.files["theirs"]
        return found

    @property
    def service_ids(self) -> tuple[str, ...]:
        """What Jira calls the services of a deployment for which no service was named: Atlassian's own file says it,
        where ours has no services."""
        named = self.given.service or (self.config is not None and "services" in self.config.document)
        return () if named or self.theirs is None else self.theirs.service_ids

    @cached_property
    def settings(self) -> Settings:
        """The settings in force, with what the file says where they are not set.

        Raises:
            UsageError: the file cannot be read, or is invalid.
        """
        return self.given if self.config is None else fill(self.given, _from_file(self.config))

    @cached_property
    def spare(self) -> Spare:
        """Where files go whose own place does not take them."""
        return Spare(self.edges.environ.get("RUNNER_TEMP") or self.edges.environ.get("TMPDIR", ""))

    @property
    def provider_bundle(self) -> str:
        """The certificate authorities for the CI's own API: those of ``ca-bundle``, else those that GitLab says its
        server has (https://docs.gitlab.com/ci/variables/predefined_variables/)."""
        named = self.edges.environ.get("CI_SERVER_TLS_CA_FILE", "") if self.run.provider == CI.GITLAB else ""
        return self.given.ca_bundle or (named if named and Path(named).is_file() else "")

    @property
    def environment_names(self) -> tuple[str, ...]:
        """The environments that were given, or the one that the CI knows for this job."""
        return self.given.environment or ((self.run.environment,) if self.run.environment else ())


@dataclass(frozen=True)
class Result:
    """What a command has to say in the end."""

    exit: int = Exit.OK
    """One of :class:`Exit`, or what a command of the user's ended with."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Step outputs; the JSON document holds them as well."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """What only the JSON document holds."""
    summary: Page | None = None
    """What the job's reader opens."""


def make_console(settings: Settings, edges: Edges) -> Console:
    """The console for these settings: the CI's markers, every secret known to the masker."""
    environ = edges.environ
    provider = CI.GITHUB if environ.get("GITHUB_ACTIONS") == "true" else None
    provider = CI.GITLAB if environ.get("GITLAB_CI") == "true" else provider
    mask = Masker([*settings.secrets(), *credentials.secrets(environ), environ.get("CI_JOB_TOKEN", "")])
    shown = {stream: terminal.is_terminal(stream) for stream in (edges.stdout, edges.stderr)}
    colours = [stream for stream, is_one in shown.items() if terminal.takes_colours(environ, is_one)]
    for_people = edges.stdout if settings.format == "text" else edges.stderr
    live = terminal.takes_live_line(environ, shown[for_people])
    return Console(
        edges.stdout,
        edges.stderr,
        log=log_of(provider),
        mask=mask,
        json_format=settings.format != "text",
        clock=edges.clock,
        colours=colours,
        live=Live(for_people, colour=for_people in colours) if live else None,
    )


def open_context(settings: Settings, console: Console, edges: Edges) -> Context:
    """Reads the run.

    Raises:
        UsageError: the CI's variables are broken.
    """
    deadline = Deadline(settings.timeout)
    edges.signals.deadline = deadline
    git = Git(edges.directory, edges.environ)
    run = read_run(edges.environ, git, number=settings.number)
    return Context(settings, run, git, repository_root(git, edges), console, edges, deadline)


def repository_root(git: Git, edges: Edges) -> Path:
    """Where ``.jira-ci.yml`` is looked for: the CI's checkout, else the repository, else the working directory."""
    for variable in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        folder = edges.environ.get(variable, "")
        if folder and Path(folder).is_dir():
            return Path(folder)
    return git.top() or edges.directory


def _from_file(config: Config) -> dict[str, tuple[Any, str]]:
    return {
        "site": (config.site, config.where("jira", "site")),
        "projects": (config.projects, config.where("jira", "projects")),
    }
