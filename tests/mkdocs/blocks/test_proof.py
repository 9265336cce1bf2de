"""What the witnesses say of each arrow, on Markdown pages, and what a build reports of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

from penstock.check import evidence
from penstock.check.evidence import Evidence, Fact, Seen
from penstock.model import Edge, EvidenceSummary
from penstock.model.resource_uses import ResourceUse
from penstock.render import edge_status
from penstock_mkdocs.hosts import Host
from penstock_mkdocs.site import open_site
from penstock_mkdocs.watch_list import to_watch

if TYPE_CHECKING:
    from penstock.model import Flow

PROOF = "1 of 3 arrows confirmed by 340 runs at 3f2a1c9, 2026-11-20; 1 never seen; 1 not declared; 1 not exercised"
APPLICATION = """
from penstock import flow

orders = flow("orders")


@orders.entrypoint
def receive(): ...


@orders.step(after="receive")
def store(): ...


@orders.step(after="store")
def thank(): ...
"""
CONFIG = """site_name: Test
theme: {name: null, custom_dir: theme}
"""
TEMPLATE = "{{ page.content }}"
PLUGIN = f"{CONFIG}plugins:\n  - penstock:\n      modules: [app]\n      path: [src]\n"
EXTENSION = f"{CONFIG}markdown_extensions:\n  - penstock:\n      modules: [app]\n      path: [src]\n"
PAGE = "# Home\n\n::: penstock-flow orders\n"


@pytest.fixture
def judged(orders) -> Flow:
    """Return a flow of which one arrow is confirmed, and more are not."""
    states = ("confirmed", "never-seen", "unexercised")
    edges = [replace(edge, state=state, note="Why.") for edge, state in zip(orders.edges, states, strict=True)]
    seen = Edge(source="receive", target="thank", origin="seen", state="undeclared", note="It ran.")
    return replace(
        orders, edges=(*edges, seen), evidence=EvidenceSummary(runs=340, commit="3f2a1c9", date="2026-11-20")
    )


def soup(html: str) -> BeautifulSoup:
    """Return a page without its style sheet."""
    page = BeautifulSoup(html, "html.parser")
    for style in page.find_all("style"):
        style.decompose()
    return page


def test_a_page_shows_what_is_not_confirmed(convert, judged):
    """A page has marked arrows, a line of proof, and in words what is not confirmed, faults first."""
    page = soup(convert("::: penstock-flow orders\n", judged).html)
    assert ["never-seen", "undeclared", "unexercised"] == sorted(
        css.removeprefix("ps-") for each in page.select(".ps-doubt, .ps-fault") for css in each["class"][2:]
    )
    assert PROOF == page.select_one("p.ps-proof").get_text()
    assert [
        "check → thank: never seen. Why.",
        "receive → thank: not declared. It ran.",
        "check → refuse: not exercised. Why.",
    ] == [item.get_text() for item in page.select("div.ps-doubts li")]
    assert not page.select("details")


def test_many_are_folded(convert, judged):
    """More than three arrows that are not confirmed are folded, under how many there are."""
    edges = (*judged.edges, Edge(source="thank", target="refuse", state="outdated"))
    page = soup(convert("::: penstock-flow orders\n", replace(judged, edges=edges)).html)
    assert "4 arrows not confirmed" == page.select_one("details.ps-doubts > summary").get_text()
    assert 4 == len(page.select("details.ps-doubts li"))


def test_mermaid_says_it_too(convert, judged):
    """Where Mermaid's script draws, the marks are in its text, and the line stands below."""
    page = soup(convert("::: penstock-flow orders\n    format: mermaid\n", judged).html)
    assert 'check -.->|"if valid, never seen"| thank' in page.select_one("pre.mermaid").get_text()
    assert PROOF == page.select_one("p.ps-proof").get_text()


def test_what_only_ran_is_in_no_list(convert, judged):
    """An arrow that nobody declared is in no list of paths, and not among the steps before and after."""
    page = soup(convert("::: penstock-flow orders\n    paths: true\n", judged).html)
    assert ["receive → check → thank", "receive → check → refuse"] == [
        item.get_text() for item in page.select(".ps-paths li")
    ]
    assert "then check" in page.select_one(".ps-meta").get_text()
    assert "thank" not in page.select_one(".ps-meta").get_text()


@pytest.mark.parametrize(
    ("options", "settings"), [("    proof: false\n", {}), ("", {"proof": False}), ("    diagram: false\n", {})]
)
def test_it_can_be_hidden(convert, judged, options, settings):
    """An option hides all of it in one place, a setting everywhere; without a diagram there is none."""
    page = soup(convert(f"::: penstock-flow orders\n{options}", judged, **settings).html)
    assert not page.select(".ps-proof, .ps-doubts, .ps-doubt, .ps-fault")
    assert "never seen" not in page.decode()


def test_all_on_one_page(convert, judged):
    """The same flow may stand on a page with proof, without it, and small; each is drawn as it should be."""
    once = "::: penstock-flow orders\n"
    text = f"{once}\n{once}    proof: false\n\n::: penstock-flows\n\n{once}    direction: LR\n"
    drawn = soup(convert(text, judged).html).select(".ps-svg")
    assert [3, 0, 0, 3] == [len(each.select(".ps-doubt, .ps-fault")) for each in drawn]


