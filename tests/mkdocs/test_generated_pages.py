"""Generated pages: each flow has one of its own, whatever it is called."""

from __future__ import annotations

import unicodedata

import pytest

from penstock.manifest import Manifest
from penstock.model import Flow
from penstock_mkdocs.embed_syntax.options import read_name
from penstock_mkdocs.embed_syntax.parser import in_text
from penstock_mkdocs.generated_pages.pages import flow_pages


@pytest.mark.parametrize(
    ("service", "name", "path"),
    [
        ("", "orders", "flows/orders.md"),
        ("shop", "orders", "flows/shop/orders.md"),
        ("", "index", "flows/index-2.md"),
        ("", "README", "flows/README-2.md"),
        ("shop", "index", "flows/shop/index-2.md"),
        ("..", "index", "flows/unnamed/index-2.md"),
        ("", ".hidden", "flows/hidden.md"),
        ("", "con", "flows/flow-con.md"),
        ("nul", "LPT1.txt", "flows/flow-nul/flow-LPT1.txt.md"),
        ("", "ends.", "flows/ends.md"),
    ],
)
def test_no_flow_takes_another_page(service: str, name: str, path: str) -> None:
    """A flow's page takes no overview's place, and leads nowhere outside its folder."""
    pages = flow_pages(Manifest(flows=(Flow(name=name, service=service),)), "Flows")

    assert ["flows/index.md", path] == [page.path for page in pages]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Orders", "orders"),
        ("é", "e\u0301"),
        ("a b", "a\tb"),
        ("a", "a\ud800"),
        ("ﬁne", "fine"),
        ("x" * 300, "x" * 301),
    ],
)
def test_no_two_flows_have_one_page(one: str, other: str) -> None:
    """File systems that tell neither case nor ways to write a letter have a page for each flow."""
    pages = flow_pages(Manifest(flows=(Flow(name=one), Flow(name=other))), "Flows")

    assert 3 == len({unicodedata.normalize("NFKC", page.path).casefold() for page in pages})


@pytest.mark.parametrize(
    "name", ["fill {{ name }}", "{# no #} comment", "50 {% off %}", '{{"a"}} \\ <b> ü 🚀', "$x [[y]]"]
)
def test_a_name_is_no_template(name: str) -> None:
    """A plugin that fills in templates, as ``macros`` does with ``{{ name }}``, leaves the pages as they are."""
    page = flow_pages(Manifest(flows=(Flow(name=name, title=name, description=name),)), "Flows")[1]
    (embed,) = in_text(page.markdown)

    assert not {"{{", "{%", "{#", "[[", "$"} & {
        page.markdown[at : at + size] for at in range(len(page.markdown)) for size in (1, 2)
    }
    assert name == read_name(embed.name)


def test_description_keeps_its_paragraphs() -> None:
    """The paragraphs of a description are paragraphs of the page, each on one line."""
    flow = Flow(name="orders", description="From order\nto mail.\n\nIn a day.")
    _, page = flow_pages(Manifest(flows=(flow,)), "Flows")

    assert ["# orders", "From order to mail.", "In a day.", "::: penstock-flow orders"] == [
        part.replace("&#46;", ".").strip() for part in page.markdown.split("\n\n")
    ]
