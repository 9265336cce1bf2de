"""The flows that a project declares already, so that a proposal has only what is new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penstock.cli.terminal import tell
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.config import Config
    from penstock.discover.proposal import Choice
    from penstock.model import Flow, Step


@dataclass(frozen=True)
class DeclaredFlows:
    """The declared flows of a project.

    Attributes:
        flows: The flows.
    """

    flows: Sequence[Flow] = ()

    @property
    def entrypoints(self) -> Mapping[str, str]:
        """The name of the flow that begins at each entrypoint, by the address of its function."""
        return {_address(step): flow.name for flow in self.flows for step in flow.entrypoints}

    @property
    def names(self) -> frozenset[str]:
        """The names of all flows."""
        return frozenset(flow.name for flow in self.flows)

    def steps_of(self, name: str) -> dict[str, str]:
        """Return the names of a flow's steps, by the addresses of their functions; empty without such a flow."""
        steps = (step for flow in self.flows if flow.name == name for step in flow.steps)
        return {_address(step): step.name for step in steps}

    def extend_choice(self, choice: Choice, entrypoint: str) -> Choice:
        """Return a choice in which the steps that a flow has stay its steps, by their names."""
        steps = self.steps_of(choice.flow)
        added = frozenset(steps) - {entrypoint} - choice.dropped
        return replace(choice, added=choice.added | added, names={**steps, **choice.names})


def _address(step: Step) -> str:
    return f"{step.module}:{step.qualname}"


def find_declared_flows(config: Config) -> DeclaredFlows:
    """Return the flows of the configured modules; none, with a note, if they cannot be collected."""
    if not config.modules:
        return DeclaredFlows()
    try:
        return DeclaredFlows(collect(CollectPlan.of(config)).flows)
    except PenstockError as error:
        tell("note", f"the flows that are declared already are not known: {error}")
        return DeclaredFlows()
