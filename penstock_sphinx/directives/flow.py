"""The directive ``penstock-flow``, in RST and in MyST."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes

from penstock.embed.options import FlowOptions
from penstock.embed.views import shown_part, view_flow
from penstock.errors import PenstockError
from penstock_sphinx.build.site import full_name
from penstock_sphinx.directives.base import FigureDirective
from penstock_sphinx.directives.evidence import make_evidence
from penstock_sphinx.directives.numbers import make_numbers
from penstock_sphinx.directives.option_spec import OWN_OF_FIGURES, make_spec, read_options
from penstock_sphinx.directives.step_writer import StepWriter, anchor, index_entry, make_paths
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.domain.page_record import ObjectLocation
from penstock_sphinx.i18n import SITE_LANGUAGE, gettext
from penstock_sphinx.nodes import UNTRANSLATED, flow_block, translated_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from penstock.embed.views import DiagramView, IntroductionView, StepView
    from penstock.model import Flow
    from penstock_sphinx.nodes import flow_diagram


class FlowDirective(FigureDirective):
    """Shows a flow: a figure with its drawing, and its steps.

    The argument is the flow's name; the content, or the option ``caption``, is the figure's caption.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = make_spec(
        FlowOptions, {**OWN_OF_FIGURES, "no-index": directives.flag}
    )

    def run(self) -> list[nodes.Node]:
        """Return the flow, or an error note."""
        self.flow_options = read_options(FlowOptions, self.options)
        self.draws = self.flow_options.diagram
        domain = domain_of(self.env)
        name = self.arguments[0] = domain.site.name_meant(self.arguments[0])
        domain.page(self.env.docname).fingerprints[name] = domain.site.fingerprint(name)
        if domain.site.failed:
            return self.note(f"the flow {name!r} is not shown, because the flows could not be collected", "import")
        try:
            flow = domain.site.manifest.flow(name)
        except PenstockError as error:
            return self.note(str(error).rstrip("."), "unknown_flow")
        try:
            shown_part(flow, self.flow_options)
        except PenstockError as error:
            return self.note(str(error).rstrip("."), "unknown_step")
        if flow.full_name in domain.described:  # a step's own docstring shows it, and the page has the steps already
            self.flow_options = replace(self.flow_options, steps=False)
        for problem in flow.problems:
            self.warn(str(problem), "problem")
        return [self._block(flow)]

    @property
    def _is_indexed(self) -> bool:
        """Whether links lead here; a part of a flow is no place for them."""
        return "no-index" not in self.options and self.flow_options.part.is_whole

    def _block(self, flow: Flow) -> flow_block:
        domain, options = domain_of(self.env), self.flow_options
        view = view_flow(domain.site, flow, options, SITE_LANGUAGE)
        block, caption = flow_block(), self.caption()
        parts = [self.figure(self._diagram(view.diagram), caption)] if view.diagram else caption
        block += self._introduction(view.introduction)
        block += parts
        if view.diagram and view.diagram.numbers:
            block += make_numbers(view.diagram.numbers)
        if view.diagram:
            block += [node for evidence in view.diagram.evidence for node in make_evidence(evidence)]
        # a figure without a caption must not be numbered, so it gets no id
        has_caption = caption and isinstance(caption[0], nodes.caption)
        ident = self._mark(cast("nodes.Element", parts[0]) if has_caption else block, flow)
        if view.paths:
            block += make_paths(view.paths, flow, self.env.docname)
        if options.steps:
            entry = addnodes.index(entries=[index_entry(full_name(flow), gettext("flow"), ident)])
            block.insert(0, entry if self._is_indexed else [])
            block += self._steps(flow, view.steps)
        return block

    def _diagram(self, view: DiagramView) -> flow_diagram:
        return self.diagram(view.flow, self.arguments[0], view.label, view.look)

    def _introduction(self, view: IntroductionView) -> Iterator[nodes.Node]:
        """Yield what stands above the diagram; the title is no heading of the page."""
        texts: list[nodes.Element] = []
        if view.title:
            kind, attributes = (nodes.paragraph, UNTRANSLATED) if view.is_name else (translated_text, {})
            texts.append(kind("", "", nodes.strong("", view.title), classes=["ps-title"], **attributes))
        texts += [translated_text("", part, classes=["ps-description"]) for part in view.paragraphs]
        for text in texts:
            self.set_source_info(text)
            yield text

    def _steps(self, flow: Flow, views: Iterable[StepView]) -> Iterator[nodes.Node]:
        line = self.get_source_info()[1]  # a prolog has lines, too
        writer = StepWriter(flow, self.env, self.state.document, line, index=self._is_indexed)
        with domain_of(self.env).describing(flow.full_name):
            for view in views:
                yield from writer.describe(view)

    def _mark(self, node: nodes.Element, flow: Flow) -> str:
        """Make a node the target of ``:name:`` and the role ``penstock:flow``; return its id."""
        document = self.state.document
        self.set_source_info(node)
        self.add_name(node)
        has_steps = self.flow_options.steps
        # several pages may show the diagram, and singlehtml merges them into one page
        name = domain_of(self.env).site.name_in_ids(flow)
        ident = anchor(document, name) if has_steps else anchor(document, name, "on", self.env.docname)
        node["ids"].append(ident)
        document.ids[ident] = node
        place = ObjectLocation(ident, has_steps=has_steps)
        if self._is_indexed:
            domain_of(self.env).note_object("flow", full_name(flow), self.env.docname, place)
        return ident
