"""Values of which little is known: texts known in part, and what only running the code would reveal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.values.base import Value

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.base import Arguments, Outcome
    from penstock.callgraph.values.frame import Frame


class PartialText(Value):
    """A text with a known prefix and suffix."""

    __slots__ = ("end", "start")

    def __init__(self, start: str, end: str) -> None:
        self.start, self.end = start, end
        super().__init__("shape", start, end)


class LibraryObject(Value):
    """An object of a library, of which only the class is known.

    Attributes:
        kind: The class.
    """

    __slots__ = ("kind",)

    def __init__(self, kind: type) -> None:
        self.kind = kind
        super().__init__("library", id(kind))


class Unknown(Value):
    """A value that only running the code would reveal.

    Attributes:
        reason: Why, reported where it is called.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("riddle", reason)

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Record a gap of the analysis; the arguments may be called."""
        frame.give_up(node, self.reason)
        return frame.call_unknown("", arguments, node)
