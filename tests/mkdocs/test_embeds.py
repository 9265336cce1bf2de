"""Embeds on a page: how they are written, where they may stand, what their options do."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree.ElementTree import SubElement

import markdown
import pytest
from bs4 import BeautifulSoup
from markdown import Extension
from markdown.blockprocessors import BlockProcessor

from penstock.errors import PenstockError
from penstock_mkdocs.markdown import makeExtension

EMBED = "::: penstock-flow orders\n"
NOT_A_BLOCK = (
    "penstock-flow cannot be shown here: add an empty line above it, and the attribute markdown to HTML around it"
)


def soup(html: str) -> BeautifulSoup:
    """Return a page, parsed."""
    return BeautifulSoup(html, "html.parser")


def embed(*options: str, name: str = "orders") -> str:
    """Return an embed as written on a page."""
    return "\n".join([f"::: penstock-flow {name}", *(f"    {option}" for option in options), ""])


def test_figure_and_steps(convert):
    """A block becomes a figure with one node for each step, and a heading for each step in flow order."""
    page = soup(convert(f"# Orders\n\n{EMBED}").html)

    assert 4 == len(page.select("figure.ps-figure svg a.ps-node"))
    assert ["receive", "check", "thank", "refuse"] == [heading.text for heading in page.select("h2.ps-step-name")]


def test_fence_is_the_same(convert):
    """A fence says the same as a block, with the name behind the word or on a line of its own."""
    expected = convert(embed("caption: Ways", "paths: true")).html

    assert expected == convert("```penstock-flow orders\ncaption: Ways\npaths: true\n```\n").html
    assert expected == convert("~~~~ penstock-flow\n\norders\ncaption: Ways\npaths: true\n~~~~\n").html


def test_text_around_stays(convert):
    """Text right before and behind an embed, without blank lines, is still Markdown."""
    page = soup(convert("Some *text*\n::: penstock-flow orders\n    steps: false\nand **more**\n").html)

    assert "text" == page.em.text
    assert "more" == page.strong.text
    assert page.find("figure")


def test_step_says_what_there_is_to_say(convert):
    """Below a step's heading stand signature, chips, docstring, neighbours with labels, effects, and the source."""
    page = soup(convert(EMBED).html)
    step = page.find(id="flow-orders-check").parent

    assert "(order: Order, *, strict: bool = False) → list[str]" == step.select_one(".ps-sig code").text
    assert ["async"] == [chip.text for chip in step.select(".ps-sig .ps-chip")]
    assert "after receive · then thank if valid, refuse else · effects sqlite:orders · shop/orders.py:12" == " ".join(
        step.select_one(".ps-meta").text.split()
    )
    assert "It may take a while." in step.text


WORDS = "The *first* & <b>last</b>"
DESCRIPTION = (
    "What `it` is\n   for, as [plain](javascript:x) <i>text</i>.\n \r\n- no *list*, [here][], {{ nothing }}\n\n\n"
)
PARAGRAPHS = ["What `it` is for, as [plain](javascript:x) <i>text</i>.", "- no *list*, [here][], {{ nothing }}"]


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        ([], []),
        (["title: true"], [WORDS]),
        (["description: true"], PARAGRAPHS),
        (["description: yes", "title: on", "steps: false"], [WORDS, *PARAGRAPHS]),
        (["title: true", "description: true", "diagram: false"], [WORDS, *PARAGRAPHS]),
        (["title: true", "description: true", "caption: Words", "format: mermaid"], [WORDS, *PARAGRAPHS]),
    ],
)
@pytest.mark.parametrize("trusted", [True, False], ids=["own", "of others"])
def test_title_and_description(convert, orders, options, texts, trusted):
    """Title and description stand above all where they are wanted, as plain text in paragraphs."""
    flow = replace(orders, title=WORDS, description=DESCRIPTION)
    page = soup(convert(f"{embed(*options)}\n[here]: there\n", flow, trust_manifests=trusted, css=False).html)

    shown = page.select(".penstock > .ps-title, .penstock > .ps-description")
    assert texts == [text.text for text in shown]
    assert shown == page.select_one(".penstock").find_all(True, recursive=False)[: len(texts)]
    assert [] == [each for text in shown for each in text.find_all(True)]


def test_a_flow_without_title_and_description(convert):
    """A flow without a title is called by its name, and one without a description has none."""
    page = soup(convert(embed("title: true", "description: true", name="broken")).html)

    assert ["broken"] == [text.text for text in page.select(".ps-title, .ps-description")]


