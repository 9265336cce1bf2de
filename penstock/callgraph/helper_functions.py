"""Digests of the functions that a step calls and that are no steps, so that a change of them can be noticed."""

from __future__ import annotations

import ast
import hashlib
import linecache
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.callgraph.function_bodies import Body, Node
    from penstock.callgraph.program import Program


def hash_helpers(program: Program) -> dict[str, dict[str, str]]:
    """Return a digest of the helpers of each step that has any, by flow and step.

    Args:
        program: The finished analysis.
    """
    hashes: dict[str, dict[str, str]] = {}
    known_hashes: dict[Node, str] = {}
    for tag, bodies in program.step_bodies.items():
        flow, step = program.code.labels[tag]
        helpers = {node: body for root in bodies for node, body in _iter_helpers(program, root)}
        for node, body in helpers.items():
            if node not in known_hashes:
                known_hashes[node] = _hash_source(body)
        if helpers:
            text = "\n".join(sorted(known_hashes[node] for node in helpers))
            hashes.setdefault(flow, {})[step] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return hashes


def _iter_helpers(program: Program, root: Node) -> Iterator[tuple[Node, Body]]:
    """Yield the functions below a step, down to the next steps, which have digests of their own."""
    visited = {root}
    waiting = [root]
    while waiting:
        for node, body in program.callees.get(waiting.pop(), {}).items():
            if node not in visited and not body.tags:
                visited.add(node)
                waiting.append(node)
                yield node, body


def _hash_source(body: Body) -> str:
    """Return a digest of a function's source; as for a step, its docstring and its place do not count."""
    node = body.node
    lines = linecache.getlines(body.file)[node.lineno - 1 : node.end_lineno]
    if not isinstance(node, ast.Lambda) and ast.get_docstring(node, clean=False) is not None:
        words = node.body[0]
        if words.lineno > node.lineno:
            del lines[words.lineno - node.lineno : (words.end_lineno or 0) - node.lineno + 1]
    text = textwrap.dedent("".join(lines))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
