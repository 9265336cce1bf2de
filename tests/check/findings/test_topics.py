"""Topics with one end, over several services."""

from dataclasses import replace

import pytest

from joined_flows import BILLING, ORDERS
from penstock.check.findings.contracts import find_broken
from penstock.check.findings.topics import find_unmatched_topics
from penstock.check.questions.application import Application
from penstock.config.accepted import Contract
from penstock.model.resources import Vocabulary

MISSPELT = replace(BILLING, steps=(replace(BILLING.steps[0], trigger="kafka:placd"), *BILLING.steps[1:]))


def codes_of(*flows, **aliases):
    """Return code, flow and step of each note on a topic."""
    found = find_unmatched_topics(Application(flows, Vocabulary(aliases)))
    return [(finding.code, finding.flow, finding.target, finding.severity) for finding in found]


def test_topics_that_agree_are_silent():
    """A topic with a writer and a flow that it starts has no note, however each spells it."""
    assert [] == codes_of(ORDERS, BILLING)


def test_each_end_without_the_other_is_a_note():
    """A misspelt topic is reported at both of its ends."""
    assert [
        ("topic-without-consumer", "shop/orders", "announce", "note"),
        ("topic-without-producer", "money/billing", "consume", "note"),
    ] == codes_of(ORDERS, MISSPELT)


def test_one_service_has_neighbours_unseen():
    """The flows of a single service are not compared: its topics lead to others."""
    assert [] == codes_of(ORDERS)


def test_words_of_the_configuration_join_topics():
    """A word of the setting `effects` joins the two ends."""
    assert [] == codes_of(ORDERS, MISSPELT, **{"kafka:placd": ["topic:placed"]})


@pytest.mark.parametrize(
    ("flows", "resources", "expected"),
    [
        (("orders",), ("postgres:orders",), ["bill writes db:orders, which only orders may."]),
        (("orders", "billing"), ("postgres:orders",), []),
        (("shop/*",), ("kafka:placed",), []),
        (("billing",), ("kafka:placed",), ["announce writes topic:placed, which only billing may."]),
        (("orders",), ("postgres:order",), ["no step writes postgres:order. Did you mean 'postgres:orders'"]),
        (("orders",), (), ["it names nothing in resources."]),
        (
            ("order",),
            ("kafka:placed",),
            ["no flow name matches order.", "announce writes topic:placed, which only order"],
        ),
    ],
)
def test_sole_writers(flows, resources, expected):
    """Only the named flows write a resource, and a name that means nothing breaks the contract."""
    contract = Contract(type="sole-writer", flows=flows, resources=resources)
    messages = [finding.message.partition("is broken: ")[2] for finding in find_broken([contract], [ORDERS, BILLING])]
    assert (len(expected), True) == (len(messages), all(map(str.startswith, messages, expected)))
