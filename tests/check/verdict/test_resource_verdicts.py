"""Effects and triggers, compared with what steps were seen to touch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.check.evidence import Evidence, RunTrigger, Seen, StepTouch
from penstock.check.findings.resources import find_wrong_uses
from penstock.check.verdict.resource_verdicts import ResourceVerdicts, SeenKinds
from penstock.model import Flow, Step
from penstock.model.resource_uses import StaticTouch
from penstock.model.resources import Vocabulary

NOTHING = frozenset()


def make_flow(*effects, trigger=""):
    """Return a flow in which a step has these effects, and the entrypoint a trigger."""
    sell = Step(name="sell", effects=effects, source_hash="new")
    place = Step(name="place", entrypoint=True, trigger=trigger)
    return Flow(name="orders", steps=(place, sell))


def make_evidence(*targets, verb="writes", hidden=NOTHING, source="new", triggers=(), watched=True, other=""):
    """Return evidence in which the step touched some targets."""
    step = Seen("sell", source)
    touches = {StepTouch("orders", step, verb, target): 2 for target in targets}
    if other:
        touches[StepTouch("returns", Seen("take"), "writes", other)] = 1
    return Evidence(
        touches=touches,
        triggers={RunTrigger("orders", Seen("place"), trigger): 1 for trigger in triggers},
        watched={("orders", step): hidden} if watched else {},
    )


def list_states(flow, evidence, **aliases):
    """Return the resource and the state of each use."""
    verdicts = ResourceVerdicts(flow, evidence, Vocabulary(aliases), SeenKinds.of(evidence))
    return [(use.resource, use.state) for use in verdicts.judge()]


@pytest.mark.parametrize(
    ("effect", "target"),
    [
        ("postgres:parts", "postgres:parts"),
        ("db:parts", "postgres:public.parts"),
        ("INSERT INTO parts", "sqlite:parts"),
        ("https://crm.example/orders/{id}", "https://crm.example/orders/*"),
        ("kafka:orders", "kafka:orders"),
        ("celery:ship", "celery:shop.tasks.ship"),
        ("redis:cart:*", "redis:cart:*"),
        ("email", "mail"),
    ],
)
def test_confirmed(effect, target):
    """An effect is confirmed by a touch that means the same."""
    assert [(effect, "confirmed")] == list_states(make_flow(effect), make_evidence(target))


def test_confirmed_by_reading():
    """What a step only reads confirms an effect, and is never undeclared."""
    flow = make_flow("https://crm.example")
    evidence = make_evidence("https://crm.example/orders", "https://bank.example/", verb="reads")
    assert [("https://crm.example", "confirmed"), ("https://bank.example/", "seen")] == list_states(flow, evidence)


def test_undeclared():
    """A table that is written without an effect is undeclared, if the flow declares any table."""
    expected = [("postgres:parts", "confirmed"), ("postgres:log", "undeclared-effect")]
    assert expected == list_states(make_flow("postgres:parts"), make_evidence("postgres:parts", "postgres:log"))


def test_other_kinds():
    """What a step writes of a kind that no effect of its flow is of, is not asked for."""
    assert [("postgres:parts", "seen")] == list_states(make_flow(), make_evidence("postgres:parts"))
    expected = [("postgres:parts", "confirmed"), ("files:*.csv", "seen")]
    assert expected == list_states(make_flow("postgres:parts"), make_evidence("postgres:parts", "files:*.csv"))


@pytest.mark.parametrize(
    ("trigger", "declared", "state"),
    [
        ("POST /orders", "db:bills", "undeclared-effect"),
        ("", "db:bills", "seen"),
        ("POST /orders", "kafka:bills", "seen"),
    ],
)
def test_kinds_of_other_flows(trigger, declared, state):
    """In a flow that declares something, kinds are asked for that other flows declare."""
    flow, evidence = make_flow(trigger=trigger), make_evidence("postgres:parts")
    other = Flow(name="bills", steps=(Step(name="pay", effects=(declared,)),))
    verdicts = ResourceVerdicts(flow, evidence, Vocabulary(), SeenKinds.of(evidence, (flow, other)))
    assert [state] == [use.state for use in verdicts.judge() if use.resource == "postgres:parts"]


def test_never_seen():
    """An effect is never seen if its step ran without a replaced client, where others touched things of this kind."""
    evidence = make_evidence(other="postgres:returns")
    assert [("postgres:parts", "effect-never-seen")] == list_states(make_flow("postgres:parts"), evidence)


@pytest.mark.parametrize(
    ("evidence", "state"),
    [
        (make_evidence(), "unexercised"),
        (make_evidence(other="kafka:orders"), "unexercised"),
        (make_evidence(other="mysql:returns"), "unexercised"),
        (make_evidence(other="sqlite:returns"), "effect-never-seen"),
        (make_evidence(other="postgres:returns", watched=False), "unexercised"),
        (make_evidence(other="postgres:returns", source="old"), "unexercised"),
        (make_evidence(other="postgres:returns", hidden=frozenset({"table"})), "masked"),
        (make_evidence(other="postgres:returns", hidden=frozenset({"*"})), "masked"),
        (make_evidence(other="postgres:returns", hidden=frozenset({"host"})), "effect-never-seen"),
    ],
)
def test_not_held_against_an_effect(evidence, state):
    """Nothing is held against an effect that could not have been seen."""
    assert [("postgres:parts", state)] == list_states(make_flow("postgres:parts"), evidence)


def test_changed_code():
    """What a step touched before its code changed says nothing."""
    evidence = make_evidence("postgres:parts", "postgres:log", source="old")
    assert [("postgres:parts", "unexercised")] == list_states(make_flow("postgres:parts"), evidence)


def test_free_words():
    """Words that name no resource are not judged, unless the project says what they stand for."""
    flow, evidence = make_flow("the warehouse"), make_evidence("postgres:parts")
    assert [("the warehouse", ""), ("postgres:parts", "seen")] == list_states(flow, evidence)
    assert [("the warehouse", "confirmed")] == list_states(flow, evidence, **{"the warehouse": ["postgres:parts"]})
    expected = [("the warehouse", "effect-never-seen"), ("postgres:parts", "undeclared-effect")]
    assert expected == list_states(flow, evidence, **{"the warehouse": ["postgres:shelf"]})


def test_static_witness():
    """What no run shows, the code may: then it is the witness."""
    touch = StaticTouch(step="sell", verb="writes", target="db:parts", file="shop.py", line=7)
    flow = replace(make_flow("postgres:parts", "kafka:sold"), touches=(touch,))
    evidence = make_evidence(other="postgres:returns")
    verdicts = ResourceVerdicts(flow, evidence, Vocabulary(), SeenKinds.of(evidence))
    uses = [(use.resource, use.state, use.witness, use.note) for use in verdicts.judge()]
    note = "No run shows it; the code of sell touches db:parts at shop.py:7."
    assert [("postgres:parts", "confirmed", "static", note), ("kafka:sold", "unexercised", "", "")] == uses


def test_runs_before_code():
    """Where runs show an effect, they are the witness."""
    touch = StaticTouch(step="sell", verb="writes", target="db:parts")
    flow = replace(make_flow("postgres:parts"), touches=(touch,))
    evidence = make_evidence("postgres:parts")
    [use] = ResourceVerdicts(flow, evidence, Vocabulary(), SeenKinds.of(evidence)).judge()
    assert "runs" == use.witness


def test_static_touch_of_another_step():
    """The code of one step says nothing of another."""
    flow = replace(make_flow("postgres:parts"), touches=(StaticTouch(step="place", verb="writes", target="db:parts"),))
    evidence = make_evidence(other="postgres:returns")
    assert [("postgres:parts", "effect-never-seen")] == list_states(flow, evidence)


@pytest.mark.parametrize(
    ("effects", "targets", "refuted"),
    [
        (["postgres:part"], ["postgres:parts"], ["postgres:part", "postgres:parts"]),
        (["postgres:parts", "postgres:log"], ["postgres:parts"], []),
        (["postgres:parts", "postgres:returns"], ["postgres:parts"], []),
        (["postgres:parts"], ["postgres:parts", "postgres:log"], ["postgres:log"]),
        (["postgres:parts", "kafka:sold"], ["postgres:parts", "postgres:log"], ["postgres:log"]),
    ],
)
def test_refuted(effects, targets, refuted):
    """An effect is refuted only where something undeclared takes its place; that it was not seen may be the tests' fault."""
    evidence = make_evidence(*targets, other="kafka:x")
    verdicts = ResourceVerdicts(make_flow(*effects), evidence, Vocabulary(), SeenKinds.of(evidence))
    assert refuted == [use.resource for use in verdicts.judge() if use.refuted]


