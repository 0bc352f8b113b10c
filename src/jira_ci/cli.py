"""The command line: argv, environment, files and clock in; exit code out.

jira-ci report       a deployment when an environment is given, otherwise a build
jira-ci build        a build
jira-ci deployment   a deployment
jira-ci gate         look for the change and decide whether a deployment may start
jira-ci deploy       gate, report, run a command and pass its exit code on: jira-ci deploy ... -- CMD
jira-ci keys         which issue keys, and where each was found
jira-ci environment  which type each name maps to, and which rule said so
jira-ci check        configuration and every connection tested, nothing written
jira-ci rollback     mark the deployment that was rolled back
jira-ci reconcile    close what a killed job left in progress
jira-ci forget       take a reported build or deployment out of Jira again
jira-ci init         write a .jira-ci.yml and a workflow for this repository
jira-ci sandbox      a local Jira to try all this on
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from jira_ci.arguments import COMMANDS, flags, parsed, split
from jira_ci.context import Result, make_console, open_context
from jira_ci.edges import Edges, real_edges
from jira_ci.errors import Exit, JiraCiError
from jira_ci.output.publish import publish
from jira_ci.settings import Settings, resolve


def main(argv: Sequence[str] | None = None, edges: Edges | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        argv: the arguments without the program's name; the process's own by default.
        edges: the world outside; the real one by default.
    """
    world, code = edges or real_edges(), 1
    try:
        invocation = Invocation(world, sys.argv[1:] if argv is None else list(argv))
        try:
            ended = invocation.run()
        except JiraCiError as error:
            ended = invocation.fail(error)
        except KeyboardInterrupt:
            ended = Exit.SIGINT
        except Exception as error:  # noqa: BLE001 - a traceback helps nobody at 3 a.m.; log-level: debug shows it
            ended = invocation.fail(_bug(error))
        finally:
            invocation.close()
        code = 128 + world.signals.received if world.signals.received else int(ended)
    except SystemExit as end:  # --help, --version
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        raise
    finally:
        world.word.give(code)
    return code


class Invocation:
    """One call of the command: parses, runs, and says how it ended."""

    def __init__(self, edges: Edges, argv: Sequence[str]) -> None:
        self._edges = edges
        self._argv, self._behind = split(argv)
        # Until the settings are known, errors are shown by guessing the format from the raw arguments.
        self._settings = Settings(format="json" if _wants_json(self._argv, edges) else "text", headers=())
        self._console = make_console(self._settings, edges)

    def run(self) -> int:
        """Runs the command."""
        arguments = parsed(self._argv)
        command = COMMANDS[arguments.command]
        arguments.cmd = self._behind
        function = getattr(import_module(f"jira_ci.commands.{command.module}"), command.function)
        if not command.groups:
            return int(function(arguments, self._edges.stdout))
        # Keys that another pipeline found may be none, which is no reason to fail the job that reports.
        keyless = ("issue-keys",) if "report" in command.groups else ()
        self._settings = resolve(flags(arguments), self._edges.environ, may_be_empty=keyless)
        self._console = make_console(self._settings, self._edges)
        for sentence in self._settings.strangers:
            self._console.notice("warning", sentence)
        self._edges.signals.install()
        context = open_context(self._settings, self._console, self._edges)
        result: Result = function(context, arguments)
        publish(result, context)
        if self._settings.format == "json":
            self._console.document({**result.outputs, **result.document})
        return result.exit

    def close(self) -> None:
        """Nothing is said any more."""
        self._console.close()

    def fail(self, error: JiraCiError) -> int:
        """Says what went wrong and what to do about it."""
        if self._settings.format == "json":
            self._console.document({"error": error.document()})
        self._console.notice("error", str(error))
        if self._settings.log_level == "debug":
            for line in traceback.format_exc().splitlines():
                self._console.say(line)
        return error.exit


def _wants_json(argv: Sequence[str], edges: Edges) -> bool:
    text = " ".join(argv)
    return "--format json" in text or "--format=json" in text or edges.environ.get("JIRA_CI_FORMAT") == "json"


def _bug(error: Exception) -> JiraCiError:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return JiraCiError(
        f"This is a bug in jira-ci: {type(error).__name__} in {frame.name}: {error}.",
        "Run with log-level: debug and report what it prints.",
    )
