"""Real git repositories for tests: hermetic, small, and also nasty ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from jira_ci.git.repository import Git

ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


class Repository:
    """A checkout whose commits are a second apart."""

    def __init__(self, path: Path, *, init: bool = True) -> None:
        self.path = path
        self._time = 1_700_000_000
        if init:
            path.mkdir(parents=True, exist_ok=True)
            self.run("init", "--quiet", "--initial-branch=main")

    @property
    def git(self) -> Git:
        """The checkout as jira-ci sees it, with nothing remembered."""
        return Git(self.path, ENVIRON)

    def run(self, *arguments: str, stdin: bytes | None = None) -> str:
        self._time += 1
        dates = {"GIT_AUTHOR_DATE": f"{self._time} +0000", "GIT_COMMITTER_DATE": f"{self._time} +0000"}
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", "-C", str(self.path), *arguments],
            env={**ENVIRON, **dates},
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(self, message: str) -> str:
        """An empty commit's id."""
        self.run("commit", "--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-m", message)
        return self.run("rev-parse", "HEAD")

    def touch(self, message: str, *names: str, content: str = "") -> str:
        """A commit that writes these files, and takes in whatever else was done to the work tree."""
        for name in names:
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(content or message, encoding="utf-8")
        self.run("add", "--all")
        return self.commit(message)

    def commits(self, *messages: str) -> list[str]:
        return [self.commit(message) for message in messages]

    def raw_commit(self, message: bytes, headers: bytes = b"") -> str:
        """A commit object with exactly these bytes, checked out."""
        tree = self.run("mktree", stdin=b"").encode()
        parent = self.run("rev-parse", "HEAD").encode()
        who = b"A <a@example.com> 1800000000 +0000"
        content = b"tree %s\nparent %s\nauthor %s\ncommitter %s\n%s\n" % (tree, parent, who, who, headers) + message
        made = self.run("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=content)
        self.run("reset", "--quiet", "--soft", made)
        return made

    def clone(self, path: Path, *arguments: str) -> Repository:
        """A clone over git's own protocol, as a CI makes it."""
        self.run("clone", "--quiet", *arguments, self.path.as_uri(), str(path))
        return Repository(path, init=False)