def test_moved_effect():
    """An effect is refuted, too, where another step of the flow does it and does not declare it."""
    evidence = make_evidence("postgres:log")
    flow = make_flow("postgres:log")
    flow = replace(flow, steps=(replace(flow.steps[0], effects=("postgres:log",)), replace(flow.steps[1], effects=())))
    evidence = replace(evidence, watched={**evidence.watched, ("orders", Seen("place")): NOTHING})
    verdicts = ResourceVerdicts(flow, evidence, Vocabulary(), SeenKinds.of(evidence))
    expected = [("place", "effect-never-seen", True), ("sell", "undeclared-effect", True)]
    assert expected == [(use.step, use.state, use.refuted) for use in verdicts.judge()]


def test_severity():
    """What runs refute fails the check where the project asks for it; what they only do not show never does."""
    evidence = make_evidence("postgres:part", other="kafka:x")
    verdicts = ResourceVerdicts(
        make_flow("postgres:parts", "kafka:sold"), evidence, Vocabulary(), SeenKinds.of(evidence)
    )
    severities = {
        failing: [finding.severity for finding in find_wrong_uses(verdicts, verdicts.judge(), failing=failing)]
        for failing in (False, True)
    }
    assert {False: ["note", "note", "note"], True: ["error", "note", "error"]} == severities


