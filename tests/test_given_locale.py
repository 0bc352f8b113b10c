"""The locale of what is deployed with is the job's, and not the one that Python gave itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

PRINTS = """import os
from jira_ci.given_locale import give_back
give_back(os.environ)
print(os.environ.get("LC_CTYPE", "none"))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process was started with")
@pytest.mark.parametrize(
    ("given", "left"),
    [({}, "none"), ({"LANG": "C"}, "none"), ({"LC_CTYPE": "C"}, "C"), ({"LC_CTYPE": "C.UTF-8"}, "C.UTF-8")],
)
def test_what_python_did_to_the_locale_is_taken_back(given: dict[str, str], left: str) -> None:
    ended = subprocess.run([sys.executable, "-c", PRINTS], env=given, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == left
