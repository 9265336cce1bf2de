"""The embeds ``penstock-flows`` and ``penstock-map``: what they show, what they select, where they lead."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

from penstock.model import Edge, Flow, Step
from penstock_mkdocs.links.flow_locations import relative

SHIPPING = Flow(
    name="shipping",
    title="Shipping",
    service="depot",
    tags=("goods", "night"),
    steps=(
        Step(name="pack", title="Pack it.", module="depot.goods", entrypoint=True, trigger="kafka:parcels"),
        Step(name="send", title="Send it.", module="depot.goods", effects=("mail:out",)),
    ),
    edges=(Edge(source="pack", target="send"),),
)
SALES = Flow(
    name="sales",
    description="Takes an order.\n\nAnd more.",
    service="shop",
    tags=("money",),
    steps=(
        Step(
            name="sell",
            module="shop.sales",
            entrypoint=True,
            trigger="POST /orders",
            effects=("kafka:parcels",),
        ),
    ),
)
LONG = Flow(name="long", service="shop", steps=tuple(Step(name=f"s{n}", module="shop.long") for n in range(13)))
FLOWS = (SHIPPING, LONG, SALES)

APPLICATION = """
from penstock import flow

orders, mails = flow("orders", title="Orders"), flow("mails", title="Mails")

@orders.entrypoint(trigger="POST /")
def receive(): ...

@orders.step(after="receive", effects=["kafka:mails"])
def tell(): ...

@mails.entrypoint(trigger="kafka:mails")
def send(): ...

