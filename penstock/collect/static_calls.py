"""Adds the results of static analysis to the flows of this process."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock._declare import registry
from penstock._util import source_paths
from penstock.callgraph import StepAt, read
from penstock.manifest.unread_flows import describe_unread, explain_timeout, mark_unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.callgraph import Reading
    from penstock.model import Flow, Problem


def with_calls(
    flows: Iterable[Flow], roots: Sequence[str], seconds: float
) -> tuple[tuple[Flow, ...], tuple[Problem, ...]]:
    """Return the flows with their static relations, and a problem if some code could not be analysed.

    Args:
        flows: The flows of this process.
        roots: The folders (or files) of the user's own code. The packages of steps count, too: a flow may
            be declared from outside.
        seconds: The time limit; a flow whose code is not completely read by then is marked as unread.
    """
    batch = tuple(flows)
    try:
        readings = _read(batch, [*roots, *_packages(step.module for flow in batch for step in flow.steps)], seconds)
    except Exception as error:
        unread = tuple(map(mark_unread, batch))
        return unread, describe_unread(unread, f"{type(error).__name__}: {error}. Their edges are not checked.")
    read_flows = tuple(_add_reading(flow, readings[flow.name]) if flow.name in readings else flow for flow in batch)
    return read_flows, describe_unread(read_flows, explain_timeout(seconds))


def _add_reading(flow: Flow, reading: Reading) -> Flow:
    steps = tuple(
        replace(step, helper_hash=reading.helper_hashes[step.name]) if step.name in reading.helper_hashes else step
        for step in flow.steps
    )
    return replace(flow, steps=steps, calls=reading.calls, blind=reading.blind, touches=reading.touches)


def _read(flows: Sequence[Flow], roots: Sequence[str], seconds: float) -> dict[str, Reading]:
    def own(file: str) -> bool:
        """Return whether a file belongs to the user's own code."""
        return not file.startswith("<") and source_paths.is_own(source_paths.absolute(file), roots)

    steps = {(flow.name, step.name) for flow in flows for step in flow.steps}
    step_callables = (StepAt(name, mark.step_name, mark.function) for mark in registry.marks() for name in mark.flows)
    arrows = {flow.name: {(edge.source, edge.target) for edge in flow.edges} for flow in flows}
    return read((step for step in step_callables if step[:2] in steps), own, seconds, arrows)


def _packages(modules: Iterable[str]) -> Iterator[str]:
    """Yield the folders of the packages that modules are in, except what comes with Python."""
    standard = sysconfig.get_path("stdlib")
    for name in dict.fromkeys(module.partition(".")[0] for module in modules):
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str):
            path = source_paths.absolute(file)
            if source_paths.is_installed(path) and not (path.startswith(standard) and "-packages" not in path):
                yield path.rpartition(os.sep)[0] if path.endswith("__init__.py") else path
