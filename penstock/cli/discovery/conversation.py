"""Shows a proposal again and again, until it is written or given up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.findings.reports import hang_indent
from penstock.cli.discovery.prompts import QUESTION, Turn, answer
from penstock.cli.discovery.proposed_drawing import make_flow, print_proposal
from penstock.cli.terminal import apply_style, fold_width, tell
from penstock.errors import UnknownNameError
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from penstock.discover.proposal import Choice, ProposedFlow

    Propose = Callable[[Choice], ProposedFlow]

_MOST_OTHERS = 9


def show_proposal(proposal: ProposedFlow, project: Path) -> None:
    """Print the drawing of a proposal, its notes, and the functions that could be added."""
    print_proposal(make_flow(proposal, project))
    for note in proposal.notes:
        tell("note", note)
    if proposal.others:
        namesakes = Counter(function.name for function in proposal.others)
        names = [
            f"{number} {visible(function.name if namesakes[function.name] == 1 else function.qualname)}"
            for number, function in enumerate(proposal.others, 1)
        ]
        rest = f", and {len(names) - _MOST_OTHERS} more" if len(names) > _MOST_OTHERS else ""
        print()
        print(
            hang_indent(f"{apply_style('Could be added:', '2')} {', '.join(names[:_MOST_OTHERS])}{rest}", fold_width())
        )


def converse(propose: Propose, choice: Choice, project: Path) -> ProposedFlow | None:
    """Return the proposal that the reader chose in a conversation, or ``None`` if it was given up.

    Args:
        propose: Returns the proposal for a choice.
        choice: What was asked of the proposal on the command line.
        project: The folder that the files of functions count from.
    """
    turn = Turn(choice)
    proposal = propose(choice)
    show_proposal(proposal, project)
    while turn.is_done is None:
        before = turn
        turn = _ask(turn, proposal)
        if (turn.choice, turn.title) != (before.choice, before.title):
            proposal = propose(turn.choice)
            proposal = replace(proposal, title=turn.title or proposal.title)
            print()
            show_proposal(proposal, project)
    return proposal if turn.is_done else None


def _ask(turn: Turn, proposal: ProposedFlow) -> Turn:
    try:
        line = input(f"\n{QUESTION}")
    except EOFError:
        print()
        return replace(turn, is_done=False)
    try:
        turn = answer(turn, proposal, line)
    except UnknownNameError as error:
        tell("", str(error))
        return turn
    if turn.message:
        print(turn.message)
    return turn