def test_a_title_is_not_in_the_outline(convert):
    """The table of contents of a page is the same with the title of a flow, which is no heading."""
    assert convert(EMBED).toc == convert(embed("title: true", "description: true")).toc


def test_entrypoint_stands_out(convert):
    """An entrypoint has its class, its chip and its trigger."""
    step = soup(convert(EMBED).html).select_one(".ps-entrypoint")

    assert ["entrypoint", "kafka:orders"] == [chip.text for chip in step.select(".ps-chip")]


def test_nodes_lead_to_their_steps(convert):
    """Every node, neighbour and path leads to a heading on the page, and no two ids are the same."""
    page = soup(convert(f"{embed('paths: true')}\n\n{EMBED}\n\n{embed(name='broken')}").html)
    ids = [element["id"] for element in page.select("[id]")]
    targets = {link.get("href") or link.get("xlink:href") for link in page.select("a")}

    assert len(ids) == len(set(ids))
    assert {
        f"#flow-orders{n}-{name}" for n in ("", "-2") for name in ("receive", "check", "thank", "refuse")
    } <= targets
    assert targets <= {f"#{ident}" for ident in ids}


@pytest.mark.parametrize("above", ["::: penstock-map\n", "::: penstock-flows\n", embed("steps: false")])
def test_ids_below_an_overview(convert, above):
    """Below what leads to the steps of a flow, this flow can stand twice: each heading has an id of its own."""
    page = soup(convert(f"{above}\n{EMBED}\n{EMBED}").html)
    ids = [element["id"] for element in page.select("[id]")]
    first, second = (div["id"] for div in page.select(".penstock[id^=flow-orders]") if div.select(".ps-step-name"))

    assert [] == [ident for ident in {*ids} if ids.count(ident) > 1]
    for anchor in (first, second):
        links = page.select(f"#{anchor} .ps-meta a[href^='#']")
        assert {f"#{anchor}"} == {link["href"].rpartition("-")[0] for link in links}


def test_svg_links_have_no_plain_href(convert):
    """Links inside the drawing use ``xlink:href``: scripts of Material that set ``href`` would throw on it."""
    page = soup(convert(EMBED).html)

    assert [] == page.select("svg a[href]")
    assert "#flow-orders-receive" == page.select_one("svg a")["xlink:href"]


def test_diagram_alone_leads_to_steps_shown_before(convert):
    """An embed without steps leads to the headings of an earlier one, and to nothing if there is none."""
    alone = embed("steps: false")

    assert [] == soup(convert(alone).html).select("svg a")
    assert "#flow-orders-receive" == soup(convert(f"{EMBED}\n{alone}").html).select("svg")[1].a["xlink:href"]


def test_outline_has_the_steps(convert):
    """The table of contents lists the steps under the heading before the embed."""
    toc = convert(f"# Orders\n\n## Flow\n\n{EMBED}\n## After\n").toc
    flow, after = toc[0]["children"]

    assert ["receive", "check", "thank", "refuse"] == [item["name"] for item in flow["children"]]
    assert "After" == after["name"]


@pytest.mark.parametrize(
    ("before", "option", "level"),
    [
        ("", "", "h2"),
        ("# A\n\n", "", "h2"),
        ("# A\n\n### B\n\n", "", "h4"),
        ("###### A\n\n", "", "h6"),
        ("# A\n\n", "heading_level: 4", "h4"),
        (f"# A\n\n{EMBED}\n", "", "h2"),
    ],
)
def test_heading_level(convert, before, option, level):
    """Steps are one level deeper than the last heading that is not a step's, unless a level is given."""
    page = soup(convert(f"{before}{embed(option, name='broken')}").html)

    assert level == page.find(id="flow-broken-lost").name


@pytest.mark.parametrize(
    ("option", "selector", "count"),
    [
        ("caption: 'It''s: so'", 'figcaption:-soup-contains("It\'s: so")', 1),
        ('caption: "A \\"quoted\\" one"', "figcaption:-soup-contains('A \"quoted\" one')", 1),
        ("caption: >\n        Two\n        lines", "figcaption:-soup-contains('Two lines')", 1),
        ("caption: 'It''s'  # not this", 'figcaption:-soup-contains("It\'s")', 1),
        ('caption: "so" # not this', "figcaption:-soup-contains('this')", 0),
        ("caption: short  # not this", "figcaption:-soup-contains('this')", 0),
        ("caption: <b>&", "figcaption b", 0),
        ("alt: In words", "svg[aria-label='In words']", 1),
        ("steps: no", "h2", 0),
        ("diagram: false", "svg", 0),
        ("diagram: false", "h2", 4),
        ("paths: true", ".ps-paths li", 2),
        ("paths: off", ".ps-paths", 0),
        ("format: mermaid", "pre.mermaid > code", 1),
        ("format: mermaid", "svg", 0),
        ("id: my flow", "div#my-flow h2#my-flow-receive", 1),
        ("name: mine", "div#mine h2#mine-receive", 1),
    ],
)
def test_each_option_changes_the_page(convert, option, selector, count):
    """Each option changes the page as its help says."""
    page = convert(embed(option))

    assert [] == page.logged
    assert count == len(soup(page.html).select(selector))


