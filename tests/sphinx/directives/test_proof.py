"""What the witnesses say of each arrow, on Sphinx pages, and what a build reports of it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from penstock import manifest
from penstock.check import evidence
from penstock.check.evidence import Evidence, Fact, Seen
from penstock.config import load
from penstock.model import Edge, EvidenceSummary, Flow, Step
from penstock.model.resource_uses import ResourceUse
from penstock.proof import prove

PROOF = (
    "1 of 5 arrows confirmed by 340 runs at 3f2a1c9, 2026-11-20; "
    "1 outdated; 1 never seen; 1 with lost context; 1 not exercised"
)
CONF = 'extensions = ["penstock_sphinx"]\nshow_warning_types = True\nhtml_theme = "basic"\n'
FROM_MANIFEST = f'{CONF}penstock_manifests = ["flows.json"]\n'
FLOWS = """
from penstock import flow

one = flow("one")
two = flow("two")


@one.entrypoint
def begin(): ...


@one.step(after="begin")
def middle(): ...


@one.step(after="middle")
def finish(): ...


@two.entrypoint
def start(): ...


@two.step(after="start")
def stop(): ...
"""
PAGES = {"index.rst": "one", "second.rst": "two"}


def orders(states: str) -> Flow:
    """Return a flow with an arrow for each state."""
    edges = tuple(
        Edge(source="receive", target=f"s{number}", state=state, note=f"Reason {number}.")
        for number, state in enumerate(states.split())
    )
    steps = (Step(name="receive", entrypoint=True), *(Step(name=edge.target) for edge in edges))
    return Flow(
        name="orders", steps=steps, edges=edges, evidence=EvidenceSummary(runs=340, commit="3f2a1c9", date="2026-11-20")
    )


def write(small, states: str, *options: str, conf: str = "", page: str = "") -> None:
    """Write a site that shows the flow of a manifest."""
    manifest.save(manifest.Manifest(flows=(orders(states),)), small.folder / "flows.json")
    small.write("conf.py", f"{FROM_MANIFEST}{conf}\n")
    shown = "".join(f"   :{option}:\n" for option in options)
    small.write("index.rst", page or f"Index\n=====\n\n.. penstock-flow:: orders\n{shown}")


FOUR = "confirmed never-seen unexercised context-lost outdated"


def soup(built) -> BeautifulSoup:
    """Return the first page."""
    return BeautifulSoup(built.text("index.html"), "html.parser")


def test_a_page_shows_what_is_not_confirmed(small):
    """A page has marked arrows, a line of proof, and folded what is not confirmed, faults first."""
    write(small, FOUR)
    page = soup(small.build("html", "-W"))
    assert 1 == len(page.select(".ps-edge.ps-never-seen path[stroke-dasharray]"))
    assert PROOF == page.select_one("p.ps-proof").get_text()
    assert "4 arrows not confirmed" == page.select_one("details.ps-doubts > summary").get_text()
    said = [item.get_text() for item in page.select("details.ps-doubts li")]
    assert ["receive → s1: never seen. Reason 1.", "receive → s2: not exercised. Reason 2."] == said[:2]


def test_few_are_not_folded(small):
    """Up to three arrows that are not confirmed stand open."""
    write(small, "confirmed never-seen")
    page = soup(small.build("html", "-W"))
    assert not page.select("details")
    assert ["receive → s1: never seen. Reason 1."] == [item.get_text() for item in page.select("div.ps-doubts li")]


@pytest.mark.parametrize(
    ("builder", "file"), [("text", "index.txt"), ("man", "python.1"), ("latex", "python.tex"), ("epub", "index.xhtml")]
)
def test_every_builder_says_it(small, builder, file):
    """Each builder writes the line of proof and the reasons."""
    write(
        small,
        FOUR,
        conf='project = "python"\nversion = "1"\ncopyright = "us"\nman_pages = [("index", "python", "", [], 1)]',
    )
    built = small.build(builder)
    assert 0 == built.code, built.complained
    text = " ".join(built.text(file).replace("{}", "").split())
    assert "arrows confirmed" in text
    assert "never seen. Reason 1." in text


@pytest.mark.parametrize(
    ("options", "conf"), [(["no-proof"], ""), ([], "penstock_proof = False"), (["no-proof", "format: mermaid"], "")]
)
def test_it_can_be_hidden(small, options, conf):
    """An option hides all of it in one place, a setting everywhere."""
    write(small, FOUR, conf=conf)
    given = "".join(f"   :{option}{'' if ':' in option else ':'}\n" for option in options)
    small.write("index.rst", f"Index\n=====\n\n.. penstock-flow:: orders\n{given}")
    built = small.build("html", "-W")
    assert 0 == built.code, built.complained
    assert not {
        css for css in built.page("index.html").classes if css in ("ps-proof", "ps-doubts", "ps-doubt", "ps-fault")
    }
    assert "never seen" not in built.text("index.html")


def test_both_on_one_page(small):
    """The same flow may stand on a page with proof, without it, and small; each is drawn as it should be."""
    page = "Index\n=====\n\n.. penstock-flow:: orders\n\n.. penstock-flow:: orders\n   :no-proof:\n   :no-steps:\n\n"
    write(small, FOUR, page=f"{page}.. penstock-flows::\n")
    drawn = soup(small.build("html", "-W")).select(".ps-svg")
    assert [4, 0, 0] == [len(each.select(".ps-doubt, .ps-fault")) for each in drawn]


def facts(*pairs: str) -> Evidence:
    """Return evidence of facts such as ``one:finish<begin``: a step of a flow began inside another one."""
    found = {}
    for pair in pairs:
        flow, _, ends = pair.partition(":")
        step, _, parent = ends.partition("<")
        found[Fact(flow, Seen(step), Seen(parent))] = 3
    return Evidence(found, {}, {(fact.flow, fact.parent): 3 for fact in found}, {"abcdef0": "2026-11-20"})


def write_two(small, conf: str, seen: Evidence | None) -> None:
    """Write a site with a page for each of two flows of an application."""
    small.write("conf.py", f'{CONF}penstock_modules = ["flows"]\npenstock_path = ["."]\n{conf}\n')
    small.write("flows.py", FLOWS)
    for name, flow in PAGES.items():
        small.write(name, f":orphan:\n\n{flow}\n=====\n\n.. penstock-flow:: {flow}\n")
    save(small, seen)


def save(small, seen: Evidence | None) -> None:
    """Leave evidence where it is looked for."""
    if seen is not None:
        file = small.folder / ".penstock" / "evidence.json"
        file.parent.mkdir(exist_ok=True)
        evidence.save(seen, file)


WRONG = facts("one:middle<begin", "one:finish<begin", "two:stop<start")


def test_evidence_rebuilds_exactly_what_changed(small):
    """New evidence makes those pages be read again on which a flow's states changed, and no others."""
    write_two(small, "", facts("one:middle<begin", "two:stop<start"))
    assert ["index", "second"] == small.build().read
    assert [] == small.build().read
    save(small, facts("one:middle<begin", "one:finish<middle", "two:stop<start"))
    built = small.build()
    assert ["index"] == built.read
    assert "2 of 2 arrows confirmed" in built.text("index.html")


