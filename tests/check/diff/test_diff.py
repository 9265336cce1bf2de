"""What ``penstock diff`` says of two manifests."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from changed_flows import EDGES, ENTRY, LATER, ORDERS, PAY, SHIP, STEPS, TEXT
from penstock.check.diff.compare import Changes, EdgeChange, Field, StepChange, compare
from penstock.check.diff.mermaid import MARKER, diagram, markdown, mermaid
from penstock.check.diff.text import as_json, text
from penstock.manifest import Manifest
from penstock.model import Edge, EvidenceSummary, Flow, Step


def changes(old: Flow | None, new: Flow | None) -> Changes:
    """Return what is different between two flows, either of which may be missing."""
    return compare(Manifest(flows=(old,) if old else ()), Manifest(flows=(new,) if new else ()))


def with_step(**fields: object) -> Flow:
    """Return the flow with its second step changed."""
    return replace(ORDERS, steps=(ENTRY, replace(PAY, **fields), SHIP))


def with_edge(**fields: object) -> Flow:
    """Return the flow with its second arrow changed."""
    return replace(ORDERS, edges=(EDGES[0], replace(EDGES[1], **fields)))


def test_equal_flows_are_no_change() -> None:
    """Nothing is different between a manifest and itself."""
    assert (Changes(), False) == (changes(ORDERS, ORDERS), bool(changes(ORDERS, ORDERS)))


@pytest.mark.parametrize(("old", "new", "change"), [(None, ORDERS, "added"), (ORDERS, None, "removed")])
def test_a_flow_comes_and_goes_with_all_that_is_in_it(old: Flow | None, new: Flow | None, change: str) -> None:
    """A new flow, and one that is gone, is told with its steps and arrows."""
    (found,) = changes(old, new).flows
    assert (change, ORDERS) == (found.change, found.flow)
    assert [(change, step) for step in STEPS] == [(each.change, each.step) for each in found.steps]
    assert [(change, edge) for edge in EDGES] == [(each.change, each.edge) for each in found.edges]


def test_flows_of_two_services_are_two_flows() -> None:
    """A flow is the same where its service is, too."""
    found = changes(replace(ORDERS, service="shop"), replace(ORDERS, service="mill")).flows
    assert [("mill/orders", "added"), ("shop/orders", "removed")] == [(f.flow.full_name, f.change) for f in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": "All orders"}, Field(name="title", old="Orders", new="All orders")),
        ({"description": "What is sold."}, Field(name="description", old="", new="What is sold.")),
        ({"tags": ("sales", "eu")}, Field(name="tags", old="", new="sales, eu")),
    ],
)
def test_a_flow_says_otherwise(fields: dict[str, object], expected: Field) -> None:
    """Title, description and tags of a flow count."""
    assert [(expected,)] == [flow.fields for flow in changes(ORDERS, replace(ORDERS, **fields)).flows]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"docstring": "Charge."}, Field(name="docstring", old="Take the money.", new="Charge.")),
        ({"signature": "(order, card)"}, Field(name="signature", old="(order)", new="(order, card)")),
        ({"trigger": "POST /pay"}, Field(name="trigger", old="", new="POST /pay")),
        ({"effects": ("bank", "mail")}, Field(name="effects", old="", new="bank, mail")),
        ({"source_hash": "ff"}, Field(name="source", old="0b", new="ff")),
        ({"file": "shop/pay.py"}, Field(name="file", old="shop.py", new="shop/pay.py")),
        ({"kind": "coroutine"}, Field(name="kind", old="function", new="coroutine")),
        ({"entrypoint": True}, Field(name="entrypoint", old="no", new="yes")),
    ],
)
def test_a_step_changes(fields: dict[str, object], expected: Field) -> None:
    """Docstring, signature, trigger, effects, code, file, kind and being an entrypoint count."""
    (found,) = changes(ORDERS, with_step(**fields)).flows
    assert (StepChange(change="changed", step=replace(PAY, **fields), fields=(expected,)),) == found.steps


@pytest.mark.parametrize("fields", [{"line": 90, "end_line": 99}, {"source_hash": ""}, {"qualname": "Shop.pay"}])
def test_what_moves_by_itself_does_not_count(fields: dict[str, object]) -> None:
    """Lines move with every edit, and a source that nobody could read is no other source."""
    assert not changes(ORDERS, with_step(**fields))


def test_steps_come_and_go() -> None:
    """A step that is new, and one that is gone, is told as it is or was."""
    new = Step(name="refund", file="shop.py", line=20)
    (found,) = changes(ORDERS, replace(ORDERS, steps=(ENTRY, PAY, new), edges=EDGES[:1])).flows
    assert (StepChange(change="added", step=new), StepChange(change="removed", step=SHIP)) == found.steps


RENAMED = (EDGES[0].__class__(source="receive", target="charge"), replace(EDGES[1], source="charge"))


@pytest.mark.parametrize(
    ("new", "fields"),
    [
        (replace(PAY, name="charge", docstring="Charge."), ["docstring"]),
        (replace(PAY, name="charge", source_hash="ff"), ["source"]),
        (replace(PAY, name="charge"), []),
    ],
    ids=["same source", "same description", "same all"],
)
def test_a_step_with_another_name_is_recognised(new: Step, fields: list[str]) -> None:
    """With the same source, or docstring and signature, it is one step with a new name, and its arrows are the same."""
    (found,) = changes(ORDERS, replace(ORDERS, steps=(ENTRY, new, SHIP), edges=RENAMED)).flows
    (step,) = found.steps
    assert ("changed", "pay", fields, ()) == (step.change, step.was, [f.name for f in step.fields], found.edges)


@pytest.mark.parametrize(
    "new",
    [
        (replace(PAY, name="charge", docstring="Charge.", source_hash="ff"),),
        (replace(PAY, name="charge"), replace(PAY, name="bill")),
    ],
    ids=["nothing in common", "two that could be it"],
)
def test_no_name_is_guessed_without_need(new: tuple[Step, ...]) -> None:
    """What has nothing in common, or could be either of two, is gone and new."""
    (found,) = changes(ORDERS, replace(ORDERS, steps=(ENTRY, *new, SHIP), edges=())).flows
    assert ["added"] * len(new) + ["removed"] == [each.change for each in found.steps]


def test_arrows_come_and_go() -> None:
    """An arrow between other steps is a new one, and the old one is gone."""
    new = Edge(source="receive", target="ship")
    (found,) = changes(ORDERS, replace(ORDERS, edges=(EDGES[0], new))).flows
    assert (EdgeChange(change="added", edge=new), EdgeChange(change="removed", edge=EDGES[1])) == found.edges


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"label": "paid"}, Field(name="label", old="if paid", new="paid")),
        ({"state": "confirmed"}, {"state": "never-seen"}, Field(name="state", old="confirmed", new="never-seen")),
        ({}, {"origin": "seen"}, Field(name="origin", old="declared", new="seen")),
    ],
)
def test_an_arrow_changes(old: dict[str, str], new: dict[str, str], expected: Field) -> None:
    """An arrow's label, what the witnesses say of it, and whether it is declared at all count."""
    (found,) = changes(with_edge(**old), with_edge(**new)).flows
    assert (EdgeChange(change="changed", edge=replace(EDGES[1], **new), fields=(expected,)),) == found.edges


