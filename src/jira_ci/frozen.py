"""Dataclasses without code made for each class, and without loading ``dataclasses``: a fifth of a report.

``dataclasses`` writes six methods for each frozen class and compiles them, half a millisecond at every start, and loads
``inspect`` first. These classes share their methods, which look at the class's fields. They are dataclasses all
the same for whoever asks: for ``dataclasses.fields`` and ``dataclasses.replace``, and for type checkers
(https://docs.python.org/3/library/dataclasses.html).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import fields as fields
    from dataclasses import replace as replace
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """As ``dataclasses.dataclass``; without another option than ``frozen``, classes get their methods from here."""
        if cls is None and options == {"frozen": True}:
            return _frozen
        if cls is not None and not options:
            return _made(cls, _METHODS)
        import dataclasses

        return dataclasses.dataclass(cls, **options)

    def field(**said: Any) -> Any:
        """As ``dataclasses.field``, for a class that is made here."""
        return _Field(**said)

    def fields(of: Any) -> tuple[_Field, ...]:
        """As ``dataclasses.fields``; those of a class that was made here, or of its instance, have ``name`` and
        ``metadata``."""
        form = _form_of(of if isinstance(of, type) else of.__class__)
        if form is None:
            import dataclasses

            return dataclasses.fields(of)
        return tuple(form.fields())

    def replace(one: Any, /, **changes: Any) -> Any:
        """As ``dataclasses.replace``."""
        form = _form_of(one.__class__)
        if form is None:
            import dataclasses

            return dataclasses.replace(one, **changes)
        return one.__class__(**{**{name: getattr(one, name) for name in form.taken}, **changes})


class _Field:
    """One field, under the names that ``dataclasses.field`` has."""

    def __init__(self, *, init: bool = True, repr: bool = True, compare: bool = True, **more: Any) -> None:
        self.name, self.init, self.repr, self.compare = "", init, repr, compare
        self.default, self.default_factory = more.pop("default", _Field), more.pop("default_factory", _Field)
        self.metadata: Mapping[str, Any] = more.pop("metadata", None) or {}
        if more:
            raise TypeError(f"{', '.join(more)} is not for a class that is made here")

    @property
    def said(self) -> dict[str, Any]:
        """What makes the same field again."""
        one = {"init": self.init, "repr": self.repr, "compare": self.compare, "metadata": self.metadata}
        defaults = {"default": self.default, "default_factory": self.default_factory}
        return {**one, **{name: value for name, value in defaults.items() if value is not _Field}}


class _Form:
    """What the shared methods know of a class."""

    def __init__(self, base: _Form | None, has_more: bool) -> None:
        self.has_more = has_more
        self.kinds: dict[str, Any] = {**base.kinds} if base else {}
        """Every field's type, in their order."""
        self.told: dict[str, _Field] = {**base.told} if base else {}
        """Those of which more is said than a default."""
        self.defaults: dict[str, Any] = {**base.defaults} if base else {}

    def close(self) -> None:
        """No field comes any more."""
        told, names = self.told, tuple(self.kinds)
        self.factories = [
            (name, one.default_factory) for name, one in told.items() if one.default_factory is not _Field
        ]
        self.taken = tuple(name for name in names if name not in told or told[name].init)
        self.compared = tuple(name for name in names if name not in told or told[name].compare)
        self.shown = tuple(name for name in names if name not in told or told[name].repr)
        self.known = frozenset(self.taken)

    def fields(self) -> list[_Field]:
        """Every field."""
        made = []
        for name in self.kinds:
            default = {"default": self.defaults[name]} if name in self.defaults else {}
            one = self.told.get(name) or _Field(**default)
            one.name = name
            made.append(one)
        return made


def _form_of(cls: type) -> _Form | None:
    form: _Form | None = cls.__dict__.get("_form")  # not a base's
    return form


def _frozen(cls: Any) -> Any:
    return _made(cls, _OF_FROZEN)


def _made(cls: Any, methods: Mapping[str, Any]) -> Any:
    form = _Form(getattr(cls, "_form", None), hasattr(cls, "__post_init__"))
    own = cls.__dict__
    for name, kind in cls.__annotations__.items():
        if "ClassVar" in str(kind).partition("[")[0]:
            continue
        form.kinds[name] = kind
        form.told.pop(name, None)
        form.defaults.pop(name, None)
        if name in own:
            _say(form, cls, name, own[name])
    form.close()
    cls._form = form
    for name, method in {**methods, **_STANDARD, "__match_args__": form.taken}.items():
        if name not in own or (name == "__hash__" and own[name] is None):
            setattr(cls, name, method)
    return cls


def _say(form: _Form, cls: Any, name: str, value: Any) -> None:
    """Takes in what stands behind a field."""
    if value.__class__.__name__ == "Field" and value.__class__.__module__ == "dataclasses":
        value = _ours(value)
    default = value
    if isinstance(value, _Field):
        form.told[name], default = value, value.default
        if default is _Field:
            delattr(cls, name)
            return
        setattr(cls, name, default)
    if default.__class__.__hash__ is None:
        raise ValueError(f"the default of {name} may be changed: use default_factory")
    form.defaults[name] = default


def _ours(standard: Any) -> _Field:
    import dataclasses

    said = {name: getattr(standard, name) for name in ("default", "default_factory", "init", "repr", "compare")}
    given = {name: value for name, value in said.items() if value is not dataclasses.MISSING}
    return _Field(**given, metadata=standard.metadata)


class _Standard:
    """What ``dataclasses`` or ``inspect`` looks for at a class under this name, made when it asks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, cls: Any) -> Any:
        if self._name != "__signature__":
            return getattr(_twin(cls), self._name)
        import inspect

        return inspect.signature(_twin(cls))


@functools.cache
def _twin(cls: Any) -> type:
    """The same class, as ``dataclasses`` makes it."""
    import dataclasses

    form: _Form = cls._form
    same = [(one.name, form.kinds[one.name], dataclasses.field(**one.said)) for one in form.fields()]
    frozen = cls.__setattr__ is _refuse_to_set
    return dataclasses.make_dataclass(cls.__name__, same, repr=False, eq=False, frozen=frozen)


_STANDARD = {name: _Standard(name) for name in ("__dataclass_fields__", "__dataclass_params__", "__signature__")}


def _init(self: Any, /, *values: Any, **named: Any) -> None:
    form: _Form = self._form
    given = dict(zip(form.taken, values))  # noqa: B905 - too many are refused below
    if len(values) > len(form.taken) or not named.keys() <= form.known or not named.keys().isdisjoint(given):
        raise TypeError(f"{self.__class__.__qualname__}() takes {', '.join(form.taken)}, each once")
    state = {**form.defaults, **given, **named}
    for name, make in form.factories:
        if name not in state:
            state[name] = make()
    if missing := form.known - state.keys():
        raise TypeError(f"{self.__class__.__qualname__}() misses {', '.join(sorted(missing))}")
    self.__dict__.update(state)
    if form.has_more:
        self.__post_init__()


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return all(getattr(self, name) == getattr(other, name) for name in self._form.compared)


def _hashed(self: Any) -> int:
    return hash(tuple(getattr(self, name) for name in self._form.compared))


def _represented(self: Any) -> str:
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._form.shown)
    return f"{self.__class__.__qualname__}({values})"


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001 - as Python calls it
    import dataclasses

    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:  # noqa: ARG001 - as Python calls it
    import dataclasses

    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


_METHODS = {"__init__": _init, "__eq__": _equal, "__repr__": _represented, "__hash__": None}
_OF_FROZEN = {
    **_METHODS,
    "__hash__": _hashed,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
}
