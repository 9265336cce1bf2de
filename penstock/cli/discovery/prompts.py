"""Plain prompts that change a proposal: add, drop or rename a step, more or fewer, write, quit."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penstock.errors import UnknownNameError, UnknownStepError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from penstock.discover.proposal import Choice, ProposedFlow
    from penstock.discover.recording import Function

QUESTION = "add, drop, rename, title, more, fewer, write, quit or help? "
HELP = """\
add NAME         make this function a step; a number of the list below the drawing will do
drop NAME        leave this step out
rename NAME NEW  give this step another name
title TEXT       give the flow another title
more, fewer      propose two steps more, or two fewer
write            write the flow
quit             end, and write nothing
The first letter is enough."""

_STRIDE = 2


class UnknownAnswerError(UnknownNameError):
    """An answer that is none of the commands."""

    what = "answer"
    whats = "answers"


@dataclass(frozen=True)
class Turn:
    """The state of the conversation.

    Attributes:
        choice: What was asked of the proposal so far.
        title: The title that was given to the flow, or an empty string.
        is_done: Whether the flow is to be written, or ``None`` while the conversation goes on.
        message: What to print before the next question.
    """

    choice: Choice
    title: str = ""
    is_done: bool | None = None
    message: str = ""


def answer(turn: Turn, proposal: ProposedFlow, line: str) -> Turn:
    """Return the state after an answer.

    Args:
        turn: The state before.
        proposal: The proposal that was shown.
        line: What was typed.

    Raises:
        UnknownAnswerError: There is no such command.
        UnknownStepError: It names no step of the proposal, or no function that could be one.
    """
    words = _split(line)
    if not words:
        return replace(turn, message=HELP)
    names = [name for name in _ANSWERS if name.startswith(words[0].lower())]
    if not names:
        raise UnknownAnswerError(words[0], _ANSWERS)
    return _ANSWERS[names[0]](replace(turn, message=""), proposal, words[1:])


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quotation that does not end
        return line.split()


def _add(turn: Turn, proposal: ProposedFlow, names: Sequence[str]) -> Turn:
    others = proposal.others
    if not names:
        return replace(turn, message=f"Name one: {', '.join(function.name for function in others)}")
    addresses = {_find_other(name, others).address for name in names}
    choice = turn.choice
    return replace(turn, choice=replace(choice, added=choice.added | addresses, dropped=choice.dropped - addresses))


def _find_other(name: str, others: Sequence[Function]) -> Function:
    if name.isdecimal() and 0 < int(name) <= len(others):
        return others[int(name) - 1]
    matches = [function for function in others if name in (function.name, function.qualname, function.address)]
    if not matches:
        raise UnknownStepError(name, [function.name for function in others])
    return matches[0]


def _drop(turn: Turn, proposal: ProposedFlow, names: Sequence[str]) -> Turn:
    addresses = {_address_of(name, proposal) for name in names}
    if proposal.steps[0].function.address in addresses:
        return replace(
            turn, message=f"The flow begins at {proposal.steps[0].name}. To begin elsewhere: quit, and --from NAME"
        )
    choice = turn.choice
    return replace(turn, choice=replace(choice, dropped=choice.dropped | addresses, added=choice.added - addresses))


def _address_of(name: str, proposal: ProposedFlow) -> str:
    steps = {step.name: step.function.address for step in proposal.steps}
    if name not in steps:
        raise UnknownStepError(name, steps)
    return steps[name]


def _rename(turn: Turn, proposal: ProposedFlow, names: Sequence[str]) -> Turn:
    if len(names) != len(("old", "new")):
        return replace(turn, message="Name the step and its new name: rename OLD NEW")
    old, new = names
    if new in {step.name for step in proposal.steps}:
        return replace(turn, message=f"There is a step {new} already.")
    address = _address_of(old, proposal)
    return replace(turn, choice=replace(turn.choice, names={**turn.choice.names, address: new}))


def _title(turn: Turn, proposal: ProposedFlow, words: Sequence[str]) -> Turn:
    return replace(turn, title=" ".join(words) or proposal.title)


def _more(turn: Turn, proposal: ProposedFlow, _: Sequence[str]) -> Turn:
    count = max(turn.choice.most, len(proposal.steps) - 1)
    return replace(turn, choice=replace(turn.choice, most=count + _STRIDE))


def _fewer(turn: Turn, proposal: ProposedFlow, _: Sequence[str]) -> Turn:
    count = min(turn.choice.most, len(proposal.steps) - 1)
    return replace(turn, choice=replace(turn.choice, most=max(count - _STRIDE, 1)))


def _write(turn: Turn, _: ProposedFlow, __: Sequence[str]) -> Turn:
    return replace(turn, is_done=True)


def _quit(turn: Turn, _: ProposedFlow, __: Sequence[str]) -> Turn:
    return replace(turn, is_done=False)


def _help(turn: Turn, _: ProposedFlow, __: Sequence[str]) -> Turn:
    return replace(turn, message=HELP)


_ANSWERS: Mapping[str, Callable[[Turn, ProposedFlow, Sequence[str]], Turn]] = {
    "add": _add,
    "drop": _drop,
    "rename": _rename,
    "title": _title,
    "more": _more,
    "fewer": _fewer,
    "write": _write,
    "quit": _quit,
    "help": _help,
}
