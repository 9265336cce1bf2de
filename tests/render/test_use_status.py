"""What was found of triggers and effects, in every format: by words and signs, never by colour alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock import manifest
from penstock.collect.foreign_manifests import clean
from penstock.model import Edge, EvidenceSummary, Flow, Step
from penstock.model.resource_uses import ResourceUse
from penstock.render import Options, render, use_status
from penstock.render.edge_status import without_proof
from penstock.render.excerpt import Part, take_part
from penstock.render.graphviz.layout_cache import digest
from penstock.render.wording import alt_text

DETAILS = Options(details=True)
HOSTILE = 'db:<script>alert("1")</script>|a\n\x1b[31m`b`'


def make_flow(*uses: ResourceUse, trigger: str = "POST /pay", effect: str = "db:parts") -> Flow:
    """Return a flow of two steps, the first with a trigger and the second with an effect."""
    pay = Step(name="pay", entrypoint=True, trigger=trigger, module="shop.web")
    ship = Step(name="ship", effects=(effect,), module="shop.work")
    edge = Edge(source="pay", target="ship", state="confirmed", witness="call")
    return Flow(name="f", steps=(pay, ship), edges=(edge,), evidence=EvidenceSummary(runs=1), uses=uses)


def effect(
    state: str = "confirmed", resource: str = "db:parts", *, note: str = "", origin: str = "declared"
) -> ResourceUse:
    """Return the effect of the second step with a state."""
    return ResourceUse(step="ship", verb="writes", resource=resource, state=state, note=note, origin=origin)


def trigger(state: str = "confirmed", note: str = "") -> ResourceUse:
    """Return the trigger of the first step with a state."""
    return ResourceUse(step="pay", verb="starts on", resource="POST /pay", state=state, note=note)


UNDECLARED = effect("undeclared-effect", "db:log", note="It was seen twice.", origin="seen")
FORMATS = ["text", "mermaid", "dot", "svg", "markdown"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("uses", [(), (trigger(), effect())])
def test_what_is_right_is_drawn_as_before(form: str, uses: tuple[ResourceUse, ...]) -> None:
    """Without a check of effects nothing changes, and what is confirmed has no mark."""
    drawing = str(render(make_flow(*uses), form, DETAILS))
    assert "<tspan" not in drawing
    plain = str(render(make_flow(), form, DETAILS))
    counted = {"text": "2 of 2 effects", "mermaid": "2 of 2 effects", "markdown": "2 of 2 effects"}
    assert (plain == drawing) is (not uses or form not in counted)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("use", "words", "mark"),
    [
        (effect("effect-never-seen"), "never seen", "never seen"),
        (UNDECLARED, "not declared", "not declared"),
        (effect("unexercised"), "not exercised", "?"),
        (effect("masked"), "replaced in tests", "?"),
        (effect(""), "not checked", "?"),
        (effect("of-the-future"), "of the future", "of the future"),
        (trigger("trigger-never-seen"), "never seen", "never seen"),
    ],
)
def test_each_state_has_its_words(form: str, use: ResourceUse, words: str, mark: str) -> None:
    """Pictures have a short mark behind a resource, texts and tables the words."""
    drawing = str(render(make_flow(use), form, DETAILS))
    marked = f"{use.resource} {mark}"
    expected = {"svg": f'class="ps-mark" fill="#b54708">{mark}</tspan>', "dot": marked, "text": marked}
    assert expected.get(form, words) in drawing


def test_a_drawing_without_details_has_no_effects() -> None:
    """What is not drawn is not marked either."""
    flow, plain = make_flow(effect("effect-never-seen")), Options(details=False)
    for form in ("text", "mermaid", "dot", "markdown"):
        assert render(make_flow(), form, plain) == render(flow, form, plain)


def test_a_mark_in_a_folded_drawing() -> None:
    """An effect inside its step's box has its mark there."""
    drawing = str(render(make_flow(effect("effect-never-seen")), "svg", Options(details=True, folded=True)))
    assert drawing.index("ps-chip-io") < drawing.index(">never seen</tspan>")


def test_a_mark_says_why() -> None:
    """The tooltip of a mark has the note of the check."""
    drawing = str(render(make_flow(effect("effect-never-seen", note="ship ran, and wrote nothing.")), "svg", DETAILS))
    assert "<title>never seen. ship ran, and wrote nothing.</title>" in drawing


