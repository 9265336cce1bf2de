"""Engines that lie, flood, hang or leave children: one clear error, in limited time and memory, and nothing kept."""

from __future__ import annotations

import os
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from penstock import Edge, Flow, Step
from penstock.errors import LayoutError
from penstock.render import Options
from penstock.render.graphviz import layout, picture
from penstock.render.graphviz.layout_cache import LayoutCache

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("graphviz")

FLOW = Flow(
    name="f",
    steps=(Step(name="a", entrypoint=True), Step(name="b")),
    edges=(Edge(source="a", target="b"),),
)
OTHER = Flow(name="g", steps=(Step(name="c"),))
A, B = (f"node s{number} 1 {number + 1} 1 1 x solid box black lightgrey" for number in (0, 1))
ARROW = "edge s0 s1 4 1 1 1 1 1 1 1 1 solid black"
GOOD = ("graph 1 2 3", A, B, ARROW, "stop")


def engine(folder: Path, *commands: str) -> str:
    """Write an executable that stands in for an engine."""
    file = folder / "engine"
    file.write_text("\n".join(("#!/bin/sh", *commands, "")))
    file.chmod(0o755)
    return str(file)


def answering(folder: Path, *lines: str) -> str:
    """Write an engine that reads everything and answers these lines."""
    (folder / "answer").write_text("".join(f"{line}\n" for line in lines))
    return engine(folder, "cat >/dev/null", f"cat {folder / 'answer'}")


def complaint(engine: str, timeout: float = 5) -> str:
    """Return what the error says of the only flow."""
    (laid_out,) = layout.lay_out([FLOW], Options(), engine=engine, timeout=timeout)
    assert isinstance(laid_out, LayoutError)
    return str(laid_out)


def test_a_right_answer_is_taken(tmp_path: Path) -> None:
    """An engine that answers what it was asked is believed, also where it does not end after that."""
    path = answering(tmp_path, *GOOD)
    (laid_out,) = layout.lay_out([FLOW], Options(), engine=path)
    (tmp_path / "engine").write_text(f"#!/bin/sh\ncat {tmp_path / 'answer'}\nsleep 60\n")
    assert [laid_out] == layout.lay_out([FLOW], Options(), engine=path)
    assert isinstance(laid_out, layout.Layout)


@pytest.mark.parametrize(
    "lines",
    [
        ("graph 1 2 3", A, ARROW, "stop"),
        ("graph 1 2 3", A, B, "stop"),
        ("graph 1 2 3", A, B, A, ARROW, "stop"),
        ("graph 1 2 3", A, B, A.replace("s0", "s2"), ARROW, "stop"),
        ("graph 1 2 3", A, B.replace("s1", "x9"), ARROW, "stop"),
        ("graph 1 2 3", A, B, ARROW, ARROW, "stop"),
        ("graph 1 2 3", A, B, ARROW.replace("s0 s1", "s1 s0"), "stop"),
        (*GOOD, *GOOD),
        (*GOOD, "more"),
        ("graph 1 nan 3", A, B, ARROW, "stop"),
        ("graph 1 999999999e99 3", A, B, ARROW, "stop"),
        ("graph 1 2 3", A.replace(" 1 1 1 1", " 1e99 1 1 1"), B, ARROW, "stop"),
        ("graph 1 2 3", A.replace(" 1 1 1 1", " 9 1 1 1"), B, ARROW, "stop"),
        ("graph 1 2 3", A.replace(" 1 1 1 1", " 1 1 -1 1"), B, ARROW, "stop"),
        ("graph 1 2 3", A, B, ARROW.replace("4 1 1", "4 9e9 1"), "stop"),
        ("graph 1 -2 3", A, B, ARROW, "stop"),
    ],
)
def test_another_drawing_is_an_error_and_never_kept(lines: tuple[str, ...], tmp_path: Path) -> None:
    """What was not asked for, twice, missing, outside of the drawing or no number is not drawn, today or tomorrow."""
    path = answering(tmp_path, *lines)
    kept = LayoutCache(tmp_path)
    for _ in range(2):
        (laid_out,) = kept.lay_out([FLOW], Options(), engine=path)
        assert isinstance(laid_out, LayoutError)
    assert str(laid_out).startswith("flow 'f' (2 steps, 1 arrow) has no layout: it answered ")
    assert str(laid_out).endswith(
        f". Repair the layout engine {path!r}, or leave the setting engine out: graphviz-pure draws then."
    )
    assert not (tmp_path / ".penstock/layouts.json").exists()


