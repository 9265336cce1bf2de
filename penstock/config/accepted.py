"""What a project has decided: arrows that it ignores, and contracts about its flows."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.model import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One arrow, or step, whose findings are accepted for a reason.

    Attributes:
        flow: The flow's name.
        edge: The arrow as ``source -> target``, or a step's name.
        reason: Why the finding is accepted.
        code: The kind of finding; all kinds where none is named.
    """

    flow: str
    edge: str
    reason: str
    code: str = ""

    @property
    def ends(self) -> str:
        """The arrow or step as findings name it."""
        return " ".join(self.edge.replace("->", " -> ").split())

    def covers(self, code: str) -> bool:
        """Return whether a kind of findings is accepted."""
        return self.code in ("", code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One contract as configured.

    Attributes:
        type: The kind of rule, one of the keys of :data:`TYPES`.
        name: The project's name for it.
        flows: Patterns of the flows that it covers, such as ``orders`` or ``shop/*``.
        never: For ``never-reaches``: the steps, as ``flow.step``, or flows that must not be reached; with or without
            the service's name.
        resources: For ``sole-writer``: the resources that no other flow may write.
    """

    type: str
    name: str = ""
    flows: tuple[str, ...] = ("*",)
    never: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()

    def covers(self, flow: Flow) -> bool:
        """Return whether the contract covers a flow."""
        return any(fnmatchcase(name, pattern) for pattern in self.flows for name in (flow.name, flow.full_name))


CONTRACT_TYPES = ("has-trigger", "has-docstrings", "all-confirmed", "never-reaches", "sole-writer")
"""What a contract may demand."""
