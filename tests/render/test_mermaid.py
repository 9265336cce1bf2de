"""The Mermaid text; what Mermaid makes of it is seen by the tests in ``browser``."""

from __future__ import annotations

from itertools import pairwise

import pytest

from penstock.embed.overview import system_map
from penstock.model import Edge, Flow, Step
from penstock.render import Options, mermaid

BOM_SYNC = Flow(
    name="bom_sync",
    steps=(
        Step(
            name="handle_kafka_message",
            title="Receives BOM update from Kafka.",
            signature="(msg: Message) -> None",
            entrypoint=True,
            trigger="kafka:bom-updates",
        ),
        Step(name="fetch_from_api"),
        Step(name="sync_to_database", effects=("postgres:parts", "postgres:parts", "kafka:bom-updates")),
    ),
    edges=(
        Edge(source="handle_kafka_message", target="fetch_from_api"),
        Edge(source="fetch_from_api", target="sync_to_database", label="if new"),
    ),
)


def test_a_flow_is_its_arrows() -> None:
    """A flow of ordinary names reads as one would write it by hand."""
    edges = tuple(Edge(source=edge.source, target=edge.target) for edge in BOM_SYNC.edges)
    expected = """\
graph TD
    handle_kafka_message --> fetch_from_api
    fetch_from_api --> sync_to_database"""

    assert expected == mermaid.render(Flow(name="f", steps=BOM_SYNC.steps, edges=edges), Options())


@pytest.mark.parametrize(("direction", "word"), [("TB", "TD"), ("LR", "LR"), ("BT", "BT"), ("RL", "RL")])
def test_the_direction_is_mermaids(direction: str, word: str) -> None:
    """Downwards is called ``TD``, as in Mermaid's own examples; the other directions have one name each."""
    assert f"graph {word}" == mermaid.render(Flow(name="f"), Options(direction=direction))  # type: ignore[arg-type]


def test_labels_stand_on_their_arrows() -> None:
    """A branch's label is one of the details; without them the arrow is bare."""
    assert 'fetch_from_api -->|"if new"| sync_to_database' in mermaid.render(BOM_SYNC, Options(details=True))
    assert "    fetch_from_api --> sync_to_database" in mermaid.render(BOM_SYNC, Options())


def test_two_labels_on_one_way_are_one_bare_arrow() -> None:
    """Without details nothing tells two arrows between the same steps apart, so one is drawn."""
    edges = tuple(Edge(source="a", target="b", label=label) for label in ("if new", "if old"))
    flow = Flow(name="f", steps=(Step(name="a"), Step(name="b")), edges=edges)

    assert "graph TD\n    a --> b" == mermaid.render(flow, Options())


def test_names_that_are_no_ids_are_declared_once_before_the_arrows() -> None:
    """A name that Mermaid would misread stands in quotes, and its arrows use an id in its place."""
    names = ("start", "end", "charge-card")
    edges = tuple(Edge(source=source, target=target) for source, target in pairwise(names))
    flow = Flow(name="f", steps=tuple(Step(name=name) for name in (*names, "alone")), edges=edges)
    expected = """\
graph TD
    n1["end"]
    n2["charge-card"]
    alone
    start --> n1
    n1 --> n2"""

    assert expected == mermaid.render(flow, Options())


def test_a_step_with_a_name_like_an_id_of_ours_stays_itself() -> None:
    """A step called ``n1`` is not taken for the second step's id."""
    edges = (Edge(source="n1", target="end"), Edge(source="end", target="io0"))
    flow = Flow(name="f", steps=tuple(Step(name=name) for name in ("n1", "end", "io0")), edges=edges)
    expected = """\
graph TD
    n0["n1"]
    n1["end"]
    n2["io0"]
    n0 --> n1
    n1 --> n2"""

    assert expected == mermaid.render(flow, Options())


