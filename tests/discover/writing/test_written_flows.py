"""What is written declares the proposed flow, whichever way it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
from penstock.discover.writing.decorators import write_decorators
from penstock.discover.writing.outside import write_outside
from penstock.discover.writing.settings import NewSettings, write_settings
from proposals import make_flow, write_shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from penstock.check.fix import Edit
    from penstock.model import Flow


def decorate(folder: Path) -> tuple[list[Edit], list[str]]:
    """Return the edits of the code, and the modules that declare the flow then."""
    return [*write_decorators(make_flow(), folder).edits], ["shop.orders", "shop.stock"]


def declare(folder: Path) -> tuple[list[Edit], list[str]]:
    """Return the edit of a module beside the code, and its name."""
    edit = write_outside(make_flow(), folder / "flows.py", "flows.py")
    return [edit] if edit else [], ["flows"]


def write_flow(folder: Path, way: Callable[[Path], tuple[list[Edit], list[str]]]) -> Flow:
    """Write the application's flow, and return what the modules declare."""
    write_shop(folder)
    source = (folder / "shop/orders.py").read_text()
    (folder / "shop/orders.py").write_text(source.replace("import requests\n", "").replace('@app.route("/orders")', ""))
    edits, modules = way(folder)
    settings = write_settings(folder, NewSettings(modules=modules, path=["."], others={}))
    for edit in filter(None, [*edits, settings]):
        edit.write()
    return collect(CollectPlan.of(load(folder))).flow("checkout")


@pytest.mark.parametrize("way", [decorate, declare])
def test_a_written_flow_is_the_proposed_one(
    tmp_path: Path, way: Callable[[Path], tuple[list[Edit], list[str]]]
) -> None:
    """Title, steps, arrows with labels, trigger and effects come back, and there is no problem."""
    flow = write_flow(tmp_path, way)
    assert ("Place an order", ()) == (flow.title, flow.problems)
    assert [("place", "POST /orders", ()), ("reserve", "", ("sqlite:stock",)), ("pay_now", "", ("mail",))] == [
        (step.name, step.trigger, step.effects) for step in flow.steps
    ]
    assert [("place", "reserve", ""), ("place", "pay_now", "if dear"), ("reserve", "pay_now", "")] == [
        (edge.source, edge.target, edge.label) for edge in flow.edges
    ]
