"""The user's functions, and which of them are watched just now.

A function is left alone when it has long shown nothing new, its callers first. What is missing then is known: a caller
whose call begins meanwhile notes it.
"""

from __future__ import annotations

from itertools import chain
from types import CodeType
from typing import TYPE_CHECKING

from penstock.discover.watch.frames import identify

if TYPE_CHECKING:
    from collections.abc import Callable

LAZY = 0x20 | 0x200
"""The flags of generators, synchronous or not."""

_COROUTINE = 0x80 | 0x100

FREE_CALLS = 2000
"""Number of calls in a test or request before any function is left alone: most show all that they do."""

MAX_CALLS = 16
"""Number of calls without a new caller after which a function may be left alone then."""

MIN_CALLS = 1
"""The same for a function that has shown nothing new for several tests or requests."""

MAX_ROUNDS = 3
"""How many times that number a function is watched for the sake of callers that are watched."""


FIRST_CALLS = 2
"""Number of calls of a function in which nothing that it calls is missing, if possible."""


class WatchedFunction:
    """A function of the user's.

    Attributes:
        code: Its code.
        number: Its number in the recording, -1 before its first call.
        is_lazy: Whether it is a generator, which may be left without an end.
        suspends: Whether its calls pause and go on: generators and coroutines.
        names: The names in its code, by which it may call others.
        callers: The functions that have called it; ``None`` for other code.
        callees: Those that it has called.
        leaves: The numbers of its shapes without calls and touches: of one that returns, and of one that fails.
        age: The number of its calls for which quiet functions were watched again, up to a limit.
        calls: The number of calls since the last new caller, or since it was watched again.
        limit: How many such calls there may be.
        rounds: How often the limit was reached since all functions were watched.
        is_news: Whether it has had a new caller since then.
        running: The number of its calls that have not ended.
        is_quiet: Whether it is left alone.
        is_tired: Whether further calls inside its own are passed over: it calls itself too often to be left alone.
        quiet_callers: The number of quiet functions that may call it.
        quiet_callees: The quiet functions that it may call.
        missing: The numbers of those that have had their time; ``None`` if they have changed.
        needs_care: Whether a call of it is more than usual.
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.number = -1
        self.is_lazy = bool(code.co_flags & LAZY)
        self.suspends = bool(code.co_flags & (LAZY | _COROUTINE))
        self.names = _find_names(code)
        self.callers: set[WatchedFunction | None] = set()
        self.callees: set[WatchedFunction] = set()
        self.leaves: list[int] = [-1, -1]
        self.age = self.calls = self.rounds = self.running = self.quiet_callers = 0
        self.limit = MAX_CALLS
        self.is_news = self.is_quiet = self.is_tired = False
        self.quiet_callees: set[WatchedFunction] = set()
        self.missing: tuple[int, ...] | None = None
        self.needs_care = True

    def update_care(self) -> None:
        """Note whether a call is more than usual."""
        self.needs_care = self.suspends or self.number < 0 or bool(self.quiet_callers or self.quiet_callees)


def _find_names(code: CodeType) -> frozenset[str]:
    inner = (_find_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset(chain(code.co_names, code.co_freevars, *inner))


def _ignore(_code: CodeType) -> None:
    """Do nothing: this process is not watched."""


class Switches:
    """How functions are watched.

    Attributes:
        watch: Lets a function be watched from its beginning to its end.
        watch_start: Lets a function of a library be watched where it begins.
        leave: Lets a function be left alone.
    """

    __slots__ = ("leave", "watch", "watch_start")

    def __init__(self) -> None:
        self.watch: Callable[[CodeType], object] = _ignore
        self.watch_start: Callable[[CodeType], object] = _ignore
        self.leave: Callable[[CodeType], object] = _ignore


class Functions:
    """The user's functions.

    Args:
        switches: Lets them be watched, and left alone.

    Attributes:
        by_code: The functions, by the identity of their code.
        quiet: Those that are left alone.
    """

    def __init__(self, switches: Switches) -> None:
        self.by_code: dict[int, WatchedFunction] = {}
        self.quiet: set[WatchedFunction] = set()
        self._switches = switches
        self._spent = 0
        """How many calls there were since all were watched, in whole multiples of their limits."""
        self._tired: set[WatchedFunction] = set()
        """Those that have been quiet since all were watched."""
        self._by_name: dict[str, list[WatchedFunction]] = {}
        self._by_mention: dict[str, list[WatchedFunction]] = {}

    def add(self, code: CodeType) -> None:
        """Add a function, and watch it."""
        function = self.by_code[identify(code)] = WatchedFunction(code)
        self._by_name.setdefault(code.co_name, []).append(function)
        for name in function.names:
            self._by_mention.setdefault(name, []).append(function)
        self._switches.watch(code)

    def count_call(self, function: WatchedFunction, caller: WatchedFunction | None) -> None:
        """Count a call that begins."""
        function.running += 1
        if caller in function.callers:
            function.calls += 1
            return
        function.callers.add(caller)
        function.calls, function.is_news = 0, True
        if caller is not None:
            caller.callees.add(function)

    def count_end(self, function: WatchedFunction) -> None:
        """Count the end of a call."""
        function.running = max(function.running - 1, 0)
        if function.is_tired and not function.running:
            function.is_tired = False
            self._rest(function)
        elif function.calls > function.limit and not function.is_quiet:
            self._consider(function)

    def _consider(self, function: WatchedFunction) -> None:
        """Leave a function alone that was called often, unless a call of a caller would miss it."""
        self._spent += function.calls
        function.calls = 0
        if self._spent < FREE_CALLS:
            return
        function.rounds += 1
        is_needed = any(caller is not None and not caller.is_quiet for caller in function.callers)
        if function.rounds < MAX_ROUNDS and is_needed:
            return
        self._tired.add(function)
        if function.running:
            function.is_tired = function.rounds >= MAX_ROUNDS and not function.suspends
        else:
            self._rest(function)

    def _rest(self, function: WatchedFunction) -> None:
        function.is_quiet = True
        self.quiet.add(function)
        self._switches.leave(function.code)
        for caller in self._find_callers(function):
            caller.quiet_callees.add(function)
            caller.needs_care, caller.missing = True, None
        for callee in self._find_callees(function):
            callee.quiet_callers += 1
            callee.needs_care = True

    @property
    def are_any_tired(self) -> bool:
        """Whether any are left alone, or passed over."""
        return bool(self.quiet or self._tired)

    def find_missing(self, function: WatchedFunction) -> tuple[int, ...]:
        """Watch again what a function may call, for a while; return the numbers of those that have had their time."""
        is_young = function.age < FIRST_CALLS
        if is_young or function.missing is None:
            function.age += is_young
            self._wake_callees(function, MAX_ROUNDS + FIRST_CALLS * is_young)
            numbers = (callee.number for callee in function.quiet_callees if callee.number >= 0)
            function.missing = tuple(sorted(numbers))
        return function.missing

    def _wake_callees(self, function: WatchedFunction, rounds: int) -> None:
        for callee in [*function.quiet_callees]:
            if callee.rounds < rounds:
                self._wake(callee)

    def wake_all(self) -> None:
        """Watch all functions again, those that have shown nothing new for a shorter time."""
        self._spent = 0
        for function in self.quiet:
            function.is_quiet = False
            self._switches.watch(function.code)
        for function in self._tired:
            function.limit = MAX_CALLS if function.is_news else max(MIN_CALLS, function.limit // 2)
            function.calls = function.rounds = 0
            function.is_news = function.is_tired = False
            function.running = 0  # an end may have been missed
        self.quiet.clear()
        self._tired.clear()
        for function in self.by_code.values():
            if function.needs_care:
                function.quiet_callers = 0
                function.quiet_callees.clear()
                function.missing = None
                function.update_care()

    def _wake(self, function: WatchedFunction) -> None:
        function.is_quiet = False
        self.quiet.discard(function)
        for caller in self._find_callers(function):
            caller.quiet_callees.discard(function)
            caller.missing = None
            caller.update_care()
        for callee in self._find_callees(function):
            callee.quiet_callers -= 1
            callee.update_care()
        self._switches.watch(function.code)

    def _find_callers(self, function: WatchedFunction) -> set[WatchedFunction]:
        mentions = self._by_mention.get(function.code.co_name, ())
        return {caller for caller in chain(mentions, function.callers) if caller is not None}

    def _find_callees(self, function: WatchedFunction) -> set[WatchedFunction]:
        return {*function.callees, *(callee for name in function.names for callee in self._by_name.get(name, ()))}
