"""Models of Django's managers and queries: the rows that they return are instances of the user's model."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING

from penstock.callgraph.live_objects import peek, raw
from penstock.callgraph.models.library import Library
from penstock.callgraph.values.base import Outcome, Value, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveObject, wrap

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.base import Arguments
    from penstock.callgraph.values.frame import Frame

_QUERIES = frozenset(
    {"all", "filter", "exclude", "order_by", "select_related", "prefetch_related", "select_for_update", "using", "only"}
    | {"defer", "annotate", "distinct", "reverse", "iterator"}
)
"""Methods whose result has rows of the same model."""
_ROWS = frozenset({"get", "first", "last", "earliest", "latest", "create"})
_ROWS |= {f"a{name}" for name in _ROWS}
"""Methods that return one row."""
_PAIRS = frozenset({"get_or_create", "update_or_create", "aget_or_create", "aupdate_or_create"})
"""Methods that return a row, and whether it is new."""


class Query(Value):
    """A query for the rows of one model, of which only that is known.

    Attributes:
        model: The model.
        manager: The class of the manager that made it.
    """

    __slots__ = ("manager", "model")

    def __init__(self, model: type, manager: type) -> None:
        self.model, self.manager = model, manager
        super().__init__("query", id(model), id(manager))

    def iterate(self, frame: Frame) -> ValueSet:
        """Return the rows."""
        return ValueSet([_make_row(self.model, "rows")] if frame.code.owns_class(self.model) else [])


def find_query(value: Value, method: str) -> Query | None:
    """Return the query of a manager or a query that has a method of Django's, or ``None`` for another value."""
    query = value if isinstance(value, Query) else _find_all_rows(value)
    return None if query is None or _is_redefined(query.manager, method) else query


def _find_all_rows(value: Value) -> Query | None:
    """Return the query for all rows of a manager's model, or ``None`` if the value is no manager."""
    if not isinstance(value, LiveObject) or value.is_class:
        return None
    names = {(base.__module__, base.__name__) for base in type(value.thing).__mro__}
    if ("django.db.models.manager", "ManagerDescriptor") in names:
        manager = raw(value.thing, "manager")
    elif ("django.db.models.manager", "BaseManager") in names:
        manager = value.thing
    else:
        return None
    model = raw(manager, "model")
    return Query(model, type(manager)) if isinstance(model, type) else None


def _is_redefined(kind: type, method: str) -> bool:
    """Return whether a class of managers, or of the queries behind it, has a method that is not Django's."""
    kinds = (kind, peek(kind, "_queryset_class"))
    functions = (peek(owner, method) for owner in kinds if isinstance(owner, type))
    return any(
        not function.__module__.startswith("django.") for function in functions if isinstance(function, FunctionType)
    )


def _make_row(model: type, *where: object) -> Instance:
    return Instance(wrap(model), ("row", *where))


def _call_method(frame: Frame, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
    """Return the outcome of a method of a manager or a query, or ``None`` for others, and those that users have added."""
    if name not in _QUERIES | _ROWS | _PAIRS:
        return None
    query = find_query(value, name)
    if query is None:
        return None
    tags = arguments.tags()
    if name in _QUERIES:
        return Outcome.of(ValueSet([query], tags))
    if not frame.code.owns_class(query.model):
        return Outcome.of(ValueSet(tags=tags))
    row = ValueSet([_make_row(query.model, frame.where(node))], tags)
    if name in _PAIRS:
        return Outcome.of(ValueSet([Container("tuple", frame.where(node), {0: row})], tags))
    return Outcome.of(row)


LIBRARY = Library(call_method=_call_method)