@pytest.mark.parametrize(
    ("trigger", "triggers", "state"),
    [
        ("POST /orders/{id}", ["POST /orders/<int:order>"], "confirmed"),
        ("/orders", ["POST /orders", "GET /"], "confirmed"),
        ("POST /orders", ["POST /v2/orders"], "trigger-never-seen"),
        ("POST /orders", [], "unexercised"),
        ("kafka:orders", ["POST /replay"], "unexercised"),
        ("every night", ["POST /replay"], ""),
    ],
)
def test_triggers(trigger, triggers, state):
    """A trigger is never seen only if something else of its kind started the runs."""
    assert [(trigger, state)] == list_states(make_flow(trigger=trigger), make_evidence(triggers=triggers))


@pytest.mark.parametrize(
    ("declared", "starts", "states"),
    [
        ("POST /refunds", ["POST /orders"], [("POST /orders", "undeclared-trigger")]),
        ("POST /refunds", ["POST /orders", "celery:ship"], [("POST /orders", "undeclared-trigger")]),
        ("kafka:refunds", ["POST /orders"], []),
        ("", ["POST /orders"], []),
        ("POST /refunds", [], []),
    ],
)
def test_undeclared_triggers(declared, starts, states):
    """What starts an entrypoint without a trigger is undeclared, if some flow declares triggers of that kind."""
    flow, evidence = make_flow(), make_evidence(triggers=starts)
    other = Flow(name="refunds", steps=(Step(name="refund", entrypoint=True, trigger=declared),))
    verdicts = ResourceVerdicts(flow, evidence, Vocabulary(), SeenKinds.of(evidence, (flow, other)))
    assert states == [(use.resource, use.state) for use in verdicts.judge()]


def test_finding_of_an_undeclared_trigger():
    """The cure is the trigger, if only one was seen."""
    evidence = make_evidence(triggers=["POST /orders"])
    flow = make_flow()
    other = Flow(name="refunds", steps=(Step(name="refund", entrypoint=True, trigger="POST /refunds"),))
    verdicts = ResourceVerdicts(flow, evidence, Vocabulary(), SeenKinds.of(evidence, (flow, other)))
    [finding] = find_wrong_uses(verdicts, verdicts.judge())
    assert ("undeclared-trigger", 'Write: trigger="POST /orders"') == (finding.code, finding.cure)


def test_findings():
    """A finding says what was seen instead, and proposes all effects that the step should have."""
    evidence = make_evidence("postgres:part", other="kafka:x")
    flow = make_flow("postgres:parts", "kafka:sold")
    verdicts = ResourceVerdicts(flow, evidence, Vocabulary(), SeenKinds.of(evidence))
    found = list(find_wrong_uses(verdicts, verdicts.judge()))
    cure = 'Write: effects=["postgres:part", "kafka:sold"]'
    doubtful = "Remove it from effects, or let a test show it: pytest --penstock"
    assert [
        ("effect-never-seen", "sell never touches postgres:parts.", "sell wrote postgres:part.", cure),
        ("effect-never-seen", "sell never touches kafka:sold.", "sell wrote postgres:part.", doubtful),
        ("undeclared-effect", "sell writes postgres:part, and no effect says so.", "It was seen 2 times.", cure),
    ] == [(finding.code, finding.message, finding.seen, finding.cure) for finding in found]
    assert 3 == len({finding.key for finding in found})
