"""The drawing and the list that a terminal shows."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model import Edge, Flow, Step
from penstock.render.options import Options
from penstock.render.text import drawing as text

MARKS = "◆○"


def flow_of(names: str, edges: str, **more: Step) -> Flow:
    """Return a flow from words such as ``a-b`` or ``a-b:label``; steps in ``more`` stand for those of their name."""
    steps = tuple(more.get(name, Step(name=name)) for name in names.split())
    arrows = (re.fullmatch(r"(\w+)-(\w+):?(.*)", word) for word in edges.split())
    return Flow(
        name="f",
        steps=steps,
        edges=tuple(Edge(source=found[1], target=found[2], label=found[3]) for found in arrows if found),
    )


def drawn(flow: Flow, *, details: bool = False, colour: bool = False, width: int = 80, fold: bool = False) -> str:
    """Return the flow as the terminal shows it."""
    return text.render(flow, Options(details=details), colour=colour, width=width, fold=fold)


def read(drawing: str) -> set[tuple[str, str]]:
    """Return the arrows that the lines of a drawing show, followed with the finger."""
    lanes: dict[int, set[str]] = {}
    edges: set[tuple[str, str]] = set()
    node, at = "", -1
    for line in drawing.splitlines():
        found = re.search(f"[{MARKS}]", line)
        if not found:
            for end in ends_of_turn(line, at):
                lanes.setdefault(end, set()).add(node)
            lanes = {column: waiting for column, waiting in lanes.items() if goes_down(line, column)}
            continue
        at, node = found.start(), line.split()[-1]
        edges |= {(source, node) for source in lanes.pop(at, set())}
        lanes = {column: waiting for column, waiting in lanes.items() if goes_down(line, column)}
        lanes[at] = {node}
    return edges


def goes_down(line: str, column: int) -> bool:
    """Return whether a line leaves this column's character downwards."""
    return line[column : column + 1] in tuple("│├┤┼┬╭╮")


def ends_of_turn(line: str, at: int) -> list[int]:
    """Return the columns into whose lanes the horizontal line at ``at`` turns; crossings are passed over."""
    ends = []
    for step, lefts_over in ((1, "─┼┬"), (-1, "─┼┬")):
        column = at
        if line[column : column + 1] not in tuple("├┼┴╰┬" if step > 0 else "┤┼┴╯┬"):
            continue
        column += step
        while line[column] in lefts_over:
            ends += [column] if line[column] == "┬" else []
            column += step
        ends.append(column)
    return ends


