"""What the witnesses say of each arrow, in every format: by its line and by words, never by colour alone."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from penstock import manifest, proof
from penstock.cli.main import main
from penstock.config import load
from penstock.embed.assets import stylesheet
from penstock.embed.overview import outline
from penstock.model import Edge, EvidenceSummary, Flow, Step
from penstock.render import Options, edge_status, render
from penstock.render.graphviz.layout_cache import digest
from penstock.render.text import drawing as text
from penstock.render.wording import after, alt_text, before

if TYPE_CHECKING:
    from pathlib import Path

DETAILS = Options(details=True)
COUNTS = "1 outdated; 1 never seen; 1 not declared; 1 indirect; 1 with lost context; 1 not exercised"
DASHED, DOTTED = 'stroke-dasharray="5 3"', 'stroke-dasharray="1.5 3"'


def arrow(state: str = "", *, label: str = "", note: str = "Why.", origin: str = "declared") -> Flow:
    """Return a flow of two steps whose arrow has a state."""
    edge = Edge(source="pay", target="ship", label=label, state=state, note=note, origin=origin)  # type: ignore[arg-type]
    return Flow(name="f", steps=(Step(name="pay", entrypoint=True), Step(name="ship")), edges=(edge,))


def drawn(flow: Flow) -> str:
    """Return the arrow between two steps in the SVG."""
    found = re.search(r'<g class="ps-edge[^>]*>.*?</g>', str(render(flow, "svg", DETAILS)), re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("state", "css", "dash", "label"),
    [
        ("", "ps-edge", "", ""),
        ("confirmed", "ps-edge", "", ""),
        ("unexercised", "ps-edge ps-doubt ps-unexercised", DASHED, ""),
        ("outdated", "ps-edge ps-doubt ps-outdated", DASHED, "outdated"),
        ("context-lost", "ps-edge ps-doubt ps-context-lost", DOTTED, ""),
        ("never-seen", "ps-edge ps-fault ps-never-seen", DASHED, "never seen"),
        ("no-longer-seen", "ps-edge ps-fault ps-no-longer-seen", DASHED, "no longer seen"),
        ("indirect", "ps-edge ps-fault ps-indirect", DASHED, "indirect"),
        ("undeclared", "ps-edge ps-fault ps-undeclared", "", "not declared"),
        ("untested", "ps-edge ps-doubt ps-untested", DASHED, "no test"),
        ("of the future", "ps-edge ps-doubt ps-of-the-future", DASHED, "of the future"),
    ],
)
def test_each_state_has_its_line_and_its_words(state: str, css: str, dash: str, label: str) -> None:
    """A state is told by the pattern of the line and by a word on the arrow, and its reason by a tooltip."""
    shown = drawn(arrow(state, label="if paid"))
    assert css == re.findall('class="([^"]*)"', shown)[0]
    assert dash == "".join(re.findall(r'stroke-dasharray="[^"]*"', shown))
    assert ["if paid", *filter(None, [label])] == [found.strip() for found in re.findall(r">([^<>]+)</text>", shown)]
    assert (["Why."] if css != "ps-edge" else []) == re.findall("<title>([^<]*)</title>", shown)


@pytest.mark.parametrize("kind", ["mermaid", "dot", "svg", "text"])
@pytest.mark.parametrize("details", [True, False])
def test_a_confirmed_arrow_is_drawn_as_one_that_nobody_judged(kind: str, details: bool) -> None:
    """Confirmation changes no drawing: that all is right needs no ink."""
    options = Options(details=details)
    assert render(arrow(), kind, options) == render(arrow("confirmed"), kind, options)


@pytest.mark.parametrize(("state", "same"), [("confirmed", True), ("unexercised", True), ("never-seen", False)])
def test_only_words_move_a_layout(state: str, same: bool) -> None:
    """A layout is kept when an arrow gets another line, and made anew when a word comes to stand on it."""
    assert same is (digest(arrow(), DETAILS, "engine", 20) == digest(arrow(state), DETAILS, "engine", 20))


def test_two_arrows_on_one_way_keep_their_states() -> None:
    """Of several arrows between two steps, each is drawn with its own state."""
    states = ("confirmed", "never-seen", "unexercised", "outdated")
    edges = tuple(replace(arrow(state).edges[0], label=f"if {state}") for state in states)
    picture = str(render(replace(arrow(), edges=edges), "svg", DETAILS))
    found = re.findall(r'<g class="ps-edge([^"]*)"[^>]*>.*?if ([\w-]+)</text>', picture, re.DOTALL)
    assert {
        ("", "confirmed"),
        (" ps-fault ps-never-seen", "never-seen"),
        (" ps-doubt ps-unexercised", "unexercised"),
        (" ps-doubt ps-outdated", "outdated"),
    } == set(found)


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("confirmed", "pay --> ship"),
        ("unexercised", "pay -.-> ship"),
        ("context-lost", "pay -.-> ship"),
        ("outdated", 'pay -.->|"outdated"| ship'),
        ("never-seen", 'pay -.->|"never seen"| ship'),
        ("no-longer-seen", 'pay -.->|"no longer seen"| ship'),
        ("indirect", 'pay -.->|"indirect"| ship'),
        ("undeclared", 'pay -->|"not declared"| ship'),
    ],
)
def test_mermaid_says_the_status_by_line_and_word(state: str, line: str) -> None:
    """Plain Mermaid says by line and word what it can, and colours only with details."""
    assert f"graph TD\n    {line}" == render(arrow(state), "mermaid", Options())


def test_detailed_mermaid_colours_and_says_what_it_rests_on() -> None:
    """With details, marked arrows are coloured too, and a comment has the line of proof."""
    flow = replace(every_state(), evidence=EvidenceSummary(runs=9))
    lines = str(render(flow, "mermaid", DETAILS)).splitlines()
    assert ["    linkStyle 1,2,3 stroke:#dc6803", "    linkStyle 4,5,6 stroke:#d92d20"] == lines[-3:-1]
    assert f"    %% 1 of 6 arrows confirmed by 9 runs; {COUNTS}" == lines[-1]


def test_nothing_breaks_out() -> None:
    """Whatever a manifest brings as note or line of proof stays text."""
    hostile = 'x\n%%{init: {}}%% </title><script>alert(1)</script> "; --> y'
    flow = replace(arrow("never-seen", note=hostile), evidence=EvidenceSummary(runs=1, commit=hostile, date="d"))
    assert "<script" not in str(render(flow, "svg", DETAILS))
    (comment,) = [line for line in str(render(flow, "mermaid", DETAILS)).splitlines() if "%%" in line]
    assert "    %% 0 of 1 arrow confirmed by 1 run at x init: " == comment[:50]


@pytest.mark.parametrize("engine", ["graphviz-pure", "dot"])
@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_pictures_are_drawn(engine: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow with every state becomes a picture, with Graphviz and without it."""
    if engine == "graphviz-pure":
        monkeypatch.setenv("PATH", "")
    assert isinstance(render(every_state(), kind, DETAILS), bytes)


