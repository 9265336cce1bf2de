"""The types of everything else that is public; mypy --strict reads this file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import penstock
from penstock import (
    Diagram,
    Edge,
    Flow,
    Problem,
    Step,
    add_observer,
    current_flow_id,
    flows,
    generate_dag,
    get_flow,
    remove_observer,
)
from penstock.model import Kind
from penstock.observers import Finish, StepEvent  # noqa: TC001 - as an application would


def observer(event: StepEvent, /) -> Finish | None:
    """Observe with an ending or without."""
    assert_type(event.flow_id, str | None)
    assert_type(event.parent, StepEvent | None)
    return None if event.entrypoint else print


def careless(event: StepEvent, /) -> None:
    """Observe beginnings only."""


def wrong(event: str, /) -> None:
    """Take what no observer is given."""


add_observer(observer)
add_observer(careless)
add_observer(wrong)  # type: ignore[arg-type]
remove_observer(observer)

found = get_flow("x")
assert_type(found, Flow)
assert_type(flows(), tuple[Flow, ...])
assert_type(found.steps, tuple[Step, ...])
assert_type(found.entrypoints, tuple[Step, ...])
assert_type(found.edges, tuple[Edge, ...])
assert_type(found.problems, tuple[Problem, ...])
assert_type(found.step("a").kind, Kind)
assert_type(found.step("a").effects, tuple[str, ...])
assert_type(found.paths(), Iterator[tuple[str, ...]])
assert_type(found.path_count, int)
assert_type(current_flow_id(), str | None)
text: str = generate_dag("x")
text = generate_dag("x", "svg", Path("x.svg"), links={"a": "#a"})
picture: bytes = generate_dag("x", format="png", output=Path("x.png"), direction="LR", details=True)
assert_type(generate_dag("x", output="x.png"), Diagram)
assert_type(penstock.__version__, str)
found.name = "y"  # type: ignore[misc]
print(penstock.curent_flow_id)  # type: ignore[attr-defined]
