"""From settings to flows and their layouts, each computed once a build."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from penstock import config as configuration
from penstock._util.atomic_files import is_file
from penstock.embed.overview import MOST_IN_SMALL
from penstock.errors import CollectError, ConfigError, LayoutError, did_you_mean, near_names
from penstock.proof import flows_for_docs, last_shown
from penstock.render.edge_status import without_proof
from penstock.render.graphviz.layout_cache import LayoutCache
from penstock.render.options import Options
from penstock.render.wording import source_url
from penstock_mkdocs.links import forges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from penstock.check.findings.finding import Finding
    from penstock.config import Config
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Direction
    from penstock_mkdocs.hosts import Host

OWN_SETTINGS = {
    "strict": "Whether a mistake raises an error instead of a warning, for hosts that do not count warnings.",
    "base": "The base folder of relative paths; by default, that of the site's configuration file.",
    "css": "Whether each page contains the style sheet; false if the site links it.",
    "js": "Whether pages contain the script for wide diagrams and for the paths through a node.",
}
"""The settings of the extension, besides those of ``[tool.penstock]``."""

LAST_GOOD = "Until then, the pages show the flows as they were before."

_Kept = dict[tuple[str, str, bool, bool], "Layout | LayoutError"]


@dataclass
class _Layouts:
    """All layouts of one manifest, by flow, direction, size and whether they show proof."""

    manifest: Manifest
    engine: str
    done: _Kept = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Opened:
    """A site, and the build that opened it."""

    build: object
    settings: Mapping[str, object]
    site: MkDocsSite


_last: list[_Layouts] = []
_opened: list[_Opened] = []


@dataclass(frozen=True)
class MkDocsSite:
    """The flows of a site, and how to show them.

    Attributes:
        config: The settings.
        manifest: The flows.
        source_template: Where a step's source can be read.
        failure: Why the last import failed, if these are the flows of the last good one, or an empty string.
        fault: Why the pages show no proof, or an empty string.
        disagreements: The findings to report under the setting ``check``.
    """

    config: Config
    manifest: Manifest
    source_template: str
    failure: str = ""
    fault: str = ""
    disagreements: tuple[Finding, ...] = ()

    def layout(self, flow: Flow, direction: str, *, small: bool = False, proof: bool = True) -> Layout:
        """Return the layout of a flow; the first call lays out all flows, in one process.

        Raises:
            LayoutError: The engine failed on this flow.
            MissingExtraError: There is no engine.
        """
        layouts = self._get_layouts().done
        direction = direction or self.config.direction
        look = direction, small, proof and not small
        key = flow.full_name, *look
        if key not in layouts:
            flows = self._all(small=small) if direction == self.config.direction and (proof or small) else (flow,)
            drawn_flows = flows if proof and not small else tuple(map(without_proof, flows))
            results = self._lay_out(drawn_flows, drawing_options(direction, small=small))
            layouts.update({(subject.full_name, *look): result for subject, result in zip(flows, results, strict=True)})
        return _require_layout(layouts[key])

    def map_layout(self, drawn: Flow, direction: str) -> Layout:
        """Return the layout of a system map.

        Raises:
            LayoutError: The engine failed.
            MissingExtraError: There is no engine.
        """
        return _require_layout(self._lay_out([drawn], drawing_options(direction or self.config.direction))[0])

    def _all(self, *, small: bool) -> tuple[Flow, ...]:
        flows = self.manifest.flows
        return tuple(flow for flow in flows if len(flow.steps) <= MOST_IN_SMALL) if small else flows

    def _lay_out(self, flows: Sequence[Flow], options: Options) -> list[Layout | LayoutError]:
        cache = LayoutCache(self.config.project)
        return cache.lay_out(flows, options, engine=self.config.engine, timeout=self.config.layout_timeout)

    def origin(self, flow: Flow) -> str:
        """Return the foreign manifest that a flow comes from, or an empty string for a trusted flow."""
        return self.manifest.origins.get(flow.full_name, "")

    def source_url(self, step: Step) -> str:
        """Return the address of a step's source, or an empty string; installed code is not in our repository."""
        if not self.config.manifests and not is_file(self.config.project / step.file):
            return ""
        return source_url(self.source_template, step)

    @property
    def shown(self) -> set[str]:
        """The full names of the flows on this build's pages; the pages report their problems."""
        return self._get_layouts().shown

    def _get_layouts(self) -> _Layouts:
        last = _last[0] if _last else None
        if last is None or last.engine != self.config.engine or not _same(last.manifest, self.manifest):
            last = _Layouts(self.manifest, self.config.engine)
            _last[:] = [last]
        last.manifest = self.manifest
        return last


