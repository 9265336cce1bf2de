"""Registers flows and steps with autorefs and the inventory of mkdocstrings, if the site has them.

``[orders][]`` and ``[orders.check][]`` are then links on every page, and ``objects.inv`` lists both.
This module imports nothing that the site does not already use.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from penstock.render.wording import visible
from penstock_mkdocs.links.targets import Target, register

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from markdown import Markdown

    from penstock.embed.site import Site
    from penstock.model import Flow


def announce(md: Markdown, site: Site, flow: Flow, anchor: str, links: Mapping[str, str]) -> None:
    """Register the flow and the steps that a page shows.

    Args:
        md: The Markdown object that converts the page.
        site: The site that contains the flow.
        flow: The flow.
        anchor: Its id on the page.
        links: The links to its steps on the page, by name; empty if they are not shown.
    """
    targets = _targets(site, flow, anchor, links)
    if "relpath" in md.treeprocessors:
        processor: Any = md.treeprocessors["relpath"]
        _announce_in_mkdocs(processor, targets)
    elif "rendering_context" in md.preprocessors:
        _announce_in_zensical(targets)


def _targets(site: Site, flow: Flow, anchor: str, links: Mapping[str, str]) -> Iterator[Target]:
    names = site.names_of(flow)
    if not flow.full_name.isprintable():  # inventories cannot contain it
        return
    yield Target(kind="flow", names=names, anchor=anchor, title=visible(flow.title), has_steps=bool(links))
    for step in flow.steps if links else ():
        if step.name.isprintable():
            yield Target(
                kind="entrypoint" if step.entrypoint else "step",
                names=tuple(f"{name}.{step.name}" for name in names),
                anchor=links[step.name].removeprefix("#"),
                title=visible(step.title),
            )


def _announce_in_mkdocs(processor: Any, targets: Iterable[Target]) -> None:
    config, file = getattr(processor, "config", None), getattr(processor, "file", None)
    plugins = getattr(config, "plugins", None) or {}
    if "autorefs" not in plugins or file is None or file.page is None:  # mkdocstrings brings autorefs with it
        return
    from penstock_mkdocs.links.autorefs_plugin import collector_of  # noqa: PLC0415 - it needs MkDocs

    for target in targets:
        collector_of(plugins).add(target, file.page)


def _announce_in_zensical(targets: Iterable[Target]) -> None:
    """Register at once: Zensical stores the registrations of a page with the page, and has no later event."""
    autorefs = sys.modules.get("zensical.extensions.autorefs")
    mkdocstrings = sys.modules.get("zensical.compat.mkdocstrings")
    store = autorefs.get_autorefs_store() if autorefs else None
    if store is not None and store.current_page is not None:
        for target in targets:
            register(target, store.current_page, store, getattr(mkdocstrings, "HANDLERS", None))