@st.composite
def graphs(draw: st.DrawFn) -> Flow:
    """Flows of up to twelve steps, arrows pointing forward."""
    count = draw(st.integers(1, 12))
    pairs = [(source, target) for target in range(count) for source in range(target)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return Flow(
        name="f",
        steps=tuple(Step(name=f"s{index}") for index in range(count)),
        edges=tuple(Edge(source=f"s{source}", target=f"s{target}") for source, target in sorted(chosen)),
    )


@given(graphs())
def test_the_drawing_shows_exactly_the_arrows(flow: Flow) -> None:
    """Whoever follows the lines finds every arrow of the flow and no other."""
    assert {(edge.source, edge.target) for edge in flow.edges} == read(drawn(flow))


@given(graphs())
def test_the_drawing_lists_each_step_once_in_flow_order(flow: Flow) -> None:
    """Every step has one line, in the order of the flow, also where no arrow touches it."""
    names = [line.split()[-1] for line in drawn(flow).splitlines() if re.search(f"[{MARKS}]", line)]

    assert [step.name for step in flow.steps] == names


@given(graphs())
def test_no_line_ends_in_spaces(flow: Flow) -> None:
    """Nothing invisible hangs at the end of a line."""
    assert [] == [line for line in drawn(flow).splitlines() if line != line.rstrip()]


DRAWINGS = {
    "a chain": (("a b c", "a-b b-c"), "○ a\n○ b\n○ c"),
    "lone steps": (("a b", ""), "○ a\n\n○ b"),
    "a branch": (("a b c", "a-b a-c"), "○ a\n├─╮\n○ │ b\n  ○ c"),
    "a join": (("a b c", "a-c b-c"), "○ a\n│ ○ b\n├─╯\n○ c"),
    "a diamond": (("a b c d", "a-b a-c b-d c-d"), "○ a\n├─╮\n○ │ b\n│ ○ c\n├─╯\n○ d"),
    "a shortcut": (("a b c", "a-b a-c b-c"), "○ a\n├─╮\n○ │ b\n╰─┤\n  ○ c"),
    "a crossing": (
        ("a b c d e", "a-c a-d b-c b-e"),
        "○ a\n├─╮\n│ │ ○ b\n├─┼─┤\n○ │ │ c\n  ○ │ d\n    ○ e",
    ),
    "an arrow declared twice": (("a b", "a-b:x a-b:y"), "○ a\n○ b  (x, y)"),
    "nothing": (("", ""), ""),
}


@pytest.mark.parametrize(("graph", "drawing"), DRAWINGS.values(), ids=DRAWINGS.keys())
def test_small_flows_have_few_straight_lanes(graph: tuple[str, str], drawing: str) -> None:
    """Small flows are drawn with as few and as straight lanes as they need."""
    assert drawing == drawn(flow_of(*graph))


def test_a_cycle_is_noted_where_it_goes_back() -> None:
    """The arrow that closes a cycle, and one to the step itself, stand on the line of the step that they leave."""
    flow = flow_of("a b c", "a-b b-c c-a:again b-b")

    assert "○ a\n○ b  ↺ b\n○ c  ↺ a (again)" == drawn(flow)


@pytest.mark.parametrize(
    ("edges", "condition"),
    [
        ("a-b a-c:paid", "(paid)"),
        ("a-c:paid b-c:paid", "(paid)"),
        ("a-c:paid b-c:free", "(a: paid, b: free)"),
        ("a-c:paid b-c", "(a: paid)"),
    ],
)
def test_labels_stand_on_the_line_of_the_step_that_they_lead_to(edges: str, condition: str) -> None:
    """A branch's label stands beside its target, with its source where arrows differ."""
    last = drawn(flow_of("a b c", edges)).splitlines()[-1]

    assert ["○", "c", *condition.split()] == last.split()


ORDER = flow_of(
    "receive check charge reject",
    "receive-check check-charge:valid check-reject:else",
    receive=Step(name="receive", entrypoint=True, title="Takes the order from the topic.", trigger="kafka:orders"),
    charge=Step(name="charge", title="Charges the card.", effects=("stripe:charges", "postgres:orders")),
)


def test_details_stand_in_columns() -> None:
    """Titles, labels, triggers and effects are aligned beside the steps."""
    expected = [
        "◆ receive   Takes the order from the topic.           ⇐ kafka:orders",
        "○ check",
        "├─╮",
        "○ │ charge  Charges the card.                (valid)  ⇒ stripe:charges, postgres:orders",
        "  ○ reject                                   (else)",
    ]

    assert expected == drawn(ORDER, details=True, width=100).splitlines()


def test_titles_are_cut_to_the_width() -> None:
    """Where the terminal is narrow, a title gives way and says so."""
    first = drawn(ORDER, details=True, width=74).splitlines()[0]

    assert "◆ receive   Takes the order from the t…           ⇐ kafka:orders" == first


def test_titles_are_left_out_where_nothing_of_them_could_be_read() -> None:
    """A very narrow terminal shows the steps and what they touch, without titles."""
    assert "◆ receive            ⇐ kafka:orders" == drawn(ORDER, details=True, width=40).splitlines()[0]


def test_what_has_no_room_stands_below_beside_the_lanes() -> None:
    """In a terminal, the one long text goes on below its step, and does not take the room of the titles."""
    expected = [
        "◆ receive   Takes the order from the topic.           ⇐ kafka:orders",
        "○ check",
        "├─╮",
        "○ │ charge  Charges the card.                (valid)",
        "│ │   ⇒ stripe:charges, postgres:orders",
        "│ ○ refund                                   (else)",
        "○ close",
    ]
    edges = "receive-check check-charge:valid check-refund:else charge-close"
    steps = {step.name: step for step in ORDER.steps if step.name in ("receive", "charge")}
    flow = flow_of("receive check charge refund close", edges, **steps)

    assert expected == drawn(flow, details=True, width=70, fold=True).splitlines()


def test_no_line_is_wider_than_the_terminal() -> None:
    """Labels and effects are broken between words where even a line of their own has no room for them."""
    lines = drawn(ORDER, details=True, width=24, fold=True).splitlines()

    assert ["  │   ⇒ stripe:charges,", "  │   postgres:orders"] == lines[-3:-1]
    assert 24 >= max(map(len, lines))


@given(graphs())
def test_the_lanes_go_on_beside_what_stands_below(flow: Flow) -> None:
    """Whoever follows the lines past texts that stand below finds the same arrows."""
    steps = tuple(replace(step, effects=("x" * 30,)) for step in flow.steps)

    assert read(drawn(flow)) == read(drawn(replace(flow, steps=steps), details=True, width=30, fold=True))


def test_colours_do_not_change_the_text() -> None:
    """What is coloured reads the same without its colours, and entrypoints, outside and labels have their own."""
    coloured = drawn(ORDER, details=True, colour=True)

    assert drawn(ORDER, details=True) == re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert "\x1b[1;34mreceive\x1b[0m" in coloured
    assert "\x1b[35m⇐ kafka:orders\x1b[0m" in coloured
    assert "\x1b[2m(valid)\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("受注を検証する", 14),
        ("한국어", 6),
        ("ｗｉｄｅ", 8),
        ("e\u0301te\u0301", 3),
        ("\u1100\u1161\u11a8", 2),
    ],
)
def test_columns_stay_aligned_beside_wide_names(name: str, columns: int) -> None:
    """Wide and combining characters take the room that a terminal gives them."""
    flow = Flow(name="f", steps=(Step(name=name, title="One."), Step(name="a" * 20, title="One.")))

    assert f"○ {name}{' ' * (22 - columns)}One." == drawn(flow, details=True).splitlines()[0]


