from __future__ import annotations

import re
from html import unescape

import pytest

FLOWS = '''
from penstock import flow

orders = flow("orders", title="Orders", description="What customers send us.\\n\\nMore of it.", tags=["sales"])
shipping = flow("shipping", tags=["sales", "stock"])
audit = flow("audit/log", tags="books")


@orders.entrypoint(trigger="POST /orders")
def accept():
    """Accept an order."""


@orders.step(after="accept", effects=["kafka:shipments", "postgres:orders"])
def confirm():
    """Confirm it."""


@shipping.entrypoint(trigger="kafka:shipments")
def pack():
    """Pack <b>parcels</b>."""


@audit.entrypoint(trigger="cron")
def write():
    """Write it down."""
'''

INDEX = """
Index
=====

.. penstock-flows::
   :caption: All flows
   :name: all-flows

See :ref:`all-flows`.

.. penstock-map::
   :caption: How they hang together

.. penstock-flow:: orders

.. penstock-flow:: shipping

.. penstock-flow:: audit/log
"""


@pytest.fixture
def several(small):
    """A small site with three flows."""
    small.write("flows.py", FLOWS)
    small.write("index.rst", INDEX)
    return small


def rows(built, page="index.html"):
    """Return the text of each cell of the table of flows."""
    (table,) = re.findall(r'<table class="[^"]*ps-flows.*?</table>', built.text(page), re.DOTALL)
    found = re.findall(r"<tr class=\"row.*?</tr>", table, re.DOTALL)
    return [[_text(cell) for cell in re.findall(r"<t[dh][ >].*?</t[dh]>", row, re.DOTALL)] for row in found]


def _text(markup):
    without_pictures = re.sub(r"<svg.*?</svg>", "", markup, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", without_pictures)).split())


def test_flows_as_a_table(several):
    """All flows stand in a table: title with a link, size, triggers, what each does, a small diagram."""
    built = several.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert [
        ["Flow", "What it does", "Diagram"],
        ["audit/log 1 step cron", "Write it down.", ""],
        ["Orders 2 steps POST /orders", "What customers send us.", ""],
        ["shipping 1 step kafka:shipments", "Pack <b>parcels</b>.", ""],
    ] == rows(built)
    page = built.page("index.html")
    links = [link.href for link in page.within("ps-flows") if "ps-thumb" in link.within]
    assert ["#flow--audit-log", "#flow-orders", "#flow-shipping"] == [
        re.sub("-+[0-9a-f]{6}$", "", each) for each in links
    ]
    assert [] == page.dead("ps-flows")
    assert [] == [each for each in page.ids if page.ids.count(each) > 1]


def test_system_map(several):
    """The map joins flows by the channels that are an effect of one and a trigger of another."""
    built = several.build("html", "-n", "-W")
    text = built.text("index.html")
    said = "System map: 3 flows. orders leads to shipping through kafka:shipments."
    assert f'aria-label="{said}"' in text
    map_ = re.search(r'aria-label="System map: .*?</svg>', text, re.DOTALL)[0]
    assert {"#flow-orders", "#flow-shipping"} < set(re.findall(r'<a href="(#[^"]+)"', map_))
    assert "postgres" not in map_  # nobody listens
    assert ["POST /orders", "cron"] == sorted(
        unescape(name) for name in re.findall(r'ps-io".*?<text[^>]*>([^<]*)<', map_, re.DOTALL)
    )


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (":tag: sales", ["Orders", "shipping"]),
        (":tag: stock, books", ["audit/log", "shipping"]),
        (":module: flows", ["audit/log", "Orders", "shipping"]),
        (":service: shop", ["audit/log", "Orders", "shipping"]),
    ],
)
def test_flows_are_selected_by_service_tag_and_module(several, option, expected):
    """Flows are selected by service, tag and module."""
    several.write("conf.py", several.text("conf.py") + 'penstock_service = "shop"\n')
    several.write("index.rst", f"Index\n=====\n\n.. penstock-flows::\n   {option}\n   :no-diagrams:\n")
    built = several.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert expected == [name.partition(" ")[0] for name, _ in rows(built)[1:]]


@pytest.mark.parametrize("directive", ["penstock-flows", "penstock-map"])
def test_nothing_selected(several, directive):
    """A selection of no flow is a warning with the near name, at the directive's line."""
    several.write("index.rst", f"Index\n=====\n\n.. {directive}::\n   :tag: sale\n")
    assert [
        "index.rst:4: WARNING: no flow has tag sale. Did you mean 'sales'? [penstock.unknown_flow]"
    ] == several.build().warnings


def test_wrong_name_beside_a_right_one(several):
    """A name that selects nothing is a warning in every build, also where another one selects flows, which are shown."""
    several.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :tag: sales, stok\n   :no-diagrams:\n")
    for _ in range(2):
        built = several.build()
        warning = "index.rst:4: WARNING: no flow has tag stok. Did you mean 'stock'? [penstock.unknown_flow]"
        assert [warning] == built.warnings
    assert ["Orders", "shipping"] == [name.partition(" ")[0] for name, _ in rows(built)[1:]]


