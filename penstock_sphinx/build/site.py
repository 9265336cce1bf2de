"""The state of one build: the configuration, the flows, and the pages that they make outdated."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sphinx.util import logging

from penstock._util.atomic_files import is_file
from penstock.config import Config
from penstock.embed.overview import Selection, outline, page_names, system_map
from penstock.errors import CollectError, ConfigError, PenstockError
from penstock.manifest import Manifest
from penstock.manifest.lazy import digest
from penstock.proof import flows_for_docs, last_shown
from penstock.render.edge_status import without_proof
from penstock.render.graphviz.layout_cache import digest as layout_key
from penstock.render.wording import escape_line, is_inside, source_url, visible
from penstock_sphinx.config import folder_of_settings, load
from penstock_sphinx.directives.proof import report
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.flow_names import name_object, read_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from penstock.model import Flow, Step
    from penstock.render.options import Options

logger = logging.getLogger(__name__)

LAST_GOOD = " Until then, the pages show the flows as they were before."


@dataclass(frozen=True)
class SphinxSite:
    """The flows of one build.

    Attributes:
        config: The settings.
        manifest: The flows; empty if they could not be collected.
        failed: Whether the flows could not be collected.
        disagreements: The number of findings on the declared edges.
    """

    config: Config
    manifest: Manifest
    failed: bool = False
    disagreements: int = 0

    def fingerprint(self, shown: str | Selection) -> str:
        """Return a digest of all that a page shows of one or several flows, empty if the flow does not exist."""
        if isinstance(shown, Selection):
            flows = shown.of(self.manifest.flows)
            return self._digest([(outline(flow), self.page_names[flow.full_name]) for flow in flows])
        try:
            flow = self.manifest.flow(shown)
        except PenstockError:
            return ""
        return self._digest((digest(flow), self.name_in_ids(flow), self.origin(flow)))

    def flow_to_draw(self, subject: str | Selection, *, proof: bool = True) -> Flow:
        """Return the flow that a diagram shows: the one of that name, or the map of a selection."""
        if isinstance(subject, Selection):
            return system_map(subject.of(self.manifest.flows))
        flow = self.manifest.flow(subject)
        return flow if proof else without_proof(flow)

    def drawing_key(self, drawn: Flow, options: Options) -> str:
        """Return the key of a layout."""
        return layout_key(drawn, options, self.config.engine, self.config.layout_timeout)

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
        return flow.name if self._names[flow.name] == 1 else flow.full_name

    @cached_property
    def page_names(self) -> dict[str, str]:
        """The name of a page for each flow, by its full name."""
        flows = self.manifest.flows
        return dict(zip((flow.full_name for flow in flows), page_names(flows), strict=True))

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(flow.name for flow in self.manifest.flows)

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
        settings = (self.config.source_url, self.config.direction, self.config.engine, self.config.docstring_style)
        return hashlib.sha256(repr((content, settings)).encode("utf-8", "replace")).hexdigest()

    def name_meant(self, argument: str) -> str:
        """Return the name of a flow from a directive's argument, in quotes or not."""
        return argument if not argument.startswith('"') or argument in self.manifest.names else read_name(argument)

    def origin(self, flow: Flow) -> str:
        """Return the foreign manifest that a flow comes from, or an empty string for a trusted flow."""
        return self.manifest.origins.get(flow.full_name, "")

    def source_url(self, step: Step) -> str:
        """Return the address of a step's source, or an empty string; installed code is not in our repository."""
        if not self.config.manifests and not is_file(self.config.project / step.file):
            return ""
        return source_url(self.config.source_url, step)

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


def collect_flows(app: Sphinx) -> None:
    """Collect the flows of a build, once, in the main process."""
    # A Config without modules replaces invalid settings, because Sphinx would show a traceback with an error.
    config = Config(project=folder_of_settings(app))
    domain = domain_of(app.env)
    domain.tags = app.tags
    try:
        config = load(app)
        result = flows_for_docs(config)
        site = SphinxSite(config, result.manifest, disagreements=len(result.disagreements))
        report(config, result)
        domain.last_config = config
    except PenstockError as error:
        site = _as_before(error, config, domain.last_config)
        of_config = isinstance(error, ConfigError)
        message = str(error) if isinstance(error, CollectError) else escape_line(str(error))  # whose lines are safe
        said = f"{'' if of_config else 'penstock: '}{message}{'' if site.failed else LAST_GOOD}"
        logger.warning("%s", said, type="penstock", subtype="config" if of_config else "import")
    for problem in site.manifest.problems:
        logger.warning(
            "%s",
            escape_line(problem.message),
            type="penstock",
            subtype="problem",
            location=escape_line(problem.where) or None,
        )
    domain.site = site


def _as_before(error: PenstockError, config: Config, last: Config | None) -> SphinxSite:
    """Return the flows of the last good import: with these settings, or else with the last ones that worked."""
    candidates = (last,) if isinstance(error, ConfigError) else (config, last)
    for candidate in filter(None, candidates):
        if (manifest := last_shown(candidate)) is not None:
            return SphinxSite(candidate, manifest)
    return SphinxSite(config, Manifest(), failed=True)


def report_unseen_problems(_app: Sphinx, env: BuildEnvironment) -> None:
    """Report the problems of flows that no page shows; pages report those of their flows."""
    domain = domain_of(env)
    shown_names = {name for page in domain.pages.values() for name in page.fingerprints}
    for flow in domain.site.manifest.flows:
        if not shown_names & {flow.name, flow.full_name}:
            for problem in flow.problems:
                logger.warning(
                    "%s",
                    escape_line(problem.message),
                    type="penstock",
                    subtype="problem",
                    location=escape_line(problem.where) or None,
                )


def outdated_pages(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Return the pages that show a flow that has changed since the page was read."""
    domain = domain_of(env)
    names = {name for page in domain.pages.values() for name in page.fingerprints}
    current = {name: domain.site.fingerprint(name) for name in names}
    changed_pages = {
        docname
        for docname, page in domain.pages.items()
        if any(current[name] != fingerprint for name, fingerprint in page.fingerprints.items())
    }
    return sorted(changed_pages | _other_functions(env))


def _other_functions(env: BuildEnvironment) -> set[str]:
    """Return the pages that describe functions that became steps, or no longer are."""
    domain = domain_of(env)
    now: dict[str, set[str]] = {}
    for name, function in cast("Any", env.get_domain("py")).objects.items():
        page = domain.pages.get(function.docname)
        if steps := domain.site.steps_at(page.public_names.get(name, name) if page else name):
            now.setdefault(function.docname, set()).update(steps)
    records = {docname: set(page.functions) for docname, page in domain.pages.items() if page.functions}
    return {docname for docname in now.keys() | records.keys() if now.get(docname) != records.get(docname)}
