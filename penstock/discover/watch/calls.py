"""Follows the calls of watched functions: where each begins and ends, and what is around it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from penstock.discover.watch.shapes import ChildRow, RootRow, ShapeRow

if TYPE_CHECKING:
    from types import CodeType

    from penstock.discover.watch.shapes import Shapes
    from penstock.effects.rows import Touch

current_call: ContextVar[Call | None] = ContextVar("penstock_watched_call", default=None)
"""The innermost watched call, which tasks and copied contexts take along."""

MAX_TOUCHES = 32
"""Maximum number of touches that are kept of a call."""

MAX_CHILDREN = 128
"""Number of calls inside another after which only those of new shapes are kept, as many again."""

_LONGEST_CYCLE = 4


class WatchedFunction:
    """A function of the user's.

    Attributes:
        code: Its code.
        number: Its number in the recording, -1 before its first call.
        is_lazy: Whether it is a generator, which may be left without an end.
        suspends: Whether its calls pause and go on: generators and coroutines.
    """

    __slots__ = ("code", "is_lazy", "number", "suspends")

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.number = -1
        self.is_lazy = bool(code.co_flags & (0x20 | 0x200))
        self.suspends = bool(code.co_flags & (0x20 | 0x80 | 0x100 | 0x200))


class Entry:
    """The place of a call among the calls inside its parent.

    Attributes:
        call: The call until it is closed, then ``None``.
        shape: The number of its shape when it is closed.
        running: The places of those before it which had not ended when it began.
        times: How many equal calls in a row it stands for.
    """

    __slots__ = ("call", "running", "shape", "times")

    def __init__(self, call: Call, running: tuple[int, ...]) -> None:
        self.call: Call | None = call
        self.shape = -1
        self.running = running
        self.times = 1


class Call:
    """A call of a watched function.

    Attributes:
        function: The function.
        outer: The call that is current again when this one ends or pauses.
        parent: The call around it; ``None`` for an outermost one, and when it is closed.
        entry: Its place in the parent.
        children: The calls inside it.
        running: The places of those that have not ended.
        waiting: How many calls inside it have not ended, without generators.
        trigger: What started it, if that is known.
        has_ended: Whether its function has returned.
        is_closed: Whether it is counted, so that nothing can be added to it.
        is_ignored: Whether it is not counted, because what is around it is not known.
    """

    __slots__ = (
        "children",
        "entry",
        "failed",
        "function",
        "has_ended",
        "is_closed",
        "is_ignored",
        "outer",
        "parent",
        "reads",
        "running",
        "trigger",
        "waiting",
        "writes",
    )

    def __init__(self, function: WatchedFunction, outer: Call | None) -> None:
        self.function = function
        self.outer = outer
        self.parent: Call | None = None
        self.entry: Entry | None = None
        self.children: list[Entry] = []
        self.running: list[Entry] = []
        self.waiting = 0
        self.reads: set[str] | None = None
        self.writes: set[str] | None = None
        self.trigger = ""
        self.failed = self.has_ended = self.is_closed = self.is_ignored = False

    def note(self, touch: Touch) -> None:
        """Keep what the call touches."""
        if touch.verb == "writes":
            targets = self.writes = self.writes if self.writes is not None else set()
        else:
            targets = self.reads = self.reads if self.reads is not None else set()
        if len(targets) < MAX_TOUCHES:
            targets.add(touch.target)

    def add_child(self, child: Call) -> None:
        """Begin a call inside this one."""
        running = tuple(self.children.index(entry) for entry in self.running) if self.running else ()
        entry = child.entry = Entry(child, running)
        child.parent = self
        self.children.append(entry)
        self.running.append(entry)
        if not child.function.is_lazy:
            self.waiting += 1


class Calls:
    """The calls of a process.

    Args:
        shapes: Where calls are counted when they are over.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    def begin(self, function: WatchedFunction) -> Call:
        """Begin a call in the current one."""
        outer = current_call.get()
        if outer is None:
            call = Call(function, None)
        elif outer.is_closed:
            call = Call(function, None)
            call.is_ignored = outer.function.is_lazy  # the generator was counted without its rest
        else:
            call = Call(function, outer)
            if outer.is_ignored:
                call.is_ignored = True
            else:
                outer.add_child(call)
        current_call.set(call)
        return call

    def suspend(self, call: Call) -> None:
        """Pause a generator or coroutine; what consumes the first item of a generator comes after it."""
        current_call.set(call.outer)
        call.outer = None

    def show_item(self, call: Call) -> None:
        """Let the consumer of a generator's item come after it."""
        if call.parent is not None and call.entry in call.parent.running:
            call.parent.running.remove(call.entry)

    def resume(self, call: Call) -> None:
        """Go on with a generator or coroutine."""
        call.outer = current_call.get()
        current_call.set(call)

    def end(self, call: Call, *, failed: bool) -> None:
        """End a call, and count it as soon as what it started has ended, too."""
        current_call.set(call.outer)
        call.outer = None
        call.failed, call.has_ended = failed, True
        if call.is_ignored or call.is_closed:
            call.is_closed = True
            return
        self.show_item(call)
        if call.parent is not None and not call.function.is_lazy:
            call.parent.waiting -= 1
        if not call.waiting:
            self.close(call)

    def close(self, call: Call) -> None:
        """Count a call, and those around it that were only waiting for it."""
        next_call: Call | None = call
        while next_call is not None:
            closed_call, parent = next_call, next_call.parent
            self._close_one(closed_call)
            next_call = None
            if parent is not None and parent.has_ended and not parent.waiting and not parent.is_closed:
                next_call = parent

    def _close_one(self, call: Call) -> None:
        for child in call.children:
            if child.call is not None:
                self._close_one(child.call)  # a generator that has not ended, or at the end of the process anything
        number = self.shapes.intern(_describe(call))
        parent, entry = call.parent, call.entry
        if parent is None or entry is None or call.trigger:
            self.shapes.count_root(RootRow(number, call.trigger, self.shapes[number].missing))
        call.is_closed, call.parent, call.entry, call.children = True, None, None, []
        if parent is not None and entry is not None:
            entry.call, entry.shape = None, number
            _tidy(parent, entry)