def every_state() -> Flow:
    """Return a flow with an arrow of each state."""
    ends = {
        "confirmed": "a b",
        "unexercised": "a c",
        "outdated": "a d",
        "context-lost": "b e",
        "never-seen": "c e",
        "indirect": "d e",
        "undeclared": "a e",
    }
    edges = tuple(
        Edge(
            source=pair[0],
            target=pair[2],
            state=state,  # type: ignore[arg-type]
            note=f"{state} it is.",
            origin="seen" if state == "undeclared" else "declared",
        )
        for state, pair in ends.items()
    )
    steps = tuple(Step(name=name, entrypoint=name == "a") for name in "abcde")
    evidence = EvidenceSummary(runs=340, commit="3f2a1c9", date="2026-11-20")
    return Flow(name="f", steps=steps, edges=edges, evidence=evidence)


def test_a_terminal_says_the_status_by_mark_and_word() -> None:
    """In the terminal, a mark and a word stand beside the step that an arrow leads to."""
    assert [
        "c  ┄ not exercised",
        "d  ┄ outdated",
        "e  ┄ b: context lost, c: never seen, d: indirect, a: not declared",
    ] == [
        line[re.search("[a-e]  ", line).start() :]  # type: ignore[union-attr]
        for line in text.render(every_state(), DETAILS).splitlines()
        if "┄" in line
    ]


def test_text_of_a_long_flow() -> None:
    """In the list of a long flow, the word stands beside the name of the next step."""
    more = tuple(Step(name=f"s{number}") for number in range(30))
    assert "→ ship (if paid, never seen)" in text.render(
        replace(arrow("never-seen", label="if paid"), steps=(*arrow().steps, *more)), Options()
    )


def test_proof_in_text() -> None:
    """Below the drawing stands what the states rest on, and in words what is not confirmed, faults first."""
    assert [
        *textwrap.wrap(f"1 of 6 arrows confirmed by 340 runs at 3f2a1c9, 2026-11-20; {COUNTS}", 80),
        "┄ c → e: never seen. never-seen it is.",
        "┄ d → e: indirect. indirect it is.",
        "┄ a → e: not declared. undeclared it is.",
        "┄ a → c: not exercised. unexercised it is.",
        "┄ a → d: outdated. outdated it is.",
        "┄ b → e: context lost. context-lost it is.",
    ] == text.proof(every_state()).splitlines()


