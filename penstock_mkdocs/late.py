"""The part of a build that knows all pages: each flow and step is registered once, at the best of its places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from mkdocs.config.base import LegacyConfig
from mkdocs.plugins import BasePlugin

from penstock_mkdocs.places import GENERATED_BY
from penstock_mkdocs.references import register

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

    from penstock_mkdocs.references import Target

NAME = "penstock.references"


class _Place(NamedTuple):
    target: Target
    page: Page

    @property
    def rank(self) -> tuple[bool, bool]:
        """What is least for the best place; the order is that of :mod:`penstock_mkdocs.places`."""
        return self.page.file.generated_by != GENERATED_BY, not self.target.has_steps


class References(BasePlugin[LegacyConfig]):  # type: ignore[no-untyped-call]  # its __init_subclass__
    """Registers what the pages of one build show; a plugin, because plugins are called when all pages are done.

    A reference to something at several places makes autorefs warn, so it is told of one place only.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], _Place] = {}

    def add(self, target: Target, page: Page) -> None:
        """Note that a page shows a target; a generated page is best, then one with the flow's steps, then the first."""
        key, place = (target.kind, target.names[0]), _Place(target, page)
        if key not in self._places or place.rank < self._places[key].rank:
            self._places[key] = place

    def on_env(self, env: Environment, /, *, config: MkDocsConfig, files: Files) -> Environment:  # noqa: ARG002
        """Register everything, before mkdocstrings writes its inventory and autorefs puts links in."""
        plugin: Any = config.plugins.get("mkdocstrings")
        handlers = plugin.handlers if plugin is not None and plugin.plugin_enabled else None
        for target, page in self._places.values():
            register(target, page, config.plugins["autorefs"], handlers)
        return env


def collected(plugins: MutableMapping[str, Any]) -> References:
    """Return what the pages of this build have shown so far; ``plugins`` is new for each build."""
    if NAME not in plugins:
        plugins[NAME] = References()
    return cast("References", plugins[NAME])
