"""Layout by Graphviz: one process for many diagrams, a time limit, clear errors."""

from __future__ import annotations

import random
import re
import subprocess
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from penstock import Edge, Flow, Step
from penstock.errors import LayoutError, MissingExtraError
from penstock.render import Options
from penstock.render.graphviz import dot, engine, layout, picture

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.render.graphviz.plain_output import Geometry

pytest.importorskip("graphviz")


def chain(count: int, name: str = "chain") -> Flow:
    """Return steps in a row."""
    return Flow(
        name=name,
        steps=tuple(Step(name=f"step_{number}", entrypoint=not number) for number in range(count)),
        edges=tuple(Edge(source=f"step_{number}", target=f"step_{number + 1}") for number in range(count - 1)),
    )


def dense() -> Flow:
    """Return a tangle that cannot be laid out in half a second: 300 steps, 3000 arrows."""
    generator = random.Random(1)
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < 3000:
        source, target = sorted(generator.sample(range(300), 2))
        pairs.add((source, target))
    return Flow(
        name="dense",
        steps=tuple(Step(name=f"n{number}", entrypoint=not number) for number in range(300)),
        edges=tuple(Edge(source=f"n{source}", target=f"n{target}") for source, target in sorted(pairs)),
    )


def boxes_of(found: layout.Layout | LayoutError) -> int:
    """Return how many boxes a layout has."""
    assert isinstance(found, layout.Layout)
    return len(found.geometry().boxes)


def one(flow: Flow, **options: object) -> Geometry:
    """Return where everything of one flow is."""
    (found,) = layout.lay_out([flow], Options(**options))  # type: ignore[arg-type]
    assert isinstance(found, layout.Layout)
    return found.geometry()


def test_every_step_has_a_box_and_every_arrow_a_curve() -> None:
    """Boxes lie inside the drawing and do not overlap; curves are splines from box to box with a head."""
    flow = chain(3)
    found = one(flow)
    assert {"s0", "s1", "s2"} == set(found.boxes)
    assert [("s0", "s1"), ("s1", "s2")] == [(curve.source, curve.target) for curve in found.curves]
    for box in found.boxes.values():
        assert 0 <= box.x <= box.x + box.width <= found.width
        assert 0 <= box.y <= box.y + box.height <= found.height
    tops = [found.boxes[name].y for name in ("s0", "s1", "s2")]
    assert sorted(tops) == tops
    assert all(2 == len(curve.points) % 6 and 6 == len(curve.head) for curve in found.curves)


@pytest.mark.parametrize(
    ("direction", "axis", "sign"), [("TB", "y", 1), ("BT", "y", -1), ("LR", "x", 1), ("RL", "x", -1)]
)
def test_arrows_point_where_they_should(direction: str, axis: str, sign: int) -> None:
    """Each direction puts what follows below, above, right or left."""
    boxes = one(chain(2), direction=direction).boxes
    assert 0 < sign * (getattr(boxes["s1"], axis) - getattr(boxes["s0"], axis))


@pytest.mark.parametrize("text", ["部品表を取得する処理", "a_rather_long_name_of_a_step", "WWWWWWWWWW"])
def test_boxes_are_wide_enough_for_their_text(text: str) -> None:
    """Wide letters, which Graphviz takes for narrow ones, get the room that browsers need."""
    flow = Flow(name="f", steps=(Step(name=text, trigger=text, entrypoint=True),))
    boxes = one(flow, details=True).boxes
    columns = sum(2 if char > "\u3000" else 1 for char in text)
    assert columns * 6 < boxes["s0"].width
    assert columns * 4.5 < boxes["t0"].width


def test_a_trigger_that_two_entrypoints_share_is_drawn_once() -> None:
    """One source with an arrow to each; effects stand beside their step."""
    steps = (
        Step(name="a", entrypoint=True, trigger="http"),
        Step(name="b", entrypoint=True, trigger="http", effects=("db", "mail")),
    )
    found = one(Flow(name="f", steps=steps), details=True)
    assert {"s0", "s1", "t0", "e0"} == set(found.boxes)
    assert {("t0", "s0"), ("t0", "s1"), ("s1", "e0")} == {(curve.source, curve.target) for curve in found.curves}
    assert found.boxes["t0"].height < found.boxes["e0"].height
    assert abs(found.boxes["e0"].y - found.boxes["s1"].y) < found.boxes["s1"].height


