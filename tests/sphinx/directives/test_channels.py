"""The index of channels in Sphinx."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

FLOWS = """
from penstock import flow

orders = flow("orders")
shipping = flow("shipping")


@orders.entrypoint(trigger="POST /orders")
def accept(): ...


@orders.step(after="accept", effects=["kafka:shipments", "postgres:orders"])
def confirm(): ...


@shipping.entrypoint(trigger="topic:shipments", name="<b>pack</b>")
def pack(): ...


@shipping.step(after=pack, effects=["INSERT INTO public.orders"])
def book(): ...
"""
INDEX = """
Index
=====

.. penstock-channels::
   :caption: Channels
   :name: all-channels

See :ref:`all-channels`.

.. penstock-map::
   :channel: db:orders

.. penstock-flow:: orders
"""


@pytest.fixture
def index(small):
    """A page with the index, beside the steps of one of the flows."""
    small.write("flows.py", FLOWS)
    small.write("index.rst", INDEX)
    built = small.build()
    assert [] == built.warnings
    return built


def test_each_resource_has_a_row(index):
    """Spellings of one resource are one row, with all steps that write it and that it starts."""
    rows = BeautifulSoup(index.text("index.html"), "html.parser").select(".ps-channels tbody tr")
    assert [
        ["INSERT INTO public.orders", "confirm orders book shipping", ""],
        ["POST /orders", "", "accept orders"],
        ["kafka:shipments", "confirm orders", "<b>pack</b> shipping"],
    ] == [[" ".join(cell.get_text(" ").split()) for cell in row.select("td")[:3]] for row in rows]


def test_steps_on_a_page_are_links(index):
    """A step that a page documents is a link to it; one that no page documents is text."""
    page = index.page("index.html")
    links = {link.href for link in page.within("ps-channels")}
    assert {"#flow-orders-accept", "#flow-orders-confirm"} <= links
    assert [] == page.dead("ps-channels")


def test_map_round_a_resource(index):
    """A map of one resource shows the flows that write it, and the resource itself."""
    text = index.text("index.html")
    (drawn,) = re.findall(
        r'<svg[^>]*aria-label="System map: 2 flows.*?</svg>', text[text.index("</table>") :], re.DOTALL
    )
    assert {"postgres:orders", "INSERT INTO public.orders"} <= set(re.findall(r">([^<>]+)</text>", drawn))


def test_resource_that_no_flow_uses(small):
    """A channel that no flow uses is a warning with the near name."""
    small.write("flows.py", FLOWS)
    small.write("index.rst", "Index\n=====\n\n.. penstock-channels::\n   :channel: kafka:shipment\n")
    (warning,) = small.build().warnings
    assert "no flow has channel kafka:shipment. Did you mean 'kafka:shipments'" in warning
