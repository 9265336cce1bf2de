from __future__ import annotations

import html as markup
import re
import zlib

import pytest


def block(html, page, number=0):
    """Return the markup of one directive."""
    text = html.text(f"{page}.html")
    return re.findall(r'<div class="penstock".*?\n</div>\n(?=<p|<div|</section)', text, re.DOTALL)[number]


def step(html, page, ident):
    """Return the markup of one step."""
    return re.search(rf'<dt class="[^"]*ps-sig[^"]*" id="{ident}">.*?</dd></dl>', html.text(f"{page}.html"), re.DOTALL)[
        0
    ]


def plain(markup):
    """Return the text of some markup."""
    text = re.sub(r"<[^>]*>", "", markup)
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x2192;", "→"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return " ".join(text.replace("¶", "").split())


def test_signature_and_chips(html):
    """A step shows its signature, that it is an entrypoint or asynchronous, and what triggers it."""
    assert "receive(message: bytes) → Order entrypoint kafka:orders" in plain(
        step(html, "orders", "flow-orders-receive")
    )
    assert "check(order: Order) → list[str] async" in plain(step(html, "orders", "flow-orders-check"))
    assert """refuse(order, reasons=('no \\\\ stock', 'a "quote"'))""" in plain(
        step(html, "orders", "flow-orders-refuse")
    )


def test_meta_line(html):
    """Below a step stands what comes before and after, its effects, and its source with a link."""
    text = step(html, "orders", "flow-orders-check")
    assert "after receive, accept · then charge if valid, refuse else · app/shop/orders.py:37" in plain(text)
    assert 'href="https://example.org/app/shop/orders.py#L37"' in text
    assert "effects postgres:payments smtp:mail" in plain(step(html, "orders", "flow-orders-charge"))


@pytest.mark.parametrize(
    ("page", "ident", "expected"),
    [
        ("orders", "flow-orders-receive", "Parameters: message – The order as JSON."),
        ("orders", "flow-orders-receive", "Raises: ValueError – The message is no order."),
        ("sub/deep/parcels", "flow-parcels-fetch", "Parameters: number (int) – The order’s number."),
        ("sub/deep/parcels", "flow-parcels-fetch", "Returns: What was fetched. Return type: list of str"),
        ("twice", "flow-notes-write", "Parameters: text (str) – What it says. Returns: Its number."),
    ],
)
def test_docstring_styles(html, page, ident, expected):
    """Docstrings in the styles of Google, NumPy and Sphinx become fields."""
    assert expected in plain(step(html, page, ident))


def test_markdown_page_is_the_same(html):
    """A Markdown page shows exactly what an RST page shows."""
    expected = block(html, "orders").replace("fig-orders", "fig-markdown").replace("Fig. 1", "Fig. 2")
    assert expected == block(html, "markdown").replace('id="id2"', 'id="id1"')


def test_caption_number_and_legend(html):
    """A figure has its number, its caption with markup, a legend, and is found by name."""
    text = block(html, "orders")
    assert re.search(r'<figure class="ps-figure align-default" id="fig-orders">\s*<span id="flow-orders">', text)
    assert '<span class="caption-number">Fig. 1 </span><span class="caption-text">How <em>orders</em>' in text
    assert '<div class="legend">' in text
    links = {link.text: link.href for link in html.page("index.html").links}
    assert ("orders.html#fig-orders",) * 2 == (links["Fig. 1"], links["How orders become parcels."])


def test_figures_without_caption_take_no_number(html):
    """Only figures with a caption are numbered."""
    numbers = [re.findall(r"Fig\. (\d)", html.text(f"{page}.html")) for page in ("orders", "markdown", "options")]
    assert [["1"], ["2"], ["3"]] == numbers


def test_figure_options(html):
    """Alternative text, alignment, classes and direction are what the options say."""
    text = block(html, "options")
    assert '<figure class="ps-figure wide extra align-right" id="flow-orders-on-options">' in text
    assert 'aria-label="Described &quot;by hand&quot;."' in text
    width, height = re.search(r'width="([\d.]+)" height="([\d.]+)" style', text).groups()
    assert float(width) > float(height)
    assert "ps-step-doc" not in text


def test_paths_without_diagram(html):
    """All paths are listed, with links; without the diagram the caption is a paragraph."""
    text = block(html, "options", 1)
    assert "<p>Paths only.</p>" in text
    assert "<svg" not in text
    paths = [plain(path) for path in re.findall(r"<li>.*?</li>", text)]
    assert [
        "receive → check → charge",
        "receive → check → refuse",
        "accept → check → charge",
        "accept → check → refuse",
    ] == paths


def test_mermaid_has_the_same_links(html):
    """The format mermaid gives the text that Mermaid's script looks for, with the same links."""
    text = block(html, "options", 2)
    assert '<pre class="mermaid" role="group" aria-label="Flow orders: 5 steps.' in text
    assert "graph TD\n    receive([&quot;receive" in text
    assert re.search(r"click charge href &quot;\w+\.html#flow-orders-charge&quot;", text)


