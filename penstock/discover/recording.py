"""A recording of undecorated code: the distinct ways in which its functions called each other.

Equal calls are one *shape*, however often they occurred, so a recording grows with the number of distinct shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

WHOLE_HEAD = 1_000_000
"""Stands for all calls, where a generator has none after its first item."""


class Function(NamedTuple):
    """A function of the watched code.

    Attributes:
        module: The name of its module when it ran.
        qualname: Its qualified name.
        file: Its file, relative to the project where it is inside.
        line: The line of its definition, or of its first decorator.
        kind: ``"function"``, ``"coroutine"``, ``"generator"`` or ``"async generator"``.
    """

    module: str
    qualname: str
    file: str
    line: int
    kind: str = "function"

    @property
    def name(self) -> str:
        """The last part of its qualified name."""
        return self.qualname.rpartition(".")[2]

    @property
    def address(self) -> str:
        """Its module and qualified name, as in ``shop.views:OrderView.post``."""
        return f"{self.module}:{self.qualname}"


class Child(NamedTuple):
    """A call inside another.

    Attributes:
        shape: The index of its shape.
        running: The positions of the earlier children that had not ended when it began; empty in sequential code.
        times: How many equal calls in a row it stands for, rounded down to 1, 2, 10, 100 and so on.
    """

    shape: int
    running: tuple[int, ...] = ()
    times: int = 1


class Shape(NamedTuple):
    """One distinct way in which a function ran.

    Attributes:
        function: The index of the function.
        writes: What it wrote outside, itself, as in ``postgres:orders``; sorted.
        reads: What it read outside.
        children: The calls inside it, in the order in which they began.
        partial: Whether calls inside it are missing, because there were too many distinct ways.
        failed: Whether it ended with an exception.
        missing: The functions, by index, whose calls somewhere inside may be missing, because they were not watched any
            more after so many calls; sorted.
        head: How many of the calls inside a generator began before its first item.
    """

    function: int
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    children: tuple[Child, ...] = ()
    partial: bool = False
    failed: bool = False
    missing: tuple[int, ...] = ()
    head: int = WHOLE_HEAD


class Root(NamedTuple):
    """A call with no watched code around it, or one that something started, such as a request.

    Attributes:
        shape: The index of its shape.
        trigger: What started it, as in ``POST /orders``; empty where that is not known.
        quiet: The functions that may be missing inside, as the shape has them.
        is_inside: Whether watched code is around it, so that it is a part of another outermost call, too.
    """

    shape: int
    trigger: str = ""
    quiet: tuple[int, ...] = ()
    is_inside: bool = False


@dataclass(frozen=True)
class Recording:
    """What was seen of undecorated code.

    Attributes:
        functions (tuple[Function, ...]): The functions that ran.
        shapes (tuple[Shape, ...]): The distinct ways in which they ran; children come before their parents.
        roots (dict[Root, int]): How often each outermost call was seen.
        command (tuple[str, ...]): The command that was watched; empty for a recording made by another tool.
        notes (tuple[str, ...]): What the reader should know about it, a sentence each.
    """

    functions: tuple[Function, ...] = ()
    shapes: tuple[Shape, ...] = ()
    roots: dict[Root, int] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
