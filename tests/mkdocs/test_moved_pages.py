"""Tools that move finished pages or convert some of their own: print-site, TechDocs, notebooks."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup

PLUGINS = "plugins: [{extra}{{penstock: {{modules: [app], path: [src]{more}}}}}]\n"
MATERIAL = "site_name: T\ntheme: {name: material, font: false}\n"
PLAIN = "site_name: T\ntheme: {name: mkdocs, highlightjs: false}\n"
PAGE = "# Orders\n\n::: penstock-flow orders\n    paths: true\n"
MAP = "# Home\n\n::: penstock-map\n\n::: penstock-flows\n"

TECHDOCS = """
def on_config(config):
    config.theme.dirs.append("templates")
    config.theme.static_templates.update({"techdocs_metadata.json"})
    config.theme["features"] = ["navigation.instant"]
"""
"""What the plugin techdocs-core does to a site, as far as it matters here."""


def built(run_tool, write_site, folder, config, **pages):
    """Build a site strictly; return its folder."""
    site = write_site(folder, config, **{"index": MAP, "orders": PAGE, **pages})
    done = run_tool("mkdocs", "build", "--strict", folder=site)
    assert 0 == done.returncode, done.stderr
    return site / "site"


def nodes(page):
    """Return the links in the drawings of a page."""
    return BeautifulSoup(page.read_text("utf-8"), "html.parser").select("svg a.ps-node")


def test_links_can_be_rewritten(run_tool, write_site, tmp_path):
    """Where no script of the theme sets it, links in drawings have the attribute that other tools rewrite."""
    site = built(run_tool, write_site, tmp_path, PLAIN + PLUGINS.format(extra="", more=""))
    links = nodes(site / "orders" / "index.html")
    assert ["#flow-orders-receive", "#flow-orders-store"] == [link["href"] for link in links]
    assert [link["href"] for link in links] == [link["xlink:href"] for link in links]


@pytest.mark.parametrize(
    "rest",
    [PLUGINS.format(extra="", more=""), "markdown_extensions: [{penstock: {modules: [app], path: [src]}}]\n"],
    ids=["plugin", "extension"],
)
def test_scripts_of_material_find_no_href(run_tool, write_site, tmp_path, rest):
    """Scripts of Material that set ``href`` would throw on a link in SVG that has it."""
    site = built(run_tool, write_site, tmp_path, MATERIAL + rest)
    links = [*nodes(site / "orders" / "index.html"), *nodes(site / "index.html")]
    assert len(links) >= 3
    assert [False] * len(links) == ["href" in link.attrs for link in links]
    assert "#flow-orders-receive" == links[0]["xlink:href"]


CHANGES_LINKS = """
import re

def on_post_page(output, *, page, config):
    tag = re.compile(r'<a xlink:href="[^"]*" href="([^"]*)" class="(ps-node[^"]*)" id="([^"]*)"')
    return tag.sub(r"<a id=\\3 href=x/\\1 class='\\2' xlink:href=\\1", output)
