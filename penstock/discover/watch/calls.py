"""Follows the calls of watched functions: where each begins and ends, and what is around it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from penstock.discover.watch.shapes import WHOLE_HEAD, ShapeRow

if TYPE_CHECKING:
    from penstock.discover.watch.functions import WatchedFunction
    from penstock.discover.watch.shapes import ChildRow, Shapes
    from penstock.effects.rows import Touch

current_call: ContextVar[WatchedCall | None] = ContextVar("penstock_watched_call", default=None)
"""The innermost watched call, which tasks and copied contexts take along."""

MAX_TOUCHES = 32
"""Maximum number of touches that are kept of a call."""

MAX_CHILDREN = 128
"""Number of calls inside another after which only those of new shapes are kept, as many again."""

_LONGEST_CYCLE = 4


class WatchedCall:
    """A call of a watched function; many are made, so what is usual stands in the class.

    Attributes:
        function: The function.
        outer: The call that is current again when this one ends or pauses.
        parent: The call around it; ``None`` for an outermost one, and when it is closed.
        children: The calls inside it, equal ones in a row as one.
        running: How many of them have not ended, nor shown an item.
        waiting: How many calls inside it have not ended, without generators.
        writes: What it writes outside.
        reads: What it reads outside.
        missing: The numbers of functions that it may call, but are not watched.
        trigger: What started it, if that is known.
        skipped: The number of calls just inside it that are passed over.
        failed: Whether it ended with an exception.
        has_ended: Whether its function has returned.
        head: The number of calls inside a generator before its first item.
        is_shown: Whether it has ended, or is a generator that has shown an item: what comes then comes after it.
        is_closed: Whether it is counted, so that nothing can be added to it.
        is_ignored: Whether it is not counted, because what is around it is not known.
        shape: The number of its shape, when it is closed.
        company: The places of the calls beside it that ran when it began.
        times: How many equal calls in a row it stands for.
    """

    children: tuple[WatchedCall, ...] | list[WatchedCall] = ()
    running = waiting = 0
    writes: frozenset[str] | set[str] = frozenset()
    reads: frozenset[str] | set[str] = frozenset()
    missing: tuple[int, ...] = ()
    trigger = ""
    skipped = 0
    failed = has_ended = is_shown = is_closed = is_ignored = False
    shape = -1
    company: tuple[int, ...] = ()
    times = 1
    head = -1

    def __init__(self, function: WatchedFunction, outer: WatchedCall | None, parent: WatchedCall | None) -> None:
        self.function = function
        self.outer = outer
        self.parent = parent

    def note(self, touch: Touch) -> None:
        """Keep what the call touches."""
        targets = self.writes if touch.verb == "writes" else self.reads
        if len(targets) < MAX_TOUCHES:
            setattr(self, touch.verb, targets | {touch.target})


class Calls:
    """The calls of a process.

    Args:
        shapes: Where calls are counted when they are over.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    def begin(self, function: WatchedFunction, outer: WatchedCall | None, *, is_ignored: bool = False) -> WatchedCall:
        """Begin a call in the current one.

        At the limit of recursion this may fail, but only where the call is made, before anything has changed.
        """
        parent = outer
        if outer is not None and outer.is_closed:
            is_ignored = is_ignored or outer.function.is_lazy  # the generator was counted without its rest
            outer = parent = None
        elif outer is not None and (is_ignored or outer.is_ignored or outer.skipped):
            is_ignored, parent = True, None
        call = WatchedCall(function, outer, parent)
        if is_ignored:
            call.is_ignored = True
        elif parent is not None:
            children = parent.children
            if type(children) is not list:
                parent.children = [call]
            else:
                if parent.running:
                    call.company = _find_running(children)
                children.append(call)
            parent.running += 1
            if not function.is_lazy:
                parent.waiting += 1
        current_call.set(call)
        return call

    def suspend(self, call: WatchedCall) -> None:
        """Pause a generator or coroutine."""
        current_call.set(call.outer)
        call.outer = None

    def show_item(self, call: WatchedCall) -> None:
        """Let what consumes the first item of a generator come after it."""
        if call.parent is not None and not call.is_shown:
            call.is_shown = True
            call.head = len(call.children)
            call.parent.running -= 1

    def resume(self, call: WatchedCall) -> None:
        """Go on with a generator or coroutine."""
        call.outer = current_call.get()
        current_call.set(call)

    def end(self, call: WatchedCall, *, failed: bool) -> None:
        """End a call, and count it as soon as what it started has ended, too."""
        current_call.set(call.outer)
        call.outer, parent = None, call.parent
        call.has_ended = True
        if failed:
            call.failed = True
        if call.is_ignored or call.is_closed:
            call.is_closed = True
            return
        if parent is not None:
            if not call.is_shown:
                call.is_shown = True
                parent.running -= 1
            if not call.function.is_lazy:
                parent.waiting -= 1
        if not call.waiting:
            self._close_one(call)
            if parent is not None and parent.has_ended and not parent.waiting and not parent.is_closed:
                self.close(parent)

    def find_ending(self, function: WatchedFunction) -> WatchedCall | None:
        """Return the call of a function that ends, or ``None`` if it was passed over; end those inside whose ends were missed."""
        call = current_call.get()
        if call is not None and call.skipped and function.is_tired:
            call.skipped -= 1
            return None
        outer = call
        while outer is not None and outer.function is not function:
            outer = outer.outer
        while outer is not None and call is not None and call is not outer:
            self.end(call, failed=True)
            call = current_call.get()
        return outer

    def close(self, call: WatchedCall) -> None:
        """Count a call, and those around it that were only waiting for it."""
        next_call: WatchedCall | None = call
        while next_call is not None:
            parent = next_call.parent
            self._close_one(next_call)
            is_over = parent is not None and parent.has_ended and not parent.waiting and not parent.is_closed
            next_call = parent if is_over else None

    def _close_one(self, call: WatchedCall) -> None:
        function, parent = call.function, call.parent
        is_leaf = not (call.children or call.writes or call.reads or call.missing)
        number = function.leaves[call.failed] if is_leaf else -1
        if number < 0:
            if any(not child.is_closed for child in call.children):
                for inner_call in _find_open(call):
                    self._close_one(inner_call)
            number = self.shapes.intern(self._describe(call))
            if is_leaf:
                function.leaves[call.failed] = number
        call.shape, call.is_closed = number, True
        if parent is None or call.trigger:
            self.shapes.count_root(number, call.trigger, is_inside=parent is not None)
        if call.children:
            call.children = ()
        if parent is not None:
            call.parent = None
            if not parent.running and len(parent.children) > 1 and _tidy(parent, call):
                parent.missing = tuple({*parent.missing, *self.shapes.list_functions([number])})

    def _describe(self, call: WatchedCall) -> ShapeRow:
        children, places = _merge_neighbours(call.children) if call.children else ((), [])
        inner = {number for shape, _, _ in children for number in self.shapes[shape].missing}
        missing = tuple(sorted(inner.union(call.missing))) if inner or call.missing else ()
        writes, reads = tuple(sorted(call.writes)), tuple(sorted(call.reads))
        is_partial = len(call.children) > 2 * MAX_CHILDREN
        return ShapeRow(
            call.function.number, children, writes, reads, is_partial, call.failed, missing, _place_item(call, places)
        )


