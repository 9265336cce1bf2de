"""Options that select a part of a flow to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.render.excerpt import COLLAPSED_BY, Part
from penstock.render.numbers import AMOUNTS

if TYPE_CHECKING:
    import argparse

    from penstock.embed.layouts import DrawRules


def add_part(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--focus", metavar="STEP", default="", help="draw this step, the steps that lead to it, and those it leads to"
    )
    parser.add_argument(
        "--depth", metavar="N", type=int, help="draw steps at most N edges away from the focus, or from an entrypoint"
    )
    parser.add_argument("--collapse", choices=list(COLLAPSED_BY), default="", help="draw one box for each module")
    parser.add_argument("--untested", action="store_true", help="mark the arrows that no test takes")
    parser.add_argument(
        "--reads", action="store_true", help="also show the tables and other resources that steps only read"
    )
    add_numbers(parser)


def add_numbers(parser: argparse.ArgumentParser) -> None:
    """Add the option that selects the numbers of steps and arrows."""
    parser.add_argument(
        "--numbers", choices=AMOUNTS, help="show how often steps and arrows ran: counts, or all with durations"
    )


def read_part(parsed: argparse.Namespace, rules: DrawRules) -> Part:
    """Return the selected part, with the numbers of the settings unless others are asked for."""
    return Part(
        focus=parsed.focus,
        depth=parsed.depth,
        collapse=parsed.collapse,
        untested=parsed.untested,
        numbers=parsed.numbers or rules.numbers,
        reads=parsed.reads,
    )