def test_described_drawing(html):
    """A drawing says in words what it shows, and can be reached and scrolled by keyboard."""
    text = block(html, "sub/deep/parcels")
    assert '<div class="ps-frame" tabindex="0" role="region" aria-label="Diagram of parcels"' in text
    assert 'role="group" aria-label="Flow parcels: 2 steps. Starts at fetch. fetch leads to pack."' in text


def test_hostile_names(html):
    """Names are shown as they are, and none becomes markup."""
    text = html.text("odd.html")
    assert [] == [each for each in ("<script>alert", "<img src=x>", "<b>", "<i>") if each in text]
    shown = [plain(name) for name in re.findall(r'<span class="sig-name descname">.*?</span></span>', text)]
    assert ["<script>alert(1)</script>", "日本 語", "end", "a-b", "a b"] == shown


def test_unparsed_signature_stays(small):
    """A signature that is not Python's syntax is shown as it is."""
    small.write("flows.py", "import math\nfrom penstock import flow\nflow('one').entrypoint(name='wide')(math.log)\n")
    built = small.build("html", "-n", "-W")
    assert "wide(" in plain(step(built, "index", "flow-one-wide"))


def test_roles_find_flows_and_steps(html):
    """Roles find flows and steps from any page: qualified, unqualified if unique, with a title, and through any."""
    links = {link.text: link.href for link in html.page("index.html").links}
    assert links["orders"].endswith(".html#flow-orders")
    assert links["orders.check"].endswith(".html#flow-orders-check")
    assert links["charge"].endswith(".html#flow-orders-charge")
    assert links["what is refused"].endswith(".html#flow-orders-refuse")
    assert "sub/deep/parcels.html#flow-parcels-pack" == links["parcels.pack"]


def test_steps_are_on_the_page_outline(html):
    """The steps of a page are in its local table of contents."""
    assert 'href="#flow-orders-receive"><code class="docutils literal' in html.text("orders.html")