def recorded(*pairs: str) -> Evidence:
    """Return evidence of facts such as ``thank<receive``: a step began inside another one."""
    ends = [pair.split("<") for pair in pairs]
    facts = {Fact("orders", Seen(step), Seen(parent)): 3 for step, parent in ends}
    return Evidence(facts, {}, {("orders", Seen("receive")): 3}, {"abcdef0": "2026-11-20"})


@pytest.fixture
def site(tmp_path, write_site):
    """Return a function that writes a site whose application declares what its runs do not show."""

    def write(config: str, setting: str = "") -> object:
        folder = write_site(tmp_path, f"{config}      check: {setting}\n" if setting else config, index=PAGE)
        (folder / "theme").mkdir()
        (folder / "theme" / "main.html").write_text(TEMPLATE, encoding="utf-8")
        (folder / "src" / "app.py").write_text(APPLICATION, encoding="utf-8")
        (folder / "pyproject.toml").write_text("[tool.penstock]\n", encoding="utf-8")
        (folder / ".penstock").mkdir()
        evidence.save(recorded("store<receive", "thank<receive"), folder / ".penstock" / "evidence.json")
        return folder

    return write


def findings(stderr: str) -> list[str]:
    """Return the lines about arrows that do not agree."""
    return [line for line in stderr.splitlines() if re.search(r"src/app\.py:15: flow 'orders': thank ", line)]


@pytest.mark.parametrize(
    ("config", "setting", "options", "code", "lines"),
    [
        (PLUGIN, "", ["--strict"], 0, 0),
        (PLUGIN, "warn", [], 0, 1),
        (PLUGIN, "warn", ["--strict"], 1, 1),
        (PLUGIN, "error", [], 1, 1),
        (EXTENSION, "warn", ["--strict"], 1, 1),
        (EXTENSION, "error", [], 1, 1),
    ],
)
def test_findings_are_shown_or_fail_the_build(site, run_tool, config, setting, options, code, lines):
    """Findings are shown, warned of with file and line, or let the build fail with a line, as the setting says."""
    folder = site(config, setting)
    done = run_tool("mkdocs", "build", *options, folder=folder)
    assert code == done.returncode, done.stderr
    assert lines == len(findings(done.stderr)), done.stderr
    assert "Traceback" not in done.stderr
    if not code:
        assert "not declared" in (folder / "site" / "index.html").read_text(encoding="utf-8")
    if setting == "error" and config == PLUGIN:
        assert "penstock: 1 finding on the declared edges; see above, or write: check: warn" in done.stderr


def test_damaged_evidence(site, run_tool):
    """Evidence that cannot be read is one warning with its file, and the page is shown without proof."""
    folder = site(PLUGIN)
    (folder / ".penstock" / "evidence.json").write_text("{", encoding="utf-8")
    done = run_tool("mkdocs", "build", folder=folder)
    assert 0 == done.returncode
    assert 1 == done.stderr.count("WARNING"), done.stderr
    assert re.search(r"\.penstock/evidence\.json: .* Until then, the pages show no proof\.", done.stderr)
    page = soup((folder / "site" / "index.html").read_text(encoding="utf-8"))
    assert not page.select(".ps-proof")
    assert page.select(".ps-svg")


def test_new_evidence_is_shown_at_once(site):
    """The next page, as a server asks for it, has what was recorded since; and the server watches the file."""
    folder = site(PLUGIN)
    settings, host = {"modules": ["app"], "path": ["src"]}, Host(folder=folder, config_file="mkdocs.yml")
    first = open_site(settings, host).manifest.flow("orders")
    file = folder / ".penstock" / "evidence.json"
    evidence.save(recorded("store<receive", "thank<store"), file)
    second = open_site(settings, host).manifest.flow("orders")
    assert str(edge_status.provenance(first)).startswith("1 of 2 arrows confirmed")
    assert str(edge_status.provenance(second)).startswith("2 of 2 arrows confirmed")
    assert file in to_watch(settings, host)


def test_zensical_fails_with_one_line(site, run_tool):
    """Zensical fails with one line where the setting says so."""
    folder = site(EXTENSION, "error")
    text = (folder / "mkdocs.yml").read_text(encoding="utf-8").replace("theme: {name: null, custom_dir: theme}", "")
    (folder / "mkdocs.yml").write_text(text, encoding="utf-8")
    done = run_tool("zensical", "build", folder=folder)
    assert done.returncode
    assert "Traceback" not in done.stderr
    assert 1 == len(findings(done.stderr)), done.stderr


def test_effects_have_marks(convert, orders):
    """Steps and drawing say what is wrong with an effect, and a second line of proof counts them."""
    step = orders.steps[0]
    use = ResourceUse(
        step=step.name, verb="writes", resource="db:<b>", origin="seen", state="undeclared-effect", refuted=True
    )
    page = soup(convert("::: penstock-flow orders\n\n::: penstock-channels\n", replace(orders, uses=(use,))).html)
    assert ["not declared"] == [mark.get_text() for mark in page.select("svg .ps-fault tspan.ps-mark")]
    assert ["db:<b> not declared"] == [chip.get_text() for chip in page.select(".ps-meta .ps-chip:has(.ps-faults)")]
    assert "0 of 0 effects confirmed; 1 not declared" == page.select_one("p.ps-proof").get_text()
    assert [f"{step.name} → db:<b>: not declared."] == [
        item.get_text().strip() for item in page.select(".ps-doubts li")
    ]
    assert ["not declared"] == [state.get_text() for state in page.select(".ps-channels .ps-faults")]