def test_a_direction_turns_the_drawing(convert):
    """A direction turns the drawing, in both formats."""
    down, right = (soup(convert(embed(f"direction: {name}")).html).svg for name in ("TD", "lr"))

    assert float(down["height"]) > float(right["height"])
    assert "graph LR" in convert(embed("direction: LR", "format: mermaid")).html


def test_mermaid_links(convert):
    """Mermaid's text has a link for each step on the page."""
    text = soup(convert(embed("format: mermaid")).html).select_one("pre.mermaid").text

    assert 'click check href "#flow-orders-check"' in text


def test_direction_of_the_site(convert):
    """The configured direction holds where an embed names none."""
    right = soup(convert(EMBED, direction="LR").html).svg

    assert float(right["width"]) > float(right["height"])


@pytest.mark.parametrize(
    "text",
    [
        "- item\n\n    {0}",
        "- item\n    {0}\n- next",
        "> {0}",
        "> text\n>\n> {0}\n> more",
        "> > {0}",
        "> - item\n>     {0}\n> - next",
        "- item\n\n    > {0}",
        "1. item\n\n    - inner\n\n        {0}",
        '!!! note "Title"\n\n    {0}',
        '??? note "Title"\n\n    {0}',
        '=== "Tab"\n\n    {0}',
        '=== "Tab"\n\n    - item\n\n        {0}',
    ],
)
@pytest.mark.parametrize(
    "form", ["::: penstock-flow orders\n    steps: false", "```penstock-flow orders\nsteps: no\n```"]
)
def test_an_embed_may_stand_in_other_blocks(convert, text, form):
    """An embed may stand in lists, quotes, admonitions, details and tabs; it ends up inside of them."""
    indent = re.search(r"[ >]*(?=\{0\})", text)[0]
    source = text.format(form.replace("\n", f"\n{indent}"))
    extensions = ("admonition", "pymdownx.details", "pymdownx.superfences", "pymdownx.tabbed")
    page = soup(convert(source, extensions=extensions, configs={"pymdownx.tabbed": {"alternate_style": True}}).html)

    assert page.figure.find_parent(["li", "blockquote", "details"]) or page.figure.find_parent(
        class_=["admonition", "tabbed-block"]
    )
    assert "penstock" not in page.text
    assert [] == page.select(".ps-step-name")


@pytest.mark.parametrize(
    "form", ["::: penstock-flow orders\n{0}steps: false", "```penstock-flow orders\n{0}steps: no\n{0}```"]
)
@pytest.mark.parametrize(
    ("lead", "inside"),
    [
        ("- ", "li"),
        ("* ", "li"),
        ("10. ", "li"),
        ("a) ", "li"),
        ("- outer\n    - ", "li li"),
        ("> - ", "blockquote li"),
        ("Term\n:   ", "dd"),
        ("Text.[^1]\n\n[^1]: ", "div.footnote li"),
    ],
)
def test_first_line_of_an_item(convert, lead, inside, form):
    """An embed may stand right behind the mark of an item, a term or a footnote, and others stay what they are."""
    indent = ("> " if lead[0] == ">" else "") + " " * 8
    page = convert(f"{lead}{form.format(indent)}\n", extensions=("def_list", "footnotes", "pymdownx.fancylists"))
    parsed = soup(page.html)

    assert [] == page.logged
    assert 1 == len(parsed.select(f"{inside} figure"))
    assert [] == parsed.select(".ps-step-name")
    assert "penstock" not in parsed.text


def test_items_around_stay_tight(convert):
    """Items before and behind one that is an embed are items of the same list, without paragraphs."""
    page = soup(convert("- one\n- ::: penstock-flow orders\n      steps: no\n- three\n").html)

    assert 3 == len(page.ul.find_all("li", recursive=False))
    assert [] == page.select("li > p")


