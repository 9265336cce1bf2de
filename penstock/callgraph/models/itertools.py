"""Models of itertools: iterators over the items of all arguments."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from penstock.callgraph.models.library import Library, model_calls
from penstock.callgraph.values.base import Outcome, ValueSet
from penstock.callgraph.values.containers import Container

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.base import Arguments
    from penstock.callgraph.values.frame import Frame

_NAMES = set(vars(itertools)) - {"starmap"}
"""Not that one: it calls a function, as an unknown callable of that name does."""


def _model_iterator(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    items = ValueSet().update(*(values.iterate(frame) for values in arguments.positional))
    return Outcome.of(ValueSet([Container.at(frame.where(node), rest=items)]))


LIBRARY = Library(calls=model_calls(*(f"itertools.{name}" for name in sorted(_NAMES)), model=_model_iterator))
