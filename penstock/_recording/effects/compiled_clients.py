"""Lets classes that are written in C report: subclasses take the places of confluent-kafka's in all modules, and of psycopg2's cursor."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any

from penstock._recording.effects.library_calls import report_notes
from penstock.effects.libraries import drivers, kafka

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from penstock._recording.effects.library_calls import Report
    from penstock.effects.rows import BuiltinFunction

MODULE = "confluent_kafka.cimpl"
PSYCOPG2 = "psycopg2"

_stand_ins: dict[type, type] = {}
"""The classes that report, by those in whose place they are."""
_connectors: dict[FunctionType, Callable[..., Any]] = {}
"""The functions that connect with cursors that report, by those in whose place they are."""


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


def replace_cursor(module: ModuleType, report: Report) -> None:
    """Let the connections of psycopg2 make cursors that report, unless they are told to make others.

    A connection that C code makes asks no name of a module for the class of its cursors, so the function that connects is wrapped.
    """
    original = vars(module).get("connect")
    if isinstance(original, FunctionType) and original not in _connectors.values():
        with suppress(Exception):  # another version of the library: nothing is noticed, and nothing breaks
            cursor = _derive(vars(module)["extensions"].cursor, list(drivers.BUILTINS), report)
            _connectors[original] = _wrap_connect(original, cursor)
            _rebind("connect", original, _connectors[original])


def restore_classes() -> None:
    """Put the original classes back; objects of those that report stay, and work."""
    for original, stand_in in _stand_ins.items():
        _rebind(original.__name__, stand_in, original)
    for connect, connector in _connectors.items():
        _rebind(connect.__name__, connector, connect)
    _stand_ins.clear()
    _connectors.clear()


def _wrap_connect(original: Callable[..., Any], cursor: type) -> Callable[..., Any]:
    @wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:
        """Connect, with cursors that report."""
        __tracebackhide__ = True
        connection = original(*args, **kwargs)
        if connection.cursor_factory is None:
            connection.cursor_factory = cursor
        return connection

    return connect


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


def _rebind(name: str, old: object, new: object) -> None:
    for module in [*sys.modules.values()]:
        space = getattr(type(module), "__dict__", None) and module.__dict__
        if isinstance(space, dict) and space.get(name) is old:
            space[name] = new
