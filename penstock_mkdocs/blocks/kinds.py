"""The kinds of embeds, each with the function that renders it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.errors import did_you_mean, near_names
from penstock_mkdocs.blocks.channels import add_channels
from penstock_mkdocs.blocks.flow import add_flow
from penstock_mkdocs.blocks.overview import add_flows, add_map
from penstock_mkdocs.embed_syntax.options import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from penstock_mkdocs.embed_syntax.parser import Embed
    from penstock_mkdocs.page import PageContext

KINDS: dict[str, Callable[[PageContext, Element, Embed], None]] = {
    "penstock-flow": add_flow,
    "penstock-flows": add_flows,
    "penstock-map": add_map,
    "penstock-channels": add_channels,
}
"""The function for each kind of embed."""


def add_embed(page: PageContext, parent: Element, embed: Embed) -> None:
    """Add the output of an embed to a page's tree.

    Raises:
        OptionError: The embed is malformed.
        PenstockError: Its flow does not exist, or the application cannot be imported.
    """
    if embed.kind not in KINDS:
        hint = did_you_mean(near_names(embed.kind, KINDS, limit=1)) or f" Known: {', '.join(KINDS)}."
        raise OptionError(f"there is no embed {embed.kind!r}.{hint}", embed.line)
    if embed.fault:
        raise OptionError(embed.fault[1], embed.fault[0])
    KINDS[embed.kind](page, parent, embed)
