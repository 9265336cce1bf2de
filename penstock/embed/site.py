"""The flows of one build of a site, or those of the last good one while they cannot be collected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from penstock._util.atomic_files import is_file
from penstock.embed.layouts import DrawRules
from penstock.embed.overview import fault, system_map
from penstock.embed.reporting import LAST_GOOD, NO_PROOF
from penstock.errors import CollectError
from penstock.proof import flows_for_docs, last_shown
from penstock.render.wording import source_url

if TYPE_CHECKING:
    from typing import Self

    from penstock.check.findings.finding import Finding
    from penstock.config import Config
    from penstock.embed.overview import Selection
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step


@dataclass(frozen=True)
class Site:
    """The flows of one build. Engines add what only their pages need.

    Attributes:
        config: The settings.
        manifest: The flows.
        failure: Why the flows could not be collected, if these are earlier ones, or an empty string.
        evidence_error: Why the pages show no proof, or an empty string.
        disagreements: The findings to report under the setting ``check``.
    """

    config: Config
    manifest: Manifest
    failure: str = ""
    evidence_error: str = ""
    disagreements: tuple[Finding, ...] = ()

    @classmethod
    def collect(cls, config: Config) -> Self:
        """Return the current flows.

        Raises:
            CollectError: The application cannot be imported.
            ConfigError: The baseline cannot be read.
            ManifestError: A manifest cannot be read.
        """
        proof = flows_for_docs(config)
        disagreements = () if config.check == "off" else proof.disagreements
        return cls(config, proof.manifest, evidence_error=proof.evidence_error, disagreements=disagreements)

    @classmethod
    def last_good(cls, failure: str, *configs: Config) -> Self | None:
        """Return the flows of the last good collection with the first settings that had one, or ``None``."""
        for config in configs:
            if (manifest := last_shown(config)) is not None:
                return cls(config, manifest, failure)
        return None

    @classmethod
    def open(cls, config: Config) -> Self:
        """Return the current flows, or those of the last good collection while the application cannot be imported.

        Raises:
            CollectError: The application cannot be imported, and there is no earlier collection.
            ConfigError: The baseline cannot be read.
            ManifestError: A manifest cannot be read.
        """
        try:
            return cls.collect(config)
        except CollectError as error:
            site = cls.last_good(str(error), config)
            if site is None:
                raise
            return site

    @property
    def complaints(self) -> tuple[str, ...]:
        """The messages about all flows: why they are earlier ones, or why the pages show no proof."""
        pairs = ((self.failure, LAST_GOOD), (self.evidence_error, NO_PROOF))
        return tuple(f"{reason} {consequence}" for reason, consequence in pairs if reason)

    @cached_property
    def drawing(self) -> DrawRules:
        """How diagrams are drawn."""
        return DrawRules.of(self.config)

    def select(self, selection: Selection) -> tuple[Flow, ...]:
        """Return the flows of a selection."""
        return selection.of(self.manifest.flows, self.drawing.vocabulary)

    def find_fault(self, selection: Selection) -> str:
        """Return the error of a selection that selects nothing, as a whole or by one of its names; else an empty string."""
        return fault(selection, self.manifest.flows, self.drawing.vocabulary)

    def draw_map(self, selection: Selection) -> Flow:
        """Return the map of the flows of a selection, as a flow itself."""
        return system_map(self.select(selection), self.drawing.vocabulary, selection.channels)

    @property
    def source_template(self) -> str:
        """The template of the addresses of sources."""
        return self.config.source_url

    def origin(self, flow: Flow) -> str:
        """Return the foreign manifest that a flow comes from, or an empty string for a trusted flow."""
        return self.manifest.origins.get(flow.full_name, "")

    def names_of(self, flow: Flow) -> tuple[str, ...]:
        """Return the names of a flow in references: the full one, then the bare one if it is another and no other flow's."""
        is_unique = flow.name != flow.full_name and self._name_counts[flow.name] == 1
        return (flow.full_name, flow.name) if is_unique else (flow.full_name,)

    @cached_property
    def _name_counts(self) -> Counter[str]:
        return Counter(name for flow in self.manifest.flows for name in {flow.name, flow.full_name})

    def source_url(self, step: Step) -> str:
        """Return the address of a step's source, or an empty string; installed code is not in our repository."""
        if not self.config.manifests and not is_file(self.config.project / step.file):
            return ""
        return source_url(self.source_template, step)

    def findings_on(self, flow: Flow | None) -> tuple[Finding, ...]:
        """Return the findings to report on a flow, or those outside every flow."""
        name = flow.full_name if flow else ""
        return tuple(finding for finding in self.disagreements if finding.flow == name)
