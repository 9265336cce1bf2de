"""A step's mark below that of an entrypoint, which takes neither ``after=`` nor ``effects=`` itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from penstock.check.fix.argument_values import NotUnderstoodError, rewritten
from penstock.check.fix.declarations import keyword

if TYPE_CHECKING:
    from penstock.check.fix import ArgumentChange
    from penstock.check.fix.declarations import DeclarationSite, ParsedModule

    Replacement = cst.CSTNode | cst.FlattenSentinel[cst.Decorator]


def stack(
    place: DeclarationSite, wish: ArgumentChange, source: ParsedModule, *, alone: bool
) -> tuple[cst.CSTNode, Replacement]:
    """Return the node to replace, and its replacement, so that an entrypoint is also a step.

    Args:
        place: The mark of the entrypoint.
        wish: The names that the argument should hold.
        source: The file.
        alone: Whether the mark has to be one of this flow and no other.

    Raises:
        NotUnderstoodError: The file has no name for a step's mark.
    """
    function = _handle_mark(place, wish) if alone else _bare_mark(place, source) or _handle_mark(place, wish)
    if function is None or place.below is None:
        raise NotUnderstoodError(
            f"@{place.kind} takes no {wish.keyword}= here; put a mark of {wish.flow.name} below it, "
            f"such as @step({wish.keyword}=…)"
        )
    mark = cst.Call(function, _arguments(place, wish))
    if isinstance(place.below, cst.Decorator):
        return place.below, cst.FlattenSentinel([place.below, cst.Decorator(mark)])
    return place.below, cst.Call(mark, [cst.Arg(place.below)])


def _bare_mark(place: DeclarationSite, source: ParsedModule) -> cst.BaseExpression | None:
    """Return ``step`` or ``penstock.step``, as the file knows it, if the flows stand elsewhere."""
    function = place.expression.func if isinstance(place.expression, cst.Call) else place.expression
    if place.kind != "entrypoint":
        return None
    if isinstance(function, cst.Attribute) and not _is_handle(place, function):
        return function.with_changes(attr=cst.Name("step"))
    name = source.scope.name_of("step")
    return cst.Name(name) if name and isinstance(function, cst.Name) else None


def _is_handle(place: DeclarationSite, function: cst.Attribute) -> bool:
    return any(function.value is expression for expression in place.above.values())


def _handle_mark(place: DeclarationSite, wish: ArgumentChange) -> cst.BaseExpression | None:
    """Return ``orders.step`` or ``flow("orders").step``, whichever names the flow there."""
    function = place.expression.func if isinstance(place.expression, cst.Call) else place.expression
    own = function.value if isinstance(function, cst.Attribute) and _is_handle(place, function) else None
    handle = place.above.get(wish.flow.name) or own
    if isinstance(handle, cst.Call):  # a title is said once
        handle = handle.with_changes(args=[handle.args[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)])
    return cst.Attribute(handle, cst.Name("step")) if handle is not None else None


def _arguments(place: DeclarationSite, wish: ArgumentChange) -> list[cst.Arg]:
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    values = rewritten(None, wish.values, str, is_list=wish.keyword == "effects")
    argument = cst.Arg(values, keyword=cst.Name(wish.keyword), equal=tight)
    name = keyword(place.expression, "name" if place.kind == "entrypoint" else "step_name")
    if name is None:
        return [argument]
    return [argument, cst.Arg(name.value, keyword=cst.Name("name"), equal=tight)]