def test_signs_are_explained() -> None:
    """The line says what a question mark stands for; what nothing is known of is not spelled out."""
    flow = make_flow(trigger("masked"), effect("unexercised"))
    line = "0 of 2 effects and triggers confirmed; 1 replaced in tests (?); 1 not exercised (?)"
    assert (line, ()) == (str(use_status.provenance(flow)), use_status.doubts(flow))


def test_the_line_below() -> None:
    """The line counts what was declared, and the states of the others."""
    flow = make_flow(trigger(), effect("effect-never-seen"), UNDECLARED)
    assert "1 of 2 effects and triggers confirmed; 1 never seen; 1 not declared" == str(use_status.provenance(flow))


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        ((effect(),), "1 of 1 effect confirmed"),
        ((effect(), effect(resource="mail")), "2 of 2 effects confirmed"),
        ((trigger(),), "1 of 1 trigger confirmed"),
        ((trigger(), effect()), "2 of 2 effects and triggers confirmed"),
    ],
)
def test_what_is_counted(uses: tuple[ResourceUse, ...], words: str) -> None:
    """The line names effects, triggers or both."""
    assert words == str(use_status.provenance(make_flow(*uses)))


def test_doubts_in_words() -> None:
    """Each doubt is spelled out as an arrow from a trigger or to an effect."""
    flow = make_flow(trigger("trigger-never-seen", "It was started by GET /pay."), UNDECLARED)
    expected = [
        "POST /pay → pay: never seen. It was started by GET /pay.",
        "ship → db:log: not declared. It was seen twice.",
    ]
    assert expected == [str(doubt) for doubt in use_status.doubts(flow)]


def test_alternative_text() -> None:
    """A listener hears of what is doubtful, and of nothing else."""
    assert alt_text(make_flow()) == alt_text(make_flow(effect()))
    assert "ship → db:log: not declared." in alt_text(make_flow(UNDECLARED))


def test_reads_are_hidden() -> None:
    """What a step only reads is neither drawn nor counted."""
    read = replace(effect("seen", "db:prices", origin="seen"), verb="reads")
    for form in FORMATS:
        assert render(make_flow(), form, DETAILS) == render(make_flow(read), form, DETAILS)


def test_reads_on_request() -> None:
    """A part of a flow may show them, in words, and they are counted nowhere."""
    read = replace(effect("seen", "db:prices", origin="seen"), verb="reads")
    flow, _ = take_part(make_flow(effect(), read), Part(reads=True))
    for form in FORMATS:
        assert "prices (read)" in str(render(flow, form, DETAILS))
    assert ("1 of 1 effect confirmed", ()) == (str(use_status.provenance(flow)), use_status.doubts(flow))


def test_without_proof() -> None:
    """Without proof, a flow is as declared."""
    assert () == without_proof(replace(make_flow(UNDECLARED), evidence=None)).uses


def test_a_layout_depends_on_marks() -> None:
    """A mark needs room, so a layout without it is not used again; one without any check stays valid."""
    keys = {
        digest(make_flow(*uses), DETAILS, "engine", 1) for uses in [(), (effect(),), (effect("masked"),), (UNDECLARED,)]
    }
    assert 4 == len(keys)


def test_collapsed_boxes_keep_doubts() -> None:
    """A box has the most doubtful state of its steps, under its own name."""
    flow, _ = take_part(make_flow(trigger(), effect("effect-never-seen")), Part(collapse="module"))
    assert [("web", "confirmed"), ("work", "effect-never-seen")] == [(use.step, use.state) for use in flow.uses]


def test_a_part_has_its_own_uses() -> None:
    """What a left-out step uses is not counted."""
    flow, _ = take_part(make_flow(trigger(), effect("masked")), Part(depth=0))
    assert ["pay"] == [use.step for use in flow.uses]


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names(form: str) -> None:
    """No resource that was seen can break out of its place."""
    use = replace(UNDECLARED, resource=HOSTILE, note=HOSTILE)
    drawing = str(render(make_flow(use), form, DETAILS))
    assert "\x1b" not in drawing
    assert form in {"text", "dot"} or "<script>" not in drawing
    assert form != "markdown" or "|a" not in drawing


def test_a_manifest_keeps_uses() -> None:
    """Uses come back from a manifest; a foreign one loses states that are no code."""
    written = manifest.Manifest(flows=(make_flow(trigger(), UNDECLARED),))
    assert written == manifest.loads(manifest.dumps(written))
    (foreign,) = clean(manifest.Manifest(flows=(make_flow(effect("<b>", note="a\x1bb")),))).flows
    assert [("", "ab")] == [(use.state, use.note) for use in foreign.uses]
