"""Triggers that the application does not have, beside what runs show."""

from __future__ import annotations

import pytest

from penstock.check.findings.resources import find_unknown_routes
from penstock.check.verdict.unknown_triggers import add_unknown_triggers, find_unknown_triggers
from penstock.model import Flow, Step
from penstock.model.resource_uses import ResourceUse
from penstock.model.resources import Vocabulary

HOSTILE = 'POST /<script>"|\n\x1b[31m'


def make_flow(trigger="POST /oders"):
    """Return a flow whose trigger was not found where it was collected."""
    unknown = ResourceUse(step="place", verb="starts on", resource=trigger, state="route-unknown", note="Near.")
    return Flow(name="orders", steps=(Step(name="place", entrypoint=True, trigger=trigger),), uses=(unknown,))


def judge(state):
    """Return the verdict of runs on that trigger."""
    return ResourceUse(step="place", verb="starts on", resource="POST /oders", state=state)


@pytest.mark.parametrize(
    ("state", "states"),
    [
        ("confirmed", ["confirmed"]),
        ("trigger-never-seen", ["trigger-never-seen"]),
        ("unexercised", ["route-unknown"]),
    ],
)
def test_runs_outweigh(state, states):
    """What runs show of a trigger outweighs what the framework has: that it is right, or what else started them."""
    uses = add_unknown_triggers(make_flow(), [judge(state)], Vocabulary())
    assert states == [use.state for use in uses]


def test_words_of_the_project():
    """A trigger that the project explains by other words is not looked for."""
    assert () == find_unknown_triggers(make_flow(), (), Vocabulary({"POST /oders": ("POST /orders",)}))


@pytest.mark.parametrize(("failing", "severity"), [(False, "note"), (True, "error")])
def test_finding(failing, severity):
    """A finding says what is not there, and what is; it fails the check only where the project asks for it."""
    flow = make_flow(HOSTILE)
    [finding] = find_unknown_routes(flow, flow.uses, failing=failing)
    message = f"place is started by {HOSTILE}, which the application does not have."
    assert (severity, message, "Near.") == (finding.severity, finding.message, finding.seen)
