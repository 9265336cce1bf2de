"""Watches a process: the calls of the user's own functions, and what calls of libraries touch and start."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from types import CodeType
from typing import TYPE_CHECKING, Any

from penstock.discover.watch.calls import Calls, current_call
from penstock.discover.watch.faults import swallow
from penstock.discover.watch.frames import find_frame, identify
from penstock.discover.watch.functions import Functions, Switches
from penstock.discover.watch.own_code import describe, is_function
from penstock.discover.watch.shapes import Shapes
from penstock.discover.watch.triggers import Triggers
from penstock.effects.rows import Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from penstock.discover.watch.calls import WatchedCall
    from penstock.discover.watch.functions import WatchedFunction
    from penstock.discover.watch.library_rows import LibraryRows
    from penstock.discover.watch.own_code import OwnCode
    from penstock.effects.rows import LibraryFunction

_ITEM = "async_generator_wrapped_value"
_SLEEP = 0.1
"""Seconds after which an outermost call lets all functions be watched again."""

_clock = time.monotonic


class Watcher:
    """What is known of a process. Python, or the profiler, calls its methods as functions begin, end and pause.

    Args:
        own_code: Knows which code to watch.
        rows: The functions of libraries to watch.
        rest: Is called when an outermost call has ended.

    Attributes:
        functions: The user's functions.
        switches: Lets Python report what runs; its values are set when it is known how.
    """

    def __init__(self, own_code: OwnCode, rows: LibraryRows, rest: Callable[[], object]) -> None:
        self.switches = Switches()
        self.functions = Functions(self.switches)
        self._by_code = self.functions.by_code
        self._calls = Calls(Shapes())
        self._own_code = own_code
        self._rows = rows
        self._rest = rest
        self._libraries: dict[int, tuple[CodeType, LibraryFunction]] = {}
        self._paused: dict[int, WatchedCall] = {}
        self._triggers = Triggers()
        self._woken = 0.0

    def read_module(self, code: CodeType) -> None:
        """Watch the functions in code that is about to run."""
        if self._own_code.is_own(code.co_filename):
            for function in filter(is_function, _walk(code)):
                self.functions.add(function)
        elif rows := self._rows.find(code):
            for function in _walk(code):
                row = rows.get(function.co_qualname)
                if row is not None:
                    self._libraries[identify(function)] = function, row
                    self.switches.watch_start(function)

    def start(self, code: CodeType, _offset: int = 0, *, frame: FrameType | None = None) -> None:
        """Note the beginning of a function."""
        try:
            function = self._by_code.get(identify(code))
            if function is None:
                if identify(code) in self._libraries:
                    self._apply(self._libraries[identify(code)][1], frame or find_frame())
            elif function.is_tired and (call := current_call.get()) is not None:
                call.skipped += 1
            elif function.needs_care or self._triggers.are_any or (outer := current_call.get()) is None:
                self._start_carefully(function, frame or find_frame())
            else:
                self._calls.begin(function, outer)
                if outer.function in function.callers:
                    function.running += 1
                    function.calls += 1
                else:
                    self.functions.count_call(function, outer.function)
        except Exception as error:
            swallow(error)

    def end(self, code: CodeType, _offset: int = 0, _value: object = None, *, frame: FrameType | None = None) -> None:
        """Note that a function returns."""
        try:
            function = self._by_code.get(identify(code))
            if function is None:
                return
            call = current_call.get()
            if (
                call is None
                or call.function is not function
                or function.suspends
                or call.skipped
                or call.parent is None
            ):
                self._end(function, frame or find_frame(), failed=False)
            else:
                self._calls.end(call, failed=False)
                self.functions.count_end(function)
        except Exception as error:
            swallow(error)

    def fail(self, code: CodeType, _offset: int = 0, reason: object = None, *, frame: FrameType | None = None) -> None:
        """Note that a function, which may be anybody's, ends with an exception."""
        function = self._by_code.get(identify(code))
        if function is not None:
            try:
                self._end(function, frame or find_frame(), failed=not isinstance(reason, GeneratorExit))
            except Exception as error:
                swallow(error)

    def suspend(self, code: CodeType, _offset: int, value: object, *, frame: FrameType | None = None) -> None:
        """Note that a generator or coroutine pauses."""
        try:
            function = self._by_code.get(identify(code))
            call = self._find_paused(function, frame or find_frame()) if function is not None else None
            if call is not None:
                if call.function.is_lazy and (code.co_flags & 0x20 or type(value).__name__ == _ITEM):
                    self._calls.show_item(call)
                self._calls.suspend(call)
        except Exception as error:
            swallow(error)

    def resume(
        self, code: CodeType, _offset: int = 0, _reason: object = None, *, frame: FrameType | None = None
    ) -> None:
        """Note that a generator or coroutine goes on, or that an exception is thrown into it."""
        try:
            function = self._by_code.get(identify(code))
            call = self._find_paused(function, frame or find_frame()) if function is not None else None
            if call is not None:
                self._calls.resume(call)
        except Exception as error:
            swallow(error)

    def is_paused(self, frame: FrameType) -> bool:
        """Return whether a frame is that of a generator or coroutine that pauses."""
        call = self._paused.get(identify(frame))
        return call is not None and call.function.code is frame.f_code

    def is_inside(self) -> bool:
        """Return whether a call of the user's code runs."""
        call = current_call.get()
        return call is not None and not call.is_closed

    def forget(self) -> None:
        """Begin again in a child process: its parent reports what was seen, and what is around the fork."""
        self._calls = Calls(Shapes())
        self._paused = {}
        current_call.set(None)
        for function in self._by_code.values():
            function.number, function.leaves, function.running, function.needs_care = -1, [-1, -1], 0, True

    def note(self, touch: Touch) -> None:
        """Note what the current call touches."""
        call = current_call.get()
        if call is not None and not call.is_closed:
            call.note(touch)

    def encode(self) -> dict[str, object]:
        """Return the rows of what was seen."""
        return self._calls.shapes.encode()

    def _start_carefully(self, function: WatchedFunction, frame: FrameType | None) -> None:
        if function.number < 0:
            self._number(function, frame)
        outer = current_call.get()
        if outer is None:
            self._begin_outermost()
        is_hidden = function.quiet_callers > 0 and self._is_hidden(frame)
        call = self._calls.begin(function, outer, is_ignored=is_hidden)
        if not call.is_ignored:
            if function.quiet_callees:
                call.missing = self.functions.find_missing(function)
            if self._triggers.are_any:
                call.trigger = self._triggers.find(call, frame)
        if function.suspends:
            self._paused[identify(frame)] = call
        self.functions.count_call(function, outer.function if outer is not None else None)

    def _begin_outermost(self) -> None:
        """Watch all functions again, unless it was done just now."""
        if self.functions.are_any_tired and _clock() - self._woken > _SLEEP:
            self.wake()

    def wake(self) -> None:
        """Watch all functions again."""
        self.functions.wake_all()
        self._woken = _clock()

    def begin_test(self) -> None:
        """Watch all functions again; a call whose end was not noticed does not enclose the test."""
        self.wake()
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and identify(frame.f_code) not in self._by_code:
            frame = frame.f_back
        if frame is None:
            current_call.set(None)

    def _end(self, function: WatchedFunction, frame: FrameType | None, *, failed: bool) -> None:
        call = self._paused.pop(identify(frame), None) if function.suspends else self._calls.find_ending(function)
        if call is None or call.function is not function:
            return
        is_outermost = call.parent is None
        self._calls.end(call, failed=failed)
        self.functions.count_end(function)
        if is_outermost:
            self._rest()

    def _is_hidden(self, frame: FrameType | None) -> bool:
        """Return whether a function that is left alone stands between a call and the watched one around it."""
        while frame is not None and (frame := frame.f_back) is not None:
            caller = self._by_code.get(identify(frame.f_code))
            if caller is not None:
                return caller.is_quiet
        return False

    def _number(self, function: WatchedFunction, frame: FrameType | None) -> None:
        space = frame.f_globals if frame is not None else {}
        module = self._own_code.name_module(space, function.code.co_filename)
        function.number = self._calls.shapes.number_function(module, describe(function.code))
        function.update_care()

    def _find_paused(self, function: WatchedFunction, frame: FrameType | None) -> WatchedCall | None:
        call = self._paused.get(identify(frame))
        return call if call is not None and call.function is function else None

    def _apply(self, row: LibraryFunction, frame: FrameType | None) -> None:
        notes: tuple[Any, ...] = ()
        if frame is not None:
            with suppress(Exception):  # rows read objects of libraries, which may be anything
                notes = tuple(row.read(frame.f_locals))
        for note in notes:
            if isinstance(note, Touch):
                self.note(note)
            elif frame is not None:
                self._triggers.arrive(note.name, notes, frame)


def _walk(code: CodeType) -> Iterator[CodeType]:
    """Yield all code inside code."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _walk(constant)
