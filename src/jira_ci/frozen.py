"""Dataclasses without code made for each class, and without loading ``dataclasses``: a fifth of a report.

``dataclasses`` writes six methods for each frozen class and compiles them, half a millisecond at every start, and loads
``inspect`` first. These classes share their methods, which look at the class's fields. They are dataclasses all
the same for whoever asks: for ``dataclasses.fields`` and ``dataclasses.replace``, and for type checkers
(https://docs.python.org/3/library/dataclasses.html).
"""

from __future__ import annotations

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
        return tuple(form.fields.values())

    def replace(one: Any, /, **changes: Any) -> Any:
        """As ``dataclasses.replace``."""
        form = _form_of(one.__class__)
        if form is None:
            import dataclasses

            return dataclasses.replace(one, **changes)
        return one.__class__(**{**{name: getattr(one, name) for name in form.taken}, **changes})


class _Field:
    """One field, under the names that ``dataclasses.field`` has."""

    __slots__ = ("compare", "default", "default_factory", "init", "metadata", "name", "repr", "type")

    def __init__(self, **said: Any) -> None:
        self.name = ""
        self.type: Any = None
        self.default, self.default_factory = said.pop("default", _Field), said.pop("default_factory", _Field)
        self.init, self.repr, self.compare = said.pop("init", True), said.pop("repr", True), said.pop("compare", True)
        self.metadata = said.pop("metadata", None) or {}
        if said:
            raise TypeError(f"{', '.join(said)} is not for a class that is made here")

    @property
    def said(self) -> dict[str, Any]:
        """What makes the same field again."""
        one = {"init": self.init, "repr": self.repr, "compare": self.compare, "metadata": self.metadata}
        defaults = {"default": self.default, "default_factory": self.default_factory}
        return {**one, **{name: value for name, value in defaults.items() if value is not _Field}}


class _Form:
    """What the shared methods know of a class."""

    __slots__ = ("compared", "defaults", "factories", "fields", "has_more", "known", "shown", "taken")

    def __init__(self, fields: dict[str, _Field], has_more: bool) -> None:
        every = fields.values()
        self.fields, self.has_more = fields, has_more
        self.taken = tuple(one.name for one in every if one.init)
        self.known = frozenset(self.taken)
        self.defaults = {one.name: one.default for one in every if one.default is not _Field}
        self.factories = [(one.name, one.default_factory) for one in every if one.default_factory is not _Field]
        self.compared = tuple(one.name for one in every if one.compare)
        self.shown = tuple(one.name for one in every if one.repr)


def _form_of(cls: type) -> _Form | None:
    form: _Form | None = cls.__dict__.get("_form")  # not a base's
    return form


def _frozen(cls: Any) -> Any:
    return _made(cls, _OF_FROZEN)


def _made(cls: Any, methods: Mapping[str, Any]) -> Any:
    fields: dict[str, _Field] = {}
    for base in cls.__mro__[-2:0:-1]:
        fields.update(base._form.fields if "_form" in base.__dict__ else {})
    for name, kind in cls.__annotations__.items():
        if "ClassVar" not in str(kind).partition("[")[0]:
            fields[name] = _field_of(cls, name, kind)
    cls._form = _Form(fields, hasattr(cls, "__post_init__"))
    for name, method in {**methods, **_STANDARD, "__match_args__": cls._form.taken}.items():
        if name not in cls.__dict__ or (name == "__hash__" and cls.__dict__[name] is None):
            setattr(cls, name, method)
    return cls


def _field_of(cls: Any, name: str, kind: Any) -> _Field:
    value = cls.__dict__.get(name, _Field)
    if value.__class__.__module__ == "dataclasses" and value.__class__.__name__ == "Field":
        value = _ours(value)
    one = value if isinstance(value, _Field) else _Field(default=value)
    one.name, one.type = name, kind
    if one.default is not _Field:
        if one.default.__class__.__hash__ is None:
            raise ValueError(f"the default of {name} may be changed: use default_factory")
        setattr(cls, name, one.default)
    elif name in cls.__dict__:
        delattr(cls, name)
    return one


def _ours(standard: Any) -> _Field:
    import dataclasses

    said = {name: getattr(standard, name) for name in ("default", "default_factory", "init", "repr", "compare")}
    given = {name: value for name, value in said.items() if value is not dataclasses.MISSING}
    return _Field(**given, metadata=standard.metadata)


class _Standard:
    """What ``dataclasses`` keeps at a class under this name, made when it asks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, cls: Any) -> Any:
        import dataclasses

        form: _Form = cls._form
        same = [(one.name, one.type, dataclasses.field(**one.said)) for one in form.fields.values()]
        frozen = cls.__setattr__ is _refuse_to_set
        twin = dataclasses.make_dataclass(cls.__name__, same, init=False, repr=False, eq=False, frozen=frozen)
        return getattr(twin, self._name)


_STANDARD = {name: _Standard(name) for name in ("__dataclass_fields__", "__dataclass_params__")}


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
