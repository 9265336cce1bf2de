"""Dispatches calls of third-party callables to their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Some
from penstock.callgraph.call_outcome import Outcome
from penstock.callgraph.live_objects import full_name
from penstock.callgraph.models.celery import CANVAS
from penstock.callgraph.models.stdlib import BUILTINS
from penstock.callgraph.models.task_queues import Queues

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.abstract_values import Arguments


class Library(Queues):
    """Models third-party callables."""

    def external(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a third-party callable."""
        name = full_name(thing)
        if name in BUILTINS:
            return BUILTINS[name](self, arguments, node)
        if name in CANVAS:
            return CANVAS[name](self, arguments, node)
        if name.startswith("itertools.") and not name.endswith("starmap"):
            rest = Some().update(*map(self.items, arguments.given))
            return Outcome.of(Some([self.box(node, "list", rest)]))
        return self.unknown(name.rpartition(".")[2], arguments, node)
