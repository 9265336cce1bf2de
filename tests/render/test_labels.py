"""What is written in a drawing, and the room that it needs."""

from __future__ import annotations

import pytest

from penstock import Edge, Flow, Step
from penstock.render import Options, labels
from penstock.render.font_metrics import width

pdfmetrics = pytest.importorskip("reportlab.pdfbase.pdfmetrics")

PRINTABLE = "".join(map(chr, range(32, 127)))


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", [*PRINTABLE, PRINTABLE, "Größe, naïve, ÅÄÖ ñ ç", "a…b – c — d", "§ 5 · 3 × 4 ± 1°"])
def test_widths_are_those_of_helvetica(text: str, bold: bool) -> None:
    """Latin letters are as wide as ReportLab's Helvetica has them, accents or not."""
    expected = pdfmetrics.stringWidth(text, "Helvetica-Bold" if bold else "Helvetica", 10)
    assert (pytest.approx(expected), True) == width(text, 10, bold=bold)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("部品表", 30, 30),
        ("ｱ", 5, 10),
        ("e\u0301", 5.56, 5.56),
        ("کتاب", 15, 30),
        ("🎉", 11, 14),
        ("\u1112\u1161\u11ab", 10, 10),
    ],
)
def test_other_scripts_are_guessed(text: str, least: float, most: float) -> None:
    """An ideograph fills a square, combining characters take no room; what is a guess says so."""
    found, sure = width(text, 10)
    assert least <= found <= most
    assert sure is (text == "e\u0301")


@pytest.mark.parametrize(("text", "sure"), [("Bestellungen ☃ Orders here", True), ("☃ ab", False), ("→ 部品", False)])
def test_a_single_guess_does_little_harm(text: str, sure: bool) -> None:
    """A line of known letters with one symbol is squeezed into its box by browsers, as lines of known letters are."""
    assert sure is width(text, 10)[1]


@pytest.mark.parametrize(("text", "letters"), [("ﬁ", "fi"), ("㎏", "kg"), ("ⅷ", "viii")])
def test_a_ligature_is_as_wide_as_its_letters(text: str, letters: str) -> None:
    """Some characters stand for several letters."""
    assert width(letters, 10) == width(text, 10)


def test_an_empty_text_has_no_width() -> None:
    """Nothing is nothing."""
    assert (0, True) == width("", 10)


def test_nodes_are_named_as_dot_names_them() -> None:
    """Steps, triggers and effects are named as DOT names them; a flow of many steps shows no titles."""
    steps = (
        Step(name="a", title="Do it", trigger="t", entrypoint=True),
        Step(name="b", title="x " * 60, effects=("db", "mail")),
    )
    shown = {
        name: [line.text for line in label.lines]
        for name, label in labels.of_nodes(Flow(name="f", steps=steps), Options(details=True))
    }
    assert ["s0", "s1", "t0", "e0"] == [*shown]
    assert (["a", "Do it"], ["t"], ["db", "mail"]) == (shown["s0"], shown["t0"], shown["e0"])
    assert 4 == len(shown["s1"])
    assert shown["s1"][-1].endswith(" …")
    many = Flow(name="f", steps=tuple(Step(name=f"s{number}", title="T") for number in range(16)))
    assert {1} == {len(label.lines) for _, label in labels.of_nodes(many, Options(details=True))}


def test_a_label_and_a_mark() -> None:
    """What the author wrote stands above what the check says, and without either there is no label."""
    edge = Edge(source="a", target="b", label="if paid", state="never-seen")
    texts = {details: labels.of_arrow(edge, details=details) for details in (True, False)}
    assert [["if paid", "never seen"], ["never seen"]] == [
        [line.text for line in label.lines] for label in texts.values() if label
    ]
    assert labels.of_arrow(Edge(source="a", target="b"), details=True) is None
