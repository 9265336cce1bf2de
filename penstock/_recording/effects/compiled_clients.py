"""Lets the classes of confluent-kafka report: they are written in C, so subclasses take their places in all modules."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

from penstock._recording.effects.library_calls import report_notes
from penstock.effects.libraries import kafka

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from penstock._recording.effects.library_calls import Report
    from penstock.effects.rows import BuiltinFunction

MODULE = "confluent_kafka.cimpl"

_stand_ins: dict[type, type] = {}
"""The classes that report, by those in whose place they are."""


def replace_classes(module: ModuleType, report: Report) -> None:
    """Put classes that report in the places of those of a module, also where they have been imported from it."""
    rows: dict[str, list[BuiltinFunction]] = {}
    for row in kafka.BUILTINS:
        rows.setdefault(row.owner.rpartition(".")[2], []).append(row)
    for name, methods in rows.items():
        original = vars(module).get(name)
        if isinstance(original, type) and original not in _stand_ins.values():
            with suppress(Exception):  # another version of the library: nothing is noticed, and nothing breaks
                _stand_ins[original] = _derive(original, methods, report)
                _rebind(name, original, _stand_ins[original])


def restore_classes() -> None:
    """Put the original classes back; objects of those that report stay, and work."""
    for original, stand_in in _stand_ins.items():
        _rebind(original.__name__, stand_in, original)
    _stand_ins.clear()


def _derive(original: type, rows: list[BuiltinFunction], report: Report) -> type:
    methods = {row.name: _wrap_method(getattr(original, row.name), row, report) for row in rows}
    return type(
        original.__name__, (original,), {"__module__": original.__module__, "__doc__": original.__doc__, **methods}
    )


def _wrap_method(method: Any, row: BuiltinFunction, report: Report) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Report the call, then make it."""
        __tracebackhide__ = True
        report_notes(row.read, {"self": self, **dict(zip(row.parameters, args, strict=False)), **kwargs}, report)
        return method(self, *args, **kwargs)

    return call


def _rebind(name: str, old: type, new: type) -> None:
    for module in [*sys.modules.values()]:
        space = getattr(type(module), "__dict__", None) and module.__dict__
        if isinstance(space, dict) and space.get(name) is old:
            space[name] = new
