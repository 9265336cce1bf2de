"""Flows proposed from code that did not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.config import load
from penstock.discover.proposal import Choice
from penstock.discover.static import propose_statically
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SHOP = '''
"""A shop that must not be imported here."""
import sys
from shop import stock


def place(order):
    """Place an order."""
    stock.reserve(order)
    if order.paid:
        ship(order)
    else:
        remind(order)


def ship(order):
    """Ship it."""
    order.a = 1
    order.b = place


def remind(order):
    """Send a mail."""
    order.a = 1
    order.b = 2
'''
STOCK = '''
class Shelf:
    def take(self, order):
        """Take it."""
        order.a = 1
        order.b = 2


def reserve(order):
    """Reserve it."""
    Shelf().take(order)
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a project."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "orders.py").write_text(SHOP)
    (folder / "shop" / "stock.py").write_text(STOCK)
    (folder / "pyproject.toml").touch()
    return folder


def test_the_code_alone_gives_a_flow(project: Path) -> None:
    """Steps stand in the order of their lines, branches beside each other; and the reader is told that nothing ran."""
    flow = propose_statically(load(project, {}), "place", Choice())
    assert {
        "shop.orders:place": {},
        "shop.stock:reserve": {"place": ""},
        "shop.stock:Shelf.take": {"reserve": ""},
        "shop.orders:ship": {"reserve": "if order.paid"},
        "shop.orders:remind": {"reserve": "if not order.paid"},
    } == {step.function.address: dict(step.after) for step in flow.steps}
    assert (None, "Nothing was seen of it") == (flow.evidence, flow.notes[0][:22])


def test_an_unknown_function_has_a_near_name(project: Path) -> None:
    """The message says where it was looked for."""
    with pytest.raises(ConfigError, match=r"no function 'plase' is in .*Did you mean 'place'\?"):
        propose_statically(load(project, {}), "plase", Choice())