def test_the_inventory_has_flows_and_steps_once(html):
    """Other projects find flows and steps in the inventory, each once, and a flow where its steps are."""
    content = (html.folder / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = [line for line in zlib.decompress(content).decode().splitlines() if " penstock:" in line]
    names = [re.match(r"(.*) penstock:(flow|entrypoint|step) ", line).groups() for line in lines]
    assert len(set(names)) == len(names) == 21
    assert ("orders.check", "step") in names
    assert "parcels penstock:flow 1 sub/deep/parcels.html#flow-$ -" in lines


def test_the_search_finds_docstrings_and_steps(html):
    """The words of docstrings are found by the search, and steps by their names."""
    index = html.text("searchindex.js")
    assert '"quibbledom":' in index
    assert '"charge"' in index


def test_style_sheet_only_where_needed(html):
    """Pages without a flow do not load the style sheet, and it loads nothing itself."""
    assert "penstock.css" in html.text("orders.html")
    assert "penstock.css" not in html.text("plain.html")
    sheet = html.text("_static/penstock.css")
    assert ".ps-step-doc" in sheet
    assert [] == re.findall(r"url\(|@import", sheet)


def test_source_through_viewcode(html):
    """Steps link to the pages of viewcode and back, although nothing was imported to make them."""
    page = html.page("orders.html")
    sources = [link for link in page.within("ps-meta") if link.text == "[source]"]
    assert len(sources) == 5
    code = html.page("_modules/shop/orders.html")
    assert {"receive", "check"} <= set(code.ids)
    assert [] == code.dead("viewcode-back")


def test_beside_autodoc(html):
    """What autodoc documents may be a step too; references to the function lead to autodoc's place."""
    page = html.page("autodoc.html")
    assert {"tasks.start", "flow-tasks-start"} <= set(page.ids)
    assert {"#tasks.start"} == {link.href for link in page.links if link.text == "start()"}


NAMES_WITH_DASHES = '''
from penstock import flow

one = flow("one--way", title="Going -- really... It's \\"one\\" way")


@one.entrypoint(name="begin--it", trigger="cron '0 5 -- ...'")
def begin():
    """Do what's needed -- soon."""


@one.step(after={"begin--it": "'if' a--b..."}, name="it's", effects=["GET /a--b?x='y'"])
def finish(): ...


two = flow("two--way")
two.entrypoint(begin)
'''


def test_what_code_says_is_shown_as_written(small):
    """Sphinx curls quotes and joins dashes in prose, and in no name, label, trigger or effect."""
    small.write("flows.py", NAMES_WITH_DASHES)
    small.write(
        "index.rst",
        "Index\n=====\n\n.. penstock-flow:: one--way\n   :paths:\n\n.. penstock-flows::\n   :no-diagrams:\n",
    )
    built = small.build("html", "-W")
    assert 0 == built.code, built.complained
    said = markup.unescape(plain(built.text("index.html")))
    for written in ("begin--it", "it's", "cron '0 5 -- ...'", "'if' a--b...", "GET /a--b?x='y'", "two--way"):
        assert written in said
    curled = {word for word in said.split() if set("‘’“”–…") & set(word)}
    assert {"It’s", "“one”", "what’s", "–", "really…"} == curled


def test_without_napoleon(small):
    """Google's and NumPy's docstrings are understood without another extension."""
    small.edit("flows.py", '"""Begin."""', '"""Begin.\n\n    Args:\n        x: A thing.\n    """')
    small.edit(
        "flows.py", '"""Finish."""', '"""Finish.\n\n    Returns\n    -------\n    int\n        A number.\n    """'
    )
    built = small.build("html", "-n", "-W")
    assert "Parameters: x – A thing." in plain(step(built, "index", "flow-one-begin"))
    assert "Returns: A number. Return type: int" in plain(step(built, "index", "flow-one-finish"))


def test_docstrings_in_markdown(small):
    """Docstrings are read as Markdown where the setting says so."""
    small.edit(
        "conf.py", '["penstock_sphinx"]', '["penstock_sphinx", "myst_parser"]\npenstock_docstring_style = "markdown"'
    )
    small.edit("flows.py", '"""Begin."""', '"""Begin [here](https://example.org), `now`."""')
    small.write("index.md", "# Index\n\n```{penstock-flow} one\n```\n")
    small.write("page.rst", small.text("index.rst"))
    small.edit("page.rst", "Index", ":orphan:\n\nIndex")
    (small.folder / "index.rst").unlink()
    built = small.build("html", "-n", "-W")
    expected = '<p>Begin <a class="reference external" href="https://example.org">here</a>, <code class="docutils'
    assert expected in step(built, "index", "flow-one-begin")
    assert expected in step(built, "page", "flow-one-begin")


def test_flows_of_the_building_process(small):
    """Without modules, the flows that conf.py itself declares are shown."""
    conf = small.text("conf.py").replace('penstock_modules = ["flows"]\n', "")
    small.write("conf.py", conf + small.text("flows.py"))
    built = small.build("html", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "Finish. after begin · conf.py:17" in plain(step(built, "index", "flow-one-finish"))


def test_many_paths_are_counted(small):
    """Of very many paths some are listed, and the rest is counted without being walked."""
    lines = ["from penstock import flow", "f = flow('one')", "f.entrypoint(name='s0')(lambda: None)"]
    for n in range(40):
        lines += [f"f.step(name='{side}{n}', after='s{n}')(lambda: None)" for side in "ab"]
        lines.append(f"f.step(name='s{n + 1}', after=['a{n}', 'b{n}'])(lambda: None)")
    small.write("flows.py", "\n".join(lines))
    small.edit("index.rst", ":: one\n", ":: one\n   :paths:\n   :no-diagram:\n   :no-steps:\n")
    built = small.build("html", "-n", "-W")
    text = block(built, "index")
    assert text.count("<li>") == 24
    assert f"{2**40} paths" in plain(text)
    assert f"… and {2**40 - 24} more." in plain(text)


def test_anchors_tell_all_names_apart(small):
    """Names that are no ids, and names that look alike when joined, have anchors of their own on a shared page."""
    lines = ["from penstock import flow", "import builtins"]
    for name, step in (("заказ", "начать"), ("оплата", "начать"), ("order-sync", "go"), ("order", "sync-go")):
        lines.append(f"flow({name!r}).entrypoint(name={step!r})(lambda: None)")
    small.write("flows.py", "\n".join(lines))
    blocks = "\n".join(f".. penstock-flow:: {name}\n" for name in ("заказ", "оплата", "order-sync", "order"))
    small.write("index.rst", f"Index\n=====\n\n.. toctree::\n\n   b\n\n{blocks}")
    small.write("b.rst", "B\n=\n")
    text = small.build("singlehtml", "-n", "-W").text("index.html")
    anchors = re.findall(r'<a href="#(flow-[^"]+)" class="ps-node', text)
    assert 4 == len(set(anchors))
    assert [1] * 4 == [text.count(f'id="{anchor}"') for anchor in anchors]


def test_text_alternative_says_what_is_left_out(small):
    """The text alternative of a part of a flow says what the part leaves out, whoever draws it."""
    part = ".. penstock-flow:: one\n   :depth: 0\n   :no-steps:\n   :format: {}\n"
    small.write("index.rst", f"Index\n=====\n\n{part.format('svg')}\n{part.format('mermaid')}")
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    labels = re.findall(r'<(svg|pre)[^>]*? aria-label="([^"]*)"', built.text("index.html"))
    assert ["svg", "pre"] == [tag for tag, _ in labels]
    assert [True, True] == [label.endswith(" steps left out.") for _, label in labels]