def _find_open(call: WatchedCall) -> list[WatchedCall]:
    """Return the calls inside one that are not closed, the innermost first: generators that have not ended, for example.

    They may be as deep as the limit of recursion.
    """
    calls: list[WatchedCall] = []
    waiting = [*call.children]
    while waiting:
        inner_call = waiting.pop()
        if not inner_call.is_closed:
            calls.append(inner_call)
            waiting += inner_call.children
    return calls[::-1]


def _find_running(calls: list[WatchedCall]) -> tuple[int, ...]:
    return tuple(place for place, call in enumerate(calls) if not call.is_shown)


def _tidy(parent: WatchedCall, call: WatchedCall) -> bool:
    """Join the call that ended last to an equal one before it, and leave out a cycle that repeats a third time.

    Return whether the call is left out without an equal one.
    """
    children = parent.children
    if call.company or type(children) is not list or call is not children[-1]:
        return False
    last = children[-2]
    if last.shape == call.shape and not last.company:
        last.times += 1
        children.pop()
    elif len(children) >= 6 and (length := _find_cycle(children)):
        del children[-length:]
    elif len(children) > MAX_CHILDREN:
        is_known = any(sibling.shape == call.shape for sibling in children[-2::-1])  # the nearest first
        is_full = len(children) > 2 * MAX_CHILDREN + 1  # one more marks the parent as partial
        if is_known or is_full:
            children.pop()
        return is_full and not is_known
    return False


def _find_cycle(children: list[WatchedCall]) -> int:
    """Return the length of a cycle that the last calls repeat for the third time, or 0."""
    last = children[-1].shape
    for length in range(2, _LONGEST_CYCLE + 1):
        if len(children) >= 3 * length and children[-1 - length].shape == last:
            rows = [(call.shape, call.company, bucket(call.times)) for call in children[-3 * length :]]
            if rows[:length] == rows[length : 2 * length] == rows[2 * length :]:
                return length
    return 0


def _place_item(call: WatchedCall, places: list[int]) -> int:
    """Return how many rows of the calls inside a generator began before its first item.

    Args:
        call: The generator, or another call.
        places: The row of each call inside it.
    """
    head = places[min(call.head, len(places)) - 1] + 1 if call.head > 0 and places else call.head
    return WHOLE_HEAD if head < 0 or not places or head > places[-1] else head


def _merge_neighbours(
    calls: list[WatchedCall] | tuple[WatchedCall, ...],
) -> tuple[tuple[ChildRow, ...], list[int]]:
    """Return the rows of calls inside another, and the row of each.

    Equal ones in a row are one; those may overlap each other.
    """
    rows: list[ChildRow] = []
    times: list[int] = []
    places: list[int] = []
    for call in calls:
        running = tuple(sorted({places[place] for place in call.company})) if call.company else ()
        rest = running[:-1] if running and running[-1] == len(rows) - 1 else running
        if rows and rows[-1][0] == call.shape and rest == rows[-1][1]:
            times[-1] += call.times
        else:
            rows.append((call.shape, running, 1))
            times.append(call.times)
        places.append(len(rows) - 1)
    merged = tuple((shape, running, bucket(count)) for (shape, running, _), count in zip(rows, times, strict=True))
    return merged, places


def bucket(times: int) -> int:
    """Return a number of calls in a row, rounded down to 1, 2, 10, 100 and so on, so that few shapes differ by it only."""
    if times < 10:
        return min(times, 2)
    return int(10 ** (len(str(times)) - 1))
