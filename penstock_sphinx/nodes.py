"""Our nodes; :mod:`penstock_sphinx.writers.html` writes them, :mod:`penstock_sphinx.writers.fallback` replaces them in other builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx import addnodes

from penstock.render.wording import is_bidirectional, visible
from penstock_sphinx.flow_names import name_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.model import Flow

QUIET = "penstock_quiet"
"""The attribute of a reference that stays text, without a warning, if its target is not documented."""

CHIP = "ps-chip"

AS_WRITTEN = {"support_smartquotes": False}
"""The attributes of a node with text from the code: Sphinx does not curl its quotes or join its dashes."""

UNTRANSLATED = {"translatable": False, **AS_WRITTEN}
"""The attributes of a paragraph that has nothing for translators: names, places, and our own words."""


class flow_block(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """The block that a directive shows for a flow."""


class flow_diagram(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """The drawing of a flow; a page stores only its name.

    The flow, and the targets of its nodes, are looked up when the page is written: storing a reference for each
    node with the page would cost more than the rest of a diagram. Its one child is the text for the search.
    """


class flow_doubts(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """The unconfirmed edges, in words; with a ``title``, a page can fold them."""


class isolated_text(nodes.inline):  # noqa: N801 - docutils names nodes so
    """Text from right to left, or with ``dir`` a line with such texts in it, which keeps its order whatever is around it."""


class translated_text(nodes.paragraph, addnodes.translatable):  # noqa: N801 - docutils names nodes so
    """A paragraph with plain text from the application, which the catalogs of the site translate as plain text."""

    def preserve_original_messages(self) -> None:
        """Keep the text."""
        self["original"] = self.astext()

    def extract_original_messages(self) -> list[str]:
        """Return the text."""
        return list(filter(None, [self.get("original")]))

    def apply_translated_message(self, original_message: str, translated_message: str) -> None:
        """Replace the text by a translation, also within a reference."""
        if original_message == self.get("original"):
            self["translated"] = True
            for text in list(self.findall(nodes.Text)):
                cast("nodes.Element", text.parent).replace(text, nodes.Text(translated_message))


def isolate_text(text: str) -> nodes.Node:
    """Return a text from the code as a node, which keeps to itself if it runs from right to left."""
    shown = visible(text)
    return isolated_text("", shown, **AS_WRITTEN) if is_bidirectional(shown) else nodes.Text(shown)


def keep_order(names: Iterable[str], line: list[nodes.Node]) -> list[nodes.Node]:
    """Return a line with arrows between names so that it runs from left to right, as the arrows do."""
    return [isolated_text("", "", *line, dir="ltr", **AS_WRITTEN)] if any(map(is_bidirectional, names)) else line


def step_reference(name: str, full_name: str, docname: str) -> addnodes.pending_xref:
    """Return a reference to a step, which stays text if no page documents the step."""
    return addnodes.pending_xref(
        "",
        nodes.inline("", "", isolate_text(name), **AS_WRITTEN),
        refdomain="penstock",
        reftype="step",
        reftarget=full_name,
        refdoc=docname,
        refexplicit=True,
        **{QUIET: True},
    )


def flow_reference(flow: Flow, docname: str, shown: str = "") -> addnodes.pending_xref:
    """Return a reference to a flow, which stays text if no page documents the flow."""
    name = visible(flow.name)
    return addnodes.pending_xref(
        "",
        nodes.inline("", shown or name, **({} if shown not in ("", name) else AS_WRITTEN)),
        refdomain="penstock",
        reftype="flow",
        reftarget=name_object(flow.full_name),
        refdoc=docname,
        refexplicit=True,
        **{QUIET: True},
    )
