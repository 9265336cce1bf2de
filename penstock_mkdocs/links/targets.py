"""What references lead to: a flow or a step, and where it is registered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DOMAIN = "penstock"
"""The domain of flows and steps in inventories, as in Sphinx; also the prefix that sets their names apart."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A flow or a step on a page.

    Attributes:
        kind: ``flow``, ``entrypoint`` or ``step``, like the roles in Sphinx.
        names: Its names in references; inventories list the first.
        anchor: Its id on the page.
        title: Its title, or an empty string.
        has_steps: Whether the page also shows the flow's steps, which makes it the better target.
    """

    kind: str
    names: tuple[str, ...]
    anchor: str
    title: str
    has_steps: bool = True


def register(target: Target, page: Any, autorefs: Any, handlers: Any) -> None:
    """Register a target.

    Args:
        target: The flow or step.
        page: The page of the target, as an object of its host.
        autorefs: The plugin autorefs, or its counterpart in Zensical.
        handlers: The handlers of mkdocstrings, to list the target in their inventory, or ``None``.
    """
    title = target.title or None
    for name in target.names:
        # As a secondary anchor: a heading or a Python object of that name takes precedence, without a warning.
        autorefs.register_anchor(page, name, target.anchor, title=title, primary=False)
        autorefs.register_anchor(page, f"{DOMAIN}:{name}", target.anchor, title=title, primary=target.has_steps)
    if handlers is not None:
        _list_in_inventory(target, page.url, handlers)


def _list_in_inventory(target: Target, url: str, handlers: Any) -> None:
    from mkdocstrings import InventoryItem  # noqa: PLC0415 - its handlers are here, so it is installed

    handlers.get_handler(DOMAIN)  # mkdocstrings writes an inventory only if it used a handler that has one
    name = target.names[0]
    key = f"{DOMAIN}:{name}"  # not written to the file; it keeps a Python object of that name in the inventory
    if target.has_steps or key not in handlers.inventory:
        handlers.inventory[key] = InventoryItem(name, DOMAIN, target.kind, f"{url}#{target.anchor}")
