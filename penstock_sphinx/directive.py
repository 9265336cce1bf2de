"""The directive ``penstock-flow``, in RST and in MyST."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from penstock.errors import PenstockError
from penstock.render import mermaid
from penstock.render.options import Options
from penstock_sphinx.domain import Drawing, Place, domain_of
from penstock_sphinx.drawing import drawn_part, layout_key
from penstock_sphinx.nodes import flow_block, flow_diagram, step_reference
from penstock_sphinx.steps import StepWriter, anchor, full_name, paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from penstock.model import Flow
    from penstock.render.options import Direction

logger = logging.getLogger(__name__)

DIRECTIONS: dict[str, Direction] = {"tb": "TB", "td": "TB", "lr": "LR", "bt": "BT", "rl": "RL"}


def _direction(argument: str) -> Direction:
    return DIRECTIONS[directives.choice(argument, tuple(DIRECTIONS))]


def _format(argument: str) -> str:
    return directives.choice(argument, ("svg", "mermaid"))


def _align(argument: str) -> str:
    return directives.choice(argument, ("left", "center", "right"))


class FlowDirective(SphinxDirective):
    """Shows a flow: a figure with its drawing, and its steps.

    The argument is the flow's name; the content, or the option ``caption``, is the figure's caption.
    """

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "caption": directives.unchanged_required,
        "name": directives.unchanged_required,
        "alt": directives.unchanged_required,
        "align": _align,
        "class": directives.class_option,
        "direction": _direction,
        "format": _format,
        "no-steps": directives.flag,
        "no-diagram": directives.flag,
        "paths": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the flow, or a note in its place."""
        domain = domain_of(self.env)
        name = self.arguments[0]
        domain.page(self.env.docname).fingerprints[name] = domain.site.fingerprint(name)
        if domain.site.failed:
            return self._note(f"the flow {name!r} is not shown, because the flows could not be collected", "import")
        try:
            flow = domain.site.manifest.flow(name)
        except PenstockError as error:
            return self._note(str(error).rstrip("."), "unknown_flow")
        for problem in flow.problems:
            self._warn(str(problem), "problem")
        return [self._block(flow)]

    def _warn(self, message: str, subtype: str) -> None:
        logger.warning("%s", message, type="penstock", subtype=subtype, location=self.get_location())
        self.env.note_reread()  # so that the next build says it again

    def _note(self, message: str, subtype: str) -> list[nodes.Node]:
        self._warn(f"{message}.", subtype)
        text = f"{message[0].upper()}{message[1:]}."
        return [nodes.container("", nodes.paragraph("", text), classes=["penstock-error"])]

    def _block(self, flow: Flow) -> flow_block:
        block = flow_block()
        caption = self._caption()
        shown = caption if "no-diagram" in self.options else [self._figure(flow, caption)]
        block += shown
        # a figure without a caption must not take a number, so it gets no id
        captioned = caption and isinstance(caption[0], nodes.caption)
        self._mark(cast("nodes.Element", shown[0]) if captioned else block, flow)
        if "paths" in self.options:
            block += paths(flow, self.env.docname)
        if "no-steps" not in self.options:
            writer = StepWriter(flow, self.env, self.state.document)
            block += [writer.describe(step) for step in flow.steps]
        return block

    def _figure(self, flow: Flow, caption: list[nodes.Node]) -> nodes.figure:
        figure = nodes.figure("", self._diagram(flow), *caption)
        figure["classes"] += ["ps-figure", *self.options.get("class", [])]
        if "align" in self.options:
            figure["align"] = self.options["align"]
        return figure

    def _mark(self, node: nodes.Element, flow: Flow) -> None:
        """Make a node what ``:name:`` and the role ``penstock:flow`` lead to."""
        document = self.state.document
        self.set_source_info(node)
        self.add_name(node)
        has_steps = "no-steps" not in self.options
        # many pages may show the picture, and singlehtml makes one page of them
        ident = anchor(document, flow.name) if has_steps else anchor(document, flow.name, "on", self.env.docname)
        node["ids"].append(ident)
        document.ids[ident] = node
        place = Place(ident, has_steps=has_steps)
        domain_of(self.env).note_object("flow", full_name(flow), self.env.docname, place)

    def _diagram(self, flow: Flow) -> flow_diagram:
        domain = domain_of(self.env)
        direction: Direction = self.options.get("direction", domain.site.config.direction)
        drawn = drawn_part(flow)
        key = layout_key(drawn, direction, domain.site.config.engine)
        shown_as = self._shown_as(drawn, direction)
        if shown_as == "svg":
            domain.page(self.env.docname).drawings.append(Drawing(key, self.arguments[0], direction, self.lineno))
        references = (step_reference(step.name, full_name(flow, step), self.env.docname) for step in flow.steps)
        alt = self.options.get("alt", "")
        return flow_diagram(
            "", *references, flow=drawn, direction=direction, key=key, format=shown_as, alt=alt, line=self.lineno
        )

    def _shown_as(self, flow: Flow, direction: Direction) -> str:
        wanted: str = self.options.get("format", "svg")
        if wanted == "mermaid":
            text = mermaid.render(flow, Options(direction=direction, details=True))
            if mermaid.too_large(flow, text):
                self._warn(f"the flow {flow.name!r} is larger than Mermaid draws; it is shown as SVG.", "render")
                return "svg"
        return wanted

    def _caption(self) -> list[nodes.Node]:
        """Return the caption and, behind it, the rest of the content."""
        content = self.parse_content_to_nodes() if self.content else []
        if "caption" in self.options:
            words, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            return [self._line(words), *messages, *self._legend(content)]
        if content and isinstance(content[0], nodes.paragraph):
            return [self._line(content[0].children), *self._legend(content[1:])]
        return self._legend(content)

    def _line(self, words: list[nodes.Node]) -> nodes.Element:
        kind = nodes.paragraph if "no-diagram" in self.options else nodes.caption
        line = kind("", "", *words)
        self.set_source_info(line)
        return line

    def _legend(self, content: list[nodes.Node]) -> list[nodes.Node]:
        if "no-diagram" in self.options or not content:
            return content
        return [nodes.legend("", *content)]