def test_text_and_latex(several):
    """Builders without pictures leave the small ones out, and draw the map with lines."""
    text = several.build("text", "-n", "-W").text("index.txt")
    assert "Diagram" not in text
    assert "| Orders" in text
    assert "kafka:shipments" in text
    assert several.build("latex", "-n", "-W").code == 0


def test_general_index_and_flow_index(several):
    """Flows and steps stand in the general index, and on a page of their own."""
    built = several.build("html", "-n", "-W")
    general = built.page("genindex.html")
    entries = {link.text: link.href for link in general.links}
    assert "index.html#flow-orders" == entries["orders (flow)"]
    assert "index.html#flow-orders-confirm" == entries["confirm (step of orders)"]
    assert "index.html#flow-orders-accept" == entries["accept (entrypoint of orders)"]
    flows = built.page("penstock-flows.html")
    assert {"orders", "accept", "confirm", "shipping", "pack", "audit/log", "write"} <= {
        link.text for link in flows.links
    }
    assert "index.html#flow-orders-confirm" in {link.href for link in flows.links}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (":penstock:step:`~orders.confirm`", "confirm"),
        (":penstock:entrypoint:`orders.accept`", "orders.accept"),
        (":penstock:step:`the first one <orders.accept>`", "the first one"),
        (":penstock:flow:`~orders`", "orders"),
    ],
)
def test_roles_with_titles(several, written, shown):
    """Roles show the whole name, its last part, or what is written; entrypoints are steps as well."""
    several.write("index.rst", f"{INDEX}\nA link: {written}.\n")
    built = several.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert shown in [link.text for link in built.page("index.html").links]


def test_role_without_link(several):
    """A target behind an exclamation mark is not linked."""
    several.write("index.rst", f"{INDEX}\nA link: :penstock:step:`!orders.nowhere`.\n")
    built = several.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "orders.nowhere" not in [link.text for link in built.page("index.html").links]


def test_step_is_no_entrypoint(several):
    """The role for entrypoints does not find other steps."""
    several.write("index.rst", f"{INDEX}\nA link: :penstock:entrypoint:`orders.confirm`.\n")
    (warning,) = several.build().warnings
    assert "there is no entrypoint 'orders.confirm' in these pages." in warning


class TestPages:
    """A page for each flow."""

    @pytest.fixture
    def paged(self, several):
        several.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
        return several

    def test_are_written(self, paged):
        """With the option toctree, each flow has a page, which the table links to, and which is in the contents."""
        built = paged.build("html", "-n", "-W")
        assert (0, "") == (built.code, built.complained)
        assert ["flows/audit-log.rst", "flows/orders.rst", "flows/shipping.rst"] == sorted(
            str(file.relative_to(paged.folder)) for file in (paged.folder / "flows").iterdir()
        )
        assert "flows/orders.html#flow-orders" in {link.href for link in built.page("index.html").within("ps-flows")}
        assert "<h1>Orders" in built.text("flows/orders.html")
        assert "What customers send us." in built.text("flows/orders.html")

    def test_stay_as_they_are(self, paged):
        """A second build writes and reads nothing."""
        paged.build("html", "-W")
        before = (paged.folder / "flows/orders.rst").stat().st_mtime_ns
        built = paged.build("html", "-W")
        assert ([], before) == (built.read, (paged.folder / "flows/orders.rst").stat().st_mtime_ns)

    def test_follow_the_code(self, paged):
        """A new flow gets a page, that of a flow that is gone is removed."""
        paged.build("html", "-W")
        paged.edit("flows.py", 'flow("shipping"', 'flow("delivery"')
        built = paged.build("html", "-n", "-W")
        assert (0, "") == (built.code, built.complained)
        assert ["audit-log.rst", "delivery.rst", "orders.rst"] == sorted(
            file.name for file in (paged.folder / "flows").iterdir()
        )

    def test_of_others_are_left_alone(self, paged):
        """A page without our first line is somebody's own."""
        mine = "My orders\n=========\n\n.. penstock-flow:: orders\n"
        paged.write("flows/orders.rst", mine)
        paged.write("flows/notes.rst", ":orphan:\n\nNotes\n=====\n")
        built = paged.build("html", "-n", "-W")
        assert (0, "") == (built.code, built.complained)
        assert mine == paged.text("flows/orders.rst")
        assert (paged.folder / "flows/notes.rst").exists()

    def test_by_a_template_of_the_project(self, paged):
        """A project may have a template of its own."""
        paged.write("conf.py", paged.text("conf.py") + 'templates_path = ["templates"]\n')
        paged.write(
            "templates/penstock/flow.rst",
            "{{ title | heading }}\n\nTags: {{ flow.tags | join(', ') }}.\n\n.. penstock-flow:: {{ name }}\n   :no-steps:\n",
        )
        built = paged.build("html", "-n", "-W")
        assert (0, "") == (built.code, built.complained)
        assert "<p>Tags: sales, stock.</p>" in built.text("flows/shipping.html")

    @pytest.mark.parametrize(
        ("template", "reason"),
        [("{% if %}", r"Expected an expression.* \(line 1\)"), (None, r"there is no mine\.rst in templates_path")],
    )
    def test_with_a_broken_template(self, paged, template, reason):
        """A template that cannot be used is a warning at the directive."""
        paged.write("conf.py", paged.text("conf.py") + 'templates_path = ["templates"]\n')
        paged.write("templates/other.rst", "")
        if template:
            paged.write("templates/mine.rst", template)
        paged.edit("index.rst", ":toctree: flows", ":toctree: flows\n   :template: mine")
        warnings = paged.build().warnings
        assert re.match(
            rf"index\.rst:4: WARNING: the template cannot be used: {reason}\. \[penstock\.page\]", warnings[0]
        )

    def test_in_markdown(self, paged):
        """A site in Markdown alone gets pages in Markdown."""
        paged.edit(
            "conf.py", '["penstock_sphinx"]', '["myst_parser", "penstock_sphinx"]\nsource_suffix = {".md": "markdown"}'
        )
        (paged.folder / "index.rst").unlink()
        paged.write("index.md", "# Index\n\n```{penstock-flows}\n:toctree: flows\n:tag: sales\n```\n")
        built = paged.build("html", "-n", "-W")
        assert (0, "") == (built.code, built.complained)
        assert "# Orders" in paged.text("flows/orders.md")
        assert 3 == len(rows(built))


