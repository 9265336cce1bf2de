"""Flows that are too large or too dense for the engine: plain layers in seconds, said in a note, in every format."""

from __future__ import annotations

import io
import random
import struct
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from penstock import Edge, Flow, Step
from penstock.errors import LayoutError, LayoutWarning
from penstock.render import Options, mermaid, render, svg
from penstock.render.graphviz import engine, layout, layout_cache
from penstock.render.graphviz.engine import find_engine
from penstock.render.graphviz.layout_cache import LayoutCache

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penstock.render.graphviz.plain_output import Geometry, Rectangle
    from penstock.render.options import Direction

pytest.importorskip("graphviz")

NOTE = "Drawn in plain layers: too large or too dense for the layout engine."


def drawn(pairs: Iterable[tuple[int, int]], count: int, name: str = "big") -> Flow:
    """Return a flow of so many steps with these arrows."""
    return Flow(
        name=name,
        steps=tuple(Step(name=f"s{number}", entrypoint=not number) for number in range(count)),
        edges=tuple(Edge(source=f"s{source}", target=f"s{target}") for source, target in pairs),
    )


def complete(count: int) -> Flow:
    """Return steps each of which follows all before."""
    return drawn(((one, other) for one in range(count) for other in range(one + 1, count)), count)


def cyclic(count: int) -> Flow:
    """Return steps each of which follows all, itself too."""
    return drawn(((one, other) for one in range(count) for other in range(count)), count)


