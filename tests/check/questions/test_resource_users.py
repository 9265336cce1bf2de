"""The users of a resource, over flows and services."""

import pytest

from joined_flows import JOINED
from penstock.check.questions.application import Application, Node
from penstock.check.questions.resource_users import draw_users, find_users, list_resources
from penstock.errors import UnknownResourceError
from penstock.model.resources import Vocabulary


def test_users_are_found_however_they_spell_it():
    """A table has one list of users, whatever word each service has for the database."""
    users = find_users(Application(JOINED.flows), "INSERT INTO public.orders")
    expected = [Node("shop/orders", "store"), Node("money/billing", "bill")]
    assert (expected, expected) == ([user.node for user in users.users], [user.node for user in users.having("writes")])


def test_a_topic_has_writers_and_those_that_it_starts():
    """Those that write a topic come first, then those that it starts."""
    users = find_users(Application(JOINED.flows), "kafka:placed").users
    assert [("writes", "announce"), ("starts on", "consume")] == [(user.use.verb, user.node.step) for user in users]


def test_a_resource_that_none_uses_is_an_error():
    """The error lists near names, so that a misspelt table is not taken for an unused one."""
    with pytest.raises(UnknownResourceError, match="Did you mean 'postgres:orders' or"):
        find_users(Application(JOINED.flows), "postgres:order")


def test_words_of_the_configuration_are_known():
    """A word of the setting `effects` finds what it stands for."""
    application = Application(JOINED.flows, Vocabulary({"ledger": ["postgres:invoices"]}))
    assert [Node("money/billing", "bill")] == [user.node for user in find_users(application, "ledger").users]


def test_every_resource_is_listed_once():
    """Spellings of one resource are one entry."""
    listed = [users.resource for users in list_resources(Application(JOINED.flows))]
    assert ["POST /orders", "db:orders", "files:tmp", "kafka:placed", "postgres:invoices"] == listed


def test_the_map_round_a_resource():
    """The map has a step for each user, joined by the resource."""
    application = Application(JOINED.flows)
    drawn = draw_users(application, find_users(application, "kafka:placed"))
    steps = [(step.name, step.trigger, step.effects) for step in drawn.steps]
    assert [
        ("shop/orders.announce", "", ("kafka:placed",)),
        ("money/billing.consume", "kafka:placed", ()),
    ] == steps
