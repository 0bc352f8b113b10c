"""Errors: an exit code for each class, a sentence with its hint, and the nearest word to one that is unknown."""

from __future__ import annotations

import pytest

from jira_ci.errors import (
    AccessError,
    Exit,
    Interrupted,
    JiraCiError,
    NetworkError,
    Redirected,
    RejectedError,
    UsageError,
    nearest,
)


@pytest.mark.parametrize(
    ("kind", "code", "word"),
    [
        (JiraCiError, Exit.BUG, "bug"),
        (UsageError, Exit.USAGE, "usage"),
        (AccessError, Exit.ACCESS, "access"),
        (NetworkError, Exit.NETWORK, "network"),
        (Redirected, Exit.NETWORK, "network"),
        (RejectedError, Exit.REJECTED, "rejected"),
    ],
)
def test_what_it_is_called_and_how_it_ends(kind: type[JiraCiError], code: Exit, word: str) -> None:
    error = kind("The file is missing.", "Set config.")
    assert error.exit is code
    assert str(error) == "The file is missing. Set config."
    assert error.document().items() >= {"kind": word, "message": error.message, "hint": "Set config."}.items()
    assert str(kind("The file is missing.")) == "The file is missing."


@pytest.mark.parametrize(("signal", "code"), [(2, 130), (15, 143)])
def test_a_signal_ends_as_a_shell_says_it(signal: int, code: int) -> None:
    assert Interrupted(signal).exit == code


def test_no_two_ends_have_one_code() -> None:
    assert len({code.value for code in Exit}) == len(Exit.__members__)
    assert all(code.meaning for code in Exit)


@pytest.mark.parametrize(
    ("word", "hint"),
    [("enviroment", "Did you mean environment?"), ("staging", ""), ("", ""), ("state", "Did you mean state?")],
)
def test_the_nearest_word_is_named_when_one_is_near(word: str, hint: str) -> None:
    assert nearest(word, ["environment", "state"]) == hint


def test_letters_that_changed_places_are_nearest() -> None:
    assert nearest("--form", ["--format", "--from"]) == "Did you mean --from?"


def test_of_a_word_of_any_length_only_the_beginning_is_compared() -> None:
    name = "x" * 200
    assert nearest(name + "y" * 5000, [name]) == f"Did you mean {name}?"
