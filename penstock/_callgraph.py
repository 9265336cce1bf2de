"""From the flows of this process to the same flows with what the code says of their steps."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock import _inputs, _registry
from penstock.check.callgraph import StepAt, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.model import Flow


def with_calls(flows: Iterable[Flow], roots: Sequence[str], seconds: float) -> tuple[Flow, ...]:
    """Return the flows with what the code says of their steps.

    Args:
        flows: The flows of this process.
        roots: The folders (or files) of the user's own code. The packages that steps are in count, too: a flow may
            be declared from outside.
        seconds: How long it may take; what is not read by then is named in each flow's ``blind``.
    """

    def own(file: str) -> bool:
        return not file.startswith("<") and _inputs.is_own(_inputs.absolute(file), roots)

    known = tuple(flows)
    roots = [*roots, *_packages(step.module for flow in known for step in flow.steps)]
    steps = {(flow.name, step.name) for flow in known for step in flow.steps}
    marked = (StepAt(name, mark.step_name, mark.function) for mark in _registry.marks() for name in mark.flows)
    found = read((step for step in marked if step[:2] in steps), own, seconds)
    return tuple(
        replace(flow, calls=found[flow.name].calls, blind=found[flow.name].blind) if flow.name in found else flow
        for flow in known
    )


def _packages(modules: Iterable[str]) -> Iterator[str]:
    """Yield the folders of the packages that modules are in, except what comes with Python."""
    standard = sysconfig.get_path("stdlib")
    for name in dict.fromkeys(module.partition(".")[0] for module in modules):
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str):
            path = _inputs.absolute(file)
            if _inputs.is_installed(path) and not (path.startswith(standard) and "-packages" not in path):
                yield path.rpartition(os.sep)[0] if path.endswith("__init__.py") else path
