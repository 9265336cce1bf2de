"""Whatever is given instead of a flow's name is answered by the name that was meant."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from penstock import flow, generate_dag, get_flow
from penstock.errors import UnknownFlowError
from penstock.manifest import build
from penstock.render.options import UnknownDirectionError, checked_direction


def declare() -> tuple[Any, Any]:
    """Declare two flows; return the handle of one, and a step of both."""
    orders, mail = flow("orders"), flow("mail")

    @orders.entrypoint
    def accept() -> None:
        """Accept an order."""

    @mail.entrypoint
    @orders.step(after=accept)
    def send() -> None:
        """Send a letter."""

    return orders, send


@pytest.mark.parametrize("ask", [generate_dag, get_flow])
@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (lambda handle, step: handle, "not by an object of type FlowDeclaration. Write: 'orders'"),
        (lambda handle, step: get_flow("orders"), "not by an object of type Flow. Write: 'orders'"),
        (lambda handle, step: step, "not by an object of type function. Write: 'orders' or 'mail'"),
        (lambda handle, step: None, "not by an object of type NoneType. Known flows: orders, mail."),
        (lambda handle, step: ["orders"], "not by an object of type list. Known flows: orders, mail."),
    ],
)
def test_an_object_is_answered_by_its_name(ask: Any, choose: Any, message: str) -> None:
    """A handle, a flow or a step tells the name to write; nothing fails for want of a hash."""
    given = choose(*declare())
    with pytest.raises(UnknownFlowError) as failure:
        ask(given)
    assert f"a flow is named by a string, {message}" == str(failure.value)


def test_the_name_of_a_step_is_answered_by_its_flows() -> None:
    """A step's name in the place of a flow's says of which flows it is a step, in a manifest, too."""
    declare()
    hint = "Known flows: mail, orders. 'send' is a step of 'mail' and 'orders'."
    manifest = build([get_flow("mail"), get_flow("orders")], project=Path())
    for find in (get_flow, manifest.flow):
        with pytest.raises(UnknownFlowError) as failure:
            find("send")
        words = str(failure.value).removeprefix("there is no flow 'send'. ").replace(".", "").split()
        assert sorted(hint.replace(".", "").split()) == sorted(words)


def test_the_error_survives_pickling() -> None:
    """A worker of pytest or of a pool sends the error on."""
    error = UnknownFlowError("ordres", ["orders"])
    assert str(error) == str(pickle.loads(pickle.dumps(error)))


@pytest.mark.parametrize(("word", "direction"), [("down", "TB"), ("Right", "LR"), ("up", "BT"), ("horizontal", "LR")])
def test_a_direction_in_words_is_answered_by_its_letters(word: str, direction: str) -> None:
    """Words for a direction have a near name, too."""
    with pytest.raises(UnknownDirectionError, match=f"Did you mean '{direction}'"):
        checked_direction(word)
