"""Watches a process: the calls of the user's own functions, and what calls of libraries touch and start."""

from __future__ import annotations

from contextlib import suppress
from types import CodeType
from typing import TYPE_CHECKING, Any

from penstock.discover.watch.calls import Calls, WatchedFunction, current_call
from penstock.discover.watch.frames import find_frame
from penstock.discover.watch.own_code import describe, is_function
from penstock.discover.watch.shapes import Shapes
from penstock.discover.watch.triggers import Triggers
from penstock.effects.rows import Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from penstock.discover.watch.calls import Call
    from penstock.discover.watch.library_rows import LibraryRows
    from penstock.discover.watch.own_code import OwnCode
    from penstock.effects.rows import LibraryFunction

_ITEM = "async_generator_wrapped_value"


class Watcher:
    """What is known of a process.

    Args:
        own_code: Knows which code to watch.
        rows: The functions of libraries to watch.
        rest: Is called when an outermost call has ended.

    Attributes:
        calls: The calls of the user's functions.
    """

    def __init__(self, own_code: OwnCode, rows: LibraryRows, rest: Callable[[], object]) -> None:
        self.calls = Calls(Shapes())
        self._rest = rest
        self._own_code = own_code
        self._rows = rows
        self._functions: dict[int, WatchedFunction] = {}
        self._libraries: dict[int, tuple[CodeType, LibraryFunction]] = {}
        self._paused: dict[int, Call] = {}
        self._triggers = Triggers()

    def read_module(self, code: CodeType) -> Iterator[tuple[CodeType, bool]]:
        """Yield the functions to watch in code that is about to run, and whether each is the user's."""
        if self._own_code.is_own(code.co_filename):
            for function in _walk(code):
                if is_function(function):
                    self._functions[id(function)] = WatchedFunction(function)
                    yield function, True
        elif rows := self._rows.find(code):
            for function in _walk(code):
                row = rows.get(function.co_qualname)
                if row is not None:
                    self._libraries[id(function)] = function, row
                    yield function, False

    def start(self, code: CodeType, frame: FrameType | None = None) -> None:
        """Note the beginning of a function."""
        function = self._functions.get(id(code))
        if function is None:
            if id(code) in self._libraries:
                self._apply(self._libraries[id(code)][1], frame or find_frame(code))
            return
        if function.number < 0:
            self._number(function, frame or find_frame(code))
        call = self.calls.begin(function)
        if function.suspends:
            self._paused[id(frame or find_frame(code))] = call
        if self._triggers.are_any and not call.is_ignored:
            call.trigger = self._triggers.find(call, frame or find_frame(code))

    def end(self, code: CodeType, frame: FrameType | None = None, *, failed: bool) -> None:
        """Note the end of a function; other functions than the watched ones may fail, too."""
        function = self._functions.get(id(code))
        if function is None:
            return
        call = current_call.get()
        if function.suspends:
            call = self._paused.pop(id(frame or find_frame(code)), None)
        if call is not None and call.function is function:
            is_outermost = call.parent is None
            self.calls.end(call, failed=failed)
            if is_outermost:
                self._rest()

    def suspend(self, code: CodeType, value: object, frame: FrameType | None = None) -> None:
        """Note that a generator or coroutine pauses."""
        call = self._find_paused(code, frame)
        if call is not None:
            if call.function.is_lazy and (code.co_flags & 0x20 or type(value).__name__ == _ITEM):
                self.calls.show_item(call)
            self.calls.suspend(call)

    def resume(self, code: CodeType, frame: FrameType | None = None) -> None:
        """Note that a generator or coroutine goes on."""
        call = self._find_paused(code, frame)
        if call is not None:
            self.calls.resume(call)

    def is_paused(self, frame: FrameType) -> bool:
        """Return whether a frame is that of a generator or coroutine that pauses."""
        call = self._paused.get(id(frame))
        return call is not None and call.function.code is frame.f_code

    def is_inside(self) -> bool:
        """Return whether a call of the user's code runs."""
        call = current_call.get()
        return call is not None and not call.is_closed

    def forget(self) -> None:
        """Begin afresh in a child process: its parent reports what was seen, and what is around the fork."""
        self.calls = Calls(Shapes())
        self._paused = {}
        current_call.set(None)
        for function in self._functions.values():
            function.number = -1

    def note(self, touch: Touch) -> None:
        """Note what the current call touches."""
        call = current_call.get()
        if call is not None and not call.is_closed:
            call.note(touch)

    def finish(self) -> dict[str, object]:
        """Return the rows of what was seen."""
        return self.calls.shapes.encode()

    def _number(self, function: WatchedFunction, frame: FrameType | None) -> None:
        space = frame.f_globals if frame is not None else {}
        module = self._own_code.name_module(space, function.code.co_filename)
        function.number = self.calls.shapes.number_function(module, describe(function.code))

    def _find_paused(self, code: CodeType, frame: FrameType | None) -> Call | None:
        function = self._functions.get(id(code))
        if function is None or not function.suspends:
            return None
        call = self._paused.get(id(frame or find_frame(code)))
        return call if call is not None and call.function is function else None

    def _apply(self, row: LibraryFunction, frame: FrameType | None) -> None:
        if frame is None:
            return
        notes: tuple[Any, ...] = ()
        with suppress(Exception):  # rows read objects of libraries, which may be anything
            notes = tuple(row.read(frame.f_locals))
        for note in notes:
            if isinstance(note, Touch):
                self.note(note)
            else:
                self._triggers.arrive(note.name, notes, frame)


def _walk(code: CodeType) -> Iterator[CodeType]:
    """Yield all code inside code."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _walk(constant)
