"""What pages show of a flow, as texts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from penstock.config import Config
from penstock.embed.assets import confirmed_class
from penstock.embed.language import Language
from penstock.embed.layouts import Look
from penstock.embed.options import FlowOptions
from penstock.embed.overview import name_columns, view_row
from penstock.embed.site import Site
from penstock.embed.views import MOST_PATHS, Chip, SourceLink, StepFact, view_flow
from penstock.manifest import Manifest
from penstock.model import Edge, EvidenceSummary, Flow, Step
from penstock.render.edge_status import MOST_DOUBTS, MOST_UNFOLDED
from penstock.render.wording import alt_text

MARKED = Language(lambda text: f"<{text}>", lambda one, many, count: f"<{one if count == 1 else many}>")
"""A language that marks what is translated."""

ORDERS = Flow(
    name="orders",
    title="Orders",
    description="From order\nto mail.\n\nIn a day.",
    steps=(
        Step(name="receive", entrypoint=True, trigger="kafka:orders", kind="coroutine", signature="(msg)"),
        Step(name="check", signature="", file="shop.py", line=3, end_line=4, effects=("db:orders", "\u200b")),
    ),
    edges=(Edge(source="receive", target="check", label="if new"),),
)


@pytest.fixture
def view(tmp_path):
    """Return a function that returns the view of a flow with some options."""

    def run(flow: Flow = ORDERS, language: Language | None = None, **options: bool):
        (tmp_path / "shop.py").write_text("")
        config = Config(project=tmp_path, source_url="https://example.org/{file}#L{line}")
        site = Site(config, Manifest(flows=(flow,)))
        return view_flow(site, flow, FlowOptions(**options), *([language] if language else []))

    return run


def fan(count: int, **attributes: str) -> Flow:
    """Return a flow whose entrypoint leads to many steps, by edges with some attributes."""
    names = [f"s{number}" for number in range(count)]
    steps = (Step(name="begin", entrypoint=True), *(Step(name=name) for name in names))
    edges = tuple(Edge(source="begin", target=name, **attributes) for name in names)
    return Flow(name="fan", steps=steps, edges=edges)


@pytest.mark.parametrize(
    ("options", "title", "paragraphs"),
    [
        ({}, "", ()),
        ({"title": True}, "Orders", ()),
        ({"description": True}, "", ("From order to mail.", "In a day.")),
    ],
)
def test_introduction(view, options, title, paragraphs):
    """Title and description are shown where they are wanted."""
    introduction = view(**options).introduction
    assert (title, paragraphs) == (introduction.title, introduction.paragraphs)


@pytest.mark.parametrize(("flow", "expected"), [(ORDERS, False), (replace(ORDERS, title=""), True)])
def test_title_that_is_a_name(view, flow, expected):
    """A flow without a title is called by its name, which nobody translates."""
    assert expected is view(flow, title=True).introduction.is_name


@pytest.mark.parametrize("option", ["diagram", "steps"])
def test_part_that_is_left_out(view, option):
    """A part that an option leaves out is not there."""
    assert not getattr(view(**{option: False}), option)


def test_no_paths_by_default(view):
    """Paths are listed only where they are wanted."""
    assert view().paths is None


@pytest.mark.parametrize(
    ("count", "title", "rest"),
    [
        (1, "1 path", ""),
        (MOST_PATHS, f"{MOST_PATHS} paths", ""),
        (MOST_PATHS + 1, f"{MOST_PATHS + 1} paths", "… and 1 more."),
    ],
)
def test_paths(view, count, title, rest):
    """All paths are counted, and a limited number is listed."""
    paths = view(fan(count), paths=True).paths
    assert (title, rest) == (paths.title, paths.rest)
    assert [("begin", f"s{number}") for number in range(min(count, MOST_PATHS))] == sorted(
        paths.paths, key=lambda path: int(path[1][1:])
    )


def test_unchecked_flow_has_no_evidence(view):
    """Without checks, nothing is said of evidence."""
    assert () == view().diagram.evidence


CHECKED = {"evidence": EvidenceSummary(runs=3)}


def test_line_of_evidence(view):
    """The line counts what is confirmed, by what, and what is not."""
    (evidence,) = view(replace(fan(9, state="unexercised"), **CHECKED)).diagram.evidence
    assert "0 of 9 arrows confirmed by 3 runs; 9 not exercised" == evidence.line


@pytest.mark.parametrize("count", [0, MOST_UNFOLDED, MOST_UNFOLDED + 1, MOST_DOUBTS + 2])
def test_doubts(view, count):
    """Unconfirmed edges are spelled out, folded where there are many, and counted where there are too many."""
    (evidence,) = view(replace(fan(count, state="never-seen"), **CHECKED)).diagram.evidence
    assert min(count, MOST_DOUBTS) == len(evidence.doubts)
    assert (count > MOST_UNFOLDED) is bool(evidence.folded_title)
    assert (f"… and {count - MOST_DOUBTS} more" in evidence.rest) is (count > MOST_DOUBTS)


def test_flow_without_proof(view):
    """Without proof, a flow is drawn as declared, and has no evidence."""
    diagram = view(replace(fan(2, state="never-seen"), **CHECKED), proof=False).diagram
    assert (["", ""], ()) == ([edge.state for edge in diagram.flow.edges], diagram.evidence)


def test_chips(view):
    """A step tells whether it is an entrypoint, its kind, and what triggers it."""
    receive, check = view().steps
    assert (Chip("entrypoint"), Chip("async"), Chip("kafka:orders", is_channel=True)) == receive.chips
    assert () == check.chips


def test_facts(view):
    """A step names the steps around it, its effects that can be seen, and its source."""
    receive, check = view().steps
    assert (StepFact("then", neighbours=(("check", "if new"),)),) == receive.facts
    assert (
        StepFact("after", neighbours=(("receive", "if new"),)),
        StepFact("effects", chips=(Chip("db:orders", is_channel=True),)),
        StepFact("", source=SourceLink("shop.py:3", "https://example.org/shop.py#L3")),
    ) == check.facts


def test_signature(view):
    """A step that is no function has no signature."""
    assert ["(msg)", ""] == [step.signature for step in view().steps]


def test_language(view):
    """Our own words are in the language of the site, the texts of the application stay."""
    shown = view(language=MARKED, paths=True)
    labels = [fact.label for step in shown.steps for fact in step.facts]
    assert ["<then>", "<after>", "<effects>", ""] == labels
    assert ("<Diagram of Orders>", "<1 path>") == (shown.diagram.label, shown.paths.title)
    assert ["<entrypoint>", "async", "kafka:orders"] == [chip.text for chip in shown.steps[0].chips]


def test_row():
    """A row of a table of flows has title, size and service, channels and a summary."""
    row = view_row(replace(ORDERS, service="shop"))
    assert ("Orders", ("2 steps", "shop"), ("kafka:orders",), "From order to mail.") == (
        row.title,
        row.facts,
        row.channels,
        row.summary,
    )


@pytest.mark.parametrize("modules", [1, 3, 1000])
def test_small_diagram(modules):
    """A small diagram has few boxes, however many steps the flow has."""
    names = [f"s{number}" for number in range(1000)]
    steps = tuple(Step(name=name, module=f"m{number % modules}") for number, name in enumerate(names))
    edges = tuple(Edge(source=source, target=target) for source, target in pairwise(names))
    drawn = Look("TB", small=True).flow(Flow(name="f", steps=steps, edges=edges))
    assert 1 <= len(drawn.steps) <= 40


@pytest.mark.parametrize(
    ("diagrams", "expected"), [(True, ("Flow", "What it does", "Diagram")), (False, ("Flow", "What it does"))]
)
def test_columns(diagrams, expected):
    """A table without diagrams has no column for them."""
    assert expected == name_columns(diagrams=diagrams)


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"focus": "check"}, ["receive", "check"]),
        ({"depth": 0}, ["receive"]),
        ({"collapse": "module"}, ["receive", "check"]),
    ],
)
def test_a_part_has_its_own_steps(view, options, steps):
    """The steps and paths below a diagram are those of the part; a collapsed diagram has all."""
    shown = view(ORDERS, paths=True, **options)
    assert steps == [step.name for step in shown.steps]
    assert {name for path in shown.paths.paths for name in path} == set(steps)


def test_a_part_says_what_it_leaves_out(view):
    """The drawing has a note, and a whole flow has none."""
    assert "1 of 2 steps left out." == view(ORDERS, depth=0).diagram.look.drawing().note
    assert "" == view(ORDERS).diagram.look.drawing().note


def test_arrows_that_no_test_takes_are_marked_on_request(view):
    """The drawing has their number, and the line of proof, too; an arrow that is confirmed stays so."""
    edge = replace(ORDERS.edges[0], state="confirmed", witness="static", untested=True)
    flow = replace(ORDERS, evidence=EvidenceSummary(runs=1), edges=(edge,))
    diagram = view(flow, untested=True).diagram
    assert "1 of 1 arrow is taken by no test." == diagram.look.drawing().note
    assert "1 of 1 arrow confirmed by the code; 1 taken by no test" == diagram.evidence[0].line
    assert "1 of 1 arrow confirmed by the code" == view(flow).diagram.evidence[0].line


@pytest.mark.parametrize(("state", "css"), [("confirmed", "ps-confirmed"), ("outdated", "ps-none-confirmed")])
def test_only_what_is_confirmed_has_a_tick(view, state, css):
    """A line of proof that counts none is not marked as a success."""
    flow = replace(ORDERS, evidence=EvidenceSummary(runs=1), edges=(replace(ORDERS.edges[0], state=state),))
    assert css == confirmed_class(view(flow).diagram.evidence[0])


@pytest.mark.parametrize("note", ["", "1 of 2 steps left out."])
def test_text_alternative_has_the_note(note):
    """Who hears a drawing hears as well what it leaves out."""
    assert (
        f"Flow orders: 2 steps. Starts at receive (kafka:orders). receive leads to check (if new). {note}".strip()
        == (alt_text(ORDERS, note))
    )
