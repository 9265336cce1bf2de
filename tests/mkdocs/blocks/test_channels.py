"""The embed ``penstock-channels``: the index of what flows use."""

from __future__ import annotations

from bs4 import BeautifulSoup

from joined_flows import ALONE, BILLING, ORDERS

FLOWS = (ORDERS, BILLING, ALONE)


def rows(html: str) -> list[list[str]]:
    """Return the words in the cells of the index, without the maps."""
    found = BeautifulSoup(html, "html.parser").select(".ps-channels tbody tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("td")[:3]] for row in found]


def test_each_resource_is_a_row(convert):
    """A row has the resource, the steps that write it, and those that it starts, however each spells it."""
    assert [
        ["POST /orders", "", "receive shop/orders"],
        ["db:orders", "store shop/orders bill money/billing", ""],
        ["files:tmp", "clean shop/nightly", ""],
        ["kafka:placed", "announce shop/orders", "consume money/billing"],
        ["postgres:invoices", "bill money/billing", ""],
    ] == rows(convert("::: penstock-channels\n", *FLOWS).html)


def test_channel_leaves_only_itself(convert):
    """A channel selects its flows, and leaves their other resources out."""
    page = convert("::: penstock-channels\n    channel: topic:placed\n", *FLOWS)
    assert [["kafka:placed", "announce shop/orders", "consume money/billing"]] == rows(page.html)


def test_maps_are_drawn_or_left_out(convert):
    """Each row has a small map of the flows round the resource; without diagrams there is no column for it."""
    drawn = BeautifulSoup(convert("::: penstock-channels\n", *FLOWS).html, "html.parser")
    plain = BeautifulSoup(convert("::: penstock-channels\n    diagrams: false\n", *FLOWS).html, "html.parser")
    heads = ["Channel", "Written by", "Starts, or is read by"]
    assert ([*heads, "Map"], 5) == ([head.text for head in drawn.select("th")], len(drawn.select("td svg")))
    assert (heads, 0) == ([head.text for head in plain.select("th")], len(plain.select("svg")))


def test_steps_on_the_page_are_links(convert):
    """A step that the page documents is a link to it, also if it is further down."""
    page = convert("::: penstock-channels\n\n::: penstock-flow money/billing\n", *FLOWS)
    links = {link.text: link["href"] for link in BeautifulSoup(page.html, "html.parser").select(".ps-channels a")}
    assert {"consume": "#flow-money-billing-consume", "bill": "#flow-money-billing-bill"} == links


def test_map_shows_the_selected_resource(convert):
    """A map of one channel shows it beside the flows that write it, also where it starts no flow."""
    page = BeautifulSoup(convert("::: penstock-map\n    channel: postgres:orders\n", *FLOWS).html, "html.parser")
    texts = {text.get_text() for text in page.select("svg text")}
    assert {"postgres:orders", "db:orders"} <= texts
    assert "files:tmp" not in texts
