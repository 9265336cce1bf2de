"""Layouts that are kept between builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.model import Edge, Flow, Step
from penstock.render.graphviz import layout_cache
from penstock.render.graphviz.layout import lay_out
from penstock.render.graphviz.layout_cache import LayoutCache
from penstock.render.options import Options

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = Options(details=True)
FLOW = Flow(
    name="f",
    steps=(
        Step(name="a", title="Do \\ <this>", entrypoint=True, trigger="t"),
        Step(name="b", title="é", effects=("db",)),
    ),
    edges=(Edge(source="a", target="b", label="if"),),
)
OTHER = Flow(name="g", steps=(Step(name="c"),))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of the flows that were really laid out, call by call."""
    calls: list[list[str]] = []

    def counted(flows: list[Flow], *args: object, **options: object) -> object:
        calls.append([flow.name for flow in flows])
        return lay_out(flows, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(layout_cache, "lay_out", counted)
    return calls


def test_same_as_made_anew(tmp_path: Path, asked: list[list[str]]) -> None:
    """What comes from the file is what the engine gave, and only what is new is laid out."""
    made = LayoutCache(tmp_path).lay_out([FLOW], OPTIONS)
    assert made == lay_out([FLOW], OPTIONS)
    both = LayoutCache(tmp_path).lay_out([OTHER, FLOW, OTHER], OPTIONS)
    assert both == lay_out([OTHER, FLOW, OTHER], OPTIONS)
    assert [["f"], ["g"]] == asked


def test_all_that_moves_something_counts(tmp_path: Path, asked: list[list[str]]) -> None:
    """Another title, direction or detail is another layout; another docstring is not."""
    kept = LayoutCache(tmp_path)
    kept.lay_out([FLOW], OPTIONS)
    kept.lay_out([FLOW], Options(details=True, direction="LR"))
    kept.lay_out([FLOW], Options(details=False))
    kept.lay_out([Flow(name="f", steps=(FLOW.steps[0],))], OPTIONS)
    assert 4 == len(asked)
    same = Step(name="c", docstring="More.", line=7)
    kept.lay_out([OTHER], OPTIONS)
    kept.lay_out([Flow(name="h", steps=(same,))], OPTIONS)
    assert ["g"] == asked[4]
    assert 5 == len(asked)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"format": 2, "layouts": {}}', "[" * 100_000, '{"format": 3, "digest": ""}\n[]']
)
def test_damaged_file(tmp_path: Path, content: str) -> None:
    """A file that is torn, alien or of another version only means to lay out again, and is replaced."""
    file = tmp_path / ".penstock/layouts.json"
    file.parent.mkdir()
    file.write_text(content)
    assert lay_out([FLOW], OPTIONS) == LayoutCache(tmp_path).lay_out([FLOW], OPTIONS)
    assert 1 == len(LayoutCache(tmp_path)._read())


def test_damaged_layout(tmp_path: Path, asked: list[list[str]]) -> None:
    """A file that somebody edited, however little, is not believed, and is replaced."""
    LayoutCache(tmp_path).lay_out([FLOW], OPTIONS)
    file = tmp_path / ".penstock/layouts.json"
    file.write_text(file.read_text().replace("edge s0 s1", "edge s1 s0"))
    for _ in range(2):
        assert lay_out([FLOW], OPTIONS) == LayoutCache(tmp_path).lay_out([FLOW], OPTIONS)
    assert [["f"], ["f"]] == asked


def test_another_time_limit_is_another_layout(tmp_path: Path, asked: list[list[str]]) -> None:
    """With more time, the engine may lay out better what it had to hurry with."""
    for timeout in (10, 20, 20):
        LayoutCache(tmp_path).lay_out([FLOW], OPTIONS, timeout=timeout)
    assert [["f"], ["f"]] == asked


def test_unwritable_folder(tmp_path: Path) -> None:
    """Where nothing can be kept, the layouts come all the same."""
    (tmp_path / ".penstock").write_text("a file")
    assert lay_out([FLOW], OPTIONS) == LayoutCache(tmp_path).lay_out([FLOW], OPTIONS)


def test_old_ones_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody asked for in a month is gone, and of too many, those of longest ago."""
    day = [100 * 86_400]
    monkeypatch.setattr(layout_cache.time, "time", lambda: day[0])
    kept = LayoutCache(tmp_path)
    kept.lay_out([FLOW, OTHER], OPTIONS)
    day[0] += 29 * 86_400
    kept.lay_out([FLOW], OPTIONS)
    assert 2 == len(kept._read())
    day[0] += 2 * 86_400
    kept.lay_out([FLOW], OPTIONS)
    assert 1 == len(kept._read())
    monkeypatch.setattr(layout_cache, "MOST_LAYOUTS", 1)
    day[0] += 86_400
    kept.lay_out([OTHER], OPTIONS)
    assert 1 == len(kept._read())


def test_left_out_of_version_control(tmp_path: Path) -> None:
    """The folder tells git to leave it alone."""
    LayoutCache(tmp_path).lay_out([OTHER], OPTIONS)
    assert "*\n" == (tmp_path / ".penstock/.gitignore").read_text()
