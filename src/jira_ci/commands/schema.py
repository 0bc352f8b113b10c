"""``schema``: the JSON Schema of what jira-ci reads and writes."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import TextIO

from jira_ci.config.schema import PUBLISHED, published


def add_arguments(child: ArgumentParser) -> None:
    """What only this command takes."""
    child.add_argument("what", nargs="?", choices=list(PUBLISHED), default="config", help="of what; default: config")


def run(arguments: Namespace, stdout: TextIO) -> int:
    """Prints it."""
    stdout.write(json.dumps(published(arguments.what), indent=2) + "\n")
    return 0
