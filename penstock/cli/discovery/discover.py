"""``penstock discover``: watches code that has no decorators, and proposes a flow of it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli.common_options import fault
from penstock.cli.discovery.candidate_table import print_candidates
from penstock.cli.discovery.declared_flows import find_declared_flows
from penstock.cli.discovery.proposal_writing import Destination
from penstock.cli.discovery.proposers import find_proposer
from penstock.cli.discovery.session import DiscoverRequest, run_session
from penstock.cli.fix import asker
from penstock.cli.terminal import CLEAN, apply_style
from penstock.config import load
from penstock.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from penstock.discover.proposal import Candidate

DECORATORS, OUTSIDE = "decorators", "outside"
_USAGE = """\
penstock discover [-m PACKAGE] [--from NAME] [options] -- COMMAND ...
       penstock discover --from NAME [--write decorators|outside] [options]
       penstock discover --static --from NAME [options]"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "propose flows of code that has no decorators"
    description = (
        "Watch a command, such as your tests, and list the functions at which a flow could begin. With --from, "
        "propose the flow: its steps, arrows, triggers and effects. The last recording is kept, so a proposal needs no "
        "second run."
    )
    epilog = "Everything after -- is the command, which runs as it would without penstock."
    parser = commands.add_parser("discover", help=summary, description=description, usage=_USAGE, epilog=epilog)
    parser.set_defaults(action=run)
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="read these recordings instead: .appmap.json, OTLP"
    )
    parser.add_argument("-C", "--project", type=Path, default=Path(), metavar="DIR", help="the folder of the project")
    parser.add_argument(
        "-m",
        "--module",
        action="append",
        dest="packages",
        metavar="PACKAGE",
        help="watch the code of this package only",
    )
    parser.add_argument("--from", dest="start", metavar="NAME", help="begin at this function, such as shop.views:place")
    parser.add_argument(
        "--steps", type=_read_count, default=12, metavar="N", help="propose at most N steps; 12 by default"
    )
    parser.add_argument("--static", action="store_true", help="propose from the code alone, without a run")
    parser.add_argument(
        "--write",
        nargs="+",
        metavar=("decorators|outside", "FILE"),
        help="write decorators into the code, or declarations into a module beside it",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page of the proposal")
    parser.add_argument("--yes", action="store_true", help="ask nothing: take the proposal, and write it if told how")


def _read_count(given: str) -> int:
    """Return a number of steps.

    Raises:
        ConfigError: It is not a whole number above zero.
    """
    if not given.isdecimal() or not int(given):
        raise ConfigError(f"{given!r} is not a number of steps", where="--steps")
    return int(given)


def split_command(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words of ``penstock discover``, and those of the command to watch, which stand after ``--``."""
    if words[:1] != ["discover"] or "--" not in words:
        return [*words], []
    position = words.index("--")
    return [*words[:position]], [*words[position + 1 :]]


def run(parsed: argparse.Namespace) -> int:
    """List candidates, or propose a flow; write it if asked to."""
    if why := fault(parsed.project):
        raise ConfigError(f"there is no folder {str(parsed.project)!r} ({why})", where="--project")
    destination = _read_destination(parsed.write)
    config = load(parsed.project)
    proposer = find_proposer(parsed, config)
    declared = find_declared_flows(config)
    is_asking = not parsed.yes and sys.stdin.isatty() and sys.stdout.isatty()
    start = parsed.start or _choose(proposer.candidates, declared.entrypoints, is_asking=is_asking)
    if not start:
        return CLEAN
    request = DiscoverRequest(
        config=config,
        start=start,
        is_static=parsed.static,
        steps=parsed.steps,
        destination=destination,
        html=parsed.html,
        is_asking=is_asking,
    )
    return run_session(proposer, declared, request, asker(yes=parsed.yes))


def _choose(candidates: Sequence[Candidate], entrypoints: Mapping[str, str], *, is_asking: bool) -> str:
    """Print the candidates, and return the one that the reader names, or an empty string."""
    count = print_candidates(candidates, entrypoints)
    if is_asking:
        answer = _ask_candidate()
        return (
            candidates[int(answer) - 1].function.address if answer.isdecimal() and 0 < int(answer) <= count else answer
        )
    print(f"\n{apply_style('Next:', '1')} penstock discover --from {shlex.quote(candidates[0].function.address)}")
    return ""


def _ask_candidate() -> str:
    try:
        return input("\nWhere does the flow begin? A number, a name, or Enter to end: ").strip()
    except EOFError:
        print()
        return ""


def _read_destination(words: Sequence[str] | None) -> Destination | None:
    """Return where ``--write`` wants the flow.

    Raises:
        ConfigError: Its words are not understood.
    """
    if not words:
        return None
    way, *files = words
    if way not in (DECORATORS, OUTSIDE):
        raise ConfigError(f"there is no way {way!r}. Ways: {DECORATORS}, {OUTSIDE} [FILE].", where="--write")
    most = 1 if way == OUTSIDE else 0
    if len(files) > most:
        raise ConfigError(
            f"unexpected {shlex.join(files[most:])}; recordings stand before the options", where="--write"
        )
    return Destination(is_outside=way == OUTSIDE, file=Path(files[0]) if files else None)