@flow("lonely").entrypoint
def wait(): ...
"""


def soup(html: str) -> BeautifulSoup:
    """Return a page, parsed."""
    return BeautifulSoup(html, "html.parser")


def names(page) -> list[str]:
    """Return the titles in the table."""
    return [row.td.find(["a", "span"]).text for row in page.select(".ps-flows tbody tr")]


def test_each_flow_is_a_row(convert):
    """Each flow is a row with its title, size, service, triggers and summary, and a small picture, however long it is."""
    page = soup(convert("::: penstock-flows\n    caption: All\n", *FLOWS).html)
    rows = page.select(".ps-flows tbody tr")

    assert "All" == page.caption.text
    assert ["Shipping", "long", "sales"] == names(page)
    assert ["2 steps · depot kafka:parcels", "13 steps · shop", "1 step · shop POST /orders"] == [
        row.select_one(".ps-meta").text for row in rows
    ]
    assert ["Pack it.", "", "Takes an order."] == [row.find_all("td")[1].text for row in rows]
    assert [1, 1, 1] == [len(row.select("svg")) for row in rows]


def test_no_diagrams(convert):
    """Without diagrams there is no column for them."""
    page = soup(convert("::: penstock-flows\n    diagrams: false\n", *FLOWS).html)

    assert ["Flow", "What it does"] == [head.text for head in page.select("th")]
    assert [] == page.select("svg")


def test_fences_are_the_same(convert):
    """A fence says the same as a block."""
    for kind, option in (("flows", "caption: All"), ("map", "direction: LR")):
        block = convert(f"::: penstock-{kind}\n    {option}\n", *FLOWS).html
        assert block == convert(f"```penstock-{kind}\n{option}\n```\n", *FLOWS).html


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("service: shop", ["long", "sales"]),
        ("service: shop, depot", ["Shipping", "long", "sales"]),
        ("tag: money goods", ["Shipping", "sales"]),
        ("module: depot", ["Shipping"]),
        ("channel: topic:parcels", ["Shipping", "sales"]),
        ("channel: POST /orders, mail:out", ["Shipping", "sales"]),
        ("channel: 'POST /orders'", ["sales"]),
        ("module: shop.sales\n    tag: money", ["sales"]),
        ("tag: [money, 'goods']  # both", ["Shipping", "sales"]),
        ("tag:\n      - money\n      - goods", ["Shipping", "sales"]),
    ],
)
def test_flows_are_selected_by_what_they_have(convert, option, expected):
    """Service, tag, module and channel select flows; several names stand apart by spaces or commas, or as a list of YAML."""
    assert expected == names(soup(convert(f"::: penstock-flows\n    {option}\n", *FLOWS).html))


@pytest.mark.parametrize("kind", ["flows", "map", "channels"])
@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ("    service: shpo", 1, "no flow has service shpo. Did you mean 'shop'?"),
        ("    tag: goods, mnoey", 1, "no flow has tag mnoey. Did you mean 'money'?"),
        ("    channel: kafka:parcel", 1, "no flow has channel kafka:parcel. Did you mean 'kafka:parcels'?"),
        (
            "    channel: ','",
            2,
            "the option 'channel' must be one resource or several, with commas between them, not ','",
        ),
        ("    tag: []", 2, "the option 'tag' must be one name or several, not '[]'"),
        ("    tag: ''", 2, "the option 'tag' must be one name or several, not ''"),
        ("    servce: shop", 2, "there is no option 'servce'. Did you mean 'service'?"),
        ("    heading_level: 3", 2, "there is no option 'heading_level'. Options: "),
    ],
)
def test_a_fault_is_one_line_with_its_place(convert, kind, lines, line, said):
    """A fault is one line with its place on the page; each embed knows its own options."""
    page = convert(f"::: penstock-{kind}\n{lines}\n", *FLOWS)

    assert 1 == len(page.logged)
    assert page.logged[0].startswith(f"<markdown>:{line}: {said}")
    assert soup(page.html).select_one(".penstock-error")


@pytest.mark.parametrize("kind", ["flows", "map", "channels"])
def test_no_name(convert, kind):
    """A name behind an embed of several flows is a fault that says how to select."""
    page = convert(f"::: penstock-{kind} sales\n", *FLOWS)

    assert [
        f"<markdown>:1: penstock-{kind} takes no name, such as 'sales'. The options service, tag, module and channel select flows."
    ] == page.logged


def test_options_of_each_kind(convert):
    """An option of one embed is none of another, whose near name is given."""
    near = [convert(f"::: penstock-{kind}\n    diagrm: no\n", *FLOWS).logged[0] for kind in ("flow sales", "flows")]

    assert ["Did you mean 'diagram'?", "Did you mean 'diagrams'?"] == [line[line.index("Did") :] for line in near]


def test_the_map_has_flows_and_channels(convert):
    """The map has a node for each flow and an arrow for each channel between two, and says so in words."""
    page = soup(convert("::: penstock-map\n    caption: Joined\n    id: joined\n", *FLOWS).html)
    text = " ".join(page.svg.get_text(" ").split())

    assert "Joined" == page.figcaption.text
    assert page.select_one("div.penstock#joined")
    assert 3 == len(page.select("svg .ps-node.ps-step, svg .ps-node.ps-entry"))
    assert "kafka:parcels" in text
    assert "System map: 3 flows. shop/sales leads to depot/shipping through kafka:parcels." == page.svg["aria-label"]


@pytest.mark.parametrize(
    ("option", "selector"),
    [
        ("alt: In words", "svg[aria-label='In words']"),
        ("format: mermaid", "pre.mermaid"),
        ("service: depot", "svg[aria-label^='System map: 1 flow.']"),
    ],
)
def test_options_of_the_map(convert, option, selector):
    """The map takes the options of a figure and of a selection."""
    page = convert(f"::: penstock-map\n    {option}\n", *FLOWS)

    assert [] == page.logged
    assert 1 == len(soup(page.html).select(selector))


def test_direction_of_the_map(convert):
    """A direction turns the map."""
    down, right = (soup(convert(f"::: penstock-map\n    direction: {to}\n", *FLOWS).html).svg for to in ("TB", "LR"))

    assert float(down["height"]) > float(right["height"])


@pytest.mark.parametrize("text", ["{flows}\n{map}\n{flow}", "{flow}\n{map}\n{flows}"])
def test_links_on_the_page(convert, text):
    """A flow whose steps are on the same page, above or below, is linked there; the others are text."""
    parts = {
        "flows": "::: penstock-flows\n",
        "map": "::: penstock-map\n",
        "flow": "::: penstock-flow sales\n    id: x\n",
    }
    page = soup(convert(text.format(**parts), *FLOWS).html)
    ids = {element["id"] for element in page.select("[id]")}

    assert ["#x"] == [link["href"] for link in page.select(".ps-flows td:first-child a")]
    assert ["#x"] == [link["href"] for link in page.select("a.ps-thumb")]
    assert "#x" in [link["xlink:href"] for link in page.select("svg a")]
    assert "x" in ids
    assert len(ids) == len(page.select("[id]"))


@pytest.mark.parametrize(
    ("address", "page", "expected"),
    [
        ("flows/orders/", "flows/", "orders/"),
        ("flows/orders/#a", "./", "flows/orders/#a"),
        ("./#a", "flows/orders/", "../../#a"),
        ("", "a/", "../"),
        ("flows/orders.html", "index.html", "flows/orders.html"),
        ("index.html#a", "flows/orders.html", "../index.html#a"),
    ],
)
def test_links_between_pages_are_relative(address, page, expected):
    """Links between pages are relative, whatever addresses the site has."""
    assert expected == relative(address, page)


CONFIG = """site_name: T
theme: {name: material, font: false}
markdown_extensions:
  - admonition
