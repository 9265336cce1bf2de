"""Dispatches calls of third-party callables to their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.check.callgraph._builtins import BUILTINS
from penstock.check.callgraph._celery import CANVAS
from penstock.check.callgraph._objects import full_name
from penstock.check.callgraph._outcomes import Outcome
from penstock.check.callgraph._queues import Queues
from penstock.check.callgraph._values import Some

if TYPE_CHECKING:
    import ast

    from penstock.check.callgraph._values import Arguments


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
