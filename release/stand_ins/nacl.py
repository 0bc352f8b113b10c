"""Stands in for PyNaCl, whose native code a release does without.

PyGithub imports it at its top, and uses it to encrypt the secrets that it stores on GitHub. jira-ci stores none.
"""

from __future__ import annotations


class _Absent:
    """A module of PyNaCl. Any use of it is an error that says why."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError(
            f"nacl.{self._name}.{name} was asked for, and PyNaCl is native code, which releases of jira-ci do without. "
            "Only encrypting a secret for GitHub needs it: install jira-ci with pip for that."
        )


def __getattr__(name: str) -> _Absent:
    if name not in ("encoding", "public"):  # what PyGithub imports
        raise AttributeError(f"module 'nacl' (the stand-in for PyNaCl) has no attribute {name!r}")
    return _Absent(name)
