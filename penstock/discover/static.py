"""Proposes a flow from the code alone, where nothing ran: what functions may call, in the order of their lines."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.discover.choice.source import SourceReader
from penstock.discover.code.call_graph import read_calls
from penstock.discover.code.project_functions import ProjectModules, list_functions
from penstock.discover.entrypoints import find_function
from penstock.discover.propose import propose
from penstock.discover.recording import Child, Recording, Root, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from penstock.config import Config
    from penstock.discover.code.call_graph import CodeCall
    from penstock.discover.proposal import Choice, ProposedFlow
    from penstock.discover.recording import Function

_NOTE = "Nothing was seen of it: the steps and arrows are what the code may do. Watch your tests to know: penstock discover -- pytest"


def propose_statically(config: Config, entrypoint: str, choice: Choice) -> ProposedFlow:
    """Return the flow that begins at a function, as its code has it.

    Args:
        config: The settings, which say how modules are imported.
        entrypoint: The address of the function, or its name if that is unique.
        choice: The wishes of the reader.

    Raises:
        ConfigError: There is no such function, or more than one.
        CollectError: The modules cannot be imported.
    """
    modules = ProjectModules([*config.path, config.project], config.project)
    everything = Recording(tuple(function for module in modules for function in modules.list_functions(module)))
    start = everything.functions[find_function(everything, entrypoint, f"is in {config.project}")]
    others = list_functions(modules, modules.find_nearest(start.module))
    functions = [start, *(function for function in others if function != start)]
    calls = read_calls(functions, config)
    recording = imagine_runs(functions, calls, config.project)
    proposal = propose(recording, start.address, choice, config.project)
    return replace(proposal, evidence=None, notes=(_NOTE, *proposal.notes))


def imagine_runs(functions: Sequence[Function], calls: Sequence[CodeCall], project: Path) -> Recording:
    """Return two runs of the first function: one takes all ways of ``if``, the other all of ``else``.

    Args:
        functions: The functions.
        calls: Their calls of each other, in the order of their lines.
        project: The folder that their files are relative to.
    """
    sources = SourceReader(project)
    by_source: dict[int, list[CodeCall]] = defaultdict(list)
    for call in calls:
        by_source[call.source].append(call)
    shapes: dict[Shape, int] = {}
    roots: dict[Root, int] = {}
    for skipped in ("orelse", "body"):
        kept = {
            source: [call.target for call in own if call.line not in _find_lines(functions[source], sources, skipped)]
            for source, own in by_source.items()
        }
        root = Root(_add_shapes(0, kept, shapes))
        roots[root] = roots.get(root, 0) + 1
    return Recording(tuple(functions), tuple(shapes), roots)


def _add_shapes(start: int, callees: Mapping[int, list[int]], shapes: dict[Shape, int]) -> int:
    """Return the shape of a function that calls all its callees; a call that comes around again is left out."""
    places: dict[int, int] = {}
    waiting, running = [(start, False)], set[int]()
    while waiting:
        function, is_ended = waiting.pop()
        if is_ended:
            running.discard(function)
            children = tuple(Child(places[callee]) for callee in callees.get(function, ()) if callee in places)
            shape = Shape(function, children=children)
            places[function] = shapes.setdefault(shape, len(shapes))
        elif function not in places and function not in running:
            running.add(function)
            waiting.append((function, True))
            waiting += ((callee, False) for callee in reversed(callees.get(function, [])))
    return places[start]


def _find_lines(function: Function, sources: SourceReader, part: str) -> set[int]:
    """Return the lines in one part of those conditions that have both."""
    source = sources.find(function)
    conditions = [node for node in ast.walk(source.node) if isinstance(node, ast.If)] if source else []
    blocks = (getattr(node, part) for node in conditions if node.orelse)
    return {line for block in blocks for line in range(block[0].lineno, (block[-1].end_lineno or 0) + 1)}
