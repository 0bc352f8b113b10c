"""What Atlassian's own code says: its reader of wiki markup and its schema of documents, out of npm.

Both are fetched once into ``build/``; where there is no npm, or no network, whoever asks for them is skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from wrappers.machine import ROOT

_PACKAGES = ("@atlaskit/editor-wikimarkup-transformer@12.2.2", "@atlaskit/adf-schema@57.7.22")
_HOME = ROOT / "build" / "atlassian-12.2.2-57.7.22"
_SCRIPT = """\
const { WikiMarkupTransformer } = require('@atlaskit/editor-wikimarkup-transformer');
const transformer = new WikiMarkupTransformer();
const context = { conversion: { inlineCardConversion: { 'GH-12': 'https://acme.example/browse/GH-12' } } };
const read = (markup) => {
  let text = '';
  const found = [];
  transformer.parse(markup, context).descendants((node) => {
    const name = node.type.name;
    if (node.isText) text += node.text;
    else if (name === 'hardBreak') text += '\\n';
    else if (name !== 'paragraph') found.push(name);
    else if (text) text += '\\n\\n';
    for (const mark of node.marks) found.push(`${mark.type.name} ${mark.attrs.href ?? ''}`.trim());
  });
  return [text, found];
};
const markups = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(markups.map(read)));
"""

Read = tuple[str, list[str]]
"""The text that people see, and everything in it that is more than text."""


def read(markups: Sequence[str]) -> list[Read]:
    """What Jira Cloud makes of wiki markup."""
    command = ["node", "-e", _SCRIPT]
    given = json.dumps(markups)
    done = subprocess.run(
        command, cwd=_installed(), input=given, capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stderr
    return [(text, found) for text, found in json.loads(done.stdout)]


@lru_cache
def document_check() -> Callable[[Any], Any]:
    """Raises ``JsonSchemaValueException`` when a value is no Atlassian document."""
    folder = _installed() / "node_modules" / "@atlaskit" / "adf-schema" / "dist" / "json-schema" / "v1"
    check: Callable[[Any], Any] = fastjsonschema.compile(json.loads((folder / "full.json").read_text("utf-8")))
    return check


@lru_cache
def _installed() -> Path:
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("Atlassian's packages need npm and node, which are not here")
    if not _HOME.exists():
        _install()
    return _HOME


def _install() -> None:
    _HOME.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_HOME.parent, ignore_cleanup_errors=True) as folder:
        (Path(folder) / "package.json").write_text('{"private": true}', encoding="utf-8")
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1")
        command = [shutil.which("npm") or "npm", "install", *options, *_PACKAGES]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"Atlassian's packages could not be installed: {error}")
        with suppress(OSError):  # another worker was faster
            Path(folder).rename(_HOME)