def test_effects_do_not_lie_in_a_loop() -> None:
    """An arrow from a step to itself takes the place beside it, so its effects stand where what follows does."""
    step = Step(name="a", entrypoint=True, effects=("db",))
    plain, looped = (
        one(Flow(name="f", steps=(step,), edges=edges), details=True).boxes
        for edges in ((), (Edge(source="a", target="a"),))
    )
    assert abs(plain["e0"].y - plain["s0"].y) < plain["s0"].height
    assert looped["s0"].y + looped["s0"].height < looped["e0"].y


def test_many_diagrams_share_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred flows start the engine once, and come back in their order."""
    started: list[object] = []
    real = subprocess.Popen

    def counted(*arguments: object, **options: object) -> object:
        started.append(arguments)
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", counted)
    found = layout.lay_out([chain(count) for count in range(1, 101)], Options())
    assert list(range(1, 101)) == [*map(boxes_of, found)]
    assert 1 == len(started)


def test_more_diagrams_than_a_batch() -> None:
    """Any number comes back, in order."""
    found = layout.lay_out([chain(1 + number % 3) for number in range(450)], Options())
    assert [1 + number % 3 for number in range(450)] == [*map(boxes_of, found)]


def test_nothing_to_lay_out() -> None:
    """No flows, no layouts; a flow without steps has an empty one."""
    assert [] == layout.lay_out([], Options())
    assert ({}, ()) == (one(Flow(name="f")).boxes, one(Flow(name="f")).curves)


def test_one_tangle_does_not_harm_the_others() -> None:
    """A diagram that would take too long is drawn in plain layers, which its reason says, and the others are laid out."""
    first, tangle, last = layout.lay_out([chain(2), dense(), chain(3)], Options(), timeout=0.5)
    reasons = [found.reason for found in (first, tangle, last) if isinstance(found, layout.Layout)]
    assert [
        "",
        "the layout engine 'graphviz-pure' would need more than 0.5 s (the setting layout_timeout)",
        "",
    ] == reasons
    assert [2, 300, 3] == [boxes_of(found) for found in (first, tangle, last)]


def test_two_thousand_steps_are_no_problem() -> None:
    """A long flow is laid out in seconds."""
    assert 2000 == len(one(chain(2000)).boxes)


@pytest.mark.parametrize("engine", ["/nonexistent", "no-such-engine"])
def test_a_missing_engine_says_what_to_install(engine: str) -> None:
    """The error names the engine and the very command."""
    with pytest.raises(MissingExtraError) as caught:
        layout.lay_out([chain(1)], Options(), engine=engine)
    assert "graphviz" == caught.value.extra
    assert f"the layout engine {engine!r} was not found; without the setting, graphviz-pure draws," in str(caught.value)
    assert "pip install 'penstock[graphviz]'" in str(caught.value)


def script(folder: Path, body: str) -> str:
    """Write an executable that stands in for an engine."""
    file = folder / "engine"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo boom >&2; exit 3", "boom"),
        ("exit 4", "exit code 4"),
        ("kill -9 $$", "exit code -9"),
        ("echo nonsense", "it wrote nothing"),
        ("echo stop", "it answered nonsense"),
        ("printf 'graph 1 2 2\\nnode s0 x 1 1 1\\nstop\\n'", "it answered nonsense"),
        ("printf 'graph 1 2 2\\nedge s0 s1 4 1 1 solid black\\nstop\\n'", "it answered nonsense"),
        ("printf 'graph 1 2 1e999\\nstop\\n'", "it answered nonsense"),
        ("cat >/dev/null", "it wrote nothing"),
        ("printf 'graph 1 2 2\\n'", "it wrote nothing"),
    ],
)
def test_an_engine_that_fails_is_one_error(body: str, said: str, tmp_path: Path) -> None:
    """Whatever the engine does, the flow has an error that repeats what the engine said last."""
    (found,) = layout.lay_out([chain(2)], Options(), engine=script(tmp_path, body))
    assert isinstance(found, LayoutError)
    assert str(found).startswith("flow 'chain' (2 steps, 1 arrow) has no layout: ")
    assert said in str(found)


def test_an_engine_that_cannot_be_started_is_the_same_error(tmp_path: Path) -> None:
    """A file that is no program is no engine."""
    engine = tmp_path / "engine"
    engine.write_bytes(b"\x00")
    engine.chmod(0o755)
    (found,) = layout.lay_out([chain(1)], Options(), engine=str(engine))
    assert isinstance(found, LayoutError)
    assert f"cannot start {engine}" in str(found)


@pytest.mark.parametrize(("body", "said"), [("echo boom >&2; exit 3", "boom"), ("exit 0", "it wrote nothing")])
def test_a_picture_that_fails_is_the_same_error(body: str, said: str, tmp_path: Path) -> None:
    """The engine's own pictures fail with the same kind of error."""
    (laid_out,) = layout.lay_out([chain(1)], Options())
    assert isinstance(laid_out, layout.Layout)
    with pytest.raises(LayoutError, match=rf"the layout engine '.*' failed: {said}"):
        picture.draw_png(chain(1), Options(), laid_out, engine=script(tmp_path, body))


