"""A deployment that something follows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from after_scenes import Scene, scene
from jira_sandbox.server import Sandbox


@pytest.fixture
def here(sandbox: Sandbox, tmp_path: Path) -> Scene:
    return scene(sandbox, tmp_path, os.environ["PATH"])
