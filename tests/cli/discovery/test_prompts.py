"""Answers to the prompts below a proposal."""

from __future__ import annotations

import pytest

from penstock.cli.discovery.prompts import Turn, UnknownAnswerError, answer
from penstock.discover.proposal import Choice
from penstock.errors import UnknownStepError
from proposals import make_flow, make_function

PAY, RESERVE, AUDIT = "shop.orders:Desk.pay", "shop.stock:reserve", "shop.orders:audit"


def reply(line: str, choice: Choice | None = None) -> Turn:
    """Return the state after an answer to the application's flow, which two functions could be added to."""
    proposal = make_flow(others=(make_function("audit"), make_function("Desk.open")))
    return answer(Turn(choice or Choice()), proposal, line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("add audit", Choice(added=frozenset({AUDIT}))),
        ("add 1 2", Choice(added=frozenset({AUDIT, "shop.orders:Desk.open"}))),
        ("a Desk.open", Choice(added=frozenset({"shop.orders:Desk.open"}))),
        ("drop pay_now reserve", Choice(dropped=frozenset({PAY, RESERVE}))),
        ("DROP reserve", Choice(dropped=frozenset({RESERVE}))),
        ("rename pay_now pay", Choice(names={PAY: "pay"})),
        ('r pay_now "pay for it"', Choice(names={PAY: "pay for it"})),
        ("more", Choice(most=14)),
        ("fewer", Choice(most=1)),
    ],
)
def test_an_answer_changes_the_choice(line: str, expected: Choice) -> None:
    """Steps are added by name or number, dropped, renamed; the first letter of a command is enough."""
    assert expected == reply(line).choice


def test_what_is_dropped_can_be_added_again() -> None:
    """The last answer about a function counts."""
    choice = Choice(dropped=frozenset({AUDIT}))
    assert Choice(added=frozenset({AUDIT})) == reply("add audit", choice).choice


def test_fewer_counts_from_what_is_shown() -> None:
    """There is always a step left beside the entrypoint."""
    assert 1 == reply("fewer", Choice(most=2)).choice.most


@pytest.mark.parametrize(
    ("line", "is_done"), [("write", True), ("w", True), ("quit", False), ("q", False), ("add 1", None)]
)
def test_write_and_quit_end_the_conversation(line: str, is_done: bool | None) -> None:
    """Any other answer leads to the next question."""
    assert is_done is reply(line).is_done


def test_a_title_may_have_several_words() -> None:
    """The words need no quotes."""
    assert "From order to payment" == reply("title From order to payment").title


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "add NAME "),
        ("help", "add NAME "),
        ("add", "Name one: audit, open"),
        ("drop place", "The flow begins at place. To begin elsewhere: quit"),
        ("rename pay_now", "Name the step and its new name"),
        ("rename pay_now reserve", "There is a step reserve already."),
    ],
)
def test_an_incomplete_answer_says_what_it_lacks(line: str, message: str) -> None:
    """The choice stays as it was."""
    turn = reply(line)
    assert (Choice(), True) == (turn.choice, turn.message.startswith(message))


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("wirte", UnknownAnswerError, "Did you mean 'write'?"),
        ("drop reserv", UnknownStepError, "Did you mean 'reserve'?"),
        ("rename reserv x", UnknownStepError, "Did you mean 'reserve'?"),
        ("add audi", UnknownStepError, "Did you mean 'audit'?"),
        ("drop 'reserve", UnknownStepError, "Did you mean 'reserve'?"),
        ("add 3", UnknownStepError, "there is no step '3'"),
    ],
)
def test_a_misspelled_answer_has_the_near_name(line: str, error: type[Exception], message: str) -> None:
    """An unknown command or step is an error with the near one."""
    with pytest.raises(error, match=message.replace("?", r"\?")):
        reply(line)
