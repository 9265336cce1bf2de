"""What a page brings along: the script, the colours of signatures, embeds in whatever surrounds them."""

from __future__ import annotations

import re

import markdown
import pytest
from bs4 import BeautifulSoup

from penstock.model import Flow, Step
from penstock_mkdocs.markdown import makeExtension
from penstock_mkdocs.nested_markdown import NestedMarkdown

EMBED = "::: penstock-flow orders\n"
SIGNATURE = "(order: Order, *, strict: bool = False) → list[str]"


def soup(html: str) -> BeautifulSoup:
    """Return a page, parsed."""
    return BeautifulSoup(html, "html.parser")


def signature_of(html: str):
    """Return the element with the signature of a step."""
    return soup(html).find(id="flow-orders-check").parent.select_one(".ps-sig code")


def test_script_once(write_manifest, orders):
    """The script stands on a page once, on the next page again, on none without an embed, and can be left out."""
    path = str(write_manifest(orders))
    md = markdown.Markdown(extensions=[makeExtension(manifests=[path])])
    bare = markdown.markdown(EMBED, extensions=[makeExtension(manifests=[path], js=False)])

    assert 1 == md.convert(f"{EMBED}\n::: penstock-flows\n").count("<script>")
    assert 1 == md.reset().convert(EMBED).count("<script>")
    assert 0 == md.reset().convert("# Nothing\n").count("<script>")
    assert 0 == bare.count("<script>")


@pytest.mark.parametrize("setting", ["", ", js: true", ", js: false"])
def test_script_of_the_plugin(tmp_path, write_site, run_tool, setting):
    """With the plugin, the script is one file that pages link, unless it is left out."""
    config = f"site_name: T\nplugins:\n  - penstock: {{modules: [app], path: [src]{setting}}}\n"
    write_site(tmp_path, config, index=EMBED)
    done = run_tool("mkdocs", "build", "--strict", folder=tmp_path)
    assert 0 == done.returncode, done.stderr

    page = soup((tmp_path / "site/index.html").read_text(encoding="utf-8"))
    linked = [script["src"] for script in page.select("script[src]") if "penstock" in script["src"]]
    assert ([] if "false" in setting else ["assets/penstock.js"]) == linked
    assert bool(linked) == (tmp_path / "site/assets/penstock.js").is_file()
    assert "penstockDiagrams" not in page.text


@pytest.mark.parametrize(
    ("extensions", "configs", "css"),
    [
        (("pymdownx.highlight",), {}, "highlight"),
        (("pymdownx.superfences",), {}, "highlight"),
        (("pymdownx.superfences", "pymdownx.highlight"), {"pymdownx.highlight": {"css_class": "mine"}}, "mine"),
        (("codehilite", "fenced_code"), {}, "codehilite"),
        (("codehilite",), {"codehilite": {"css_class": "mine"}}, "mine"),
    ],
)
def test_signature_has_the_colours_of_the_page(convert, extensions, configs, css):
    """A signature is highlighted as the page's blocks of code are, on one line, and without ids."""
    code = signature_of(convert(EMBED, extensions=extensions, configs=configs).html)

    assert [css] == code["class"]
    assert SIGNATURE == code.text
    assert {"False"} <= {each.text for each in code.select("span.kc")}
    assert [] == code.select("[id], a, pre, div")


@pytest.mark.parametrize(
    ("extensions", "configs"),
    [((), {}), (("pymdownx.highlight",), {"pymdownx.highlight": {"use_pygments": False}}), (("fenced_code",), {})],
)
def test_signature_without_a_highlighter(convert, extensions, configs):
    """Where the page highlights nothing, a signature is plain code."""
    code = signature_of(convert(EMBED, extensions=extensions, configs=configs).html)

    assert f"<code>{SIGNATURE}</code>" == str(code)


def test_inline_colours(convert):
    """Where the page's highlighter writes colours instead of classes, signatures have them too."""
    configs = {"codehilite": {"noclasses": True}}
    code = signature_of(convert(EMBED, extensions=("codehilite",), configs=configs).html)

    assert code.select("span[style*=color]")
    assert [] == code.select("span[class]")


@pytest.mark.parametrize(
    "signature", ['(x="</code><script>alert(1)</script>")', "(x='\x02wzxhzdk:0\x03')", "(x: 'a\nb')"]
)
def test_hostile_signature(convert, signature):
    """A signature is text, highlighted or not."""
    flow = Flow(name="f", steps=(Step(name="run", signature=signature, entrypoint=True),))
    for extensions in ((), ("pymdownx.highlight",)):
        page = soup(convert("::: penstock-flow f\n", flow, extensions=extensions).html)
        shown = "".join(char for char in signature.replace("\n", " ") if char.isprintable())
        assert shown == page.select_one(".ps-sig code").text
        assert [] == page.select("script")


