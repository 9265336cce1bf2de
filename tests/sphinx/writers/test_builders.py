from __future__ import annotations

import json
import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

PAGES = ("orders", "markdown", "options", "twice", "odd", "sub/deep/parcels", "sub/notes", "autodoc")
BUILDERS = ("html", "dirhtml", "singlehtml", "epub", "text", "man", "latex", "texinfo", "xml", "gettext")
DRAWING = """\
◆ receive               ⇐ kafka:orders
│ ◆ accept              ⇐ POST /orders
├─╯
○ check
├─╮
○ │ charge  (if valid)  ⇒ postgres:payments, smtp:mail
  ○ refuse  (else)
"""


def page_files(builder):
    """Return the files that show flows."""
    if builder == "singlehtml":
        return ["index.html"]
    ending = {"html": ".html", "dirhtml": "/index.html", "epub": ".xhtml"}[builder]
    return [f"{page}{ending}" for page in PAGES]


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_is_clean(build, builder):
    """Every builder is clean with nitpicks, warnings as errors, and two processes."""
    built = build(builder)
    assert (0, "") == (built.code, built.complained)


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml", "epub"])
def test_links_lead_to_steps(build, builder):
    """Each node of each drawing, each neighbour, each path and each role links to an id that is there."""
    built = build(builder)
    pages = [built.page(file) for file in page_files(builder)]
    assert [] == [dead for page in pages for css in ("penstock", "xref") for dead in page.dead(css)]


def test_every_node_is_a_link(html):
    """A drawing has as many links as the flow has steps, also on a page that does not have the steps."""
    drawn = {name: len(html.page(f"{name}.html").within("ps-svg")) for name in PAGES}
    assert {
        "orders": 5,
        "markdown": 5,
        "options": 5,
        "twice": 4,
        "odd": 5,
        "sub/deep/parcels": 2,
        "sub/notes": 4,
        "autodoc": 2,
    } == drawn


@pytest.mark.parametrize("builder", ["html", "dirhtml", "epub"])
def test_unique_ids(build, builder):
    """No id is twice on a page, also where a flow is."""
    built = build(builder)
    for file in page_files(builder):
        assert [] == [name for name, count in Counter(built.page(file).ids).items() if count > 1], file


def test_unique_step_ids_in_one_page(build):
    """Where all pages become one, each flow, step and part of a drawing still has an id of its own."""
    ids = Counter(build("singlehtml").page("index.html").ids)
    assert [] == [name for name, count in ids.items() if count > 1]


def test_well_formed_epub(build):
    """The drawings in an EPUB are well-formed XML, as its readers need."""
    built = build("epub")
    for file in page_files("epub"):
        text = re.sub(r"&(?!amp|lt|gt|quot|#)\w+;", "", built.text(file))
        drawings = ET.fromstring(text).findall(".//{http://www.w3.org/2000/svg}svg")
        assert (file != "options.xhtml") or len(drawings) == 2  # that by Mermaid's script, too: readers run none
        assert drawings


def test_plain_text_has_drawing_steps_and_caption(build):
    """A page of plain text has the drawing, each step with what is said of it, and the caption."""
    text = build("text").text("orders.txt")
    for line in DRAWING.splitlines():
        assert line in text
    assert "receive(message: bytes) -> Order [entrypoint] [kafka:orders]" in text
    assert "check(order: Order) -> list[str] [async]" in text
    assert "after check *if valid* · effects [postgres:payments] [smtp:mail] ·" in text
    assert "   How *orders* become parcels." in text


def test_a_manual_page_has_the_drawing(build):
    """A manual page has the drawing, line for line."""
    text = build("man").text("site.1").replace("\\(aq", "'")
    for line in DRAWING.splitlines():
        assert line.rstrip() in text


def test_latex_gets_a_picture_with_caption_and_links(build):
    """LaTeX gets a picture that is there, in a figure with the caption, and links to steps."""
    built = build("latex")
    text = built.text("site.tex")
    pictures = re.findall(r"\\sphinxincludegraphics\[scale=\\penstockscale\]\{(penstock-\w+\.(?:pdf|png))\}", text)
    assert len(pictures) == 10
    assert all((built.folder / picture).stat().st_size > 1000 for picture in pictures)
    assert r"\caption{How \sphinxstyleemphasis{orders} become parcels.}" in text
    assert r"\hyperref[\detokenize{orders:flow-orders-check}]" in text
    assert re.search(r"\{\\sphinxbfcode\{\\sphinxupquote\{check\}\}\}\s*\{\\sphinxparam", text)