def test_a_state_that_nobody_knows_is_no_other_state() -> None:
    """Where one side was never held against the witnesses, states are not compared."""
    assert not changes(with_edge(state="confirmed"), ORDERS)


def test_what_only_ran_is_no_news_beside_a_side_that_was_not_judged() -> None:
    """A revision has no evidence with it, so an arrow that only ran is not new in the working tree."""
    seen = Edge(source="receive", target="ship", origin="seen", state="undeclared")
    judged = replace(ORDERS, edges=(*EDGES, seen), evidence=EvidenceSummary(runs=1))
    assert not changes(ORDERS, judged)
    assert not changes(judged, ORDERS)
    assert changes(replace(judged, edges=EDGES), judged)


def test_arrows_between_the_same_steps_are_told_apart_by_label() -> None:
    """Of two arrows between the same steps, the one whose label is gone is gone."""
    two = replace(ORDERS, edges=(*EDGES, replace(EDGES[1], label="if free")))
    (found,) = changes(two, replace(ORDERS, edges=(EDGES[0], two.edges[2]))).flows
    assert (EdgeChange(change="removed", edge=EDGES[1]),) == found.edges


def test_people_read_what_changed_and_where() -> None:
    """The text has a line for each change, with a sign, the words and where it is."""
    assert TEXT == text(changes(ORDERS, LATER))


