"""Answers GraphQL out of nested mappings and functions, without a schema: which fields there are, others judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)
from graphql.utilities import value_from_ast_untyped


class Refusal(Exception):
    """There is nothing to show for a field, and a word why.

    Args:
        kind: GitHub's ``type`` of the error.
    """

    def __init__(self, kind: str, message: str = "no") -> None:
        super().__init__(message)
        self.kind = kind


def answer(document: str, variables: Mapping[str, Any], root: Any) -> dict[str, Any]:
    """Data, and errors where there are some.

    Args:
        root: a mapping whose values are scalars, mappings, lists of them, or functions that return one, of nothing and
            a field's arguments; ``__typename`` tells what a fragment on another type passes by.
    """
    parsed = parse(document).definitions
    fragments = {one.name.value: one for one in parsed if isinstance(one, FragmentDefinitionNode)}
    operation = next(one for one in parsed if isinstance(one, OperationDefinitionNode))
    errors: list[dict[str, Any]] = []
    reader = _Reader(fragments, variables, errors)
    data = reader.read(root, operation.selection_set, [])
    return {"data": data, **({"errors": errors} if errors else {})}


class _Reader:
    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        errors: list[dict[str, Any]],
    ) -> None:
        self._fragments, self._variables, self._errors = fragments, variables, errors

    def read(self, value: Any, wanted: SelectionSetNode | None, path: Sequence[str | int]) -> Any:
        if isinstance(value, list):
            return [self.read(one, wanted, [*path, place]) for place, one in enumerate(value)]
        if wanted is None or value is None:
            return value
        found: dict[str, Any] = {}
        for one in wanted.selections:
            if isinstance(one, FieldNode):
                name = one.alias.value if one.alias else one.name.value
                found[name] = self._field(value, one, [*path, name])
            else:
                part = self._fragments[one.name.value] if isinstance(one, FragmentSpreadNode) else one
                assert isinstance(part, (FragmentDefinitionNode, InlineFragmentNode))
                on = part.type_condition.name.value if part.type_condition else ""
                if on in ("", value.get("__typename", on)):
                    found |= self.read(value, part.selection_set, path)
        return found

    def _field(self, value: Any, field: FieldNode, path: Sequence[str | int]) -> Any:
        given = {
            one.name.value: value_from_ast_untyped(one.value, dict(self._variables)) for one in field.arguments or ()
        }
        shown = value.get(field.name.value)
        try:
            shown = shown(None, **given) if callable(shown) else shown
        except Refusal as refusal:
            self._errors.append({"type": refusal.kind, "path": list(path), "message": str(refusal)})
            return None
        return self.read(shown, field.selection_set, path)
