"""An EPUB is what EPUB 3.3 says it is."""

from __future__ import annotations

import re
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from zipfile import ZipFile

OPF = "{http://www.idpf.org/2007/opf}"
PAGE = "application/xhtml+xml"


def book(built):
    """Return all files of the one EPUB that a build wrote."""
    (file,) = built.folder.glob("*.epub")
    with ZipFile(file) as packed:
        return {name: packed.read(name).decode("utf-8", "replace") for name in packed.namelist()}


def declared(files):
    """Return the pages that the manifest says have drawings in them."""
    items = ET.fromstring(files["content.opf"]).iter(f"{OPF}item")
    pages = {unquote(item.get("href")): item.get("properties", "").split() for item in items}
    assert len(pages) > 1
    return {name for name, properties in pages.items() if "svg" in properties}


def drawn(files):
    """Return the pages that have drawings in them."""
    return {name for name, text in files.items() if name.endswith(".xhtml") and "<svg" in text}


def test_manifest_declares_drawings(build):
    """The manifest says of each page with a drawing, and of no other one, that it has SVG in it."""
    files = book(build("epub"))
    assert "orders.xhtml" in drawn(files)
    assert drawn(files) == declared(files)


def test_an_odd_name_is_declared_in_each_build(small):
    """A page with an odd name is declared too, when nothing changed since, and no longer when its drawing went."""
    small.write("a b&c.rst", "Other\n=====\n\n.. penstock-flow:: one\n   :no-steps:\n")
    small.edit("index.rst", "Index\n=====\n", "Index\n=====\n\n.. toctree::\n\n   a b&c\n")
    for _ in range(2):
        files = book(small.build("epub"))
        assert {"index.xhtml", "a b&c.xhtml"} == drawn(files) == declared(files)
    small.edit("index.rst", ".. penstock-flow:: one", "No flow.")
    files = book(small.build("epub"))
    assert {"a b&c.xhtml"} == drawn(files) == declared(files)


def test_style_sheet_has_no_direction(build):
    """The style sheet has no property that EPUB forbids, and is whole apart from that."""
    rules = re.sub(r"/\*.*?\*/", "", book(build("epub"))["_static/penstock.css"], flags=re.DOTALL)
    assert [] == re.findall(r"[{;\s](?:direction|unicode-bidi)\s*:", rules)
    assert rules.count("{") == rules.count("}") > 50
    assert "direction: ltr" in build("html").text("_static/penstock.css")
