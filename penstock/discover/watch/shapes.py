"""Keeps the distinct ways in which functions ran: equal ones are one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock._util.locks import make_lock

if TYPE_CHECKING:
    from penstock.discover.watch.own_code import FunctionCode

    ChildRow = tuple[int, tuple[int, ...], int]
    """The number of a shape, the places of those running when it began, and how many equal calls it stands for."""

MAX_SHAPES = 64
"""Maximum number of shapes of a function that are kept with the calls inside them."""

MAX_UNSURE_SHAPES = 16
"""Maximum number of further ones in which calls may be missing."""

MAX_TOUCHES = 32
"""Maximum number of further shapes of a function that are kept for what they touch."""


class ShapeRow(NamedTuple):
    """A shape, in the order of its row in a file; see :class:`penstock.discover.recording.Shape`."""

    function: int
    children: tuple[ChildRow, ...]
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    partial: bool = False
    failed: bool = False
    missing: tuple[int, ...] = ()


RootRow = tuple[int, str, tuple[int, ...]]
"""The number of an outermost call's shape, its trigger, and what may be missing."""


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
        self._counts: dict[tuple[int, str], int] = {}
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
        if row.children and self._is_full(row, kind, limit):
            row = ShapeRow(row.function, (), row.writes, row.reads, partial=True, failed=row.failed)
        if row.partial and not row.children and self._is_full(row, "partial", MAX_TOUCHES):
            row = ShapeRow(row.function, (), partial=True)
        return row

    def _is_full(self, row: ShapeRow, kind: str, limit: int) -> bool:
        """Count a shape unless it is known; return whether there are too many of its kind."""
        count = self._counts.get((row.function, kind), 0)
        if count < limit and row not in self._rows:
            self._counts[row.function, kind] = count + 1
        return count >= limit

    def _add(self, row: ShapeRow) -> int:
        number = self._rows.setdefault(row, len(self._order))
        if number == len(self._order):
            self._order.append(row)
        return number

    def count_root(self, number: int, trigger: str) -> None:
        """Count an outermost call."""
        root = number, trigger, self._order[number].missing
        with self._lock:
            self.roots[root] = self.roots.get(root, 0) + 1

    def encode(self) -> dict[str, object]:
        """Return the rows for a file."""
        with self._lock:
            roots, functions, order = list(self.roots.items()), list(self.functions), list(self._order)
        return {
            "functions": [[module, *code] for module, code in functions],
            "shapes": [[*row[:4], int(row.partial), int(row.failed), row.missing] for row in order],
            "roots": [[*root, count] for root, count in roots],
        }