def test_the_right_ones_of_several_are_taken(tmp_path: Path) -> None:
    """A drawing of another flow than it stands for is an error of that flow alone."""
    path = answering(tmp_path, "graph 1 2 3", A, "stop", "graph 1 2 3", A, "stop")
    one, other = layout.lay_out([OTHER, FLOW], Options(), engine=path)
    assert isinstance(one, layout.Layout)
    assert isinstance(other, LayoutError)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("yes 'graph 1 1 1'", "it wrote more than 64 MiB for one drawing"),
        ("head -c 200000000 /dev/zero", "it wrote more than 64 MiB for one drawing"),
        ("yes stop", "it answered more than the 1 drawing"),
        ("head -c 100000000 /dev/zero >&2; exit 3", "exit code 3"),
        ("yes 'no licence' | head -c 50000000 >&2; exit 1", "no l"),
        ("printf 'bad \\033[31mred\\n' >&2; exit 1", "bad [31mred"),
    ],
)
def test_a_flood_costs_limited_memory(command: str, words: str, tmp_path: Path) -> None:
    """However much an engine writes, little of it is read, less of it kept, and one line of it told."""
    path = engine(tmp_path, command)
    tracemalloc.start()
    try:
        message = complaint(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert words in message
    assert most < 300 * 1024**2


@pytest.mark.parametrize("end", ["sleep 600", "exit 1", "cat >/dev/null"])
def test_no_child_outlives_its_engine(end: str, tmp_path: Path) -> None:
    """What an engine has started ends with it, after its time, its failure and its answer."""
    path = engine(tmp_path, "sleep 600 & echo $! >> " + str(tmp_path / "children"), end)
    begun = time.monotonic()
    layout.lay_out([FLOW], Options(), engine=path, timeout=0.5)
    assert 300 > time.monotonic() - begun
    children = [int(line) for line in (tmp_path / "children").read_text().split()]
    assert 2 == len(children)
    assert not any(map(_is_running, children))


def _is_running(process: int) -> bool:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
            with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123 - a path is no help here
                if " Z " in file.read():
                    return False
        except OSError:
            return False
        time.sleep(0.02)
    return True


def test_the_time_limit_is_for_each_drawing(tmp_path: Path) -> None:
    """Many diagrams may take longer than the limit together, as long as none of them does."""
    drawing = "\\n".join(("graph 1 2 3", A.replace("x", "x"), "stop", ""))
    path = engine(tmp_path, "cat >/dev/null", *[f"printf '{drawing}'; sleep 0.3"] * 6)
    laid_out = layout.lay_out([OTHER] * 6, Options(), engine=path, timeout=1.2)
    assert [""] * 6 == [found.reason for found in laid_out if isinstance(found, layout.Layout)]


@pytest.mark.parametrize(
    "content",
    [
        "no picture",
        "\\211PNG\\r\\n\\032\\n",
        "\\211PNG\\r\\n\\032\\n\\0\\0\\0\\rIHDR\\0\\0\\0\\001\\0\\0\\0\\001",
        "\\211PNG\\r\\n\\032\\n\\0\\0\\0\\rIHDR\\377\\0\\0\\0\\377\\0\\0\\0IEND\\256B`\\202",
        "\\211PNG\\r\\n\\032\\n\\0\\0\\0\\rIHDR\\0\\0\\0\\0\\0\\0\\0\\001IEND\\256B`\\202",
    ],
)
def test_what_is_no_png_is_an_error(content: str, tmp_path: Path) -> None:
    """Other bytes, a torn picture and one of an absurd size are not handed on."""
    (laid_out,) = layout.lay_out([FLOW], Options())
    assert isinstance(laid_out, layout.Layout)
    path = engine(tmp_path, "cat >/dev/null", f"printf '{content}'")
    with pytest.raises(LayoutError, match="it wrote something other than a PNG of the right size"):
        picture.draw_png(FLOW, Options(), laid_out, engine=path)


@pytest.mark.parametrize("content", ["no document", "%%PDF-1.7", "%%PDF-1.7\\nstartxref\\n0\\n", "%%%%EOF"])
def test_what_is_no_pdf_is_an_error(content: str, tmp_path: Path) -> None:
    """Other bytes, and a document that ends too early, are not handed on."""
    (laid_out,) = layout.lay_out([FLOW], Options())
    assert isinstance(laid_out, layout.Layout)
    path = engine(tmp_path, "cat >/dev/null", f"printf '{content}'")
    with pytest.raises(LayoutError, match="it wrote something other than a PDF"):
        picture.draw_pdf(FLOW, Options(), laid_out, engine=path)


def test_many_broken_drawings_are_given_up(tmp_path: Path) -> None:
    """After some failures the rest is not tried any more, which costs no more time, and each error says so."""
    path = engine(tmp_path, f"echo x >> {tmp_path / 'calls'}; echo boom >&2; exit 3")
    laid_out = layout.lay_out([FLOW] * 9, Options(), engine=path)
    assert ["boom"] * 3 + ["the engine failed on 3 diagrams before this one"] * 6 == [
        str(error).partition("has no layout: ")[2].partition(". Repair")[0] for error in laid_out
    ]
    assert 6 == len((tmp_path / "calls").read_text().split())
