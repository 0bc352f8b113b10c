"""What a stream can show: colours, and a line that is written anew. Everything else gets plain lines."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TextIO

_GREEN, _YELLOW, _RED = 32, 33, 31
_COLOURS = {
    **dict.fromkeys(("Proceed", "ok", "successful"), _GREEN),
    **dict.fromkeys(("Wait", "warning", "pending", "in_progress", "cancelled", "rolled_back"), _YELLOW),
    **dict.fromkeys(("Denied", "error", "PROBLEM", "failed"), _RED),
}
_OWN_MARKERS = ("GITHUB_ACTIONS", "GITLAB_CI")
# Most CIs set CI; these may not: https://adamj.eu/tech/2020/03/09/detect-if-your-tests-are-running-on-ci/
_CIS = (*_OWN_MARKERS, "CI", "DRONE", "HARNESS_BUILD_ID", "JENKINS_URL", "TEAMCITY_VERSION", "TF_BUILD")
_UNKNOWN_WIDTH = 80  # columns; a terminal that was not told its size says 0


def takes_colours(environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether words are coloured. ``NO_COLOR`` wins over ``FORCE_COLOR``, as in Python's own tools
    (https://docs.python.org/3/using/cmdline.html#controlling-color); of both any value counts but the empty one
    (https://no-color.org, https://force-color.org). The logs of GitHub and GitLab have markers of their own.
    """
    if environ.get("NO_COLOR") or _is_set(environ, *_OWN_MARKERS):
        return False
    return bool(environ.get("FORCE_COLOR")) or (terminal and not _is_dumb(environ))


def takes_live_line(environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether a line may be written anew: somebody looks at a terminal, and no CI keeps every version in its log."""
    return terminal and not _is_dumb(environ) and not _is_set(environ, *_CIS)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether it is a terminal that understands escape sequences. A Windows console is asked to."""
    try:
        if stream is None or not stream.isatty():
            return False
        return sys.platform != "win32" or _windows_understands(stream.fileno())
    except (OSError, ValueError):  # closed
        return False


def columns(stream: TextIO) -> int:
    """The terminal's width at this moment. ``COLUMNS`` is not asked: it does not follow the window."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _UNKNOWN_WIDTH
    except (OSError, ValueError):
        return _UNKNOWN_WIDTH


def in_foreground(stream: TextIO) -> bool:
    """Whether the terminal is ours at this moment, and not the shell's that sent us to the background."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # a terminal, and nobody's: in a container
        return True


def painted(line: str, *words: str) -> str:
    """The line with these words in their colours, each once, where it is a label: before a colon or in a column."""
    for word in words:
        if word in _COLOURS:
            line = re.sub(rf"(?<![\w-]){word}(?=:|  |$)", f"\x1b[{_COLOURS[word]}m{word}\x1b[0m", line, count=1)
    return line


def _is_set(environ: Mapping[str, str], *names: str) -> bool:
    return any(environ.get(name, "").lower() not in ("", "false", "0") for name in names)


def _is_dumb(environ: Mapping[str, str]) -> bool:
    """Windows knows no ``TERM``; elsewhere whoever has none cannot do anything."""
    return environ.get("TERM", "windows" if sys.platform == "win32" else "") in ("", "dumb", "unknown")


def _windows_understands(descriptor: int) -> bool:
    """https://learn.microsoft.com/windows/console/console-virtual-terminal-sequences"""
    if sys.platform != "win32":
        return False
    import ctypes
    import msvcrt

    enabled, kernel = 0x0004, ctypes.windll.kernel32
    handle, mode = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor)), ctypes.c_ulong()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(mode.value & enabled or kernel.SetConsoleMode(handle, mode.value | enabled))
