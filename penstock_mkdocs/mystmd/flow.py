"""The directive ``penstock-flow``: the diagram of a flow, its paths, and its steps with their docstrings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock.embed.options import FlowOptions
from penstock.embed.views import shown_part, view_flow
from penstock.errors import UnknownFlowError, UnknownStepError
from penstock.render.wording import web_url
from penstock_mkdocs.embed_syntax.options import OptionError, read_name
from penstock_mkdocs.mystmd.docstrings import docstring
from penstock_mkdocs.mystmd.nodes import code, container, join_groups, label, node, paragraph, strong, text
from penstock_mkdocs.mystmd.project import complain, draw, open_project
from penstock_mkdocs.mystmd.request import Directive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from penstock.embed.numbers import NumbersRow, NumbersTable, NumbersView
    from penstock.embed.site import Site
    from penstock.embed.views import Chip, DiagramView, EvidenceView, IntroductionView, PathsView, StepFact, StepView
    from penstock.model import Flow
    from penstock.render.wording import Neighbour
    from penstock_mkdocs.mystmd.nodes import Node
    from penstock_mkdocs.mystmd.request import DirectiveRequest

DEFAULT_LEVEL = 3
"""The headings of steps, because a directive is not told which heading it stands under."""


class _ShownFlow(NamedTuple):
    """A flow, and how it is shown; the labels of the steps that have a heading."""

    site: Site
    flow: Flow
    options: FlowOptions
    labels: Mapping[str, dict[str, str]]


def show_flow(request: DirectiveRequest, folder: Path) -> list[Node]:
    """Return the nodes of a flow.

    Raises:
        OptionError: The directive is not written as it should be.
        PenstockError: The application cannot be imported.
    """
    options = request.options(FlowOptions)
    name = read_name(request.argument)
    if not name:
        raise OptionError("it needs the name of a flow: {penstock-flow} NAME", request.line)
    site = open_project(folder)
    try:
        flow = site.manifest.flow(name)
        part = shown_part(flow, options)
    except (UnknownFlowError, UnknownStepError) as error:
        raise OptionError(str(error), request.line) from None
    anchor = options.id or f"flow-{flow.full_name}"
    taken = {label(anchor)["html_id"]}
    labels = {step.name: label(f"{anchor}-{step.name}", taken) for step in part.steps if options.steps}
    shown = _ShownFlow(site, flow, options, labels)
    view = view_flow(site, flow, options)
    nodes = [*complain(site, request, flow), *_introduction(view.introduction)]
    if view.diagram:
        nodes += _figure(shown, view.diagram, anchor, request)
    if view.paths:
        nodes += _paths(shown, view.paths)
    for step in view.steps:
        nodes += _step(shown, step)
    return nodes


def _introduction(view: IntroductionView) -> Iterator[Node]:
    """Yield what stands above a diagram."""
    if view.title:
        yield paragraph(strong(view.title))
    for part in view.paragraphs:
        yield paragraph(text(part))


def _figure(shown: _ShownFlow, view: DiagramView, anchor: str, request: DirectiveRequest) -> list[Node]:
    links = {name: f"#{own['html_id']}" for name, own in shown.labels.items()}
    diagram, *notes = draw(shown.site, view.flow, view.look, shown.options, links, request)
    figure = container("figure", diagram, shown.options.caption, label(anchor), request.classes)
    evidence = [part for evidence_view in view.evidence for part in _evidence(evidence_view)]
    return [figure, *notes, *_numbers(view.numbers), *evidence]


def _numbers(view: NumbersView | None) -> list[Node]:
    """Return how often steps and edges ran, as tables."""
    if view is None:
        return []
    return [paragraph(text(view.origin)), *map(_table, view.tables)]


def _table(table: NumbersTable) -> Node:
    head = node("tableRow", [node("tableCell", [text(title)], header=True) for title in table.heads])
    return node("table", [head, *map(_row, table.rows)])


def _row(row: NumbersRow) -> Node:
    names = join_groups(([code(name)] for name in row.names), " → ")
    label = [text(f" ({row.label})")] if row.label else []
    cells = (node("tableCell", [text(cell)], align="right") for cell in row.cells)
    return node("tableRow", [node("tableCell", [*names, *label]), *cells])


def _evidence(view: EvidenceView) -> list[Node]:
    """Return how much is confirmed, and in words what is not."""
    nodes = [paragraph(text(view.line))]
    if view.doubts:
        items = [node("listItem", [text(str(doubt))]) for doubt in view.doubts]
        nodes.append(node("list", items, ordered=False, spread=False))
    return [*nodes, paragraph(text(view.rest))] if view.rest else nodes


def _paths(shown: _ShownFlow, view: PathsView) -> list[Node]:
    """Return the paths through a flow as a list."""
    items = [node("listItem", join_groups(([_name(shown, name)] for name in path), " → ")) for path in view.paths]
    rest = [paragraph(text(view.rest))] if view.rest else []
    return [paragraph(strong(view.title)), node("list", items, ordered=True, start=1, spread=False), *rest]


def _step(shown: _ShownFlow, view: StepView) -> list[Node]:
    level = shown.options.heading_level or DEFAULT_LEVEL
    heading = node("heading", [code(view.name)], depth=level, enumerated=False, **shown.labels[view.step.name])
    facts = [[code(view.signature)]] if view.signature else []
    facts += [[text(chip.text), *_state(chip)] for chip in view.chips]
    described = docstring(view.step, shown.site.config.docstring_style)
    meta = [_fact(shown, fact) for fact in view.facts]
    return [
        heading,
        *([paragraph(*join_groups(facts, " · "))] if facts else []),
        *described,
        *([paragraph(*join_groups(meta, " · "))] if meta else []),
    ]


def _fact(shown: _ShownFlow, fact: StepFact) -> list[Node]:
    if fact.source:
        url = web_url(fact.source.url)
        return [node("link", [text(fact.source.text)], url=url) if url else text(fact.source.text)]
    items = [_neighbour(shown, neighbour) for neighbour in fact.neighbours] or [
        [code(chip.text), *_state(chip)] for chip in fact.chips
    ]
    return [text(f"{fact.label} "), *join_groups(items, ", ")]


def _state(chip: Chip) -> list[Node]:
    return [text(" "), node("emphasis", [text(chip.state)])] if chip.state else []


def _neighbour(shown: _ShownFlow, neighbour: Neighbour) -> list[Node]:
    name, label = neighbour
    return [_name(shown, name), *([text(" "), node("emphasis", [text(label)])] if label else [])]


def _name(shown: _ShownFlow, name: str) -> Node:
    """Return a step's name, which leads to its heading if it has one."""
    if own := shown.labels.get(name):
        return node("crossReference", [code(name)], label=own["label"], identifier=own["identifier"], kind="heading")
    return code(name)


DIRECTIVE = Directive(
    name="penstock-flow",
    doc="A flow: its diagram, and its steps with their docstrings.",
    options=FlowOptions,
    run=show_flow,
    cure="Leave the steps out: :steps: false",
    argument="The flow's name, or SERVICE/NAME.",
)
