"""Marked arrows as a browser shows them: drawn by Mermaid, and on a page, in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import markdown
import pytest

from penstock import manifest
from penstock.model import Edge, EvidenceSummary, Flow, Step
from penstock.render import Options, mermaid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

STATES = ("confirmed", "unexercised", "outdated", "context-lost", "never-seen", "indirect", "undeclared")
FLOW = Flow(
    name="orders",
    steps=(Step(name="pay", entrypoint=True, trigger="kafka:orders"), *(Step(name=f"s{n}") for n in range(7))),
    edges=tuple(
        Edge(source="pay", target=f"s{n}", state=state, note="Why.")  # type: ignore[arg-type]
        for n, state in enumerate(STATES)
    ),
    evidence=EvidenceSummary(runs=340, commit="3f2a1c9", date="2026-11-20"),
)

DRAW = """async (text) => {
    mermaid.initialize({startOnLoad: false});
    const {svg} = await mermaid.render("drawing", text);
    document.body.innerHTML = svg;
    const paths = [...document.querySelectorAll(".edgePaths path")];
    const labels = [...document.querySelectorAll(".edgeLabels .label")].map((node) => node.textContent);
    const shown = paths.map((path) => getComputedStyle(path));
    return [labels.filter(Boolean), shown.map((style) => style.stroke), shown.map((style) => style.strokeDasharray)];
}"""

AXE = """async () => (await axe.run()).violations
    .filter((each) => !["page-has-heading-one", "landmark-one-main", "region"].includes(each.id))
    .map((each) => each.id + ": " + each.nodes[0].html)"""


@pytest.fixture
def page(browser: Browser) -> Page:
    """An empty page with no way to the network."""
    opened = browser.new_context(offline=True).new_page()
    opened.set_content("<!doctype html><html lang=en><title>Proof</title>")
    return opened


@pytest.mark.parametrize("details", [True, False])
def test_mermaid_draws_the_marks(page: Page, script: Callable[[str], Path], details: bool) -> None:
    """Mermaid draws every mark: words on the arrows, dashes, and with details, colours."""
    page.add_script_tag(path=script("mermaid/dist/mermaid.min.js"))
    labels, strokes, dashes = page.evaluate(DRAW, mermaid.render(FLOW, Options(details=details)))
    doubt, fault = "rgb(220, 104, 3)", "rgb(217, 45, 32)"
    coloured = [strokes[0], *[doubt] * 3, *[fault] * 3]
    assert ["indirect", "never seen", "not declared", "outdated"] == sorted(labels)
    assert (coloured if details else [strokes[0]] * 7) == strokes[:7]
    assert [False, True, True, True, True, True, False] == [dash not in ("none", "0", "0px") for dash in dashes[:7]]


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_proof_is_accessible(page: Page, script: Callable[[str], Path], tmp_path: Path, scheme: str) -> None:
    """Neither the picture nor the words below break a rule of axe, contrast included, folded or not."""
    manifest.save(manifest.Manifest(flows=(FLOW,)), tmp_path / "flows.json")
    settings = {"penstock": {"manifests": [str(tmp_path / "flows.json")]}}
    html = markdown.markdown(
        "# Orders\n\n::: penstock-flow orders\n", extensions=["penstock"], extension_configs=settings
    )
    paper = "#fff; color: #111" if scheme == "default" else "#1e2129; color: #eee"
    body = f'<body data-md-color-scheme="{scheme}" style="background: {paper}"><main>{html}</main>'
    page.set_content(f'<!doctype html><html lang="en"><title>Orders</title>{body}')
    page.add_script_tag(path=script("axe-core/axe.min.js"))
    for _ in range(2):
        assert [] == page.evaluate(AXE)
        page.get_by_text("6 arrows not confirmed").click()


def test_paper_shows_what_is_folded(page: Page, tmp_path: Path) -> None:
    """A page that is printed has the reasons, though nobody unfolded them."""
    manifest.save(manifest.Manifest(flows=(FLOW,)), tmp_path / "flows.json")
    settings = {"penstock": {"manifests": [str(tmp_path / "flows.json")]}}
    page.set_content(
        markdown.markdown("::: penstock-flow orders\n", extensions=["penstock"], extension_configs=settings)
    )
    reason = page.get_by_text("not exercised. Why.")
    assert not reason.is_visible()
    page.emulate_media(media="print")
    assert reason.is_visible()