def tangle(count: int) -> Flow:
    """Return steps with arrows at random, some of them twice."""
    generator = random.Random(1)
    return drawn(((generator.randrange(count), generator.randrange(count)) for _ in range(count * 13 // 10)), count)


def strand(count: int) -> Flow:
    """Return a long flow whose arrows lead a little way."""
    generator = random.Random(1)
    pairs = ((max(0, number - 1 - generator.randrange(5)), number) for number in range(1, count))
    more = [(start := generator.randrange(count - 20), start + 1 + generator.randrange(15)) for _ in range(count // 3)]
    return drawn([*pairs, *more], count)


LARGE = [complete(60), cyclic(45), tangle(1000), strand(5000)]
SIZES = ["complete", "cyclic", "tangle", "strand"]


def plain(flow: Flow, **options: object) -> layout.Layout:
    """Return the plain layout of a flow, and check that it has one."""
    (laid_out,) = layout.lay_out([flow], Options(**options))  # type: ignore[arg-type]
    assert isinstance(laid_out, layout.Layout)
    assert laid_out.reason
    return laid_out


@pytest.mark.parametrize("flow", LARGE, ids=SIZES)
def test_a_large_flow_has_a_drawing_of_all_its_parts(flow: Flow) -> None:
    """Every step has its box, every arrow its line, and a note says that the drawing is a plain one."""
    laid_out = plain(flow)
    geometry = laid_out.geometry()
    arrows = [(f"s{edge.source[1:]}", f"s{edge.target[1:]}") for edge in flow.edges]
    assert [f"s{number}" for number in range(len(flow.steps))] == sorted(geometry.boxes, key=lambda name: int(name[1:]))
    assert arrows == [(curve.source, curve.target) for curve in geometry.curves]
    assert f">{NOTE}</text>" in svg.draw(flow, laid_out, Options(), prefix="p")


@pytest.mark.parametrize("flow", LARGE, ids=SIZES)
def test_boxes_do_not_touch(flow: Flow) -> None:
    """No two boxes of a plain layout overlap, and none leaves the drawing."""
    geometry = plain(flow).geometry()
    rows: dict[float, list[Rectangle]] = {}
    for box in geometry.boxes.values():
        rows.setdefault(round(box.y + box.height / 2), []).append(box)
    for row in rows.values():
        row.sort()
        assert all(one.x + one.width < other.x for one, other in pairwise(row))
    assert all(-1 < box.x < box.x + box.width < geometry.width + 1 for box in geometry.boxes.values())
    assert all(-1 < box.y < box.y + box.height < geometry.height + 1 for box in geometry.boxes.values())


def test_lines_cross_no_box() -> None:
    """A line that passes layers goes past the boxes in them."""
    geometry = plain(tangle(800)).geometry()
    places = sorted(geometry.boxes.values(), key=lambda box: box.y)
    inside = [
        curve
        for curve in geometry.curves[:60]
        for x, y in zip(curve.points[6:-6:6], curve.points[7:-6:6], strict=True)
        if any(_holds(box, x, y) for box in places)
    ]
    assert [] == inside


def _holds(box: Rectangle, x: float, y: float) -> bool:
    return box.x + 1 < x < box.x + box.width - 1 and box.y + 1 < y < box.y + box.height - 1


@pytest.mark.parametrize(
    ("direction", "axis", "sign"), [("TB", "y", 1), ("BT", "y", -1), ("LR", "x", 1), ("RL", "x", -1)]
)
def test_plain_layers_follow_the_direction(direction: Direction, axis: str, sign: int) -> None:
    """What follows is below, above, right or left."""
    boxes = plain(complete(60), direction=direction).geometry().boxes
    places = [sign * getattr(boxes[f"s{number}"], axis) for number in range(60)]
    assert sorted(places) == places


def test_plain_layers_have_all_details() -> None:
    """Triggers, effects, labels and several arrows on one way are in a plain drawing, too."""
    flow = complete(60)
    first = replace(flow.steps[0], trigger="http", effects=("db", "mail"))
    twice = (Edge(source="s0", target="s1", label="if x"), Edge(source="s0", target="s1", label="if y"))
    flow = replace(flow, steps=(first, *flow.steps[1:]), edges=(*twice, *flow.edges[1:]))
    with pytest.warns(LayoutWarning):
        picture = render(flow, "svg", Options(details=True))
    assert isinstance(picture, str)
    assert all(f">{text}</text>" in picture for text in ("http", "db", "mail", "if x", "if y"))
    assert 2 == len(
        {line for line in picture.splitlines() if line.startswith("<path") and _begins_at_s0(line, picture)}
    )


def _begins_at_s0(line: str, picture: str) -> bool:
    before, _, _ = picture.partition(line)
    return before.rstrip().endswith('data-from="s0" data-to="s1">')


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_a_plain_drawing_is_told_where_it_is_made(format: str) -> None:
    """The warning names the flow, its size, why and what to do, at the line that asks for the drawing."""
    with pytest.warns(LayoutWarning) as noted:
        content = render(complete(40), format, Options())
    (first, *_) = noted
    assert content
    assert (__file__, 1) == (first.filename, sum("plain layers" in str(each.message) for each in noted))
    assert (
        "flow 'big' (40 steps, 780 arrows) is drawn in plain layers, because the layout engine 'graphviz-pure' would need "
        "more than 20 s (the setting layout_timeout). Give it more time, or split the flow." == str(first.message)
    )


def size_of(picture: str | bytes) -> tuple[int, int]:
    """Return the width and height of a PNG."""
    assert isinstance(picture, bytes)
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.parametrize(
    "flow",
    [
        strand(300),
        drawn(((number, number + 1) for number in range(999)), 1000),
        drawn(((0, number) for number in range(1, 500)), 500),
        Flow(name="long", steps=(Step(name="x" * 9000), *(Step(name=f"y{number}") for number in range(40)))),
    ],
    ids=["strand", "chain", "star", "name"],
)
def test_a_png_has_limited_pixels(flow: Flow) -> None:
    """A picture that would have too many pixels is scaled down, and a warning says how much and what is better."""
    with pytest.warns(LayoutWarning, match=r"is scaled down to \d+ %, or it would have too many pixels\.") as noted:
        width, height = size_of(render(flow, "png", Options()))
    assert 26_000_000 > width * height
    assert 33_000 > max(width, height)
    assert "Choose svg or pdf." in str(noted[0].message)


def test_a_small_png_is_as_sharp_as_ever() -> None:
    """A picture of usual size is not scaled, and nothing is told."""
    width, _ = size_of(render(drawn([(0, 1)], 2), "png", Options()))
    assert 150 < width < 250


def test_a_pdf_fits_readers() -> None:
    """A page is at most 200 inches long, which is as much as readers of PDF take."""
    reader = pytest.importorskip("pypdf").PdfReader
    document = render(drawn(((number, number + 1) for number in range(299)), 300), "pdf", Options())
    assert isinstance(document, bytes)
    (page,) = reader(io.BytesIO(document)).pages
    assert 14_000 < max(page.mediabox.width, page.mediabox.height) < 14_410


def test_mermaid_that_is_too_large_is_told() -> None:
    """The text of a flow that Mermaid would refuse to draw comes with a warning that says what is better."""
    with pytest.warns(LayoutWarning, match="flow 'big' is larger than Mermaid draws by default; choose svg"):
        text = render(tangle(500), "mermaid", Options())
    assert mermaid.too_large(str(text))


def test_more_time_is_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that was too hard for the usual limit goes to the engine where the limit is raised."""
    asked: list[float] = []

    def answer(*args: object, **options: object) -> object:
        asked.append(float(str(args[3])))
        return b"", engine.Fault("took too long", is_slow=True)

    monkeypatch.setattr(layout, "run_engine", answer)
    for timeout in (20, 100, 100, 20):
        LayoutCache(tmp_path).lay_out([complete(45)], Options(), timeout=timeout)
    assert [100.0, 100.0] == asked  # as usual, and more cheaply


def slow(folder: Path, name: str = "engine") -> str:
    """Write an engine that notes each call and takes too long."""
    file = folder / name
    file.write_text(f"#!/bin/sh\necho x >> {folder / 'calls'}\nsleep 60\n")
    file.chmod(0o755)
    return str(file)


def calls(folder: Path) -> int:
    """Return how often the engine was called."""
    return len((folder / "calls").read_text().split())


def test_a_drawing_that_failed_is_remembered(tmp_path: Path) -> None:
    """What took too long is not tried again, until the limit, the engine or the flow is another one."""
    kept, flow = LayoutCache(tmp_path), drawn([(0, 1)], 2)
    first = kept.lay_out([flow], Options(), engine=slow(tmp_path), timeout=0.2)
    assert first == LayoutCache(tmp_path).lay_out([flow], Options(), engine=str(tmp_path / "engine"), timeout=0.2)
    assert 2 == calls(tmp_path)  # as usual, and more cheaply
    kept.lay_out([flow], Options(), engine=str(tmp_path / "engine"), timeout=0.3)
    assert 4 == calls(tmp_path)
    kept.lay_out([flow], Options(), engine=slow(tmp_path, "other"), timeout=0.2)
    assert 6 == calls(tmp_path)
    kept.lay_out([drawn([(0, 1)], 3)], Options(), engine=str(tmp_path / "engine"), timeout=0.2)
    assert 8 == calls(tmp_path)


def test_a_drawing_that_failed_is_tried_again_after_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may have had much to do, so a plain layout is not for ever, however often it is used."""
    day, flow = [100 * 86_400], drawn([(0, 1)], 2)
    monkeypatch.setattr(layout_cache.time, "time", lambda: day[0])
    for _ in range(8):
        LayoutCache(tmp_path).lay_out([flow], Options(), engine=slow(tmp_path), timeout=0.1)
        (tmp_path / "engine").touch()
        day[0] += 86_400
    assert 2 <= calls(tmp_path)


def test_an_error_is_not_remembered(tmp_path: Path) -> None:
    """An engine that was mended in its place is asked again at once."""
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\n. {tmp_path / 'licence'}\n")
    engine.chmod(0o755)
    (tmp_path / "licence").write_text("exit 3\n")
    (broken,) = LayoutCache(tmp_path).lay_out([drawn([], 1)], Options(), engine=str(engine))
    assert isinstance(broken, LayoutError)
    (tmp_path / "licence").write_text(f"exec {find_engine()} -q -Tplain\n")
    (mended,) = LayoutCache(tmp_path).lay_out([drawn([], 1)], Options(), engine=str(engine))
    assert isinstance(mended, layout.Layout)
    assert "" == mended.reason


def test_hard_drawings_do_not_cost_the_others_theirs() -> None:
    """However many flows are too hard, those that are not are laid out by the engine."""
    flows = [flow for number in range(6) for flow in (complete(50 + number), drawn([(0, 1)], 2 + number))]
    laid_out = layout.lay_out(flows, Options(), timeout=5)
    assert [True, False] * 6 == [bool(found.reason) for found in laid_out if isinstance(found, layout.Layout)]


def test_an_empty_flow_can_be_plain(tmp_path: Path) -> None:
    """A flow without steps has a drawing, too, when the engine hangs."""
    (laid_out,) = layout.lay_out([Flow(name="f")], Options(), engine=slow(tmp_path), timeout=0.1)
    assert isinstance(laid_out, layout.Layout)
    geometry: Geometry = laid_out.geometry()
    assert ({}, ()) == (geometry.boxes, geometry.curves)