def test_details_show_what_a_flow_touches() -> None:
    """With details, a step has its title, and each thing outside is drawn once however many steps touch it."""
    links = {"fetch_from_api": "#fetch", "handle_kafka_message": "javascript:alert(1)"}
    expected = """\
graph TD
    handle_kafka_message(["handle_kafka_message
Receives BOM update from Kafka."]):::entry
    fetch_from_api["fetch_from_api"]
    sync_to_database["sync_to_database"]
    io0[/"kafka#58;bom-updates"/]:::io
    io1[/"postgres#58;parts"/]:::io
    handle_kafka_message --> fetch_from_api
    fetch_from_api -->|"if new"| sync_to_database
    io0 -.-> handle_kafka_message
    sync_to_database -.-> io1
    sync_to_database -.-> io0
    click fetch_from_api href "#fetch" "fetch_from_api()\""""

    assert expected == mermaid.render(BOM_SYNC, Options(details=True, links=links)).partition("\n    classDef")[0]


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "<",
        ">",
        "&",
        "#",
        ";",
        "|",
        "\\",
        "`",
        "%%{init: {}}%%",
        "direction TB",
        "fa:fa-x",
        "$$x$$",
        "**x**",
        "- x",
    ],
)
def test_special_characters_are_escaped_in_labels(text: str) -> None:
    """What Mermaid, Markdown or HTML would read as theirs never stands in the text as it is."""
    edges = (Edge(source="a", target=text, label=text),)
    rendered = mermaid.render(
        Flow(name="f", steps=(Step(name="a"), Step(name=text)), edges=edges), Options(details=True)
    )

    assert '    n1["' in rendered
    assert f'"{text}"' not in rendered


@pytest.mark.parametrize("name", ["\u200b", " ", "\u2060\u200b", "\t"])
def test_an_empty_tooltip_is_left_out(name: str) -> None:
    """At empty quotes Mermaid stops, so a step whose name and signature are invisible has a link alone."""
    flow = Flow(name="f", steps=(Step(name=name, signature=""),))
    rendered = mermaid.render(flow, Options(details=True, links={name: "#x"}))
    assert ['click n0 href "#x"'] == [line.strip() for line in rendered.splitlines() if "click" in line]


def test_a_tooltip_that_mermaid_would_spoil_is_left_out() -> None:
    """Mermaid drops a semicolon from a line that it takes for a style, so such a line has none."""
    step = Step(name="style_it", signature='(by: str = "hand") -> None')
    rendered = mermaid.render(
        Flow(name="f", steps=(step,)), Options(details=True, links={"style_it": "https://example.org/#style"})
    )

    assert '    click style_it href "https://example.org/#style"\n' in rendered


@pytest.mark.parametrize(
    ("arrows", "title", "refused"),
    [(500, "", False), (501, "", True), (1, "x" * 49_000, False), (1, "x" * 50_000, True), (1, "😀" * 25_000, True)],
)
def test_what_mermaid_refuses_is_too_large(arrows: int, title: str, refused: bool) -> None:
    """Mermaid refuses more than 500 arrows, and more than 50,000 UTF-16 units of text."""
    edges = (Edge(source="a", target="b"),) * arrows
    flow = Flow(name="f", steps=(Step(name="a", title=title), Step(name="b")), edges=edges)

    assert refused is mermaid.too_large(mermaid.render(flow, Options(details=True)))


def test_arrows_to_what_lies_outside_count_too() -> None:
    """Triggers and effects have arrows of their own, which Mermaid counts."""
    flow = Flow(name="f", steps=(Step(name="a", effects=tuple(f"queue {index}" for index in range(501))),))

    assert mermaid.too_large(mermaid.render(flow, Options(details=True)))
    assert not mermaid.too_large(mermaid.render(flow, Options()))


def test_a_flow_on_the_map_takes_no_arguments() -> None:
    """The tooltip of a whole flow is its name, without parentheses."""
    text = mermaid.render(system_map([BOM_SYNC]), Options(details=True, links={"bom_sync": "#bom"}))
    assert 'click bom_sync href "#bom" "bom_sync"\n' in text
