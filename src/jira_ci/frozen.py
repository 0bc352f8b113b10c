"""``@dataclass(frozen=True)`` without code made for each class: that took a sixth of a report's time.

``dataclasses`` writes six methods for each frozen class and compiles them, half a millisecond at every start. These
classes share methods that look at the fields. They are dataclasses all the same: for ``dataclasses.replace``, for type
checkers (https://docs.python.org/3/library/dataclasses.html).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """As ``dataclasses.dataclass``; frozen classes without any other option get their methods from here."""
        return _frozen if cls is None and options == {"frozen": True} else dataclasses.dataclass(cls, **options)


def _frozen(cls: type) -> type:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    fields = dataclasses.fields(made)
    made.__init__ = _init(fields, hasattr(made, "__post_init__"))
    compared = tuple(field.name for field in fields if field.compare)
    shown = tuple(field.name for field in fields if field.repr)

    def equal(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in compared)

    def hashed(self: Any) -> int:
        return hash(tuple(getattr(self, name) for name in compared))

    def represented(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({values})"

    methods = {"__eq__": equal, "__hash__": hashed, "__repr__": represented}
    for name, method in {**methods, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}.items():
        if name not in cls.__dict__ or (name == "__hash__" and cls.__dict__[name] is None):
            setattr(made, name, method)
    return cls


def _init(fields: tuple[dataclasses.Field[Any], ...], has_more: bool) -> Callable[..., None]:
    names = tuple(field.name for field in fields if field.init)
    known, total = frozenset(names), len(names)
    defaults = {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}
    factories = [
        (field.name, field.default_factory) for field in fields if field.default_factory is not dataclasses.MISSING
    ]

    def init(self: Any, *values: Any, **named: Any) -> None:
        given = dict(zip(names, values))  # noqa: B905 - too many are refused below
        if len(values) > total or not named.keys() <= known or not named.keys().isdisjoint(given):
            raise TypeError(f"{self.__class__.__qualname__}() takes {', '.join(names)}, each once")
        state = {**defaults, **given, **named}
        for name, make in factories:
            if name not in state:
                state[name] = make()
        if missing := known - state.keys():
            raise TypeError(f"{self.__class__.__qualname__}() misses {', '.join(sorted(missing))}")
        self.__dict__.update(state)
        if has_more:
            self.__post_init__()

    return init


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001 - as Python calls it
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:  # noqa: ARG001 - as Python calls it
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
