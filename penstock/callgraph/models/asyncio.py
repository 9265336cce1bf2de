"""Models of asyncio; most of its functions are modelled by their names, in ``unknown.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.models.library import Library
from penstock.callgraph.values.base import Outcome, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.pending import PendingCall

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.call_paths import Reach
    from penstock.callgraph.values.base import Arguments
    from penstock.callgraph.values.frame import Frame


def _model_gather(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    reach: Reach = {}
    rest = arguments.rest
    results = Container.at(frame.where(node), rest=rest.resolve() if rest is not None else None)
    for at, values in enumerate(arguments.positional):
        results.items[at] = values.resolve()
    for value in (value for values in arguments.all() for value in values):
        reach |= value.reach if isinstance(value, PendingCall) else {}
    return Outcome.of(ValueSet([PendingCall(reach, ValueSet([results]), frame.where(node))]))


LIBRARY = Library(calls={"asyncio.tasks.gather": _model_gather})
