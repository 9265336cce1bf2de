"""Names that run from right to left stand in lists in the order of the flow, with both engines, on pages of both directions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import markdown
import pytest

from forked import run
from penstock import manifest
from penstock.model import Edge, EvidenceSummary, Flow, Step

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

NAMES = {
    "hebrew": ("קבלה", "בדיקה", "תשלום"),
    "arabic": ("استلام", "فحص", "دفع"),
    "mixed": ("receive", "בדיקה", "דוח_pay"),
    "numbered": ("שלב_1", "שלב_2", "3_שלב"),
    "arabic numbers": ("step", "٢", "٣"),
    "latin": ("receive", "check", "pay"),
}

LABEL = "אם"

PLACES = """(selector) => [...document.querySelectorAll(selector)].map((line) => {
    const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT), places = [];
    while (texts.nextNode()) {
        for (const match of texts.currentNode.data.matchAll(/[^ ,·]+/g)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, match.index);
            range.setEnd(texts.currentNode, match.index + match[0].length);
            places.push([match[0], range.getBoundingClientRect().left]);
        }
    }
    return [places.map(([word]) => word).join(" "), places.sort((one, other) => one[1] - other[1]).map(([word]) => word).join(" ")];
})"""
"""The words of each line as they are written, and as they stand from left to right."""


def flow_of(name: str) -> Flow:
    """Return a flow in which the first step leads to all others, and these to each other."""
    first, second, third = NAMES[name]
    edges = (
        Edge(source=first, target=second, state="never-seen", note="Why."),
        Edge(source=first, target=third, label=LABEL),
        Edge(source=second, target=third, state="never-seen", note="Why."),
    )
    steps = tuple(Step(name=step, entrypoint=step == first) for step in NAMES[name])
    return Flow(name=name, steps=steps, edges=edges, evidence=EvidenceSummary(runs=1))


def write_sphinx(folder: Path) -> dict[str, str]:
    """Return the page that Sphinx makes of each flow of a manifest."""
    (folder / "conf.py").write_text('extensions = ["penstock_sphinx"]\npenstock_manifests = ["flows.json"]\n', "utf-8")
    (folder / "index.rst").write_text("Flows\n=====\n\n.. toctree::\n   :glob:\n\n   *\n", "utf-8")
    for name in NAMES:
        (folder / f"{name}.rst").write_text(f"Flow\n====\n\n.. penstock-flow:: {name}\n   :paths:\n", "utf-8")
    done = run("sphinx", "-q", "-W", folder, folder / "out", "-D", "html_theme=basic")
    assert (0, "") == (done.returncode, done.stderr)
    return {name: (folder / "out" / f"{name}.html").read_text("utf-8") for name in NAMES}


def write_markdown(folder: Path) -> dict[str, str]:
    """Return the page that the Markdown extension makes of each flow of a manifest."""
    settings = {"penstock": {"manifests": [str(folder / "flows.json")]}}
    texts = {name: f"# Flow\n\n::: penstock-flow {name}\n    paths: true\n" for name in NAMES}
    pages = {
        name: markdown.markdown(text, extensions=["penstock"], extension_configs=settings)
        for name, text in texts.items()
    }
    return {name: f"<!doctype html>{html}" for name, html in pages.items()}


@pytest.fixture(scope="module", params=[write_sphinx, write_markdown])
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The page that an engine makes of each flow."""
    folder = tmp_path_factory.mktemp("site")
    manifest.save(manifest.Manifest(flows=tuple(map(flow_of, NAMES))), folder / "flows.json")
    loading = re.compile(r"<(?:script|link)[^>]*>")  # a page without an address has no place to load them from
    return {name: loading.sub("", html) for name, html in request.param(folder).items()}


@pytest.mark.parametrize("name", NAMES)
def test_lists_keep_the_order_of_the_flow(page: Page, pages: dict[str, str], name: str) -> None:
    """Paths and doubts run as their arrows do, on a page of either direction."""
    first, second, third = NAMES[name]
    paths = [f"{first} → {second} → {third}", f"{first} → {third}"]
    doubts = [f"{first} → {second}", f"{second} → {third}"]
    page.set_content(pages[name])
    for direction in ("ltr", "rtl"):
        page.evaluate(f"document.documentElement.dir = '{direction}'")
        assert [[line, line] for line in paths] == page.evaluate(PLACES, ".ps-paths li")
        assert [[line, line] for line in doubts] == page.evaluate(PLACES, ".ps-doubts strong")


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_keep_the_order_of_the_flow(page: Page, pages: dict[str, str], name: str) -> None:
    """The steps before and after a step stand in the order in which they are written."""
    first, second, third = NAMES[name]
    lines = [f"then {second} {third} {LABEL}", f"after {first} then {third}", f"after {first} {LABEL} {second}"]
    page.set_content(pages[name])
    assert [[line, line] for line in lines] == page.evaluate(PLACES, ".ps-meta")
