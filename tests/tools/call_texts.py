"""Recordings in few letters: ``main(a b(c) d|e)`` is a function that calls a, b, which calls c, and d and e at once."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

from penstock.discover.recording import Child, Function, Recording, Root, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TOKEN = re.compile(r"[\w.@]+|[()|]")


class CallReader:
    """Collects the functions and shapes of calls.

    Attributes:
        writes: What each function writes.
        places: The line of each function, and its file.
    """

    def __init__(self, writes: Mapping[str, str], places: Mapping[str, tuple[str, int]]) -> None:
        self.writes, self.places = writes, places
        self.functions: dict[str, Function] = {}
        self.shapes: dict[Shape, int] = {}

    def read(self, text: str) -> int:
        """Return the index of the shape of a call."""
        (shape,) = (child.shape for child in self.read_children(iter(TOKEN.findall(text))))
        return shape

    def read_children(self, tokens: Iterator[str]) -> list[Child]:
        """Return the calls up to the closing parenthesis."""
        children: list[Child] = []
        names: list[tuple[str, list[Child]]] = []
        running: list[tuple[int, ...]] = []
        overlaps = False
        for token in tokens:
            if token == ")":
                break
            if token == "(":
                names[-1] = (names[-1][0], self.read_children(tokens))
            elif token == "|":
                overlaps = True
            else:
                running.append((*running[-1], len(names) - 1) if overlaps else ())
                names.append((token, []))
                overlaps = False
        for (name, inner), before in zip(names, running, strict=True):
            children.append(Child(self.add(name, inner), before))
        return children

    def add(self, name: str, children: list[Child]) -> int:
        """Return the index of a shape."""
        kind = "generator" if name.startswith("@") else "function"
        name = name.removeprefix("@")
        file, line = self.places.get(name, ("app.py", 1 + len(self.functions)))
        self.functions.setdefault(name, Function("app", name, file, line, kind))
        function = list(self.functions).index(name)
        shape = Shape(function, writes=tuple(self.writes.get(name, "").split()), children=tuple(children))
        return self.shapes.setdefault(shape, len(self.shapes))


def record(
    *calls: str,
    writes: Mapping[str, str] | None = None,
    triggers: Mapping[str, str] | None = None,
    source: Path | None = None,
) -> Recording:
    """Return a recording of calls, one text each.

    Args:
        calls: The calls.
        writes: What functions write, by name.
        triggers: What starts functions, by name.
        source: The module ``app.py`` with the functions.
    """
    reader = CallReader(writes or {}, find_lines(source) if source else {})
    roots: Counter[Root] = Counter()
    for call in calls:
        shape = reader.read(call)
        roots[Root(shape, (triggers or {}).get(call.partition("(")[0], ""))] += 1
    return Recording(tuple(reader.functions.values()), tuple(reader.shapes), dict(roots))


def find_lines(source: Path) -> dict[str, tuple[str, int]]:
    """Return the place of each function in a module, by its qualified name."""
    places: dict[str, tuple[str, int]] = {}

    def note(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                places[prefix + child.name] = (
                    source.name,
                    min([child.lineno, *(d.lineno for d in child.decorator_list)]),
                )
            elif isinstance(child, ast.ClassDef):
                note(child, f"{prefix}{child.name}.")

    note(ast.parse(source.read_text()), "")
    return places
