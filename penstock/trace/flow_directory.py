"""Finds the declared flows that spans and log lines name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.model import Flow, Step


class FlowDirectory:
    """The declared flows by their names and by those of their steps.

    Args:
        flows: The flows, of one service or of several.

    Attributes:
        ambiguous: The names that several services have, where the service is not known.
    """

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.ambiguous: set[str] = set()
        self._by_name: dict[str, list[Flow]] = {}
        self._by_step: dict[str, list[Flow]] = {}
        for flow in flows:
            for name in {flow.name, flow.full_name}:
                self._by_name.setdefault(name, []).append(flow)
            for step in flow.steps:
                self._by_step.setdefault(step.name, []).append(flow)

    def find_flow(self, name: str, service: str) -> Flow | None:
        """Return the flow of a name, that of the service if several have one; ``None`` if it is not clear which."""
        return self._choose(name, self._by_name.get(name, []), service)

    def find_flows_of_step(self, step: str, service: str) -> list[Flow]:
        """Return the flows with a step of a name, those of the service if any are."""
        flows = self._by_step.get(step, [])
        return [flow for flow in flows if flow.service == service and service] or flows

    def _choose(self, name: str, flows: list[Flow], service: str) -> Flow | None:
        own = [flow for flow in flows if flow.service == service] if len(flows) > 1 else flows
        if len(flows) > 1 and len(own) != 1:
            self.ambiguous.add(name)
        return own[0] if len(own) == 1 else None


def find_step(flow: Flow | None, name: str) -> Step | None:
    """Return the step of a name, or ``None``."""
    return flow.step(name) if flow is not None and name in flow.positions else None
