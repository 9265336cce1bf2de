"""Proposed flows of a small application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.discover.proposal import ProposedFlow, ProposedStep
from penstock.discover.recording import Function

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = '''"""Orders."""

import os

import requests

from shop import stock


@app.route("/orders")  # the only one
def place(order):
    """Place an order."""
    stock.reserve(order)
    Desk.pay(order)


class Desk:
    @staticmethod
    async def pay(order):
        """Pay for it."""
'''
STOCK = "def reserve(order): ...\n"


def write_shop(folder: Path) -> None:
    """Write the application: two modules of a package."""
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "orders.py").write_text(ORDERS)
    (package / "stock.py").write_text(STOCK)


def make_function(qualname: str, line: int = 0, module: str = "shop.orders") -> Function:
    """Return a function of a module at the root of the project."""
    return Function(module, qualname, f"{module.replace('.', '/')}.py", line)


def make_flow(
    *steps: ProposedStep,
    name: str = "checkout",
    title: str = "Place an order",
    others: tuple[Function, ...] = (),
) -> ProposedFlow:
    """Return a flow of these steps, by default of the application's three."""
    default = (
        ProposedStep(make_function("place", 10), "place", trigger="POST /orders"),
        ProposedStep(make_function("reserve", 1, "shop.stock"), "reserve", {"place": ""}, ("sqlite:stock",)),
        ProposedStep(make_function("Desk.pay", 18), "pay_now", {"place": "if dear", "reserve": ""}, ("mail",)),
    )
    return ProposedFlow(name, title, steps or default, others)


def make_entrypoint(qualname: str = "place", line: int = 0, module: str = "app") -> ProposedFlow:
    """Return a flow of an entrypoint alone."""
    return make_flow(ProposedStep(make_function(qualname, line, module), "place"), title="")