def test_a_wide_title_is_cut_by_what_it_takes() -> None:
    """A title in wide characters is cut to the columns that it has, not to as many characters."""
    flow = Flow(name="f", steps=(Step(name="a", title="注文を受け付けて保存する。"),))

    assert "○ a  注文を受け付け…" == drawn(flow, details=True, width=20)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("\x1b[2J", "[2J"), ("\u202egnp", "gnp"), ("a\nb", "a b"), ("\x9b31m", "31m"), ("", "''"), ("\x07", r"'\x07'")],
)
def test_names_cannot_command_the_terminal(name: str, shown: str) -> None:
    """Control and direction-changing characters never reach the terminal; a name of nothing else is spelled out."""
    assert f"○ {shown}" == drawn(Flow(name="f", steps=(Step(name=name),)))


@pytest.mark.parametrize("field", ["title", "trigger", "effects", "label"])
def test_no_text_can_command_the_terminal(field: str) -> None:
    """Whatever a user may write is free of escape sequences when shown."""
    text_of = {"title": "", "trigger": "", "effects": "", "label": "", field: "\x1b]0;x\x07\u2066!"}
    step = Step(name="b", title=text_of["title"], trigger=text_of["trigger"], effects=(text_of["effects"],))
    edges = (Edge(source="a", target="b", label=text_of["label"]),)
    shown = drawn(Flow(name="f", steps=(Step(name="a"), step), edges=edges), details=True)

    assert "]0;x!" in shown
    assert shown.replace("\n", "").isprintable()


def chain_of(*words: str) -> Flow:
    """Return a flow too large to be drawn, that starts with these arrows."""
    tail = [f"t{index}" for index in range(text.MAX_DRAWN)]
    edges = [*words, *(f"{source}-{target}" for source, target in pairwise(tail))]
    names = dict.fromkeys(name for word in words for name in re.findall(r"\w+", word.partition(":")[0]))
    return flow_of(" ".join([*names, *tail]), " ".join(edges))


def test_thirty_steps_are_drawn_and_more_are_listed() -> None:
    """A flow is drawn as long as a reader can follow lines, and a list names the steps that follow."""
    names = [f"s{index}" for index in range(31)]
    edges = " ".join(f"{source}-{target}" for source, target in pairwise(names))

    assert "○ s0\n○ s1" == drawn(flow_of(" ".join(names[:30]), edges.rpartition(" ")[0]))[:9]
    assert "○ s0   → s1\n○ s1   → s2" == drawn(flow_of(" ".join(names), edges))[:23]


def test_the_list_indents_branches_and_returns_where_they_meet() -> None:
    """What a branch leads to is indented, and where all branches meet the text stands on the old level again."""
    lines = drawn(chain_of("a-b", "a-c:else", "b-d", "c-d", "d-e", "e-a")).splitlines()

    assert [
        "○ a    → b, c (else)",
        "  ○ b  → d",
        "  ○ c  → d",
        "○ d    → e",
        "○ e    ↺ a",
    ] == lines[:5]


def test_the_list_names_what_follows_after_what_a_step_touches() -> None:
    """A list has titles, triggers and effects too."""
    steps = {"a": Step(name="a", entrypoint=True, title="Starts it.", trigger="cron", effects=("disk",))}
    names = [f"t{index}" for index in range(31)]
    flow = flow_of(" ".join(["a", *names]), "a-t0 a-t1", **steps)

    assert "◆ a     Starts it.  ⇐ cron ⇒ disk  → t0, t1" == drawn(flow, details=True).splitlines()[0]


def test_a_ladder_is_listed_in_linear_size() -> None:
    """Sixty diamonds, with 2 to the power of 60 paths, take a line a step."""
    words = [
        f"{a}{i}-{b}{j}"
        for i in range(60)
        for a, b, j in (("a", "b", i), ("a", "c", i), ("b", "a", i + 1), ("c", "a", i + 1))
    ]
    names = [f"{letter}{index}" for index in range(60) for letter in "abc"] + ["a60"]
    lines = drawn(flow_of(" ".join(names), " ".join(words))).splitlines()

    assert sorted(names) == sorted(line.split()[1] for line in lines)
    assert max(map(len, lines)) <= 20


def test_the_list_stays_on_the_screen_however_deep_the_flow() -> None:
    """A hundred steps that can each fail are still listed near the left edge."""
    words = [word for index in range(100) for word in (f"a{index}-a{index + 1}", f"a{index}-f{index}")]
    names = [name for index in range(100) for name in (f"a{index}", f"f{index}")] + ["a100"]

    assert max(map(len, drawn(flow_of(" ".join(names), " ".join(words))).splitlines())) <= 80