def test_what_is_kept_decides_nothing(small):
    """A page reads the code where there is evidence, and judges nothing where there is none, whoever asked before."""
    for seen, expected in ((None, []), (facts("two:stop<start"), ["2 of 2 arrows confirmed by the code"])):
        write_two(small, "", seen)
        small.edit("flows.py", "def begin(): ...", "def begin():\n    finish(middle())")
        for _ in range(2):
            shutil.rmtree(small.folder / ".penstock" / "cache", ignore_errors=True)
            before = [each.get_text() for each in soup(small.build("html", "-E")).select(".ps-proof")]
            prove(load(small.folder, {"modules": ["flows"], "path": ["."]}), calls=True)
            after = [each.get_text() for each in soup(small.build("html", "-E")).select(".ps-proof")]
            assert [expected, expected] == [before, after]


def test_no_evidence_shows_no_proof(small):
    """Where nothing was recorded and nothing is checked, pages are as ever."""
    write_two(small, "", None)
    assert "ps-proof" not in small.build("html", "-W").text("index.html")


@pytest.mark.parametrize(("check", "code"), [("off", 0), ("warn", 0), ("error", 1)])
def test_findings_are_shown_or_fail_the_build(small, check, code):
    """Findings are shown, warned of at the step's line, once a mistake, or let the build fail, as the setting says."""
    write_two(small, f'penstock_check = "{check}"', WRONG)
    built = small.build()
    assert code == built.code
    assert "not declared" in built.text("index.html")
    ours = [line for line in built.warnings if line.endswith("[penstock.check]")]
    places = [line.partition(" WARNING: ")[0] for line in ours if " WARNING: " in line]
    assert ([] if check == "off" else ["flows.py:16:"]) == [place.rpartition("/")[2] for place in places]
    last = [line for line in ours if line.startswith("ERROR: ")]
    assert ["ERROR: 1 finding on the declared edges"] * code == [line.partition(";")[0] for line in last]


