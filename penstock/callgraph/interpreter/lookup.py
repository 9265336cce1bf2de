"""Name lookup: where Python looks for a name, and what it finds there."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.callgraph.live_objects import NOTHING, by_name
from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.live import wrap

if TYPE_CHECKING:
    from penstock.callgraph.function_bodies import Body, LocalNames
    from penstock.callgraph.program import Program


class Lookup(NamedTuple):
    """The names that a function sees.

    Attributes:
        program: The program that it belongs to.
        body: The function.
        scope: Its local names.
    """

    program: Program
    body: Body
    scope: LocalNames

    def find(self, name: str) -> ValueSet:
        """Return the values of a name: local, enclosing, global, built-in."""
        local_values = self.scope.find(name)
        if local_values is not None:
            return local_values
        module = self.body.module
        assignments = self.program.recall(module, name)
        if name in module:
            return ValueSet([wrap(module[name])]).update(assignments)
        builtin = vars(builtins).get(name, NOTHING)
        return ValueSet().update(assignments) if builtin is NOTHING else ValueSet([wrap(builtin)])

    def find_type_import(self, name: str) -> Any:
        """Return the object that an import for type checkers only would bind, or ``NOTHING``."""
        full = self.body.imports.get(name, "")
        if full.startswith("."):
            bare = full.lstrip(".")
            package = self.body.package
            for _ in range(len(full) - len(bare) - 1):
                package = package.rpartition(".")[0]
            full = f"{package}.{bare}"
        return by_name(full) if full else NOTHING