def _describe(call: Call) -> ShapeRow:
    children = _merge_neighbours(call.children) if call.children else ()
    writes = tuple(sorted(call.writes)) if call.writes else ()
    reads = tuple(sorted(call.reads)) if call.reads else ()
    is_partial = len(call.children) > 2 * MAX_CHILDREN
    return ShapeRow(call.function.number, writes, reads, children, is_partial, call.failed, ())


def _tidy(parent: Call, entry: Entry) -> None:
    """Join the call that ended last to an equal one before it, and leave out a cycle that repeats a third time."""
    children = parent.children
    if parent.running or entry.running or entry is not children[-1] or len(children) < 2:
        return
    last = children[-2]
    if last.shape == entry.shape and not last.running:
        last.times += 1
        children.pop()
        return
    for length in range(2, _LONGEST_CYCLE + 1):
        if len(children) >= 3 * length and children[-1 - length].shape == entry.shape:
            rows = [(entry.shape, entry.running, bucket(entry.times)) for entry in children[-3 * length :]]
            if rows[:length] == rows[length : 2 * length] == rows[2 * length :]:
                del children[-length:]
                return
    if len(children) > MAX_CHILDREN and _is_spare(children, entry):
        children.pop()


def _is_spare(children: list[Entry], entry: Entry) -> bool:
    is_full = len(children) > 2 * MAX_CHILDREN + 1  # one more marks the parent as partial
    return is_full or any(sibling.shape == entry.shape for sibling in children[:-1])


def _merge_neighbours(entries: list[Entry]) -> tuple[ChildRow, ...]:
    """Return the rows of calls inside another, equal ones in a row as one; those may overlap each other."""
    rows: list[ChildRow] = []
    times: list[int] = []
    places: dict[int, int] = {}
    for number, entry in enumerate(entries):
        running = tuple(sorted({places[place] for place in entry.running if place in places}))
        last = rows[-1] if rows else None
        rest = running[:-1] if running and running[-1] == len(rows) - 1 else running
        if last is not None and last.shape == entry.shape and rest == last.running:
            times[-1] += entry.times
        else:
            rows.append(ChildRow(entry.shape, running, 1))
            times.append(entry.times)
        places[number] = len(rows) - 1
    return tuple(row._replace(times=bucket(count)) for row, count in zip(rows, times, strict=True))


def bucket(times: int) -> int:
    """Return a number of calls in a row, rounded down to 1, 2, 10, 100 and so on, so that few shapes differ by it only."""
    if times < 10:
        return min(times, 2)
    return int(10 ** (len(str(times)) - 1))
