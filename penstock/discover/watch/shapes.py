"""Keeps the distinct ways in which functions ran: equal ones are one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock._util.locks import make_lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.discover.watch.own_code import FunctionCode

    ChildRow = tuple[int, tuple[int, ...], int]
    """The number of a shape, the places of those running when it began, and how many equal calls it stands for."""

MAX_SHAPES = 1000
"""Maximum number of shapes of a function that are kept with the calls inside them."""

MAX_UNSURE_SHAPES = 200
"""Maximum number of further ones in which calls may be missing."""

MANY_SHAPES = 20_000
"""Number of shapes of all functions after which these limits shrink to a sixteenth."""

MAX_DEPTH = 200
"""Maximum number of shapes inside each other: recursion shows nothing new in more."""

MAX_PARTIAL_SHAPES = 64
"""Maximum number of further shapes of a function that are kept for what they touch, and for what is missing."""


WHOLE_HEAD = 1_000_000
"""Stands for all calls, where a generator has none after its first item."""


class ShapeRow(NamedTuple):
    """A shape, in the order of its row in a file; see :class:`penstock.discover.recording.Shape`."""

    function: int
    children: tuple[ChildRow, ...]
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    partial: bool = False
    failed: bool = False
    missing: tuple[int, ...] = ()
    head: int = WHOLE_HEAD


RootRow = tuple[int, str, tuple[int, ...], bool]
"""The number of an outermost call's shape, its trigger, what may be missing, and whether a call is around it after all."""


class Shapes:
    """The shapes of a process.

    Attributes:
        functions: The functions with their modules, by number.
        roots: How often each outermost call was seen.
    """

    def __init__(self) -> None:
        self.functions: dict[tuple[str, FunctionCode], int] = {}
        self.roots: dict[RootRow, int] = {}
        self._rows: dict[ShapeRow, int] = {}
        self._order: list[ShapeRow] = []
        self._below: dict[int, int] = {}
        """The functions that each shape consists of, as the bits of a number."""
        self._depths: dict[int, int] = {}
        self._counts: dict[tuple[int, str], int] = {}
        self._dropped: dict[int, frozenset[int]] = {}
        """What was inside the shapes of a function of which no calls are kept."""
        self._lock = make_lock()

    def __getitem__(self, number: int) -> ShapeRow:
        return self._order[number]

    def __len__(self) -> int:
        return len(self._order)

    def number_function(self, module: str, code: FunctionCode) -> int:
        """Return the number of a function."""
        with self._lock:
            return self.functions.setdefault((module, code), len(self.functions))

    def intern(self, row: ShapeRow) -> int:
        """Return the number of a shape, or of what is kept of it where its function has too many."""
        number = self._rows.get(row)
        if number is None:
            with self._lock:
                number = self._add(self._reduce(row))
        return number

    def _reduce(self, row: ShapeRow) -> ShapeRow:
        """Return a shape as far as it is kept."""
        kind, limit = ("unsure", MAX_UNSURE_SHAPES) if row.missing else ("whole", MAX_SHAPES)
        if len(self._order) > MANY_SHAPES:
            limit //= 16
        if row.children and (self._measure_depth(row) > MAX_DEPTH or self._is_full(row, kind, limit)):
            missing = self._collect_missing(row)
            row = ShapeRow(row.function, (), row.writes, row.reads, partial=True, failed=row.failed, missing=missing)
        if row.partial and not row.children and self._is_full(row, "partial", MAX_PARTIAL_SHAPES):
            row = ShapeRow(row.function, (), partial=True, missing=row.missing)
        return row

    def _measure_depth(self, row: ShapeRow) -> int:
        return 1 + max((self._depths[shape] for shape, _, _ in row.children), default=0)

    def _collect_missing(self, row: ShapeRow) -> tuple[int, ...]:
        """Return what is missing in all shapes of a function that are kept without their calls."""
        functions = self.list_functions(shape for shape, _, _ in row.children)
        missing = self._dropped.get(row.function, frozenset()).union(functions, row.missing)
        self._dropped[row.function] = missing
        return tuple(sorted(missing))

    def list_functions(self, shapes: Iterable[int]) -> list[int]:
        """Return the numbers of the functions that some shapes consist of."""
        bits = 0
        for shape in shapes:
            bits |= self._below[shape]
        return [number for number in range(bits.bit_length()) if bits >> number & 1]

    def _is_full(self, row: ShapeRow, kind: str, limit: int) -> bool:
        """Count a shape unless it is known; return whether there are too many of its kind."""
        count = self._counts.get((row.function, kind), 0)
        if count < limit and row not in self._rows:
            self._counts[row.function, kind] = count + 1
        return count >= limit

    def _add(self, row: ShapeRow) -> int:
        """Add a shape unless it is known; an exception in between, such as that of a signal handler, does no harm."""
        number = self._rows.get(row)
        if number is None:
            number = len(self._order)
            bits = 1 << row.function
            for shape, _, _ in row.children:
                bits |= self._below[shape]
            self._below[number], self._depths[number] = bits, self._measure_depth(row)
            self._order.append(row)
            self._rows[row] = number
        return number

    def count_root(self, number: int, trigger: str, *, is_inside: bool) -> None:
        """Count an outermost call, or one inside another that has a trigger of its own."""
        root = number, trigger, self._order[number].missing, is_inside
        with self._lock:
            self.roots[root] = self.roots.get(root, 0) + 1

    def encode(self) -> dict[str, object]:
        """Return the rows for a file."""
        with self._lock:
            roots, functions, order = list(self.roots.items()), list(self.functions), list(self._order)
        return {
            "functions": [[module, *code] for module, code in functions],
            "shapes": [[*row[:4], int(row.partial), int(row.failed), row.missing, row.head] for row in order],
            "roots": [[*root[:3], int(root[3]), count] for root, count in roots],
        }
