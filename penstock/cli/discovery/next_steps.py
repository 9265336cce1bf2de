"""The lines that say what to do when the settings and flows of a project are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.cli.discovery.docs_engines import find_engines
from penstock.cli.terminal import apply_style, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from penstock.cli.discovery.docs_engines import EngineFile


def print_next_steps(project: Path, flow: str, *, is_recorded: bool) -> None:
    """Print how to look at a flow, how to check it, and what the documentation of the project needs to show it.

    Args:
        project: The folder of the project.
        flow: The name of the flow.
        is_recorded: Whether there is evidence of it.
    """
    print(f"\n{apply_style('Next:', '1')}")
    rows = [
        (f"  penstock show {flow}", "draw it in the terminal"),
        (f"  penstock open {flow}", "show it in the browser"),
        ("  penstock check", "compare it with the code and with what ran"),
    ]
    if not is_recorded:
        rows.insert(2, ("  pytest --penstock", "record what your tests run"))
    for line in table(rows):
        print(line)
    for entry in find_engines(project):
        print("\n".join(_describe_engine(entry, flow)))


def _describe_engine(entry: EngineFile, flow: str) -> Iterator[str]:
    engine = entry.engine
    yield f"\n{apply_style(f'{engine.name}:', '1')}"
    rows = (
        [] if entry.is_ready else [(f"  pip install 'penstock[{engine.extra}]'", ""), (f"  {entry.file}", engine.line)]
    )
    rows.append(("  a page", engine.page.format(flow=flow)))
    yield from table(rows)