"""


def test_links_that_others_have_changed(run_tool, write_site, tmp_path):
    """What another plugin makes of a link counts, in whatever order it writes attributes, and with whatever quotes."""
    (tmp_path / "hook.py").write_text(CHANGES_LINKS)
    site = built(run_tool, write_site, tmp_path, f"{MATERIAL}hooks: [hook.py]\n" + PLUGINS.format(extra="", more=""))
    first = nodes(site / "orders" / "index.html")[0]
    assert ("x/#flow-orders-receive", False) == (first["xlink:href"], "href" in first.attrs)


def test_techdocs_can_rewrite_links(run_tool, write_site, tmp_path):
    """TechDocs takes the theme of Material, none of its scripts, and rewrites ``href``."""
    (tmp_path / "hook.py").write_text(TECHDOCS)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "techdocs_metadata.json").write_text("{}")
    config = f"{MATERIAL}hooks: [hook.py]\n" + PLUGINS.format(extra="", more="")
    site = built(run_tool, write_site, tmp_path, config)
    assert "#flow-orders-receive" == nodes(site / "orders" / "index.html")[0]["href"]


@pytest.mark.parametrize("theme", [MATERIAL, PLAIN], ids=["material", "mkdocs"])
@pytest.mark.parametrize("pages", ["", ", pages: true"], ids=["by hand", "generated"])
def test_print_page_leads_nowhere_else(run_tool, write_site, needs_host, tmp_path, theme, pages):
    """On the page that print-site makes of all pages, each link in a drawing or beside it leads to a place on it."""
    needs_host("mkdocs_print_site_plugin")
    plugins = PLUGINS.format(extra="", more=pages).replace("]\n", ", print-site]\n")
    site = built(run_tool, write_site, tmp_path, theme + plugins)
    page = site / "print_page" / "index.html"
    places = set(re.findall(r'\sid="([^"]+)"', page.read_text("utf-8")))
    links = BeautifulSoup(page.read_text("utf-8"), "html.parser").select(".penstock a:not(.headerlink)")
    targets = [link.get("href") or link.get("xlink:href") for link in links]
    assert len(targets) > 6
    assert [] == [target for target in targets if target[0] != "#" or target[1:] not in places]


def notebook(*cells):
    """Return a notebook with cells of Markdown."""
    made = [{"cell_type": "markdown", "id": f"c{n}", "metadata": {}, "source": cell} for n, cell in enumerate(cells)]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


TEXT = ["Before\n", "\n", "::: penstock-flow orders\n", "    paths: true\n"]
FENCE = ["```penstock-flow orders\n", "direction: LR\n", "```"]
EXAMPLE = ["````markdown\n", "::: penstock-flow orders\n", "````\n", "\n", "Write `::: penstock-flow orders`."]
SCRIPT = '# %% [markdown]\n# # Title\n#\n# ::: penstock-flow orders\n\n# %%\nprint("::: penstock-flow orders")\n'


NOTEBOOKS = {
    "text.ipynb": notebook(TEXT),
    "fence.ipynb": notebook("# Title", FENCE),
    "one_string.ipynb": notebook("".join(TEXT)),
    "example.ipynb": notebook(EXAMPLE),
    "script.py": SCRIPT,
}
REPORTED = [
    "fence.ipynb:14: penstock-flow in cell 2",
    "one_string.ipynb: penstock-flow in cell 1",
    "script.py:4: penstock-flow",
    "text.ipynb:10: penstock-flow in cell 1",
]


def test_embed_in_a_notebook_is_reported(run_tool, write_site, needs_host, tmp_path):
    """An embed that mkdocs-jupyter leaves as text is reported, with the cell and the line; an example of one is not."""
    needs_host("mkdocs_jupyter")
    site = write_site(tmp_path, PLAIN + PLUGINS.format(extra="mkdocs-jupyter, ", more=""), index=PAGE)
    for name, content in NOTEBOOKS.items():
        (site / "docs" / name).write_text(content)
    done = run_tool("mkdocs", "build", folder=site)
    assert 0 == done.returncode, done.stderr
    assert sorted(REPORTED) == sorted(
        re.findall(r"WARNING -  (\S+ penstock-flow(?: in cell \d+)?) stays text", done.stderr)
    )


MACROS = """
def on_page_markdown(markdown, *, page, config, files):
    return markdown.replace("[[flow]]", "::: penstock-flow orders")
"""


def test_embed_of_another_plugin_is_shown(run_tool, write_site, tmp_path):
    """What a plugin such as mkdocs-macros writes into the text of a page is an embed as any other."""
    (tmp_path / "hook.py").write_text(MACROS)
    config = f"{PLAIN}hooks: [hook.py]\n" + PLUGINS.format(extra="", more="")
    site = built(run_tool, write_site, tmp_path, config, orders="# Orders\n\n[[flow]]\n")
    assert 2 == len(nodes(site / "orders" / "index.html"))


LOST = (
    "WARNING -  html.md:2: penstock-flow cannot be shown here: add an empty line above it, "
    "and the attribute markdown to HTML around it"
)
INDENTED = "# Orders\n\n    ::: penstock-flow orders\n"


DEEP = "INFO    -  {}.md:3: penstock-flow is indented by {} columns, so it is shown as code"
ACCIDENTS = {
    "spaces": (INDENTED, DEEP.format("spaces", 4)),
    "tab": (INDENTED.replace("    :", "\t:"), DEEP.format("tab", 4)),
    "in_a_list": ("- item\n\n          ::: penstock-flow orders\n", DEEP.format("in_a_list", 10)),
    "fence": ("```\n    ::: penstock-flow orders\n```\n", ""),
    "comment": ("<!--\n    ::: penstock-flow orders\n-->\n", ""),
    "pre": ("<pre>\n    ::: penstock-flow orders\n</pre>\n", ""),
    "list": ("- item\n\n    ::: penstock-flow orders\n", ""),
    "html": ("<div>\n::: penstock-flow orders\n</div>\n", LOST),
}


def test_embed_that_is_code_by_accident(run_tool, write_site, tmp_path):
    """An embed that its indentation alone makes code is told of, but is no fault, because it may be an example."""
    pages = {name: text for name, (text, _) in ACCIDENTS.items()}
    site = write_site(tmp_path, PLAIN + PLUGINS.format(extra="", more=""), **pages)
    done = run_tool("mkdocs", "build", folder=site)
    said = [line for line in done.stderr.splitlines() if ".md:" in line]
    assert sorted(filter(None, (line for _, line in ACCIDENTS.values()))) == sorted(said)