@pytest.mark.parametrize("kind", ["penstock-flow orders", "penstock-flows", "penstock-map"])
@pytest.mark.parametrize("place", ["file", "snippet in a tab"])
def test_an_embed_in_a_snippet_has_no_line(convert, tmp_path, kind, place):
    """An embed in a snippet is one where the snippet stands; its faults have no line, because the page has none."""
    (tmp_path / "part.md").write_text(f"Before.\n\n::: {kind}\n    captoin: x\n", encoding="utf-8")
    (tmp_path / "good.md").write_text(f"Before.\n\n::: {kind}\n", encoding="utf-8")
    extensions = ("pymdownx.snippets", "pymdownx.tabbed")
    configs = {"pymdownx.snippets": {"base_path": [str(tmp_path)]}, "pymdownx.tabbed": {"alternate_style": True}}
    text = '--8<-- "{}"\n' if place == "file" else '=== "Tab"\n\n    --8<-- "{}"\n'
    good = convert(text.format("good.md"), extensions=extensions, configs=configs)
    bad = convert(text.format("part.md"), extensions=extensions, configs=configs)

    assert [] == good.logged
    assert soup(good.html).svg
    assert bool(soup(good.html).svg.find_parent(class_="tabbed-block")) == (place != "file")
    assert ["<markdown>: there is no option 'captoin'. Did you mean 'caption'?"] == bad.logged


def test_a_fence_in_a_snippet_where_fences_keep_tabs(convert, tmp_path):
    """A fence in a snippet is an embed also where the site's fences keep their tabs, and so are read earlier."""
    (tmp_path / "part.md").write_text(
        "```penstock-flow orders\ncaption: All of it\n```\n\n```python\nx\n```\n", encoding="utf-8"
    )
    extensions = ("pymdownx.snippets", "pymdownx.superfences")
    configs = {"pymdownx.snippets": {"base_path": [str(tmp_path)]}, "pymdownx.superfences": {"preserve_tabs": True}}
    page = convert('--8<-- "part.md"\n', extensions=extensions, configs=configs)

    assert [] == page.logged
    assert "All of it" == soup(page.html).figcaption.text


@pytest.mark.parametrize("kind", ["penstock-flows", "penstock-map"])
@pytest.mark.parametrize(
    "text",
    [
        "- item\n\n    {0}",
        '!!! note "Title"\n\n    {0}',
        '??? note "Title"\n\n    {0}',
        '=== "Tab"\n\n    {0}',
        '=== "Tab"\n\n    1. item\n\n        {0}',
    ],
)
def test_a_table_may_stand_in_other_blocks(convert, kind, text):
    """A table or a map may stand in lists, admonitions, details and tabs."""
    extensions = ("admonition", "pymdownx.details", "pymdownx.superfences", "pymdownx.tabbed")
    configs = {"pymdownx.tabbed": {"alternate_style": True}}
    page = convert(text.format(f"::: {kind}"), extensions=extensions, configs=configs)
    block = soup(page.html).select_one("div.penstock")

    assert [] == page.logged
    assert block.find_parent(["li", "details"]) or block.find_parent(class_=["admonition", "tabbed-block"])


@pytest.mark.parametrize("order", [("mkdocstrings", "penstock"), ("penstock", "mkdocstrings")])
def test_beside_mkdocstrings(tmp_path, write_site, run_tool, needs_host, order):
    """Embeds of penstock and of the real mkdocstrings live on one page, in whatever order the plugins are listed."""
    needs_host("mkdocstrings", "mkdocstrings_handlers.python")
    plugins = {
        "penstock": "  - penstock: {modules: [app], path: [src]}\n",
        "mkdocstrings": "  - mkdocstrings: {handlers: {python: {paths: [src]}}}\n",
    }
    config = (
        f"site_name: T\ntheme: {{name: material, font: false}}\nplugins:\n{''.join(plugins[name] for name in order)}"
    )
    text = f"# A\n\n::: app.store\n\n{EMBED}\n::: app.receive\n\n- x\n\n    ::: penstock-flows\n"
    done = run_tool("mkdocs", "build", "--strict", folder=write_site(tmp_path, config, index=text))
    assert 0 == done.returncode, done.stderr

    page = soup((tmp_path / "site/index.html").read_text(encoding="utf-8"))
    ids = [element["id"] for element in page.article.select("[id]")]
    assert {"app.store", "app.receive", "flow-orders", "flow-orders-store"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert page.select_one("li .ps-flows a[href='#flow-orders']")


PLAIN = [
    "What was ordered.",
    "One (two) three 1/2 of it, it's 5% - or so?",
    "see www.example.com for more",
    "mail x at y.example to c/o me",
    "HTML is abbreviated",
    "GH 12 is an issue",
    "one  two   three",
]


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize(
    "extensions",
    [(), ("abbr", "smarty", "wikilinks", "pymdownx.magiclink", "pymdownx.smartsymbols", "pymdownx.fancylists")],
)
def test_plain_text_is_what_markdown_says(text, extensions):
    """A line in which Markdown would find nothing is not given to it, and comes out the same."""
    md = markdown.Markdown(extensions=list(extensions))
    md.convert("*[HTML]: Language\n")
    expected = str(NestedMarkdown(md).blocks(f"{text}\n\n*x*")).partition("\n")[0]

    assert expected == NestedMarkdown(md).blocks(text)


def test_drawing_is_compact(convert):
    """A drawing has white space where its words would touch, and nowhere else."""
    html = re.search(r"<svg.*?</svg>", convert(EMBED).html, re.DOTALL)[0]

    assert [] == re.findall(r"(?<!</text>)(?<!</title>)\n", html)
