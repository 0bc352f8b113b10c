"""The same as the standard library's frozen dataclasses, in everything that is asked of them here."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pytest

from jira_ci.frozen import dataclass, field, fields, replace

SRC = Path(__file__).resolve().parents[1] / "src"
BOTH = pytest.mark.parametrize("make", [dataclass, dataclasses.dataclass], ids=["ours", "standard"])


@dataclass(frozen=True)
class Kept:
    """To be found by its name."""

    one: int
    two: tuple[str, ...] = ()


def made(make: Any) -> Any:
    @make(frozen=True)
    class Point:
        """A class with all that is used."""

        x: int
        y: int = 2
        tags: list[str] = dataclasses.field(default_factory=list)
        secret: str = dataclasses.field(default="", repr=False)
        note: str = dataclasses.field(default="", compare=False)
        kind: ClassVar[str] = "point"

        @cached_property
        def double(self) -> int:
            return self.x * 2

    return Point


@BOTH
def test_it_holds_what_it_was_given(make: Any) -> None:
    point = made(make)
    one = point(1, secret="s3cret")
    assert (one.x, one.y, one.tags, one.secret, one.kind, one.double) == (1, 2, [], "s3cret", "point", 2)
    assert one.tags is not point(1).tags
    assert repr(one) == "made.<locals>.Point(x=1, y=2, tags=[], note='')"
    assert [field.name for field in dataclasses.fields(one)] == ["x", "y", "tags", "secret", "note"]
    assert point.__match_args__ == ("x", "y", "tags", "secret", "note")
    assert str(inspect.signature(point)).startswith("(x: 'int', y: 'int' = 2, tags: 'list[str]' = <factory>")


@BOTH
def test_it_is_equal_to_its_like_and_stays_as_it_is(make: Any) -> None:
    point, other = made(make), made(make)
    assert point(1, note="a") == point(1, 2, note="b")
    assert point(1) != point(2)
    assert point(1) != other(1)
    assert point(1) != (1, 2, [], "", "")
    assert dataclasses.replace(point(1, secret="x"), y=5) == point(1, 5, [], "x")
    assert copy.copy(point(1)) == point(1) == copy.deepcopy(point(1))
    assert len({point(1, 2, ()), point(1, 2, (), note="other")}) == 1
    changes: list[Callable[[Any], None]] = [
        lambda one: setattr(one, "x", 2),
        lambda one: setattr(one, "new", 2),
        lambda one: delattr(one, "x"),
    ]
    for change in changes:
        with pytest.raises(dataclasses.FrozenInstanceError):
            change(point(1))


@BOTH
@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, [], "", "", 6), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1})]
)
def test_what_does_not_fit_is_refused(make: Any, values: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        made(make)(*values, **named)


@BOTH
def test_what_it_defines_itself_stays(make: Any) -> None:
    @make(frozen=True)
    class Own:
        """Compares and shows itself in its own way, and looks at what it was given."""

        x: int
        y: int = dataclasses.field(init=False, default=0)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("below zero")

        def __repr__(self) -> str:
            return "own"

    @make(frozen=True)
    class Child(Own):
        """Has more."""

        z: int = 3

    own: Any = Own
    child: Any = Child
    assert (repr(own(1)), own(1) == own(1), child(1, 4).z, child(1, z=5).x) == ("own", True, 4, 1)
    with pytest.raises(ValueError, match="below zero"):
        child(-1)


def test_it_can_be_kept_and_brought_back() -> None:
    assert pickle.loads(pickle.dumps(Kept(1, ("a",)))) == Kept(1, ("a",))  # noqa: S301 - our own


@BOTH
def test_what_may_change_is_equal_to_its_like_and_has_no_hash(make: Any) -> None:
    @make
    class Open:
        """May change."""

        x: int
        more: list[int] = dataclasses.field(default_factory=list)

    @make
    class Wider(Open):
        """Has more."""

        y: str = ""

    open_: Any = Open
    wider: Any = Wider
    one = open_(1)
    one.x = 2
    assert (one, dataclasses.replace(one, x=3).x) == (open_(2), 3)
    assert wider(1, [2], "y").more == [2]
    assert repr(wider(1)).partition("locals>.")[2] == "Wider(x=1, more=[], y='')"
    assert one.__class__.__hash__ is None


def test_the_standard_ones_may_inherit() -> None:
    @dataclasses.dataclass(frozen=True)
    class More(Kept):
        """Of the standard library, as which it is copied and looked at."""

        three: int = 3

    more = replace(More(1), three=4)
    assert (more, [one.name for one in fields(more)]) == (More(1, (), 4), ["one", "two", "three"])
    with pytest.raises(TypeError, match="frozen"):

        @dataclasses.dataclass
        class Open(Kept):  # type: ignore[misc]
            """May change."""


def test_other_options_are_the_standard_ones() -> None:
    @dataclass(slots=True)
    class Open:
        """May change."""

        x: int

    one = Open(1)
    one.x = 2
    assert one == Open(2)
    assert one.__slots__ == ("x",)


@dataclass(frozen=True)
class Row:
    """With what the standard library's ``field`` says, in ours."""

    one: int = field(metadata={"is": "first"})
    many: tuple[int, ...] = field(default=(1,), repr=False, compare=False)


def test_its_own_functions_do_what_the_standard_ones_do() -> None:
    row = Row(1, (2,))
    assert replace(row, one=3) == dataclasses.replace(row, one=3) == Row(3)
    assert repr(row) == "Row(one=1)"
    for ours, standard in zip(fields(Row), dataclasses.fields(Row), strict=True):
        assert (ours.name, ours.metadata, ours.compare) == (standard.name, standard.metadata, standard.compare)
    assert dataclasses.asdict(row) == {"one": 1, "many": (2,)}
    with pytest.raises(TypeError):
        replace(row, two=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        field(kw_only=True, default=1, wrong=2)  # type: ignore[call-overload]


@BOTH
def test_a_default_that_may_change_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="default"):

        @make(frozen=True)
        class Shared:
            """One list for all."""

            x: Any = []  # noqa: RUF012


def test_the_standard_replace_is_there_for_other_classes() -> None:
    @dataclasses.dataclass(frozen=True)
    class Theirs:
        """Of the standard library."""

        x: int

    assert replace(Theirs(1), x=2) == Theirs(2)


def test_dataclasses_is_not_loaded() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(SRC)!r}); from jira_ci.frozen import dataclass\n"
        "@dataclass(frozen=True)\nclass One:\n    x: 'int'\n"
        "One(1); print('dataclasses' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
