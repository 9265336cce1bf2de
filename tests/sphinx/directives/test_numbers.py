"""How often steps and arrows ran, on Sphinx pages: one site, built for several builders."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from penstock import manifest
from penstock.model import Edge, Flow, Numbers, NumbersOrigin, Step

COUNTED = Flow(
    name="orders",
    steps=(
        Step(name="receive", entrypoint=True, numbers=Numbers(runs=4123, errors=49, p50=0.0012, p95=0.08)),
        Step(name="check", numbers=Numbers(runs=2061)),
    ),
    edges=(Edge(source="receive", target="check", label="if <new>", numbers=Numbers(runs=2061, share=0.5)),),
    numbers=NumbersOrigin(source="production", runs=4123, first="2026-11-20", last="2026-11-27"),
)
CONF = """
extensions = ["penstock_sphinx"]
html_theme = "basic"
project = "python"
version = "1"
copyright = "us"
penstock_manifests = ["flows.json"]
penstock_numbers = "all"
"""
PAGES = {
    "index.rst": "Index\n=====\n\n.. toctree::\n\n   off\n   counts\n\n.. penstock-flow:: orders\n",
    "off.rst": "Off\n===\n\n.. penstock-flow:: orders\n   :numbers: off\n   :no-steps:\n",
    "counts.rst": "Counts\n======\n\n.. penstock-flow:: orders\n   :numbers: counts\n   :no-steps:\n",
}


@pytest.fixture(scope="module")
def site(lasting):
    """Return a site with the flow on three pages."""
    manifest.save(manifest.Manifest(flows=(COUNTED,)), lasting.folder / "flows.json")
    lasting.write("conf.py", CONF)
    for name, text in PAGES.items():
        lasting.write(name, text)
    return lasting


@pytest.fixture(scope="module")
def built(site):
    """Return the site as HTML."""
    built = site.build("html", "-n", "-W")
    assert 0 == built.code, built.complained
    return built


def read_page(built, name):
    """Return a page."""
    return BeautifulSoup(built.text(name), "html.parser")


def read_rows(table):
    """Return the cells of each row of a table."""
    return [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in table.select("tr")]


def test_the_setting_shows_numbers(built):
    """The drawing has them, and below it stand where they come from, a table of steps, and one of arrows."""
    page = read_page(built, "index.html")
    assert "4,123 runs · 1.2 % errors" == page.select_one(".ps-svg .ps-figures").get_text()
    assert "4,123 runs in production, 2026-11-20 to 2026-11-27" == page.select_one("p.ps-origin").get_text()
    steps, arrows = map(read_rows, page.select("table.ps-numbers"))
    assert [
        ["Step", "Runs", "Errors", "p50", "p95"],
        ["receive", "4,123", "49 (1.2 %)", "1.2 ms", "80 ms"],
        ["check", "2,061", "–", "–", "–"],
    ] == steps
    assert [["Arrow", "Runs", "Share"], ["receive → check (if <new>)", "2,061", "50 %"]] == arrows


def test_an_option_wins_over_the_setting(built):
    """A page may have no numbers, or counts alone."""
    off, counts = read_page(built, "off.html"), read_page(built, "counts.html")
    assert not off.select(".ps-numbers, .ps-origin, .ps-figures")
    assert "runs" not in off.select_one(".ps-svg").get_text()
    assert ["4,123 runs · 1.2 % errors", "2,061 runs"] == [line.get_text() for line in counts.select(".ps-figures")]
    assert "p50" not in counts.get_text()


@pytest.mark.parametrize(("builder", "file"), [("text", "index.txt"), ("latex", "python.tex")])
def test_every_builder_has_the_tables(site, built, builder, file):
    """Builders without our style write the same tables as their own."""
    other = site.build(builder)
    assert 0 == other.code, other.complained
    text = " ".join(other.text(file).replace("\\", "").replace("{}", "").split())
    for words in ("4,123 runs in production", "49 (1.2", "80 ms", "50 %"):
        assert words in text


def test_a_german_page_is_german(site, built):
    """Words and separators are those of the language."""
    page = read_page(site.build("html", "-D", "language=de"), "index.html")
    assert "4.123 Läufe im Betrieb, 2026-11-20 bis 2026-11-27" == page.select_one("p.ps-origin").get_text()
    steps, arrows = map(read_rows, page.select("table.ps-numbers"))
    assert ["receive", "4.123", "49 (1,2 %)", "1,2 ms", "80 ms"] == steps[1]
    assert ["Pfeil", "Läufe", "Anteil"] == arrows[0]