"""
SETTINGS = "penstock: {modules: [app], path: [src]"
HOSTS = {
    "plugin": ("mkdocs", f"{CONFIG}plugins:\n  - search\n  - {SETTINGS}, pages: true}}\n"),
    "flat": ("mkdocs", f"{CONFIG}use_directory_urls: false\nplugins:\n  - {SETTINGS}, pages: true}}\n"),
    "properdocs": ("properdocs", f"{CONFIG}plugins:\n  - {SETTINGS}, pages: true}}\n"),
    "extension": ("mkdocs", f"{CONFIG}  - {SETTINGS}}}\n"),
    "zensical": ("zensical", f"{CONFIG}  - {SETTINGS}}}\n"),
}
OVERVIEW = "# All\n\n::: penstock-flows\n\n::: penstock-map\n"


@pytest.mark.parametrize(("tool", "config"), HOSTS.values(), ids=HOSTS)
def test_links_between_pages(tmp_path, write_site, run_tool, tool, config):
    """Table and map lead to generated pages where there are some, else to the pages that show the flows."""
    pages = {
        "index": "# Home\n",
        "sub/all": OVERVIEW,
        "sub/orders": "# O\n\n!!! note\n\n    ::: penstock-flow orders\n",
        "mails": "# M\n\n::: penstock-flow mails\n    steps: no\n\n::: penstock-flow mails\n    id: x\n",
    }
    write_site(tmp_path, f"{config}", **pages)
    (tmp_path / "src" / "app.py").write_text(APPLICATION, encoding="utf-8")
    done = run_tool(tool, "build", "--strict", "-f", "mkdocs.yml", folder=tmp_path)
    assert 0 == done.returncode, done.stdout + done.stderr

    suffix = ".html" if "use_directory_urls: false" in config else "/index.html"
    file = tmp_path / "site" / f"sub/all{suffix}"
    page = soup(file.read_text(encoding="utf-8"))
    links = {link.text: link["href"] for link in page.select(".ps-flows td:first-child a")}
    expected = {"Orders", "Mails", "lonely"} if "pages: true" in config else {"Orders", "Mails"}
    assert expected == set(links)
    assert set(links.values()) == {link["xlink:href"] for link in page.select("figure svg a")}
    for link in links.values():
        path, _, anchor = link.partition("#")
        target = file.parent / path
        target = target / "index.html" if target.is_dir() else target
        found = soup(target.read_text(encoding="utf-8"))
        assert found.select_one(".penstock .ps-step-name")
        assert not anchor or found.find(id=anchor)


def test_generated_overview(tmp_path, write_site, run_tool):
    """The generated overview is the table, and the map where flows are joined."""
    write_site(tmp_path, HOSTS["plugin"][1], index="# Home\n")
    (tmp_path / "src" / "app.py").write_text(APPLICATION, encoding="utf-8")
    done = run_tool("mkdocs", "build", "--strict", folder=tmp_path)
    assert 0 == done.returncode, done.stderr

    page = soup((tmp_path / "site/flows/index.html").read_text(encoding="utf-8"))
    assert ["lonely", "Mails", "Orders"] == names(page)
    assert {"lonely/", "mails/", "orders/"} == {link["href"] for link in page.select(".ps-flows a")}
    assert page.select_one("figure svg[aria-label^='System map']")


def test_any_name_is_linked(tmp_path, write_site, run_tool):
    """The generated overview leads to the page of each flow, whatever the flow is called."""
    called = ["a b", "a/b", "<b>&amp;", '"quoted"', "заказ", "index", "100% #1?", "[x](y)", "*a*", "x" * 150]
    declared = "".join(f"\n@flow({name!r}).entrypoint\ndef f{n}(): ...\n" for n, name in enumerate(called))
    write_site(tmp_path, HOSTS["plugin"][1], index="# Home\n")
    (tmp_path / "src" / "app.py").write_text(f"from penstock import flow\n{declared}", encoding="utf-8")
    done = run_tool("mkdocs", "build", "--strict", folder=tmp_path)
    assert 0 == done.returncode, done.stderr

    folder = tmp_path / "site" / "flows"
    links = soup((folder / "index.html").read_text(encoding="utf-8")).select(".ps-flows td:first-child a")
    headings = {
        link.text: soup((folder / unquote(link["href"]) / "index.html").read_text(encoding="utf-8")).h1.find(
            string=True
        )
        for link in links
    }
    assert set(called) == set(headings)
    assert list(headings) == list(headings.values())


def test_nothing_declared(tmp_path, write_site, run_tool):
    """Without any flow, the generated overview says so, and that is no fault."""
    write_site(tmp_path, HOSTS["plugin"][1], index="# Home\n")
    (tmp_path / "src" / "app.py").write_text("", encoding="utf-8")
    done = run_tool("mkdocs", "build", "--strict", folder=tmp_path)

    assert 0 == done.returncode, done.stderr
    assert "No flow is declared yet." in (tmp_path / "site/flows/index.html").read_text(encoding="utf-8")
