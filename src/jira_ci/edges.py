"""The world outside: environment, folders, streams and clocks, handed in so that nothing else reaches for them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from jira_ci.signals import Signals
from jira_ci.word import Word


@dataclass(frozen=True)
class Edges:
    """What a command may touch."""

    environ: Mapping[str, str]
    directory: Path
    """The working directory."""
    stdout: TextIO
    stderr: TextIO
    clock: Callable[[], float] = time.time
    """Epoch seconds, UTC."""
    signals: Signals = field(default_factory=Signals)
    word: Word = field(default_factory=lambda: Word({}))
    """For whoever started this process."""


def real_edges() -> Edges:
    """The process's own. Texts that the streams' encoding does not know are written as escapes (``LANG=C``)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return Edges(os.environ, Path.cwd(), sys.stdout, sys.stderr, word=Word(os.environ))