def test_a_flow_that_nobody_judged_has_no_proof() -> None:
    """Without witnesses, text formats end with the drawing."""
    assert "" == text.proof(arrow())
    assert render(arrow(), "text", DETAILS) == text.render(arrow(), DETAILS)


def test_only_so_many_arrows_are_spelled_out() -> None:
    """Of a flow where nothing ran, the first arrows are named, and how many more there are."""
    edges = tuple(Edge(source="a", target=f"s{number}", state="unexercised") for number in range(50))
    steps = tuple(Step(name=name) for name in ("a", *(edge.target for edge in edges)))
    shown = text.proof(Flow(name="f", steps=steps, edges=edges, evidence=EvidenceSummary())).splitlines()
    assert "0 of 50 arrows confirmed; 50 not exercised" == shown[0]
    assert 2 + edge_status.MOST_DOUBTS == len(shown)
    assert "… and 10 more: penstock check names them." == shown[-1]


def test_the_text_alternative_says_it() -> None:
    """Who does not see the picture hears of each mark."""
    said = alt_text(every_state())
    assert "a leads to b, c (not exercised), d (outdated) and e (not declared)." in said
    assert "c leads to e (never seen)." in said


def test_what_only_ran_is_no_part_of_the_declaration() -> None:
    """An arrow that nobody declared is drawn, but is in no path and no list of neighbours."""
    flow = every_state()
    assert ("b", "c", "d") == tuple(name for name, _ in after(flow, flow.step("a")))
    assert ("b", "c", "d") == tuple(name for name, _ in before(flow, flow.step("e")))
    assert ("a", "e") not in set(flow.paths())


def test_proof_can_be_taken_off() -> None:
    """Without its proof, a flow is as it was declared; so are small pictures and their fingerprints."""
    flow = every_state()
    plain = tuple(Edge(source=edge.source, target=edge.target) for edge in flow.edges if edge.origin == "declared")
    assert replace(flow, edges=plain, evidence=None) == edge_status.without_proof(flow)
    assert plain == outline(flow).edges
    assert edge_status.without_proof(arrow()) == arrow()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of a project whose flows come from a manifest with states."""
    manifest.save(manifest.Manifest(flows=(every_state(),)), tmp_path / "flows.json")
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["flows.json"]\n', encoding="utf-8")
    return tmp_path


def test_an_arrow_that_only_ran_needs_its_steps(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A manifest with an arrow between steps that are not there is said to be damaged, whoever says the arrow."""
    text = (project / "flows.json").read_text(encoding="utf-8")
    (project / "flows.json").write_text(text.replace('"target": "e"', '"target": "x"'), encoding="utf-8")
    assert 2 == main(["show", "f", "-C", str(project)])
    assert "the manifest is damaged" in capsys.readouterr().err


def test_show_prints_what_is_not_confirmed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``penstock show`` prints the line of proof and what is not confirmed."""
    assert 0 == main(["show", "f", "-C", str(project)])
    said = capsys.readouterr().out
    assert "1 of 6 arrows confirmed by 340 runs at 3f2a1c9, 2026-11-20" in said
    assert "┄ c → e: never seen. never-seen it is." in said


def test_the_setting_hides_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With ``proof = false``, no picture and no text shows anything of it."""
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("proof = false\n")
    assert 0 == main(["show", "f", "-C", str(project)])
    assert 0 == main(["render", "f", "-C", str(project), "-f", "mermaid", "--details"])
    said = capsys.readouterr().out
    assert not {"┄", "confirmed", "-.->", "linkStyle"} & set(re.findall(r"┄|confirmed|-\.->|linkStyle", said))
    assert [edge_status.without_proof(every_state())] == list(proof.flows_for_docs(load(project)).manifest.flows)


def test_damaged_evidence_is_left_out(project: Path) -> None:
    """Documentation shows flows without the evidence that cannot be read, and knows where and why."""
    (project / ".penstock").mkdir()
    (project / ".penstock" / "evidence.json").write_text("{", encoding="utf-8")
    found = proof.flows_for_docs(load(project))
    assert ["f"] == [flow.name for flow in found.manifest.flows]
    assert found.evidence_error.startswith(f"{project / '.penstock' / 'evidence.json'}: ")


def _luminance(colour: str) -> float:
    full = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("scheme", "paper"), [(1, "#ffffff"), (2, "#1b1f2a")], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ok", "warn", "bad"])
def test_colours_can_be_read(name: str, scheme: int, paper: str) -> None:
    """The words of a mark have the contrast that WCAG 2.2 wants of small text (1.4.3), light and dark."""
    colours = re.search(rf"--ps-{name}: light-dark\((#\w+), (#\w+)\);", stylesheet())
    assert colours
    colour = colours[scheme]
    bright, dark = sorted((_luminance(colour), _luminance(paper)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5