def test_long_lines_are_folded_beside_their_sign() -> None:
    """In a terminal, words go on below words, and lines that fit stay as they are."""
    folded = "  ~ step   pay: effects none → bank,\n             docstring shop.py:9"
    expected = TEXT.replace("  ~ step   pay: effects none → bank, docstring  shop.py:9", folded)
    assert expected == text(changes(ORDERS, LATER), width=40)


def test_signs_are_coloured() -> None:
    """What is new is green, what is gone red, what changed yellow."""
    lines = text(changes(ORDERS, LATER), lambda shown, code: f"<{code}>{shown}</>").splitlines()
    assert "  <32>+ step </>  check  <2>shop.py:30</>" == lines[2]
    assert "  <33>~ step </>  pay: effects none → bank, docstring  <2>shop.py:9</>" == lines[3]
    assert "  <31>- step </>  ship  <2>shop.py:14</>" == lines[4]


def test_the_text_says_when_nothing_is_different() -> None:
    """Nobody has to wonder about silence."""
    assert "No flow is different." == text(Changes())


def test_names_cannot_write_in_a_terminal() -> None:
    """Control characters of a name do not reach the terminal."""
    assert "\x1b" not in text(changes(None, Flow(name="a\x1b[31m", steps=(Step(name="\x1b]0;x\x07"),))))


def test_programs_read_json() -> None:
    """The JSON has every change with old and new values, and what was compared."""
    content = json.loads(as_json(replace(changes(ORDERS, LATER), old="main", new="HEAD")))
    assert ("penstock-diff", "1.0", "main", "HEAD") == tuple(
        content[key] for key in ("format", "version", "old", "new")
    )
    (flow,) = content["flows"]
    assert [{"name": "title", "old": "Orders", "new": "All orders"}] == flow["fields"]
    assert {"name": "docstring", "old": "Take the money.", "new": "Charge."} == flow["steps"][1]["fields"][1]
    assert [("added", "check"), ("changed", "pay"), ("removed", "ship")] == [
        (s["change"], s["name"]) for s in flow["steps"]
    ]
    assert {
        "source": "check", "target": "pay", "label": "if good", "state": "", "change": "added", "fields": [],
    } == flow["edges"][1]  # fmt: skip


DIAGRAM = """\
graph TD
    receive(["receive"])
    check["#43; check"]:::added
    pay["#126; pay
effects, docstring"]:::changed
    ship["#45; ship"]:::removed
    receive ==> check
    check ==>|"if good"| pay
    receive -.-> pay
    pay -.->|"if paid"| ship
"""


def test_the_picture_has_old_and_new() -> None:
    """Added is green and thick, removed red and dashed, changed amber; each with a sign, so not by colour alone."""
    drawn = diagram(changes(ORDERS, LATER).flows[0])
    assert drawn.startswith(DIAGRAM)
    assert re.findall(r"classDef (\w+)", drawn) == ["added", "removed", "changed"]
    assert ["0,1 stroke:#1a7f37", "2,3 stroke:#cf222e"] == re.findall(r"linkStyle ([^,]+,\S+ stroke:#\w+)", drawn)
    assert re.search(r"classDef removed .*stroke-dasharray", drawn)


def test_the_picture_says_what_an_arrow_was() -> None:
    """An arrow that changed has old and new label, or state, on it."""
    found = changes(with_edge(state="confirmed"), with_edge(state="never-seen", label="paid"))
    assert 'pay -->|"label if paid → paid, state confirmed → never-seen"| ship' in diagram(found.flows[0])


def test_each_flow_has_a_picture() -> None:
    """There is one diagram for each flow that is different, below a comment with its name."""
    found = compare(Manifest(flows=(ORDERS,)), Manifest(flows=(LATER, replace(ORDERS, name="new"))))
    assert ["new added", "orders changed"] == re.findall(r"^%% (.*)\ngraph TD$", mermaid(found), re.MULTILINE)


