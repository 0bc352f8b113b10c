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
jira-ci release      what follows a deployment: fix versions, transitions, release notes
jira-ci reconcile    close what a killed job left in progress
jira-ci resume       start again what was parked on its change
jira-ci forget       take a reported build or deployment out of Jira again
jira-ci evidence     every deployment of a period, with its change and record, and those without
jira-ci schema       the JSON Schema of the configuration, of a record, or of a population
jira-ci init         write a .jira-ci.yml and a workflow for this repository
jira-ci sandbox      a local Jira to try all this on
"""

from __future__ import annotations

import argparse
import re
import sys
import traceback
from collections.abc import Collection, Sequence
from importlib import import_module
from typing import NoReturn

from jira_ci import __version__
from jira_ci.context import Result, make_console, open_context
from jira_ci.edges import Edges, real_edges
from jira_ci.errors import Exit, JiraCiError, UsageError, nearest
from jira_ci.frozen import dataclass
from jira_ci.output.publish import publish
from jira_ci.settings import TABLE, Setting, Settings, resolve
from jira_ci.text import one_line


def main(argv: Sequence[str] | None = None, edges: Edges | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        argv: the arguments without the program's name; the process's own by default.
        edges: the world outside; the real one by default.
    """
    world, code = edges or real_edges(), int(Exit.BUG)
    invocation = Invocation(world, sys.argv[1:] if argv is None else list(argv))
    try:
        code = invocation.run()
    except JiraCiError as error:
        code = invocation.fail(error)
    except KeyboardInterrupt:
        code = Exit.SIGINT
    except SystemExit as end:  # --help, --version
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        raise
    except Exception as error:  # noqa: BLE001 - a traceback is no help at 3 a.m.; it is there with log-level: debug
        code = invocation.fail(_bug(error))
    finally:
        invocation.close()
        signal = world.signals.received
        code = 128 + signal if signal else int(code)
        world.receipt.write(code)
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
        may_be_empty = ("issue-keys",) if "report" in command.groups else ()
        self._settings = resolve(flags(arguments), self._edges.environ, may_be_empty=may_be_empty)
        self._console = make_console(self._settings, self._edges)
        if self._settings.format in ("csv", "html") and arguments.command != "evidence":
            raise UsageError(f"format is {self._settings.format}, which only evidence writes.", "Use text or json.")
        for sentence in self._settings.unknown_variables:
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
        self._console.notice("error", error.message, hint=error.hint)
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


@dataclass(frozen=True)
class Command:
    """One command: where it lives, and which groups of settings it takes."""

    help: str
    module: str
    function: str
    groups: tuple[str, ...]


