"""Channels on maps and in the index: what was seen of their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.config import Config
from penstock.embed.channels import view_channels
from penstock.embed.overview import Selection, map_text, system_map
from penstock.embed.site import Site
from penstock.manifest import Manifest
from penstock.model import Flow, Step
from penstock.model.resource_uses import ResourceUse

if TYPE_CHECKING:
    from pathlib import Path


def make_orders(*uses: ResourceUse) -> Flow:
    """Return a flow that writes a topic."""
    return Flow(name="orders", steps=(Step(name="sell", entrypoint=True, effects=("kafka:sold",)),), uses=uses)


def make_shipping(*uses: ResourceUse) -> Flow:
    """Return a flow that the topic starts."""
    return Flow(name="shipping", steps=(Step(name="pack", entrypoint=True, trigger="topic:sold"),), uses=uses)


def write(state: str, resource: str = "kafka:sold", **values: str) -> ResourceUse:
    """Return what the first flow writes."""
    return ResourceUse(step="sell", verb="writes", resource=resource, state=state, **values)


def start(state: str, *, refuted: bool = False) -> ResourceUse:
    """Return what starts the second flow."""
    return ResourceUse(step="pack", verb="starts on", resource="topic:sold", state=state, refuted=refuted)


@pytest.mark.parametrize(
    ("writing", "starting", "state"),
    [
        (write("confirmed"), start("confirmed"), "confirmed"),
        (write("confirmed"), start("unexercised"), "unexercised"),
        (write("masked"), start("confirmed"), "unexercised"),
        (write("effect-never-seen"), start("confirmed"), "unexercised"),
        (write("effect-never-seen", refuted=True, note="It wrote none."), start("confirmed"), "never-seen"),
        (write("confirmed"), start("trigger-never-seen", refuted=True), "never-seen"),
    ],
)
def test_state_of_a_channel(writing: ResourceUse, starting: ResourceUse, state: str) -> None:
    """A channel is confirmed at both ends, and wrong where one end is refuted."""
    (edge,) = system_map([make_orders(writing), make_shipping(starting)]).edges
    assert (state, writing.note) == (edge.state, edge.note)


@pytest.mark.parametrize(
    "flows", [(make_orders(), make_shipping()), (make_orders(write("confirmed")), make_shipping())]
)
def test_channel_that_was_not_checked(flows: tuple[Flow, Flow]) -> None:
    """A channel is drawn as declared unless both flows were checked."""
    (edge,) = system_map(flows).edges
    assert ("", "declared") == (edge.state, edge.origin)


def test_channel_that_is_not_declared() -> None:
    """What a flow was only seen to write joins it to the flow that this starts."""
    orders = Flow(
        name="orders",
        steps=(Step(name="sell", entrypoint=True),),
        uses=(write("undeclared-effect", origin="seen", note="It was seen once."),),
    )
    drawn = system_map([orders, make_shipping(start("confirmed"))])
    assert [("undeclared", "seen", "It was seen once.")] == [
        (edge.state, edge.origin, edge.note) for edge in drawn.edges
    ]
    assert "orders leads to shipping through kafka:sold (not declared)." in map_text(drawn)


def test_index_says_what_is_not_as_declared(tmp_path: Path) -> None:
    """The index has the words beside each step, and none beside what is confirmed, read, or was not checked."""
    uses = (
        write("effect-never-seen", refuted=True),
        write("seen", "db:log", origin="seen"),
        write("confirmed", "db:sales"),
        ResourceUse(step="sell", verb="reads", resource="db:prices", origin="seen", state="seen"),
    )
    site = Site(Config(project=tmp_path), Manifest(flows=(make_orders(*uses), make_shipping())))
    rows = {
        row.channel: [(step.step, step.state) for step in (*row.writers, *row.followers)]
        for row in view_channels(site, Selection())
    }
    assert {
        "db:log": [("sell", "seen")],
        "db:prices": [("sell", "")],
        "db:sales": [("sell", "")],
        "kafka:sold": [("sell", "never seen"), ("pack", "")],
    } == rows


def test_what_is_known_of_some_uses_hides_no_others(tmp_path: Path) -> None:
    """A flow of which only a trigger was compared with the framework's routes still has its effects."""
    step = Step(name="sell", entrypoint=True, trigger="POST /sell", effects=("kafka:sold",))
    unknown = ResourceUse(step="sell", verb="starts on", resource="POST /sell", state="route-unknown")
    site = Site(Config(project=tmp_path), Manifest(flows=(Flow(name="orders", steps=(step,), uses=(unknown,)),)))
    rows = {
        row.channel: [use.state for use in (*row.writers, *row.followers)] for row in view_channels(site, Selection())
    }
    assert {"POST /sell": ["unknown"], "kafka:sold": [""]} == rows
