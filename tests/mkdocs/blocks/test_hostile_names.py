"""Names, titles and labels that look like Markdown, HTML or our own marks are shown as what they are."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from penstock.manifest import Manifest
from penstock.model import Edge, Flow, Step
from penstock_mkdocs.generated_pages.pages import flow_pages

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a*b*c _d_ `e` [f](g)",
    "\x02wzxhzdk:0\x03",
    "\x02klzzwxh:0001\x03",
    "penstock00000000x0x",
    "&lt;b&gt; &amp;",
    "заказ → 注文",
    "a\u202eb\u0000c",
    "{: #id .class }",
    "*[abbr]: long",
    "</div>",
    "::: x",
]


def flow_of(name: str) -> Flow:
    """Return a flow in which every text is this one."""
    steps = (
        Step(
            name=name,
            title=name,
            signature=f"({name})",
            trigger=name,
            effects=(name,),
            entrypoint=True,
            file=name,
            line=1,
        ),
        Step(name=f"{name} 2", title=name),
    )
    edges = (Edge(source=name, target=f"{name} 2", label=name),)
    return Flow(name="hostile", title=name, description=name, steps=steps, edges=edges)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", ["svg", "mermaid"])
def test_a_name_is_text_everywhere(convert, name, form):
    """A name is text everywhere: in the heading, the outline, the chips, the drawing, the caption."""
    options = f"    format: {form}\n    paths: yes\n    caption: '{name.replace(chr(39), '')}'\n"
    extensions = ("attr_list", "abbr", "md_in_html")
    page = convert(f"# T\n\n::: penstock-flow hostile\n{options}\nEnd *here*.\n", flow_of(name), extensions=extensions)
    parsed = BeautifulSoup(page.html, "html.parser")
    visible = " ".join("".join(char for char in name if char.isprintable() or char == " ").split())

    assert [] == page.logged
    assert [] == parsed.find_all(["script", "img", "b", "abbr"])
    assert "here" == parsed.find_all("p", recursive=False)[-1].em.text
    assert [visible, f"{visible} 2"] == [heading.text for heading in parsed.select(".ps-step-name")]
    assert visible == parsed.select_one(".ps-chip-io").text
    ids = {element["id"] for element in parsed.select("[id]")}
    links = {link.get("href") or link.get("xlink:href") for link in parsed.select("a")}
    assert {link.removeprefix("#") for link in links} <= ids


@pytest.mark.parametrize("name", [*HOSTILE, "order processing", "a\nb", '"quoted"', "x" * 300, "index", "a/b"])
def test_generated_pages(convert, name):
    """A flow of any name has a page of its own, whose embed finds it."""
    flow = Flow(name=name, steps=(Step(name="one", entrypoint=True),))
    overview, page = flow_pages(Manifest(flows=(flow,)), "Flows")
    converted = convert(page.markdown, flow)

    assert [] == converted.logged
    assert "<svg" in converted.html
    assert "flows/index.md" == overview.path != page.path


@pytest.mark.parametrize(
    "title",
    [
        "pay (later) or [never]",
        "$5 and $6",
        "[x]",
        "(c) 2026 -- a^2^ ~~no~~ ==yes== ++b++",
        "- item",
        "1. first",
        ":smile: a_b_c __d__",
        "::: shop",
        "!!! note",
        "https://example.org/",
    ],
)
def test_titles_of_generated_pages(convert, title):
    """Title and description of a generated page read as written, whatever extensions make of such marks."""
    flow = Flow(name="x", title=title, description=title, steps=(Step(name="one", entrypoint=True),))
    extensions = ("admonition", "smarty", "pymdownx.arithmatex", "pymdownx.emoji", "pymdownx.extra", "pymdownx.caret")
    more = ("pymdownx.mark", "pymdownx.tilde", "pymdownx.smartsymbols", "pymdownx.magiclink")
    page = flow_pages(Manifest(flows=(flow,)), "Flows")[1]
    parsed = BeautifulSoup(convert(page.markdown, flow, extensions=extensions + more).html, "html.parser")

    assert [title, title] == [parsed.h1.text, parsed.p.text]
    assert [] == [*parsed.h1.find_all(True), *parsed.p.find_all(True)]


def test_pages_do_not_collide():
    """Names that differ only in what a file name cannot hold, or in case, get pages of their own."""
    names = ["a b", "a-b", "A-B", "index", "a?b"]
    flows = tuple(Flow(name=name, steps=(Step(name="one", entrypoint=True),)) for name in names)
    paths = [page.path.casefold() for page in flow_pages(Manifest(flows=flows), "Flows")]

    assert len(names) + 1 == len(set(paths))


def test_services_have_folders():
    """Flows of equal names in two services have pages in two folders."""
    flows = tuple(Flow(name="sync", service=name, steps=(Step(name="one"),)) for name in ("parts", "shop"))
    _, *pages = flow_pages(Manifest(flows=flows), "Flows")

    assert ["flows/parts/sync.md", "flows/shop/sync.md"] == [page.path for page in pages]
    assert "::: penstock-flow parts/sync" in pages[0].markdown
