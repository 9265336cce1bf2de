"""Diagrams and step docs in whatever scheme a theme has, told by its variables, its color-scheme or its text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import markdown
import pytest

from penstock import manifest
from penstock.model import Edge, EvidenceSummary, Flow, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

FLOW = Flow(
    name="orders",
    steps=(
        Step(name="receive", title="Take an order.", entrypoint=True, trigger="kafka:orders", file="a.py", line=1),
        Step(name="charge", title="Charge it.", signature="(order: int) -> None", effects=("sqlite:payments",)),
    ),
    edges=(Edge(source="receive", target="charge", label="if valid", state="never-seen", note="Why."),),
    evidence=EvidenceSummary(runs=3),
)

DARK = {
    "variables of Material, a scheme by another name": (
        "body { --md-default-bg-color: #282a36; --md-typeset-a-color: #bd93f9; background: #282a36; color: #f8f8f2 }"
    ),
    "variables of Bootstrap": "body { --bs-body-bg: #2b3e50; background: #2b3e50; color: #8f9ba6 }",
    "color-scheme, and nothing else": ":root { color-scheme: dark }",
    "color-scheme of the system": ":root { color-scheme: light dark }",
    "light text": "body { background: #222; color: #fff }",
    "text that is hardly light": "body { background: #002b36; color: #839496 }",
    "links that are dark": "body { background: #222; color: #dee2e6 } a { color: #00bc8c }",
}
LIGHT = {
    "no rule at all": "",
    "text that is hardly dark": "body { background: #fff; color: #888 }",
    "light links": "body { background: #fff; color: #333 } a { color: #8ecae6 }",
    "variables of Material": "body { --md-default-bg-color: #fff; color: #0000008a; background: #fff }",
    "variables of Bootstrap, and light text": "body { --bs-body-bg: #fff; background: #fff; color: #999 }",
    "light in the dark": ":root { color-scheme: light }",
}

READ = """() => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    const over = (...colours) => {
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.background = "canvas";
    const paper = [getComputedStyle(probe).backgroundColor, getComputedStyle(document.body).backgroundColor];
    const style = (each) => getComputedStyle(each);
    const words = [...document.querySelectorAll(".ps-step-name, .ps-sig, .ps-chip, .ps-meta, .ps-proof, .ps-proof *")];
    const texts = [...document.querySelectorAll(".ps-svg text")];
    return [
        ...words.map((each) => {
            const behind = [...paper, style(each).backgroundColor];
            return [each.textContent, over(...behind, style(each).color), over(...behind)];
        }),
        ...texts.map((each) => {
            const box = each.closest(".ps-node")?.querySelector("rect");
            const behind = [...paper, ...(box ? [style(box).fill] : [])];
            return [each.textContent, over(...behind, style(each).fill), over(...behind)];
        }),
    ];
}"""
"""What each text of ours says, its colour, and the colour behind it."""

BORDER = """() => {
    const box = document.querySelector(".ps-svg .ps-step rect");
    return [getComputedStyle(box).stroke, getComputedStyle(box).fill, getComputedStyle(document.body).backgroundColor];
}"""


@pytest.fixture
def themed(browser: Browser, tmp_path: Path) -> Callable[..., Page]:
    """Return a function that shows a page with a flow below the rules of a theme."""
    manifest.save(manifest.Manifest(flows=(FLOW,)), tmp_path / "flows.json")
    settings = {"penstock": {"manifests": [str(tmp_path / "flows.json")], "trust_manifests": True}}
    html = markdown.markdown("::: penstock-flow orders\n", extensions=["penstock"], extension_configs=settings)

    def show(rules: str, system: str = "light") -> Page:
        page = browser.new_context(offline=True, color_scheme=system).new_page()
        page.set_content(f"<!doctype html><html lang=en><style>{rules}</style><main>{html}</main>")
        return page

    return show


def luminance(channels: list[int]) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    linear = [v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: list[int], other: list[int]) -> float:
    """Return the contrast ratio of two colours, as WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def unreadable(page: Page) -> list[str]:
    """Return the texts of ours with less contrast than large texts need; those of whole themes are tried elsewhere."""
    texts = page.evaluate(READ)
    assert {"receive", "charge", "entrypoint", "if valid", "kafka:orders"} <= {text.strip() for text, _, _ in texts}
    return [text for text, ink, paper in texts if contrast(ink, paper) < 4]


@pytest.mark.parametrize("rules", DARK.values(), ids=DARK)
def test_readable_in_the_dark(themed: Callable[..., Page], rules: str) -> None:
    """Wherever a theme is dark, whatever it calls that, names and labels can be read, and boxes are dark."""
    page = themed(rules, "dark")
    assert [] == unreadable(page)
    names = [paper for text, _, paper in page.evaluate(READ) if text.strip() == "charge"]
    assert [True] * len(names) == [luminance(paper) < 0.1 for paper in names]


@pytest.mark.parametrize("rules", LIGHT.values(), ids=LIGHT)
def test_readable_in_the_light(themed: Callable[..., Page], rules: str) -> None:
    """Wherever a theme is light, whatever the system is, names and labels can be read, and boxes are light."""
    page = themed(rules, "dark")
    assert [] == unreadable(page)
    names = [paper for text, _, paper in page.evaluate(READ) if text.strip() == "charge"]
    assert [True] * len(names) == [luminance(paper) > 0.8 for paper in names]


LINKS = ("--md-typeset-a-color", "--pst-color-link", "--color-link", "--bs-link-color")


@pytest.mark.parametrize("variable", LINKS)
def test_accents_are_those_of_links(themed: Callable[..., Page], variable: str) -> None:
    """An entrypoint has the colour of the theme's links, where a variable of it says which that is."""
    page = themed(f"body {{ {variable}: rgb(1, 2, 3) }}")
    assert "rgb(1, 2, 3)" == page.evaluate("getComputedStyle(document.querySelector('.ps-entry rect')).stroke")


def test_own_colours_win(themed: Callable[..., Page]) -> None:
    """Colours of the site's own style sheet win over those of the theme."""
    page = themed("body { --md-typeset-a-color: red } .penstock.penstock { --ps-accent: rgb(1, 2, 3) }")
    assert "rgb(1, 2, 3)" == page.evaluate("getComputedStyle(document.querySelector('.ps-entry rect')).stroke")


@pytest.mark.parametrize("paper", ["#282a36", "#1e2129", "#2b3e50", "#002b36", "#000"])
def test_borders_are_seen_in_the_dark(themed: Callable[..., Page], paper: str) -> None:
    """In the dark, the border of a box stands out from the page and from the box."""
    page = themed(f"body {{ background: {paper}; color: #eee }}")
    stroke, fill, behind = page.evaluate(BORDER)
    blend = """([behind, stroke]) => {
        const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
        for (const colour of [behind, stroke]) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }"""
    for below in (behind, fill):
        line, ground = page.evaluate(blend, [below, stroke]), page.evaluate(blend, [below, below])
        assert contrast(line, ground) > 1.5
