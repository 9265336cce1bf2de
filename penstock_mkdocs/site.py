"""From settings to flows and their layouts, each computed once a build."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import config as configuration
from penstock._util.one_entry_cache import Identity, OneEntryCache
from penstock.embed.layouts import Look, require_layout
from penstock.embed.site import Site
from penstock.errors import ConfigError, did_you_mean, near_names
from penstock_mkdocs.links import forges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.config import Config
    from penstock.errors import LayoutError
    from penstock.model import Flow
    from penstock.render.graphviz.plain_output import Layout
    from penstock_mkdocs.hosts import Host

OWN_SETTINGS = {
    "strict": "Whether a mistake raises an error instead of a warning, for hosts that do not count warnings.",
    "base": "The base folder of relative paths; by default, that of the site's configuration file.",
    "css": "Whether each page contains the style sheet; false if the site links it.",
    "js": "Whether pages contain the script for wide diagrams and for the paths through a node.",
}
"""The settings of the extension, besides those of ``[tool.penstock]``."""


@dataclass
class _ShownFlows:
    """What one build, or several of the same flows, have shown: the layouts by flow and look, and the flows on pages."""

    layouts: dict[tuple[str, Look], Layout | LayoutError] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


_shown_flows: OneEntryCache[_ShownFlows] = OneEntryCache()
_sites: OneEntryCache[MkDocsSite] = OneEntryCache()


@dataclass(frozen=True)
class MkDocsSite(Site):
    """The flows of a site, and their layouts.

    Attributes:
        forge_template: The template of the addresses of sources that the site's own addresses lead to.
    """

    forge_template: str = ""

    @property
    def source_template(self) -> str:
        """The template of the addresses of sources."""
        return self.config.source_url or self.forge_template

    def layout(self, flow: Flow, look: Look) -> Layout:
        """Return the layout of a flow; the first call for a usual look lays out all flows, in one process.

        Raises:
            LayoutError: The engine failed on this flow.
            MissingExtraError: There is no engine.
        """
        layouts = self._shown_flows.layouts
        if (flow.full_name, look) not in layouts:
            flows = self._flows_of(look) or (flow,)
            results = self.drawing.lay_out(list(map(look.flow, flows)), look)
            layouts.update({(each.full_name, look): result for each, result in zip(flows, results, strict=True)})
        return require_layout(layouts[flow.full_name, look])

    def _flows_of(self, look: Look) -> tuple[Flow, ...]:
        """Return the flows that most likely have this look on some page."""
        usual_looks = (self.drawing.small_look, Look(self.drawing.direction, flexible=True))
        return self.manifest.flows if look in usual_looks else ()

    @property
    def shown_names(self) -> set[str]:
        """The full names of the flows on this build's pages; the pages report their problems."""
        return self._shown_flows.names

    @property
    def _shown_flows(self) -> _ShownFlows:
        return _shown_flows.get((self.drawing.engine, self.manifest), _ShownFlows)


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
    if host.build is None:
        return _collect_site(settings, host)
    return _sites.get((Identity(host.build), dict(settings)), lambda: _collect_site(settings, host))


def _collect_site(settings: Mapping[str, object], host: Host) -> MkDocsSite:
    config = load_config(settings, host)
    template = "" if config.source_url else _forge_template(host, config.project)
    return replace(MkDocsSite.open(config), forge_template=template)


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


def _forge_template(host: Host, project: Path) -> str:
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
