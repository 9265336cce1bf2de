"""A manifest that counts the runs of a flow when the flow is asked for: most builds never show a number."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

from penstock.check.numbers import add_numbers
from penstock.manifest import Manifest

if TYPE_CHECKING:
    from typing import Self

    from penstock.check.evidence import Evidence
    from penstock.model import Flow


@dataclass(frozen=True, kw_only=True)
class CountedManifest(Manifest):
    """Flows, and the evidence that says how often they ran.

    A flow that is asked for by its name has numbers. The flows that are listed have none, nor do tables and maps of them:
    counting costs nearly as much as checking, which every build does for all flows.

    Attributes:
        evidence: The evidence.
        numbers_from: The runs to count, a value of the setting of that name.
    """

    evidence: Evidence = field(compare=False, repr=False)
    numbers_from: str

    @classmethod
    def of(cls, manifest: Manifest, evidence: Evidence, numbers_from: str) -> Self:
        """Return a manifest whose flows can be counted."""
        values = {item.name: getattr(manifest, item.name) for item in fields(Manifest)}
        return cls(**values, evidence=evidence, numbers_from=numbers_from)

    def flow(self, name: str) -> Flow:
        """Return a flow with the numbers of its steps and edges; errors as in :meth:`Manifest.flow`."""
        flow = super().flow(name)
        if flow.full_name not in self._counted_flows:
            self._counted_flows[flow.full_name] = add_numbers(flow, self.evidence, self.numbers_from)
        return self._counted_flows[flow.full_name]

    @cached_property
    def _counted_flows(self) -> dict[str, Flow]:
        return {}
