"""The state of one build: the configuration, the flows, and the pages that they make outdated."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

from penstock._util.atomic_files import is_file
from penstock.embed.names import unquote_name
from penstock.embed.overview import Selection, outline
from penstock.embed.pages import page_names
from penstock.embed.site import Site
from penstock.errors import PenstockError
from penstock.manifest.lazy import digest
from penstock.render.wording import is_inside, visible
from penstock_sphinx.flow_names import name_object

if TYPE_CHECKING:
    from collections.abc import Collection

    from penstock.embed.layouts import Look
    from penstock.model import Flow, Step

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SphinxSite(Site):
    """The flows of one build.

    Attributes:
        failed: Whether there are no flows, because they could not be collected.
    """

    failed: bool = False

    def fingerprint(self, shown: str | Selection) -> str:
        """Return a digest of all that a page shows of one or several flows, empty if the flow does not exist."""
        if isinstance(shown, Selection):
            flows = self.select(shown)
            return self._digest([(outline(flow), self.page_names[flow.full_name]) for flow in flows])
        try:
            flow = self.manifest.flow(shown)
        except PenstockError:
            return ""
        return self._digest((digest(flow), self.name_in_ids(flow), self.origin(flow)))

    def flow_to_draw(self, subject: str | Selection, look: Look) -> Flow:
        """Return the flow that a diagram shows: the one of that name, or the map of a selection."""
        if isinstance(subject, Selection):
            return look.flow(self.draw_map(subject))
        return look.flow(self.manifest.flow(subject))

    def steps_at(self, function: str) -> tuple[str, ...]:
        """Return the full names of the steps that a function implements, by ``module.qualname``."""
        return tuple(self._steps.get(function, ()))

    @property
    def functions(self) -> Collection[str]:
        """``module.qualname`` of all steps."""
        return self._steps.keys()

    def functions_of(self, flow: str) -> tuple[str, ...]:
        """Return ``module.qualname`` of each step of all flows with that bare name."""
        return self._functions.get(flow, ())

    def name_in_ids(self, flow: Flow) -> str:
        """Return the name of a flow in ids, unique among all flows, because their pages may be merged."""
        return self.names_of(flow)[-1]

    @cached_property
    def page_names(self) -> dict[str, str]:
        """The name of a page for each flow, by its full name."""
        flows = self.manifest.flows
        return dict(zip((flow.full_name for flow in flows), page_names(flows), strict=True))

    @cached_property
    def _steps(self) -> dict[str, list[str]]:
        steps: dict[str, list[str]] = {}
        for flow in self.manifest.flows:
            for step in flow.steps:
                steps.setdefault(_function(step), []).append(full_name(flow, step))
        return steps

    @cached_property
    def _functions(self) -> dict[str, tuple[str, ...]]:
        functions: dict[str, tuple[str, ...]] = {}
        for flow in self.manifest.flows:
            name = visible(flow.name)
            functions[name] = (*functions.get(name, ()), *map(_function, flow.steps))
        return functions

    def _digest(self, content: object) -> str:
        config = self.config
        settings = (config.source_url, config.direction, config.engine, config.docstring_style, config.numbers)
        return hashlib.sha256(repr((content, settings)).encode("utf-8", "replace")).hexdigest()

    def name_meant(self, argument: str) -> str:
        """Return the name of a flow from a directive's argument, in quotes or not."""
        return argument if not argument.startswith('"') or argument in self.manifest.names else unquote_name(argument)

    @cached_property
    def source_urls(self) -> frozenset[str]:
        """The addresses of all sources."""
        return frozenset(self.source_url(step) for flow in self.manifest.flows for step in flow.steps)

    def source_file(self, step: Step) -> Path | None:
        """Return the file that a step is defined in, if it is on this machine."""
        if not step.file or not is_inside(step.file):
            return None
        roots = [self.config.project, *self.config.path]
        if self.config.python is None:
            roots += [Path(entry) for entry in sys.path if entry]
        return next((file for file in (root / step.file for root in roots) if is_file(file)), None)


def _function(step: Step) -> str:
    return f"{step.module}.{step.qualname}"


def full_name(flow: Flow, step: Step | None = None) -> str:
    """Return the name of a flow, or of one of its steps, in roles."""
    name = name_object(flow.full_name)
    return f"{name}.{name_object(step.name)}" if step else name