def test_a_picture_that_is_too_large_shows_what_changed() -> None:
    """Of a flow that Mermaid would refuse, only what changed and what touches it is drawn."""
    steps = tuple(Step(name=f"s{number}") for number in range(700))
    edges = tuple(Edge(source=f"s{number}", target=f"s{number + 1}") for number in range(699))
    old = Flow(name="long", steps=steps, edges=edges)
    new = replace(old, steps=(*steps[:350], replace(steps[350], trigger="x"), *steps[351:]))
    (found,) = changes(old, new).flows
    assert ["s349", "s350", "s351"] == re.findall(r"^ +(s\d+)\[", diagram(found), re.MULTILINE)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, section 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_are_read_on_white_and_on_black() -> None:
    """Texts have a contrast of 4.5 to their box, and lines of 3 to GitHub's light and dark pages."""
    drawn = diagram(changes(ORDERS, with_step(trigger="x")).flows[0]) + diagram(changes(ORDERS, LATER).flows[0])
    boxes = re.findall(r"fill:(#\w+),stroke:(#\w+),color:(#\w+)", drawn)
    lines = {*re.findall(r"stroke:(#\w+)", drawn)}
    assert 6 == len(boxes)
    assert all(contrast(fill, colour) >= 4.5 for fill, _, colour in boxes)
    assert all(contrast(line, page) >= 3 for line in lines for page in ("#ffffff", "#0d1117"))


COMMENT = """\
<!-- penstock-diff -->
### Flows: 1 changed

| Flow | | Steps | Arrows |
| --- | --- | --- | --- |
| <code>orders</code> | changed | 1 added, 1 removed, 1 changed | 2 added, 2 removed |

<code>main</code> → <code>HEAD</code>

#### <code>orders</code>

```mermaid
"""


def test_a_comment_has_table_picture_and_words() -> None:
    """The Markdown for a pull request begins with a hidden marker, and has a table, a picture and each change."""
    comment = markdown(replace(changes(ORDERS, LATER), old="main", new="HEAD"))
    assert comment.startswith(COMMENT + DIAGRAM)
    assert comment.endswith(
        "```\n\n- <code>title Orders → All orders</code>\n- <code>step added&#58; check</code>\n"
        "- <code>step changed&#58; pay&#58; effects none → bank, docstring</code>\n- <code>step removed&#58; ship</code>\n"
        "- <code>arrow added&#58; receive → check</code>\n- <code>arrow added&#58; check → pay (if good)</code>\n"
        "- <code>arrow removed&#58; receive → pay</code>\n- <code>arrow removed&#58; pay → ship (if paid)</code>\n"
    )


def test_a_comment_says_when_nothing_is_different() -> None:
    """An earlier comment can be replaced when the changes are gone."""
    assert (MARKER, "### No flow is different") == tuple(markdown(Changes()).splitlines()[:2])


def test_names_are_no_markup_in_a_comment() -> None:
    """No name breaks the table, mentions anybody, links anything, or ends the picture."""
    hostile = "a|b @team <b> ```\n``` #1 [x](y) **z**"
    comment = markdown(changes(None, Flow(name=hostile, steps=(Step(name=hostile),))))
    outside = re.sub(
        r"<!-- penstock-diff -->|</?code>|&#\d+;|```mermaid.*?^```$", "", comment, flags=re.DOTALL | re.MULTILINE
    )
    assert not {*"<>@`[*"} & {*outside}
    assert 2 == comment.count("```")
    assert [5] * 3 == [line.count("|") for line in comment.splitlines() if line.startswith("|")]


def test_a_comment_never_becomes_too_long() -> None:
    """What GitHub would not take loses its pictures first, then the rest, and says so."""
    steps = tuple(Step(name=f"step number {number} of a flow with long names") for number in range(300))
    flows = tuple(Flow(name=f"flow {number}", steps=steps) for number in range(12))
    comment = markdown(compare(Manifest(), Manifest(flows=flows)))
    assert (True, True) == (40_000 < len(comment) < 65_000, "`penstock diff` shows all of it" in comment)
    assert 1 <= comment.count("```mermaid") < comment.count("#### ") < 12
    assert "\n- … and 250 more\n" in comment


def test_a_picture_that_mermaid_would_refuse_is_left_out() -> None:
    """Where even what changed is too much to draw, the comment has the words alone."""
    steps = tuple(Step(name=f"s{number}") for number in range(602))
    edges = tuple(Edge(source=f"s{number}", target=f"s{number + 1}") for number in range(601))
    comment = markdown(changes(None, Flow(name="long", steps=steps, edges=edges)))
    assert (False, True) == ("```" in comment, "- <code>step added&#58; s0</code>\n" in comment)