def open_site(settings: Mapping[str, object], host: Host) -> MkDocsSite:
    """Return the flows that the settings define, or those of the last good import while the import fails.

    If the host distinguishes builds, changes are looked for once a build: a change during a build makes its server
    build again. Otherwise, each page looks.

    Args:
        settings: Those of the extension or the plugin.
        host: The host that converts the page, with the base of relative paths.

    Raises:
        CollectError: The application cannot be imported, and there is no earlier import.
        ConfigError: A setting does not exist or has a wrong value.
        ManifestError: A manifest cannot be read.
    """
    entry = _opened[0] if _opened and host.build is not None else None
    if entry and entry.build is host.build and entry.settings == settings:
        return entry.site
    config = load_config(settings, host)
    template = config.source_url or _source_template(host, config.project)
    site = _collect_site(config, template)
    _opened[:] = [_Opened(host.build, dict(settings), site)]
    return site


def _collect_site(config: Config, template: str) -> MkDocsSite:
    try:
        result = flows_for_docs(config)
    except CollectError as error:
        last = last_shown(config)
        if last is None:
            raise
        return MkDocsSite(config, last, template, str(error))
    fault = f"{result.evidence_error} Until then, the pages show no proof." if result.evidence_error else ""
    disagreements = () if config.check == "off" else result.disagreements
    return MkDocsSite(config, result.manifest, template, fault=fault, disagreements=disagreements)


def load_config(settings: Mapping[str, object], host: Host, *, also: Iterable[str] = ()) -> Config:
    """Return the checked settings, together with those of ``pyproject.toml``.

    Args:
        settings: Those of the extension or the plugin.
        host: The host that has them.
        also: Settings that the caller reads itself, for suggestions.

    Raises:
        ConfigError: A setting does not exist or has a wrong value.
    """
    check_names(settings, host.config_file, also)
    base = host.folder / str(settings.get("base") or "")
    values = {key: value for key, value in settings.items() if key not in OWN_SETTINGS}
    return configuration.load(base, values, where=host.config_file or "extension penstock", base=base)


def check_names(settings: Mapping[str, object], where: str, also: Iterable[str] = ()) -> None:
    """Check that every setting exists.

    Raises:
        ConfigError: A setting is unknown; the error suggests near names.
    """
    names = [*(setting.name for setting in configuration.SETTINGS), *OWN_SETTINGS, *also]
    for key in settings:
        if key not in names:
            hint = did_you_mean(near_names(key, names)) or f" Known settings: {', '.join(names)}."
            raise ConfigError(f"there is no setting {key!r}.{hint}", where=where, key=key)


def drawing_options(direction: str, links: Mapping[str, str] | None = None, *, small: bool = False) -> Options:
    """Return the options of a drawing on a page."""
    return Options(direction=cast("Direction", direction), details=not small, links=links or {})


def _require_layout(layout: Layout | LayoutError) -> Layout:
    if isinstance(layout, LayoutError):
        raise layout
    return layout


def _same(first: Manifest, second: Manifest) -> bool:
    return first is second or first == second


def _source_template(host: Host, project: Path) -> str:
    """Return where the sources of a project can be read, as far as the site's addresses tell."""
    top = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), None)
    docs = host.docs_dir
    pages = docs.relative_to(top).as_posix() if top and docs and docs.is_relative_to(top) else ""
    source = forges.read_source(host.repo_url, host.edit_uri, pages)
    if top:
        return forges.template(source, forges.join_folders(project.relative_to(top).as_posix(), ""))
    # Builds in containers often get the files alone; then the address of the pages tells where in the repository they are.
    way = os.path.relpath(project, docs) if docs and source.folder else ""
    return forges.template(source, forges.join_folders(source.folder or "", Path(way).as_posix()))