def test_two_services(small):
    """Flows of several manifests are joined on one map."""
    for service, name, more in (
        ("shop", "orders", '@f.step(after="start", effects=["kafka:parcels"])\ndef send(): ...\n'),
        ("depot", "parcels", ""),
    ):
        trigger = "kafka:parcels" if service == "depot" else "POST /"
        small.write(
            f"{service}/{service}_flows.py",
            f"from penstock import flow\nf = flow({name!r})\n@f.entrypoint(trigger={trigger!r})\ndef start(): ...\n{more}",
        )
        small.write(
            f"{service}/pyproject.toml",
            f'[tool.penstock]\nmodules = ["{service}_flows"]\npath = ["."]\nservice = "{service}"\n',
        )
        from penstock.cli.main import main

        assert 0 == main(["export", "-C", str(small.folder / service), "-o", str(small.folder / f"{service}.json")])
    conf = small.text("conf.py").replace('penstock_modules = ["flows"]\n', "").replace('penstock_path = ["."]\n', "")
    small.write(
        "conf.py", conf + 'penstock_manifests = ["shop.json", "depot.json"]\nexclude_patterns = ["shop", "depot"]\n'
    )
    small.write("index.rst", "Index\n=====\n\n.. penstock-map::\n\n.. penstock-flows::\n   :service: depot\n")
    built = small.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "shop/orders leads to depot/parcels through kafka:parcels." in built.text("index.html")
    assert ["parcels 1 step · depot kafka:parcels"] == [name for name, *_ in rows(built)[1:]]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param('"""Confirm it."""', '"""Confirm it by mail."""', ["a"], id="docstring of a later step"),
        pytest.param('title="Orders"', 'title="Sales"', ["a", "all"], id="title"),
        pytest.param('"kafka:shipments", "postgres', '"kafka:shipment", "postgres', ["a", "all"], id="channel"),
        pytest.param('name = "x"', 'name = "y"', [], id="nothing"),
    ],
)
def test_an_overview_is_read_again_after_a_change(several, old, new, expected):
    """An overview is read again when something that it shows has changed."""
    several.write("flows.py", FLOWS + 'name = "x"\n')
    several.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   a\n   all\n")
    several.write("a.rst", "A\n=\n\n.. penstock-flow:: orders\n")
    several.write("all.rst", "All\n===\n\n.. penstock-flows::\n\n.. penstock-map::\n")
    several.build()
    several.edit("flows.py", old, new)
    assert expected == several.build().read


def test_other_projects_find_flows_and_steps(small, tmp_path_factory):
    """Another project's roles find flows, entrypoints and steps."""
    first = small.build("html", "-W")
    folder = tmp_path_factory.mktemp("other")
    other = type(small)(folder)
    other.edit("conf.py", '["penstock_sphinx"]', '["penstock_sphinx", "sphinx.ext.intersphinx"]')
    inventory = first.folder / "objects.inv"
    other.write(
        "conf.py",
        other.text("conf.py") + f'intersphinx_mapping = {{"first": ("https://example.org/", {str(inventory)!r})}}\n',
    )
    other.write("flows.py", "")
    other.write(
        "index.rst",
        "Index\n=====\n\n:penstock:flow:`one`, :penstock:step:`one.begin`, :penstock:entrypoint:`one.begin`, "
        ":external+first:penstock:step:`~one.finish`.\n",
    )
    built = other.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert [
        "https://example.org/index.html#flow-one",
        "https://example.org/index.html#flow-one-begin",
        "https://example.org/index.html#flow-one-begin",
        "https://example.org/index.html#flow-one-finish",
    ] == [link.href for link in built.page("index.html").links if link.href.startswith("https://example.org")]
