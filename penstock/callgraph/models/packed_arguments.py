"""Arguments of a function that a library takes as a sequence and a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.values.base import Arguments, ValueSet
from penstock.callgraph.values.containers import Container

if TYPE_CHECKING:
    from penstock.callgraph.values.frame import Frame


def unpack_keywords(frame: Frame, arguments: Arguments) -> Arguments:
    """Return the arguments that ``args=`` and ``kwargs=`` pass on to the function."""
    result = Arguments()
    for value in arguments.named.get("args", ()):
        length = value.length()
        result.positional = [value.item(frame, at) for at in range(length)] if length is not None else []
        result.rest = ValueSet([value]).iterate(frame) if length is None else None
    for value in arguments.named.get("kwargs", ()):
        if isinstance(value, Container):
            result.named = {key: values for key, values in value.items.items() if isinstance(key, str)}
    return result


def unpack_pair(frame: Frame, arguments: Arguments) -> Arguments:
    """Return the arguments that ``args`` and ``kwargs`` pass on, given by position or by name."""
    names = dict(zip(("args", "kwargs"), arguments.positional, strict=False))
    return unpack_keywords(frame, Arguments(named=arguments.named | names))