def test_texinfo_and_xml(build):
    """Builders that know nothing of drawings get them as literal text."""
    assert "◆ receive" in build("texinfo").text("site.texi")
    assert "◆ receive" in build("xml").text("orders.xml")


def test_links_in_texinfo(small):
    """Links to captioned figures and tables lead there, not to the end of the manual, and two builds are alike."""
    small.write("flows.py", f"{small.text('flows.py')}\n\nflow('two').entrypoint(begin)\n")
    roles = "See :penstock:flow:`one`, :penstock:flow:`two`, :ref:`all`, :ref:`map`."
    flows = ".. penstock-flow:: one\n   :caption: One\n\n.. penstock-flow:: two\n   :caption: Two\n"
    lists = (
        ".. penstock-flows::\n   :name: all\n   :caption: All\n\n.. penstock-map::\n   :name: map\n   :caption: Map\n"
    )
    small.write("index.rst", f"Index\n=====\n\n{roles}\n\n{flows}\n{lists}")
    built = small.build("texinfo", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    (text,) = [file.read_text("utf-8") for file in built.folder.glob("*.texi")]
    anchors = re.findall(r"@anchor\{index ([\w-]+)\}@anchor\{\w+\}(\s*@\w+ \w*)", text)
    assert {"flow-one": "@float Figure", "flow-two": "@float Figure", "map": "@float Figure"} == {
        name: after.strip() for name, after in anchors if "Figure" in after
    }
    assert "@w{" not in re.sub(r"@w\{-\}", "", text)  # with which Sphinx ends a manual that lacks anchors


def test_json_has_the_flow_and_a_plain_title(small):
    """Pages for another program have the flow, and the title of its index as plain text in the site's language."""
    built = small.build("json", "-W", "-D", "language=de")
    assert (0, "") == (built.code, built.complained)
    page = json.loads(built.text("index.fjson"))
    assert 'id="flow-one-begin"' in page["body"]
    assert ["penstock-flows", "Verzeichnis der Abläufe", "", "flows"] in page["rellinks"]


FLOW, FLOWS_MAP = ".. penstock-flow:: one\n", ".. penstock-map::\n"


@pytest.mark.parametrize(
    ("directive", "environment"),
    [
        (FLOW, "center"),
        (f"{FLOW}   :align: left\n", "flushleft"),
        (f"{FLOW}   :align: right\n", "flushright"),
        (f"{FLOW}\n   - a legend\n", "center"),
        (FLOWS_MAP, "center"),
        (f".. note::\n\n   {FLOW}", "center"),
        (f"- item\n\n  - {FLOW}", "center"),
        (f"{FLOW}   :caption: One\n", "figure"),
        (f"{FLOWS_MAP}   :caption: All\n", "figure"),
        (f".. list-table::\n\n   * - {FLOW}", "sphinxfigure-in-table"),
    ],
)
def test_latex_lets_only_figures_with_captions_float(small, directive, environment):
    """A picture stands where it is written, unless a caption says which one it is."""
    small.write("index.rst", f"Index\n=====\n\n{directive}")
    page = next(small.build("latex", "-W").folder.glob("*.tex")).read_text("utf-8")
    before = page.partition(r"\sphinxincludegraphics[scale")[0]
    assert environment == re.findall(r"\\begin\{([a-z-]+)\}", before)[-1]


def test_latex_leads_to_a_map_without_a_caption(small):
    """A picture that is no figure is still what its name leads to."""
    small.write("index.rst", f"Index\n=====\n\n{FLOWS_MAP}   :name: all\n\nSee :ref:`the map <all>`.\n")
    page = next(small.build("latex", "-W").folder.glob("*.tex")).read_text("utf-8")
    assert r"\label{\detokenize{index:all}}" in page
    assert r"\hyperref[\detokenize{index:all}]" in page


def test_latex_shows_a_drawing_in_text_that_goes_on_in_the_next_page(small):
    """Where there is no picture, the lines without a caption are no figure, which would be cut at the end of the page."""
    small.write("conf.py", small.text("conf.py") + 'penstock_engine = "dot"\n')
    page = next(small.build("latex").folder.glob("*.tex")).read_text("utf-8")
    assert r"\begin{figure}" not in page
    assert "* begin" in page


def test_latex_without_engine(small):
    """Without a layout engine, LaTeX gets the drawing as text, and the reason is said where the directive stands."""
    small.write("conf.py", small.text("conf.py") + 'penstock_engine = "dot"\n')
    small.write("page.rst", "Page\n====\n\nText.\n\n.. penstock-flow:: one\n")
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   page\n")
    built = small.build("latex")
    (warning,) = built.warnings
    assert re.match(r"page\.rst:6: WARNING: the layout engine 'dot' was not found; .* pip install", warning)
    assert warning.endswith("The page shows a drawing in text instead. [penstock.render]")
    assert "* begin" in next(built.folder.glob("*.tex")).read_text("utf-8")


def test_latex_with_letters_that_no_picture_has(small):
    """Text takes the place of a picture with boxes, and the build says which letters and what helps."""
    small.edit("flows.py", '"""Begin."""', '"""部品表."""')
    built = small.build("latex")
    assert ["[penstock.render]"] == re.findall(
        r"has no glyph for 品 表 部.*or choose svg\. The page shows.*(\[.*\])", built.complained
    )
    page = next(built.folder.glob("*.tex")).read_text("utf-8")
    assert "* begin   部品表." in page
    assert "sphinxincludegraphics" not in page


OTHER = """
from sphinx.builders.{module} import {base}

class Other({base}):
    name = "{name}"
    format = "{format}"

def setup(app):
    app.add_builder(Other)
"""


def with_builder(small, base, name, kind):
    """Give a site a builder from elsewhere, which writes as one of Sphinx does."""
    module, _, base = base.rpartition(".")
    small.write("other.py", OTHER.format(module=module, base=base, name=name, format=kind))
    path = f"import sys\nsys.path.insert(0, {str(small.folder)!r})\n"
    small.write("conf.py", f"{path}{small.text('conf.py')}extensions.append('other')\n")


@pytest.mark.parametrize(("name", "kind"), [("rinoh", "pdf"), ("pdf", "")])
def test_other_makers_of_pdf(small, name, kind):
    """Other makers of PDF, as rinohtype and rst2pdf are, get a drawing of signs that all fonts have."""
    with_builder(small, "text.TextBuilder", name, kind)
    text = small.build(name).text("index.txt")
    assert "* begin   Begin.\n      o finish  Finish.\n" in text


def test_markdown_gets_anchors_and_captions(small):
    """The builder of Markdown gets anchors in the one way that it knows, and captions and legends as paragraphs."""
    with_builder(small, "xml.XMLBuilder", "other", "markdown")
    flow = ".. penstock-flow:: one\n   :name: all\n\n   A *caption*\n\n   A legend.\n"
    small.write("index.rst", f"Index\n=====\n\n{flow}\n.. penstock-flows::\n   :name: table\n")
    small.write("page.rst", ":orphan:\n\nPage\n====\n\n.. penstock-flow:: one\n")
    built = small.build("other", "-W")
    assert (0, "") == (built.code, built.complained)
    page = ET.fromstring(built.text("index.xml"))
    assert ["all", "flow-one", "table"] == [target.get("refid") for target in page.iter("target")]
    assert ["A caption", "A legend."] == ["".join(each.itertext()) for each in page.iterfind("section/paragraph")]
    assert [] == [*page.iter("figure")]
    page = ET.fromstring(built.text("page.xml"))
    assert ["flow-one"] == [target.get("refid") for target in page.iter("target")]


def test_links_to_sources_are_checked(small):
    """Links to sources are checked as all others are; those within the drawing are not taken for pages of the web."""
    small.edit("conf.py", 'theme = "basic"', 'theme = "basic"\npenstock_source_url = "http://127.0.0.1:9/{file}"')
    small.write(
        "conf.py", f"{small.text('conf.py')}linkcheck_report_timeouts_as_broken = False\n"
    )  # Sphinx 7.4 asks for it
    built = small.build("linkcheck")
    assert "http://127.0.0.1:9/flows.py" in built.text("output.txt")
    assert 1 == len(built.text("output.txt").splitlines())
    built = small.build("linkcheck", "-E", "-D", "linkcheck_ignore=http://127.0.0.1:9/.*", "-W")
    assert (0, "") == (built.code, built.complained)


@pytest.mark.parametrize("url", ["", "https://example.org/{file}"])
def test_prose_for_spelling(small, url):
    """A builder that checks spelling takes what stands in a paragraph itself for prose, and no place of a source does."""
    small.write("conf.py", small.text("conf.py") + f"penstock_source_url = {url!r}\n")
    page = ET.parse(small.build("xml").folder / "index.xml")
    prose = [text for node in page.iter("paragraph") for text in (node.text, *(child.tail for child in node))]
    assert [] == [text for text in prose if text and "flows.py" in text]
