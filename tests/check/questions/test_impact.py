"""What a change of a step may affect."""

import pytest

from joined_flows import ALONE, BILLING, JOINED, ORDERS
from penstock.check.questions.application import Application, Node
from penstock.check.questions.impact import draw_impact, find_impact
from penstock.errors import ConfigError
from penstock.model import Edge, Flow, Step

APPLICATION = Application(JOINED.flows)


def test_impact_follows_edges_and_channels():
    """What comes after a step is in its own flow, and in those that its effects start."""
    impact = find_impact(APPLICATION, [Node("shop/orders", "store")])
    ways = [(str(step.node), str(step.source), step.channel) for step in impact.steps[1:]]
    assert [
        ("shop/orders.announce", "shop/orders.store", ""),
        ("money/billing.consume", "shop/orders.announce", "topic:placed"),
        ("money/billing.bill", "money/billing.consume", ""),
    ] == ways


def test_impact_names_resources_and_flows():
    """Everything that these steps write is part of the answer, and each flow once."""
    impact = find_impact(APPLICATION, [Node("shop/orders", "announce")])
    assert ("topic:placed", "postgres:invoices", "db:orders") == impact.resources
    assert ("shop/orders", "money/billing") == impact.flows


def test_a_circle_of_channels_ends():
    """Flows that start each other are listed once."""
    back = Flow(
        name="back",
        steps=(Step(name="hear", entrypoint=True, trigger="queue:a", effects=("queue:b",)),),
    )
    forth = Flow(name="forth", steps=(Step(name="say", entrypoint=True, trigger="queue:b", effects=("queue:a",)),))
    impact = find_impact(Application([back, forth]), [Node("back", "hear")])
    assert [Node("back", "hear"), Node("forth", "say")] == [step.node for step in impact.steps]
    assert 2 == len(impact.edges)


@pytest.mark.parametrize("name", ["bill", "billing.bill", "money/billing.bill"])
def test_a_step_is_named_with_or_without_its_flow(name):
    """A step is found by its name, with its flow, and with its service."""
    assert [Node("money/billing", "bill")] == APPLICATION.find_steps(name)


def test_a_name_in_several_flows_means_all_of_them():
    """A step that two flows have is looked up in both."""
    flows = [Flow(name=name, steps=(Step(name="save", entrypoint=True),)) for name in ("a", "b")]
    assert [Node("a", "save"), Node("b", "save")] == Application(flows).find_steps("save")


def test_an_unknown_step_is_an_error():
    """The error suggests a near name."""
    with pytest.raises(ConfigError, match=r"no flow has the step 'stor'\. Did you mean 'store'\?"):
        APPLICATION.find_steps("stor")


def test_the_drawing_begins_at_the_change():
    """The changed step is the entrypoint of the drawing, and each channel the label of an edge."""
    drawn = draw_impact(APPLICATION, find_impact(APPLICATION, [Node("shop/orders", "announce")]), "announce")
    assert ["shop/orders.announce"] == [step.name for step in drawn.entrypoints]
    assert (
        Edge(source="shop/orders.announce", target="money/billing.consume", label="topic:placed"),
        Edge(source="money/billing.consume", target="money/billing.bill"),
    ) == drawn.edges


def test_what_nothing_follows_affects_itself_alone():
    """The last step of a flow affects no other."""
    assert [Node("shop/nightly", "clean")] == [
        step.node for step in find_impact(Application([ALONE, ORDERS, BILLING]), [Node("shop/nightly", "clean")]).steps
    ]
