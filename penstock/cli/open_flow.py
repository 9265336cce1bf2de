"""``penstock open FLOW``: shows a flow in the browser, and draws it again at every save if asked to."""

from __future__ import annotations

import tempfile
import time
import warnings
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.atomic_files import write_atomically
from penstock.cli.common_options import add_sources, read_config
from penstock.cli.flow_page import VERSION_FILE, write_page
from penstock.cli.part_options import add_numbers
from penstock.cli.terminal import CLEAN, tell
from penstock.embed.options import FlowOptions
from penstock.embed.pages import page_names
from penstock.embed.site import Site
from penstock.errors import PenstockError, RenderWarning
from penstock.proof import prove
from penstock.render.options import checked_direction
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from penstock.model import Flow

INTERVAL = 0.5
"""Seconds between two looks at the sources."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "show a flow in the browser"
    parser = commands.add_parser("open", help=summary, description=f"{summary.capitalize()}.")
    parser.set_defaults(action=run)
    add_sources(parser)
    parser.add_argument("flow", metavar="FLOW", help="the flow's name, or SERVICE/NAME")
    parser.add_argument("--direction", metavar="TB|LR|BT|RL", help="direction of the diagram: down, right, up, left")
    add_numbers(parser)
    parser.add_argument("--no-browser", action="store_true", help="print the path of the page instead of opening it")
    parser.add_argument("--watch", action="store_true", help="draw again at every save, until Ctrl-C")


def run(parsed: argparse.Namespace) -> int:
    """Write the page, open it, and keep it current if asked to."""
    page = PageFile(parsed)
    page.refresh()
    if parsed.no_browser:
        print(page.file, flush=True)
    elif not webbrowser.open(page.file.as_uri()):
        tell("note", f"no browser could be started. Open the page yourself: {page.file}")
    if parsed.watch:
        tell("", "Watching the sources. End with Ctrl-C.")
        watch(page, lambda: time.sleep(INTERVAL))
    return CLEAN


class PageFile:
    """The page of a flow in a temporary folder, and what it was made from.

    Args:
        parsed: The arguments of the command.
    """

    def __init__(self, parsed: argparse.Namespace) -> None:
        self._parsed = parsed
        self._made_from: object = None
        self._message = ""
        self.file = Path()

    def refresh(self) -> bool:
        """Write the page if its inputs have changed, and return whether they have.

        Raises:
            PenstockError: The flow cannot be collected or drawn.
        """
        config = read_config(self._parsed)
        proof = prove(config, accepted=False)
        flow = proof.manifest.flow(self._parsed.flow)
        state = proof.manifest, flow, config
        if state == self._made_from:
            return False
        direction = checked_direction(self._parsed.direction) if self._parsed.direction else ""
        numbers = self._parsed.numbers or ""
        options = FlowOptions(direction=direction, description=True, proof=config.proof, numbers=numbers)
        with warnings.catch_warnings(record=True) as messages:
            warnings.simplefilter("always", RenderWarning)
            page, version = write_page(Site(config, proof.manifest), flow, options, watched=self._parsed.watch)
        for message in messages:
            tell("warning", escape_line(str(message.message)))
        self._save(flow, page, version)
        self._made_from, self._message = state, ""
        return True

    def report(self, error: PenstockError) -> None:
        """Print why the page stays as it was, once for each reason."""
        if str(error) != self._message:
            self._message = str(error)
            tell("penstock", self._message, "31")

    def _save(self, flow: Flow, page: str, version: str) -> None:
        if not self.file.name:
            self.file = Path(tempfile.mkdtemp(prefix="penstock-")) / f"{page_names([flow])[0].replace('/', '-')}.html"
        write_atomically(self.file, page.encode("utf-8", "replace"))
        if self._parsed.watch:
            write_atomically(self.file.parent / VERSION_FILE, version.encode())


def watch(page: PageFile, wait: Callable[[], object]) -> None:
    """Keep a page current until it is interrupted; a fault in the sources leaves it as it was.

    Args:
        page: The page.
        wait: Waits before the next look; what it raises ends the watch.
    """
    while True:
        wait()
        try:
            if page.refresh():
                tell("", f"drew {escape_line(str(page.file.name))} again")
        except PenstockError as error:
            page.report(error)
