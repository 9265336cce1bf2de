"""Flows and facts in few letters."""

from __future__ import annotations

from penstock.check.evidence import Fact, Seen
from penstock.model import Call, Edge, Flow, Step

RUNS = {("f", Seen("a")): 3}


def flow_of(*edges: str, calls: tuple[Call, ...] = (), sources: dict[str, str] | None = None) -> Flow:
    """Return a flow with arrows such as ``a>b`` between its steps a, b, c and d."""
    steps = tuple(
        Step(name=name, entrypoint=name == "a", file="f.py", line=number, source_hash=(sources or {}).get(name, ""))
        for number, name in enumerate("abcd", 1)
    )
    pairs = (edge.split(">") for edge in edges)
    return Flow(name="f", steps=steps, edges=tuple(Edge(source=s, target=t) for s, t in pairs), calls=calls)


def fact(step: str, parent: str, done: str = "", ancestors: str = "", outside: str = "") -> Fact:
    """Return a fact; several steps stand as letters in one text, with a version behind a colon."""

    def group(names: str) -> frozenset[Seen]:
        return frozenset(map(Seen, names))

    return Fact("f", seen(step), seen(parent), group(done), group(ancestors), group(outside))


def seen(name: str) -> Seen:
    """Return a step, such as ``a`` or ``a:1`` with the hash of its source."""
    step, _, source = name.partition(":")
    return Seen(step, source)


def call(kind: str, source: str = "a", target: str = "b") -> Call:
    """Return what the code says of two steps."""
    return Call(source=source, target=target, kind=kind, file="f.py", line=7)  # type: ignore[arg-type]
