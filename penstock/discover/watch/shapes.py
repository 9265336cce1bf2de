"""Keeps the distinct ways in which functions ran: equal ones are one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock._util.locks import make_lock

if TYPE_CHECKING:
    from penstock.discover.watch.own_code import FunctionCode

MAX_SHAPES = 64
"""Maximum number of shapes of a function that are kept with the calls inside them."""

MAX_PARTIAL_SHAPES = 64
"""Maximum number of further shapes of a function that are kept for what they touch."""


class ChildRow(NamedTuple):
    """A call inside another, by the number of its shape."""

    shape: int
    running: tuple[int, ...]
    times: int


class ShapeRow(NamedTuple):
    """A shape, as :class:`penstock.discover.recording.Shape` has it."""

    function: int
    writes: tuple[str, ...]
    reads: tuple[str, ...]
    children: tuple[ChildRow, ...]
    partial: bool
    failed: bool
    missing: tuple[int, ...]


class RootRow(NamedTuple):
    """An outermost call, as :class:`penstock.discover.recording.Root` has it."""

    shape: int
    trigger: str
    quiet: tuple[int, ...]


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
        self._counts: dict[int, int] = {}
        self._lock = make_lock()

    def number_function(self, module: str, code: FunctionCode) -> int:
        """Return the number of a function."""
        with self._lock:
            return self.functions.setdefault((module, code), len(self.functions))

    def intern(self, row: ShapeRow) -> int:
        """Return the number of a shape, or of what is kept of it where its function has too many."""
        number = self._rows.get(row)
        return self._add(row) if number is None else number

    def _add(self, row: ShapeRow) -> int:
        with self._lock:
            count = self._counts.get(row.function, 0)
            if count >= MAX_SHAPES and row.children:
                row = row._replace(children=(), partial=True)
            if count >= MAX_SHAPES + MAX_PARTIAL_SHAPES:
                row = row._replace(writes=(), reads=(), children=(), partial=True, missing=())
            number = self._rows.get(row)
            if number is None:
                number = self._rows[row] = len(self._order)
                self._order.append(row)
                self._counts[row.function] = count + 1
            return number

    def __getitem__(self, number: int) -> ShapeRow:
        return self._order[number]

    def count_root(self, root: RootRow) -> None:
        """Count an outermost call."""
        with self._lock:
            self.roots[root] = self.roots.get(root, 0) + 1

    def clear_roots(self) -> None:
        """Forget what was counted, in a child process whose parent reports it."""
        self.roots = {}

    def encode(self) -> dict[str, object]:
        """Return the rows for a file."""
        with self._lock:
            roots, functions, order = list(self.roots.items()), list(self.functions), list(self._order)
        return {
            "functions": [[module, *code] for module, code in functions],
            "shapes": [encode_shape(row) for row in order],
            "roots": [[*root, count] for root, count in roots],
        }


def encode_shape(row: ShapeRow) -> list[object]:
    """Return the row of a shape for a file: function, children, writes, reads, whether partial and failed, missing."""
    children = [[*child] for child in row.children]
    return [row.function, children, row.writes, row.reads, int(row.partial), int(row.failed), row.missing]
