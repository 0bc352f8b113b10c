"""Stands in for charset-normalizer, which guesses what a text without a declared encoding is written in.

Requests imports it at its top and warns where it is missing, and loading it takes as long as all of requests' own
modules. The answers that jira-ci reads are JSON, which is UTF-8 (https://www.rfc-editor.org/rfc/rfc8259#section-8.1),
and that is what requests itself assumes where nobody guesses.
"""

from __future__ import annotations

__version__ = "3.0.0"  # requests looks whether the first number is one that it knows


def detect(byte_str: bytes) -> dict[str, str]:  # noqa: ARG001 - whatever the bytes
    """The encoding of bytes, under the name that requests reads."""
    return {"encoding": "utf-8"}
