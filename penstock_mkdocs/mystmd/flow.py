"""The directive ``penstock-flow``: the diagram of a flow, its paths, and its steps with their docstrings."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from penstock.embed.layouts import look_of
from penstock.embed.options import FlowOptions
from penstock.embed.reporting import describe_located_finding
from penstock.errors import UnknownFlowError
from penstock.render import edge_status
from penstock.render.wording import (
    KIND_CHIPS,
    after,
    before,
    paragraphs,
    python_signature,
    visible,
    visible_title,
    web_url,
)
from penstock_mkdocs.blocks.figure import MOST_PATHS
from penstock_mkdocs.embed_syntax.options import OptionError, read_name
from penstock_mkdocs.mystmd.docstrings import docstring
from penstock_mkdocs.mystmd.nodes import code, container, fault, join_groups, label, node, note, paragraph, strong, text
from penstock_mkdocs.mystmd.project import draw, open_project
from penstock_mkdocs.mystmd.request import Directive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from penstock.embed.site import Site
    from penstock.model import Flow, Step
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
    except UnknownFlowError as error:
        raise OptionError(str(error), request.line) from None
    anchor = options.id or f"flow-{flow.full_name}"
    taken = {label(anchor)["html_id"]}
    labels = {step.name: label(f"{anchor}-{step.name}", taken) for step in flow.steps if options.steps}
    shown = _ShownFlow(site, flow, options, labels)
    nodes = [*_complaints(site, flow, request), *_introduction(flow, options)]
    if options.diagram:
        nodes += _figure(shown, anchor, request)
    if options.paths:
        nodes += _paths(shown)
    for step in flow.steps if options.steps else ():
        nodes += _step(shown, step)
    return nodes


def _complaints(site: Site, flow: Flow, request: DirectiveRequest) -> Iterator[Node]:
    for message in (*site.complaints, *map(str, flow.problems)):
        yield fault(message, request.position())
    report = fault if site.config.check == "error" else note
    for finding in site.findings_on(flow):
        yield report(describe_located_finding(finding), request.position())


def _introduction(flow: Flow, options: FlowOptions) -> Iterator[Node]:
    """Yield a flow's title and description, as far as they are wanted; the title is no heading of the page."""
    if options.title:
        yield paragraph(strong(visible_title(flow)))
    for part in paragraphs(flow.description) if options.description else ():
        yield paragraph(text(part))


def _figure(shown: _ShownFlow, anchor: str, request: DirectiveRequest) -> list[Node]:
    links = {name: f"#{own['html_id']}" for name, own in shown.labels.items()}
    look = look_of(shown.options, shown.site.config, proof=shown.options.proof)
    drawn = look.flow(shown.flow)
    diagram, *notes = draw(shown.site, drawn, look, shown.options, links, request)
    figure = container("figure", diagram, shown.options.caption, label(anchor), request.classes)
    return [figure, *notes, *_proof(drawn)]


def _proof(flow: Flow) -> list[Node]:
    """Return what is known of the arrows, and in words those that are not confirmed."""
    provenance = edge_status.provenance(flow)
    if provenance is None:
        return []
    doubts = edge_status.doubts(flow)
    nodes = [paragraph(text(str(provenance)))]
    if doubts:
        items = [node("listItem", [text(str(doubt))]) for doubt in doubts[: edge_status.MOST_DOUBTS]]
        nodes.append(node("list", items, ordered=False, spread=False))
    if rest := edge_status.rest(len(doubts)):
        nodes.append(paragraph(text(rest)))
    return nodes


def _paths(shown: _ShownFlow) -> list[Node]:
    """Return the ways through a flow as a list, at most :data:`MOST_PATHS` of them."""
    count = shown.flow.path_count
    items = [
        node("listItem", join_groups(([_name(shown, name)] for name in path), " → "))
        for path in islice(shown.flow.paths(), MOST_PATHS)
    ]
    rest = [paragraph(text(f"… and {count - MOST_PATHS} more."))] if count > MOST_PATHS else []
    title = paragraph(strong(f"{count} path{'' if count == 1 else 's'}"))
    return [title, node("list", items, ordered=True, start=1, spread=False), *rest]


def _step(shown: _ShownFlow, step: Step) -> list[Node]:
    level = shown.options.heading_level or DEFAULT_LEVEL
    heading = node("heading", [code(step.name)], depth=level, enumerated=False, **shown.labels[step.name])
    facts = [[code(python_signature(step))]] if visible(step.signature) else []
    words = ("entrypoint" if step.entrypoint else "", KIND_CHIPS.get(step.kind, ""), visible(step.trigger))
    facts += [[text(word)] for word in words if word]
    described = docstring(step, shown.site.config.docstring_style)
    meta = _meta(shown, step)
    return [
        heading,
        *([paragraph(*join_groups(facts, " · "))] if facts else []),
        *described,
        *([paragraph(*join_groups(meta, " · "))] if meta else []),
    ]


def _meta(shown: _ShownFlow, step: Step) -> list[list[Node]]:
    groups = []
    for word, neighbours in (("after ", before(shown.flow, step)), ("then ", after(shown.flow, step))):
        if neighbours:
            groups.append([text(word), *join_groups((_neighbour(shown, each) for each in neighbours), ", ")])
    if step.effects:
        groups.append([text("effects "), *join_groups(([code(effect)] for effect in step.effects), ", ")])
    if step.file:
        url = web_url(shown.site.source_url(step))
        groups.append([node("link", [text(step.where)], url=url) if url else text(step.where)])
    return groups


def _neighbour(shown: _ShownFlow, neighbour: Neighbour) -> list[Node]:
    name, arrow = neighbour
    return [_name(shown, name), *([text(" "), node("emphasis", [text(visible(arrow))])] if arrow else [])]


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
