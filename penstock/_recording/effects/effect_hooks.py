"""Lets functions of libraries report what they touch during a recording, by the table in :mod:`penstock.effects`.

Each function is replaced by a wrapper as soon as its module has been imported, and restored when the recording ends. Wrappers are
the same on all versions of Python; :mod:`sys.monitoring` could not tell when a call ends with an exception.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol

from penstock._recording.effects import celery_triggers, compiled_clients
from penstock._recording.effects.library_calls import wrap_function
from penstock._runtime.context import current_event
from penstock._util.import_hook import watch_module
from penstock.effects import LIBRARIES
from penstock.effects.audit import EVENTS
from penstock.effects.sqlite import EVENT, follow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from penstock._recording.effects.touch_counts import TouchCounts
    from penstock._runtime.events import StepEvent
    from penstock.effects.rows import LibraryFunction, Touch


class TouchSink(Protocol):
    """Counts what steps touch.

    Attributes:
        touch_counts: Its counts, which are active while calls are reported.
    """

    touch_counts: TouchCounts

    def add_touches(self, event: StepEvent, touches: Iterable[Touch]) -> None:
        """Count touches inside a step."""


_depth = 0
_sinks: list[TouchSink] = []
_wrappers: dict[tuple[Any, str], tuple[Any, Any]] = {}
"""A wrapped function of a class or module: the original, and the wrapper."""

_rows: dict[str, list[LibraryFunction]] = {}
for _row in (row for library in LIBRARIES for row in library.FUNCTIONS):
    _rows.setdefault(_row.module, []).append(_row)


def watch(sink: TouchSink) -> None:
    """Report to a sink what calls touch; each call needs a matching :func:`unwatch`."""
    global _depth  # noqa: PLW0603 - as the wrappers, this is about the whole process
    _depth += 1
    _sinks[:] = [sink]
    sink.touch_counts.is_active = True
    if _hear not in _audited:
        _audited.append(_hear)
        sys.addaudithook(_hear)  # which Python keeps for good
    for name, action in _actions.items():
        if name in sys.modules:
            action(sys.modules[name])
        else:
            watch_module(name, action)


def unwatch() -> None:
    """Restore the original functions when the last recording ends."""
    global _depth  # noqa: PLW0603 - see above
    _depth = max(_depth - 1, 0)
    if _depth:
        return
    for (owner, name), (original, wrapper) in _wrappers.items():
        if (
            vars(owner).get(name) is wrapper
        ):  # else other code has wrapped it again, and the wrapper reports nothing now
            setattr(owner, name, original)
    _wrappers.clear()
    compiled_clients.restore_classes()
    if celery_triggers.MODULE in sys.modules:
        celery_triggers.disconnect(sys.modules[celery_triggers.MODULE])
    for sink in _sinks:
        sink.touch_counts.is_active = False
    _sinks.clear()


def _wrap_rows(module: ModuleType) -> None:
    if not _depth:
        return
    for row in _rows[module.__name__]:
        with suppress(Exception):  # another version of the library: nothing is noticed, and nothing breaks
            *outer, name = row.qualname.split(".")
            owner: Any = module
            for part in outer:
                owner = vars(owner)[part]
            original = vars(owner)[name]
            if type(original) is FunctionType and (owner, name) not in _wrappers:
                wrapper = wrap_function(original, row, _report)
                setattr(owner, name, wrapper)
                _wrappers[owner, name] = original, wrapper


def _replace_classes(module: ModuleType) -> None:
    if _depth:
        compiled_clients.replace_classes(module, _report)


def _replace_cursor(module: ModuleType) -> None:
    if _depth:
        compiled_clients.replace_cursor(module, _report)


def _connect_signals(module: ModuleType) -> None:
    if _depth:
        celery_triggers.connect(module)


_actions = {
    **dict.fromkeys(_rows, _wrap_rows),
    compiled_clients.MODULE: _replace_classes,
    compiled_clients.PSYCOPG2: _replace_cursor,
    celery_triggers.MODULE: _connect_signals,
}
"""What is done with a module of a library, once it has been imported."""


def _report(touches: Iterable[Touch]) -> None:
    event = current_event.get()
    if event is not None:
        for sink in _sinks:
            sink.add_touches(event, touches)


def _report_one(touch: Touch) -> None:
    _report((touch,))


_audited: list[Any] = []
_follow = partial(follow, note=_report_one)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _depth:
        return
    if event == EVENT:
        _follow(arguments[0])
    elif event in EVENTS and current_event.get() is not None:
        with suppress(Exception):  # an audit hook that raises would stop what it hears of
            _report(EVENTS[event](arguments))