def test_findings_count_under_strict(small):
    """With ``-W``, a finding fails the build as every warning does, in each build until it is mended."""
    write_two(small, 'penstock_check = "warn"', WRONG)
    for _ in range(2):
        assert 1 == small.build("html", "-W", "--keep-going").code
    save(small, facts("one:middle<begin", "one:finish<middle"))
    assert 0 == small.build("html", "-W", "--keep-going").code


def test_damaged_evidence(small):
    """Evidence that cannot be read is one warning with its file, and the page is shown without proof."""
    write_two(small, "", None)
    small.write(".penstock/evidence.json", "{")
    built = small.build()
    assert 0 == built.code
    (line,) = built.warnings
    assert ".penstock/evidence.json" in line
    assert line.endswith("Until then, the pages show no proof. [penstock.check]")
    assert "ps-proof" not in built.text("index.html")
    assert "finish" in built.text("index.html")


def test_the_last_good_flows_keep_their_proof(small):
    """While the application cannot be imported, the pages keep the proof of the flows that they show."""
    write_two(small, "", WRONG)
    before = soup(small.build()).select_one(".ps-proof").get_text()
    small.edit("flows.py", "from penstock import flow", "import nothing_of_this_name")
    built = small.build("html", "-E")
    assert 1 == len(built.warnings)
    assert before == soup(built).select_one(".ps-proof").get_text()


def test_code_that_is_not_read_in_time(small):
    """Where the code is not read in time, pages show their flows without proof, and a warning names the setting."""
    write_two(small, 'penstock_check = "warn"\npenstock_reading_timeout = 1e-9', WRONG)
    built = small.build()
    [warning] = [line for line in built.complained.splitlines() if "WARNING" in line]
    assert [True, True] == ["2 of 2 flows (one, two)" in warning, "increase `reading_timeout`" in warning]
    assert [True, False] == [shown in built.text("index.html") for shown in ("<svg", "ps-proof")]


def test_effects_have_marks(small):
    """Steps, drawing and index say what is wrong with an effect, and a second line of proof counts them."""
    use = ResourceUse(
        step="receive", verb="writes", resource="db:<b>", origin="seen", state="undeclared-effect", refuted=True
    )
    write(small, "confirmed", page="Index\n=====\n\n.. penstock-flow:: orders\n\n.. penstock-channels::\n")
    manifest.save(manifest.Manifest(flows=(replace(orders("confirmed"), uses=(use,)),)), small.folder / "flows.json")
    page = soup(small.build())
    assert ["not declared"] == [mark.get_text() for mark in page.select("svg .ps-fault tspan.ps-mark")]
    assert ["db:<b> not declared"] == [chip.get_text() for chip in page.select(".ps-meta .ps-chip:has(.ps-faults)")]
    assert "0 of 0 effects confirmed; 1 not declared" == page.select("p.ps-proof")[1].get_text()
    assert ["not declared"] == [state.get_text() for state in page.select(".ps-channels .ps-faults")]
