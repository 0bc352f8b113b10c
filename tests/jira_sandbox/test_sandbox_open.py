"""``jira-ci sandbox --open`` and ``--example``: the first line holds the address, and a browser is shown it."""

from __future__ import annotations

import argparse
import io
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jira_ci.commands import sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


class Lines(io.TextIOBase):
    """A stdout whose writes can be waited for."""

    def __init__(self) -> None:
        self.written: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        self.written.put(text)
        return len(text)


def serve(*flags: str, open_browser: Callable[[str], object]) -> tuple[Lines, int]:
    """Serves until ``open_browser`` sends the signal that ends it."""
    parser = argparse.ArgumentParser()
    sandbox.add_arguments(parser)
    out = Lines()
    return out, sandbox.run(parser.parse_args(flags), out, {}, open_browser)  # type: ignore[arg-type]


def end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_browser_is_shown_the_address_of_the_first_line() -> None:
    shown: list[str] = []

    def browser(address: str) -> bool:
        shown.append(address)
        end()
        return True

    out, code = serve("--open", open_browser=browser)
    assert code == 143
    assert shown == [out.written.get().splitlines()[0].rpartition(" ")[2]]
    assert out.written.empty()


@pytest.mark.parametrize("fault", [False, OSError("no display")])
def test_without_a_browser_the_sandbox_says_where_to_look(fault: object) -> None:
    def browser(address: str) -> object:
        threading.Timer(0.5, end).start()
        if isinstance(fault, Exception):
            raise fault
        return fault

    out, _ = serve("--open", open_browser=browser)
    address = out.written.get().splitlines()[0].rpartition(" ")[2]
    assert out.written.get(timeout=10) == f"No browser could be opened; the pages are at {address}\n"


def test_without_the_flag_no_browser_is_opened() -> None:
    threading.Timer(0.7, end).start()
    _, code = serve(open_browser=lambda address: pytest.fail(address))
    assert code == 143


@contextmanager
def stopping() -> Iterator[None]:
    timer = threading.Timer(1, end)
    timer.start()
    yield
    timer.join()


def test_the_example_is_there_from_the_start_and_leaves_what_was_kept_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    sizes = []
    for _ in range(2):
        with stopping():
            serve("--example", "--state", str(state), open_browser=lambda _: True)
        sizes.append(state.read_text(encoding="utf-8").count('"deploymentSequenceNumber"'))
    assert sizes[0] == sizes[1] > 100