@pytest.mark.parametrize("fences", ["fenced_code", "pymdownx.superfences"])
@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("```markdown\n::: penstock-flow orders\n    caption: x\n```", "::: penstock-flow orders\n    caption: x\n"),
        ("````\n```penstock-flow orders\n```\n````", "```penstock-flow orders\n```\n"),
        ("~~~\n```penstock-flow orders\n```\n~~~", "```penstock-flow orders\n```\n"),
        ("Text:\n\n    > ::: penstock-flow orders\n    >     id: x", "> ::: penstock-flow orders\n>     id: x\n"),
        ("> Text:\n>\n>     ::: penstock-flow orders\n>         id: x", "::: penstock-flow orders\n    id: x\n"),
        ("Text:\n\n    ```penstock-flow orders", "```penstock-flow orders\n"),
        ("Text:\n\n    ::: penstock-flow orders\n\n        id: x", "::: penstock-flow orders\n\n    id: x\n"),
        ("Text:\n\n    - ::: penstock-flow orders\n        id: x", "- ::: penstock-flow orders\n    id: x\n"),
        ("Text:\n\n    ## ::: penstock-flow orders", "## ::: penstock-flow orders\n"),
        ("> Text:\n>\n>     - ::: penstock-flow orders", "- ::: penstock-flow orders\n"),
        ("Write `> ::: penstock-flow orders`.", "> ::: penstock-flow orders"),
        ("Write ` ```penstock-flow orders `.", "```penstock-flow orders"),
        ("Text:\n\n    ::: penstock-flow a<b\n        caption: x", "::: penstock-flow a<b\n    caption: x\n"),
        ("Text:\n\n    ```penstock-flow orders\n    steps: no\n    ```", "```penstock-flow orders\nsteps: no\n```\n"),
    ],
)
def test_examples_stay_text(convert, fences, source, shown):
    """Inside a code block, an embed is an example, and comes out as it was written."""
    page = convert(source, extensions=(fences,))

    assert [] == page.logged
    assert shown.rstrip() == soup(page.html).code.text.rstrip()


def test_raw_html_stays_text(convert):
    """Inside raw HTML, where Markdown does nothing, an embed stays text, and the log says so."""
    page = convert("<div>\n::: penstock-flow orders\n</div>\n")

    assert "::: penstock-flow orders" == soup(page.html).div.text.strip()
    assert [f"<markdown>:2: {NOT_A_BLOCK}"] == page.logged


@pytest.mark.parametrize("line", [2, 4])
def test_an_embed_that_is_no_block_is_reported(convert, line):
    """Where Markdown makes text of an embed, the log has its line, and strictness fails."""
    lines = (
        ["Text", "- [ ] ::: penstock-flow orders"]
        if line == 2
        else ["- a", "", "", "- [x] ```penstock-flow orders", "  ```"]
    )
    page = convert("\n".join(lines))

    assert [f"<markdown>:{line}: {NOT_A_BLOCK}"] == page.logged
    assert "penstock-flow orders" in soup(page.html).text
    with pytest.raises(PenstockError, match=f"^<markdown>:{line}: penstock-flow cannot be shown"):
        convert("\n".join(lines), strict=True)


@pytest.mark.parametrize("stray", ["```\ncode\n  ```", "  ~~~\ncode\n  ~~~"])
def test_what_is_no_fence_hides_nothing(convert, stray):
    """A fence that Markdown does not close where it seems to end takes no embed with it."""
    page = convert(f"{stray.replace('code', EMBED)}\n\n{EMBED}", extensions=("pymdownx.superfences",))

    assert "::: penstock-flow" not in soup(page.html).text


@pytest.mark.parametrize("text", ["<!--\n{0}\n-->", "Write:\n\n    {0}", "<pre>\n{0}\n</pre>"])
def test_nothing_leads_to_an_example(convert, text):
    """A diagram leads to no steps, and a table to no flow, that only an example or a comment seems to show."""
    example = text.format("::: penstock-flow orders")
    page = convert(f"{example}\n\nSo:\n\n{embed('steps: false')}\n::: penstock-flows\n")
    parsed = soup(page.html)
    ids = {element["id"] for element in parsed.select("[id]")}
    links = {link.get("href") or link.get("xlink:href") for link in parsed.select("a")}

    assert [] == page.logged
    assert links <= {f"#{ident}" for ident in ids}


class _Triple(BlockProcessor):
    """Takes every line that begins with three colons, as mkdocstrings does, at the same priority."""

    def test(self, parent, block):
        return bool(re.search(r"^::: ?(.+?) *$", block, flags=re.MULTILINE))

    def run(self, parent, blocks):
        SubElement(parent, "p").text = f"mkdocstrings: {blocks.pop(0)}"


