"""Knows which calls of libraries touch something outside the process, where the code says plainly what: one module a library.

A table, a topic or an address counts if it is a text that the code has at the call, or comes from a model of the user's.
What only a run can know is left out, so that what is found may confirm a declaration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.touches import django, http, messages, sql, sqlalchemy
from penstock.callgraph.touches.plain_call import describe_call, describe_method_call

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from penstock.callgraph.touches.plain_call import PlainCall
    from penstock.callgraph.values.base import Arguments, ValueSet
    from penstock.callgraph.values.frame import Frame
    from penstock.effects.rows import Touch

_READERS = (django.find_touches, http.find_touches, messages.find_touches, sql.find_touches, sqlalchemy.find_touches)
"""Each yields what a call touches; nothing for a call of another library."""


def find_touches(frame: Frame, targets: ValueSet, arguments: Arguments, node: ast.Call) -> Iterator[Touch]:
    """Yield what a call touches.

    Args:
        frame: The function that makes the call.
        targets: The called values; of a method, the values that it is a method of.
        arguments: The arguments.
        node: The call.
    """
    describe = describe_method_call if _is_method_call(node) else describe_call
    call = describe(frame, targets, arguments, node)
    if call is not None:
        yield from _read(call)


def _is_method_call(node: ast.Call) -> bool:
    return hasattr(node.func, "attr")


def _read(call: PlainCall) -> Iterator[Touch]:
    for reader in _READERS:
        yield from reader(call)