_RUN = ("provider", "keys")
_RECORD = ("identity", "record")
_SITES = ("jira", "access", "sites")
_PAST = ("past", "identity", "deployment", *_RUN, *_SITES, "dry-run")
BEHIND = "Write it so: jira-ci deploy --environment Prod -- ./deploy.sh"
_OPERANDS = {"deploy": " -- CMD [ARGUMENT]...", "environment": " [NAME]..."}
COMMANDS = {
    "report": Command(
        "report a deployment when an environment is given, otherwise a build",
        "report",
        "run_report",
        ("report", *_RECORD, "on-error", "deployment", "build", *_RUN, *_SITES, "dry-run"),
    ),
    "build": Command(
        "report a build: state, test counts, commit and ref",
        "report",
        "run_build",
        ("report", *_RECORD, "on-error", "build", *_RUN, *_SITES, "dry-run"),
    ),
    "deployment": Command(
        "report a deployment: environments, tenants, services, version, state, duration",
        "report",
        "run_deployment",
        ("report", *_RECORD, "on-error", "deployment", *_RUN, *_SITES, "dry-run"),
    ),
    "gate": Command(
        "look for the change, and decide whether the deployment may start",
        "gate",
        "run",
        ("deployment", "gate", "policy", "change", "unpin", "build", *_RECORD, *_RUN, "access", "jira", "dry-run"),
    ),
    "deploy": Command(
        "ask the gate, report a deployment, run the command behind --, and pass its exit code on",
        "deploy",
        "run",
        (
            "deployment",
            "gate",
            "policy",
            "change",
            "script",
            "build",
            "report",
            *_RECORD,
            "on-error",
            *_RUN,
            *_SITES,
            "dry-run",
        ),
    ),
    "keys": Command("which issue keys, and where each was found", "keys", "run", ("deployment", *_RUN)),
    "environment": Command(
        "which type each name maps to, and which rule said so", "environment", "run", ("deployment",)
    ),
    "check": Command(
        "test configuration and every connection, write nothing",
        "check",
        "run",
        ("deployment", "gate", "policy", "change", *_RUN, *_SITES),
    ),
    "rollback": Command("mark the deployment that was rolled back", "rollback", "run", ("on-error", "record", *_PAST)),
    "reconcile": Command(
        "close what a killed job left in progress", "reconcile", "run", ("on-error", "change", *_PAST)
    ),
    "resume": Command(
        "start again what was parked on its change, where the change lets it go on now",
        "resume",
        "run",
        ("policy", *_RUN, "access", "jira", "dry-run"),
    ),
    "forget": Command("take a reported build or deployment out of Jira again", "forget", "run", _PAST),
    "evidence": Command(
        "every deployment of a period with its change and record, and those without; or a record verified",
        "evidence",
        "run",
        ("policy", "provider", "access", "jira"),
    ),
    "init": Command("write a .jira-ci.yml and a workflow for this repository", "init", "run", ("jira", "dry-run")),
    "release": Command(
        "what follows a deployment: fix versions and transitions, or its release notes (--notes)",
        "release",
        "run",
        ("change", "policy", *_RECORD, "on-error", "deployment", *_RUN, *_SITES, "dry-run"),
    ),
    "schema": Command(
        "print the JSON Schema of the configuration, of a record, or of a population", "schema", "run", ()
    ),
    "sandbox": Command("a local Jira to try all this on", "sandbox", "run", ()),
}


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of one call; what stands behind ``--`` is not among them (:func:`split`).

    Raises:
        UsageError: a word is none of ours, or a value is missing.
    """
    _refuse_a_flag_before_the_command(argv)
    arguments, unknown = parser(argv[:1]).parse_known_args(argv)
    if unknown:
        raise _unknown(unknown[0], arguments)
    return arguments


def parser(named: Collection[str] = COMMANDS) -> argparse.ArgumentParser:
    """The argument parser; its help texts come from the table of settings.

    Args:
        named: the commands that are known; all of them where it names none, of which then only the names are, because
            arguments take time.
    """
    root = _Parser(
        prog="jira-ci",
        description="Tells Jira what a CI pipeline built and where it deployed it.",
        epilog="Exit codes: " + "; ".join(f"{code.value} {code.meaning}" for code in Exit) + ".",
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"jira-ci {__version__}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    known = [name for name in COMMANDS if name in named] or COMMANDS
    for name, command in ((name, COMMANDS[name]) for name in known):
        child = commands.add_parser(name, help=command.help, description=f"{command.help}.", allow_abbrev=False)
        if name not in named:
            continue
        if command.groups:
            child.usage = f"{child.prog} [OPTION]...{_OPERANDS.get(name, '')}"
            _add_settings(child, (*command.groups, "general"))
        if name == "keys":
            child.add_argument("--text", help="look in this text instead of the run")
        if name == "check":
            what = "print the policy in force, each value with the place that it comes from, and test nothing"
            child.add_argument("--policy", action="store_true", help=what)
        if name == "init":
            what = "let production wait for an approved change, and write what starts a waiting deployment again"
            child.add_argument("--gate", action="store_true", help=what)
        if name == "environment":
            child.add_argument("names", nargs="*", metavar="NAME", help="an environment name")
        if name in ("sandbox", "release", "resume", "evidence", "schema"):
            import_module(f"jira_ci.commands.{name}").add_arguments(child)
    return root


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as our own error, with the nearest word that would be right."""

    def error(self, message: str) -> NoReturn:
        words = [option for action in self._actions for option in action.option_strings]
        words += [choice for action in self._actions for choice in (action.choices or ())]
        wrong = re.findall(r"'([^']+)'", message)[:1]
        near = nearest(wrong[0], words) if wrong and wrong[0] not in words else ""
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", near or f"See {self.prog} --help.")


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and what stands behind ``--``: the command that ``deploy`` runs, of which we read nothing."""
    own = list(argv)
    if own[:1] != ["deploy"] or "--" not in own:
        return own, []
    border = own.index("--")
    return own[:border], own[border + 1 :]


def _refuse_a_flag_before_the_command(argv: Sequence[str]) -> None:
    """The parser would take that flag's value for the command."""
    known = ("-h", "--help", "--version")
    if argv and argv[0].startswith("-") and argv[0] not in known:
        flag = one_line(argv[0].partition("=")[0], 80)
        command = next((word for word in argv if word in COMMANDS), "report")
        near = nearest(argv[0], known, cutoff=0.75)
        raise UsageError(f"{flag} stands where the command has to be.", near or f"Write: jira-ci {command} {flag} ...")


def _unknown(word: str, arguments: argparse.Namespace) -> UsageError:
    if arguments.command == "deploy" and not word.startswith("-"):
        return UsageError(f"deploy takes its command behind --, and {one_line(word, 80)} stands before it.", BEHIND)
    flag = word.partition("=")[0]
    flags = [f"--{name.removeprefix('setting ')}" for name in vars(arguments) if name not in ("command", "names")]
    return UsageError(
        f"jira-ci {arguments.command} knows no {one_line(flag, 80)}.",
        nearest(flag, flags) or f"See jira-ci {arguments.command} --help.",
    )


def _add_settings(child: argparse.ArgumentParser, groups: Sequence[str]) -> None:
    for row in TABLE:
        if row.group in groups:
            child.add_argument(
                *(f"--{name}" for name in (row.name, *row.also)),
                dest=f"setting {row.name}",
                action="append" if row.kind == "list" else "store",
                nargs="?" if row.kind == "switch" else None,
                const="true" if row.kind == "switch" else None,
                metavar=row.metavar or _metavar(row),
                help=_help(row).replace("%", "%%"),
            )


def _metavar(row: Setting) -> str:
    words = {"duration": "90s", "switch": "true|false", "choice": "|".join(row.choices)}
    return words.get(row.kind, "TEXT")


def _help(row: Setting) -> str:
    plugin = [f"PLUGIN_{name.upper().replace('-', '_')}" for name in (row.name, *row.also) if row.plugin]
    yaml = [f"{row.yaml} in the file"] if row.yaml else []
    names = ", ".join([row.variable, *plugin, *row.variables, *yaml])
    return f"{row.help} ({names}" + (f"; default: {row.default})" if row.default else ")")


def flags(arguments: argparse.Namespace) -> dict[str, str | None]:
    given = {name.partition(" ")[2]: value for name, value in vars(arguments).items() if name.startswith("setting ")}
    return {name: "\n".join(value) if isinstance(value, list) else value for name, value in given.items()}
