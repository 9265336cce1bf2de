"""Models of threads and processes that are subclasses with a ``run`` of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.models.library import Library
from penstock.callgraph.values.base import Arguments
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.pending import start

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.base import Outcome, Value
    from penstock.callgraph.values.frame import Frame


def _call_method(frame: Frame, value: Value, name: str, _: Arguments, node: ast.AST) -> Outcome | None:
    """Start the ``run`` of an instance that inherits ``start``."""
    if name != "start" or not isinstance(value, Instance) or value.attribute(frame, "start", node).functions(frame):
        return None
    run = value.attribute(frame, "run", node).functions(frame)
    return start(frame, run.call(frame, Arguments(), node), node) if run else None


LIBRARY = Library(call_method=_call_method)
