"""The base of all directives that draw: the figure, its caption and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from penstock.render import mermaid
from penstock.render.wording import escape_line, visible
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.domain.page_record import Drawing
from penstock_sphinx.nodes import AS_WRITTEN, flow_diagram

if TYPE_CHECKING:
    from penstock.embed.layouts import Look
    from penstock.embed.overview import Selection
    from penstock.model import Flow

logger = logging.getLogger(__name__)


class FigureDirective(SphinxDirective):
    """A directive that may draw; its content, or the option ``caption``, is the caption."""

    has_content = True
    draws = True

    def warn(self, message: str, subtype: str) -> None:
        """Warn at the directive's line, in this build and in each following one until the fault is fixed."""
        logger.warning("%s", escape_line(message), type="penstock", subtype=subtype, location=self.get_location())
        self.env.note_reread()

    def note(self, message: str, subtype: str) -> list[nodes.Node]:
        """Warn, and return a note in place of the missing content."""
        sentence = message if message.endswith(("?", ".")) else f"{message}."
        self.warn(sentence, subtype)
        text = f"{sentence[0].upper()}{sentence[1:]}"
        return [nodes.container("", nodes.paragraph("", text, **AS_WRITTEN), classes=["penstock-error"])]

    def figure(self, content: nodes.Node, caption: list[nodes.Node]) -> nodes.figure:
        """Return the figure around a diagram."""
        figure = nodes.figure("", content, *caption)
        figure["classes"] += ["ps-figure", *self.options.get("class", [])]
        if "align" in self.options:
            figure["align"] = self.options["align"]
        return figure

    def diagram(self, drawn: Flow, subject: str | Selection, label: str, look: Look, alt: str = "") -> flow_diagram:
        """Return a diagram.

        Args:
            drawn: The flow or map to draw.
            subject: The flow's name, or the selection of flows on the map.
            label: The name of the frame around the diagram.
            look: How it looks.
            alt: A description of the diagram, if it differs from that of a flow.
        """
        domain = domain_of(self.env)
        key = domain.site.drawing.layout_key(drawn, look)
        shown_as = "svg" if look.small else self._shown_as(drawn, look)
        drawing = Drawing(key, subject, look, self.lineno, by_script=shown_as == "mermaid")
        domain.page(self.env.docname).drawings.append(drawing)
        return flow_diagram(
            "",
            nodes.Text("" if look.small else " ".join(visible(step.name) for step in drawn.steps)),
            subject=subject,
            docname=self.env.docname,
            look=look,
            key=key,
            format=shown_as,
            alt=self.options.get("alt", alt),
            label=label,
            line=self.lineno,
        )

    def caption(self) -> list[nodes.Node]:
        """Return the caption and, after it, the rest of the content."""
        content = self.parse_content_to_nodes() if self.content else []
        if "caption" in self.options:
            words, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            return [self._line(words), *messages, *self._legend(content)]
        if content and isinstance(content[0], nodes.paragraph):
            return [self._line(content[0].children), *self._legend(content[1:])]
        return self._legend(content)

    def _shown_as(self, flow: Flow, look: Look) -> str:
        format_name: str = self.options.get("format", "svg")
        if format_name == "mermaid" and mermaid.too_large(mermaid.render(flow, look.drawing())):
            self.warn(f"the flow {flow.name!r} is larger than Mermaid draws; it is shown as SVG.", "render")
            return "svg"
        return format_name

    def _line(self, words: list[nodes.Node]) -> nodes.Element:
        kind = nodes.caption if self.draws else nodes.paragraph
        line = cast("nodes.Element", kind("", "", *words))
        self.set_source_info(line)
        return line

    def _legend(self, content: list[nodes.Node]) -> list[nodes.Node]:
        return [nodes.legend("", *content)] if self.draws and content else content