class _LikeMkdocstrings(Extension):
    def extendMarkdown(self, md):
        md.parser.blockprocessors.register(_Triple(md.parser), "mkdocstrings", 75)


@pytest.mark.parametrize("ours_first", [True, False])
def test_beside_mkdocstrings(write_manifest, orders, ours_first):
    """Embeds of penstock and of mkdocstrings live on one page, in whatever order the extensions are listed."""
    ours = makeExtension(manifests=[str(write_manifest(orders))])
    extensions = [ours, _LikeMkdocstrings()] if ours_first else [_LikeMkdocstrings(), ours]
    page = soup(markdown.markdown(f"::: some.module\n\n{EMBED}\n", extensions=extensions))

    assert ["mkdocstrings: ::: some.module"] == [p.text for p in page.find_all("p", string=re.compile("mkdocstrings"))]
    assert page.svg


def test_style_sheet_once(write_manifest, orders):
    """The style sheet stands on a page once, also on the next page of the same Markdown object, and can be left out."""
    path = str(write_manifest(orders))
    md = markdown.Markdown(extensions=[makeExtension(manifests=[path])])
    bare = markdown.markdown(EMBED, extensions=[makeExtension(manifests=[path], css=False)])

    assert 1 == md.convert(f"{EMBED}\n{EMBED}").count("<style>")
    assert 1 == md.reset().convert(EMBED).count("<style>")
    assert 0 == bare.count("<style>")


def test_same_page_twice(write_manifest, orders):
    """After a reset, a Markdown object gives the same page again."""
    md = markdown.Markdown(extensions=[makeExtension(manifests=[str(write_manifest(orders))])])

    assert md.convert(EMBED) == md.reset().convert(EMBED)


def test_each_frame_has_a_name_of_its_own(convert):
    """A screen reader lists the frames of a page by name, so a flow that is there twice has two names."""
    pages = soup(convert(EMBED * 2 + "\n::: penstock-map\n\n::: penstock-map\n\n" + EMBED).html)
    names = [frame["aria-label"] for frame in pages.select(".ps-frame")]

    numbered = [f"Diagram of Orders{number}" for number in ("", " (2)", " (3)")]
    assert [*numbered[:2], "System map", "System map (2)", numbered[2]] == names


def test_labels_are_separate_words(convert):
    """The words of the drawing are apart in the page's text, as a search index reads it."""
    words = soup(convert(embed("steps: no")).html).svg.get_text().split()

    assert {"receive", "check", "thank", "refuse", "kafka:orders"} <= set(words)


def test_nothing_is_loaded_from_elsewhere(convert):
    """An embed names no other host."""
    html = convert(f"{embed('paths: yes')}\n{embed('format: mermaid')}").html

    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\"')\s]+", html))


def test_a_diagram_above_its_steps_leads_to_them(convert):
    """Where the picture stands first and the steps further down, the nodes are links all the same."""
    page = soup(convert(f"# Orders\n\n{embed('steps: false')}\n## Steps\n\n{embed('diagram: false')}").html)
    links = [node["xlink:href"] for node in page.select("svg .ps-node") if node.name == "a"]

    assert 4 == len(links)
    assert [] == [link for link in links if not page.find(id=link.removeprefix("#"))]


def test_options_with_a_small_indentation(convert):
    """Two spaces are as good as four where the line is an option."""
    page = soup(convert("::: penstock-flow orders\n  caption: All of it\n  steps: false\n").html)

    assert "All of it" == page.select_one("figcaption").text
    assert [] == page.select(".ps-step-name")


def test_a_page_that_is_converted_again(write_manifest, orders):
    """A page has the same ids when it is converted once more without a reset, as Material's blog does for each list."""
    settings = {"manifests": [str(write_manifest(orders))], "css": False, "js": False}
    md = markdown.Markdown(extensions=["penstock"], extension_configs={"penstock": settings})
    text = "::: penstock-flows\n\n::: penstock-flow orders\n"

    assert md.convert(text) == md.convert(text)


@pytest.mark.parametrize(("format_name", "selector"), [("svg", "svg"), ("mermaid", "figure")])
def test_text_alternative_says_what_is_left_out(convert, format_name, selector):
    """The text alternative of a part of a flow says what the part leaves out, whoever draws it."""
    page = soup(convert(embed("depth: 0", f"format: {format_name}")).html)

    assert page.select_one(selector)["aria-label"].endswith(" 3 of 4 steps left out.")
