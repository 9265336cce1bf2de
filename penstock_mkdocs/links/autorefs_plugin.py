"""Registers each flow and step with autorefs once, at its preferred page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from mkdocs.config.base import LegacyConfig
from mkdocs.plugins import BasePlugin

from penstock.embed.names import PlaceRank
from penstock_mkdocs.links.flow_locations import GENERATED_BY
from penstock_mkdocs.links.targets import register

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

    from penstock_mkdocs.links.targets import Target

NAME = "penstock.references"


class _RankedTarget(NamedTuple):
    target: Target
    page: Page

    @property
    def rank(self) -> PlaceRank:
        """The rank of the place."""
        return PlaceRank(self.page.file.generated_by != GENERATED_BY, not self.target.has_steps)


class References(BasePlugin[LegacyConfig]):  # type: ignore[no-untyped-call]  # its __init_subclass__
    """Registers the targets on the pages of one build; a plugin, because plugins run when all pages are done.

    Autorefs warns of a reference with several targets, so each is registered at one place only.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], _RankedTarget] = {}

    def add(self, target: Target, page: Page) -> None:
        """Add a target on a page; a generated page is preferred, then one with the flow's steps, then the first."""
        key, place = (target.kind, target.names[0]), _RankedTarget(target, page)
        if key not in self._places or place.rank < self._places[key].rank:
            self._places[key] = place

    def on_env(self, env: Environment, /, *, config: MkDocsConfig, files: Files) -> Environment:  # noqa: ARG002
        """Register all targets, before mkdocstrings writes its inventory and autorefs resolves links."""
        plugin: Any = config.plugins.get("mkdocstrings")
        handlers = plugin.handlers if plugin is not None and plugin.plugin_enabled else None
        for target, page in self._places.values():
            register(target, page, config.plugins["autorefs"], handlers)
        return env


def collector_of(plugins: MutableMapping[str, Any]) -> References:
    """Return the collector of this build; ``plugins`` is new for each build."""
    if NAME not in plugins:
        plugins[NAME] = References()
    return cast("References", plugins[NAME])