def read_by_graphviz(source: str) -> ET.Element:
    """Let Graphviz read DOT text and draw it in its own way."""
    done = subprocess.run(
        [engine.find_engine(), "-Tsvg"], input=source, capture_output=True, text=True, check=True, timeout=20
    )
    return ET.fromstring(done.stdout)


@pytest.mark.parametrize(
    "text", ['a"b', "<b>&amp;</b>", "\\N\\G\\\\", "]]>", "{a|b}", '"]; x [label="', "部品", "&#60;", "end", "s0"]
)
def test_dot_text_means_what_it_says(text: str) -> None:
    """Graphviz reads every name, trigger, effect and label back as it was."""
    steps = (Step(name=text, trigger=text, effects=(text,), entrypoint=True), Step(name="other"))
    flow = Flow(name="f", steps=steps, edges=(Edge(source=text, target="other", label=text),))
    drawing = read_by_graphviz(dot.render(flow, Options(details=True)))
    seen = [(element.text or "").strip("\u00a0 ") for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert [text] * 4 + ["other"] == sorted(seen, key=lambda seen: seen != text)


XLINK = "{http://www.w3.org/1999/xlink}"


@pytest.mark.parametrize(
    ("url", "escaped"),
    [
        ('https://x/"><script>alert(1)</script>', "https://x/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
        ("https://x/it's", "https://x/it%27s"),
        (r"https://x/a\N\G", "https://x/a%5CN%5CG"),
        ("https://x/?a=1&b=%22#`{|}^", "https://x/?a=1&b=%22#%60%7B%7C%7D%5E"),
        ("#a\n'b", "#a%27b"),
        ("https://x/é/%zz", "https://x/é/%zz"),
    ],
)
def test_a_link_in_dot_text_ends_where_it_should(url: str, escaped: str) -> None:
    """Quotes, angle brackets and backslashes of a link are encoded: some versions of Graphviz write them as they are."""
    step = Step(name="a")
    source = dot.render(Flow(name="f", steps=(step,)), Options(links={"a": url}))
    assert [escaped] == re.findall(r'URL="(.*?)"(?= |\])', source)
    assert [escaped] == [
        link.get(f"{XLINK}href") for link in read_by_graphviz(source).iter("{http://www.w3.org/2000/svg}a")
    ]


@pytest.mark.parametrize("text", [r"\N", r"\\N", r"\G \E \T \l", "a\\", '"><script>', "&lt;", "%s it's", "&#60;"])
def test_a_tooltip_in_dot_text_means_what_it_says(text: str) -> None:
    """Graphviz reads every title and note back as it was, though it replaces escape sequences in tooltips twice."""
    steps = (Step(name="a", title=text), Step(name="b"))
    edge = Edge(source="a", target="b", state="undeclared", note=text)
    source = dot.render(Flow(name="f", steps=steps, edges=(edge,)), Options(details=True))
    links = read_by_graphviz(source).iter("{http://www.w3.org/2000/svg}a")
    assert {text} == {str(link.get(f"{XLINK}title")).replace("\u2060", "") for link in links}


def test_dot_text_is_plain_graphviz() -> None:
    """Nodes are named by us, so no text of a user is ever an identifier, and the same flow gives the same text."""
    source = dot.render(chain(2), Options())
    assert ["s0 -> s1"] == re.findall(r"\w+ -> \w+", source)
    assert source == dot.render(chain(2), Options())


def test_many_hanging_diagrams_cost_a_limited_time(tmp_path: Path) -> None:
    """After some failures the rest is not tried any more; each diagram has plain layers, and says why."""
    started = time.monotonic()
    found = layout.lay_out([chain(2)] * 50, Options(), engine=script(tmp_path, "sleep 600"), timeout=0.2)
    assert time.monotonic() - started < 300
    assert [2] * 50 == [*map(boxes_of, found)]
    last = found[-1]
    assert isinstance(last, layout.Layout)
    assert last.reason.endswith("took longer than 0.2 s (the setting layout_timeout) for 3 diagrams before this one")
