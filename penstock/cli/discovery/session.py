"""Makes the proposal that a reader wants, and does with it what the command line says."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penstock._util.atomic_files import write_atomically
from penstock.cli.discovery.conversation import converse, show_proposal
from penstock.cli.discovery.proposal_writing import DEFAULT_FILE, Destination, write_proposal
from penstock.cli.discovery.proposed_drawing import make_flow
from penstock.cli.flow_page import write_page
from penstock.cli.terminal import CLEAN, apply_style, outlive_reader, tell
from penstock.discover.proposal import Choice
from penstock.embed.options import FlowOptions
from penstock.embed.site import Site
from penstock.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from penstock.cli.discovery.declared_flows import DeclaredFlows
    from penstock.cli.discovery.proposers import Proposer
    from penstock.config import Config
    from penstock.discover.proposal import ProposedFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverRequest:
    """What the command line asks for.

    Attributes:
        config: The settings of the project.
        start: The function at which the flow begins.
        is_static: Whether the code alone is read.
        steps: The maximum number of steps.
        destination: Where the flow is written, if that was said.
        html: The file of a page, if one is wanted.
        is_asking: Whether the reader is asked.
    """

    config: Config
    start: str
    is_static: bool
    steps: int
    destination: Destination | None
    html: Path | None
    is_asking: bool


def run_session(
    proposer: Proposer, declared: DeclaredFlows, request: DiscoverRequest, confirm: Callable[[str], bool]
) -> int:
    """Propose a flow, let the reader change it, and write it.

    Args:
        proposer: Makes proposals.
        declared: The flows that the project has.
        request: What the command line asks for.
        confirm: Asks a yes-or-no question and returns the answer.

    Returns:
        0 unless something that was to be written was not.
    """
    choice = _begin_choice(proposer, declared, request)
    project = request.config.project
    proposal: ProposedFlow | None
    if request.is_asking:
        proposal = converse(lambda choice: proposer.propose(request.start, choice), choice, project)
    else:
        proposal = proposer.propose(request.start, choice)
        with outlive_reader():  # what is to be written is written
            show_proposal(proposal, project)
    if proposal is None:
        print("Nothing was written.")
        return CLEAN
    if request.html is not None:
        _write_html(proposal, request.config, request.html)
    destination = request.destination or (_ask_destination() if request.is_asking else None)
    if destination is None:
        _print_ways(request)
        return CLEAN
    addresses = declared.steps_of(proposal.name).keys()
    return write_proposal(proposal, request.config, destination, confirm, addresses)


def _begin_choice(proposer: Proposer, declared: DeclaredFlows, request: DiscoverRequest) -> Choice:
    """Return the choice to begin with: a flow that begins there already keeps its steps, a new one gets a new name."""
    choice = Choice(most=request.steps)
    if not declared.flows:
        return choice
    proposal = proposer.propose(request.start, choice)
    entrypoint = proposal.steps[0].function
    if flow := declared.entrypoints.get(entrypoint.address):
        tell("note", f"the flow {flow} begins there already; what it lacks is proposed.")
        return declared.extend_choice(replace(choice, flow=flow), entrypoint.address)
    return replace(choice, flow=_find_free_name(proposal.name, declared.names))


def _find_free_name(name: str, taken: Collection[str]) -> str:
    names = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in names if candidate not in taken)


def _write_html(proposal: ProposedFlow, config: Config, file: Path) -> None:
    flow = make_flow(proposal, config.project)
    page, _ = write_page(Site(config, Manifest(flows=(flow,))), flow, FlowOptions(description=True))
    write_atomically(file, page.encode("utf-8", "replace"))
    print(f"\nwrote {file}")


def _ask_destination() -> Destination | None:
    try:
        word = input("Write decorators into the code, or declarations outside of it? [d/o] ").strip().lower()
    except EOFError:
        word = ""
    if not word or word[0] not in "do":
        print("\nNothing was written.")
        return None
    return Destination(is_outside=word[0] == "o")


def _print_ways(request: DiscoverRequest) -> None:
    options = f"{'--static ' if request.is_static else ''}--from {shlex.quote(request.start)}"
    command = f"penstock discover {options} --write"
    print(f"\n{apply_style('To write it:', '1')}\n  {command} decorators\n  {command} outside {DEFAULT_FILE}")
