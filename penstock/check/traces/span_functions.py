"""Steps of spans from other instrumentation, found by the function of each span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.check.traces.replay import StepAttributes
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from penstock.model import Flow


class StepFinder:
    """Finds the steps of functions by their full names; the flows are loaded on first use.

    Args:
        load: Returns the flows of the project.

    Attributes:
        mapped: How many names are of steps.
        unmapped: How many are of other functions.
        first: The first of those.
        fault: Why there are no flows, or an empty string.
    """

    def __init__(self, load: Callable[[], Iterable[Flow]]) -> None:
        self.mapped = 0
        self.unmapped = 0
        self.first = ""
        self.fault = ""
        self._load = load
        self._steps: Mapping[str, tuple[StepAttributes, ...]] | None = None

    def find(self, function: str) -> tuple[StepAttributes, ...]:
        """Return the labels of a function in the flows, one for each of its names; none if it is no step."""
        if self._steps is None:
            self._steps = self._index()
        labels = self._steps.get(function.replace(":", "."), ())
        if labels:
            self.mapped += 1
        else:
            self.unmapped += 1
            self.first = self.first or function
        return labels

    def explain(self) -> str:
        """Return why no span belongs to a step, if spans name functions at all; else an empty string."""
        if self.fault or not self.unmapped:
            return self.fault
        return f"{self.unmapped:,} name functions that are not steps (first: {self.first})"

    def _index(self) -> dict[str, tuple[StepAttributes, ...]]:
        try:
            flows = [*self._load()]
        except PenstockError as error:
            self.fault = f"It is unknown which functions are steps: {error}"
            return {}
        index: dict[str, dict[tuple[str, bool, bool], list[str]]] = {}
        for flow in flows:
            for step in flow.steps:
                kinds = index.setdefault(f"{step.module}.{step.qualname}", {})
                kinds.setdefault((step.name, step.entrypoint, step.kind.endswith("generator")), []).append(flow.name)
        return {
            name: tuple(StepAttributes(step, tuple(names), entry, lazy) for (step, entry, lazy), names in kinds.items())
            for name, kinds in index.items()
        }


def function_of(attributes: Mapping[str, Any], *, leaves: bool) -> str:
    """Return the full name of the function that a span was made for, or an empty string.

    See https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/. Before version 1.30, the name stood in two
    attributes.

    Args:
        attributes: The span's.
        leaves: Whether the span is a call to another service. It then names the function that makes the call.
    """
    values = [attributes.get(key) for key in ("code.function.name", "code.namespace", "code.function")]
    full, space, name = (value if isinstance(value, str) else "" for value in values)
    if leaves:
        return ""
    if full or not (space and name):
        return full
    return name if name.startswith(f"{space}.") else f"{space}.{name}"
