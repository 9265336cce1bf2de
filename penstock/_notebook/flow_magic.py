"""``%load_ext penstock``: the magic ``%flow NAME``, whose diagrams follow the cells that declare the flow."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser
from IPython.display import display

from penstock._declare import registry
from penstock._notebook.diagram import generate_dag
from penstock._resolve import resolution
from penstock._util.atomic_files import is_file
from penstock.errors import PenstockError, UnknownFlowError
from penstock.render import FORMATS
from penstock.render.numbers import AMOUNTS

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from penstock._declare.marks import StepMark
    from penstock._notebook.diagram import Diagram
    from penstock.model import Flow, Problem

MAGIC = "%flow"
AFTER_CELL = "post_run_cell"
COMPLETE = "complete_command"


class FlowRequest(NamedTuple):
    """The arguments of ``%flow``; equal arguments share one display, in every kernel."""

    name: str
    format: str
    direction: str
    details: bool | None
    numbers: str
    engine: str

    @property
    def display_id(self) -> str:
        """The ID of the display for update messages; no notebook stores it."""
        return "penstock " + " ".join(map(str, self))

    def draw_diagram(self) -> Diagram:
        """Draw the flow in its current state."""
        return generate_dag(
            self.name,
            self.format,
            direction=self.direction,
            details=self.details,
            numbers=self.numbers,
            engine=self.engine,
        )


class LiveDisplay(NamedTuple):
    """A display and the flow in it.

    Attributes:
        flow: The flow.
        handle: Updates the picture.
        below: Updates the lines below it, one for each problem; ``None`` without problems at first. They are a
            separate display, in text: a notebook that shows the picture as Mermaid or PDF shows no other part of it.
    """

    flow: Flow
    handle: DisplayHandle
    below: DisplayHandle | None


class FlowMagic:
    """The magic in one shell, and its displays.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._displays: dict[FlowRequest, LiveDisplay] = {}
        self._cells: dict[str, list[StepMark]] = {}

    def flow(self, line: str) -> None:
        """Display the flow that the line names, and its problems below it; or a run, if it names one."""
        arguments = vars(_parser().parse_args(_words(line)))
        run_id, files = arguments.pop("run"), arguments.pop("files")
        if run_id is not None:
            _show_run(run_id, files, arguments["name"], arguments["engine"])
            return
        request = self._make_request(arguments)
        try:
            diagram = request.draw_diagram()
        except PenstockError as error:
            raise UsageError(str(error)) from None
        handle = display(diagram, display_id=request.display_id)
        problems = _problems(diagram.flow)
        below = display(_text(problems), raw=True, display_id=f"{request.display_id} problems") if problems else None
        if self._can_change and handle is not None:
            self._displays[request] = LiveDisplay(diagram.flow, handle, below)

    def complete(self, shell: Any, event: Any) -> list[str]:
        """Return flow names, then formats, for completion."""
        del shell
        words = event.line[: len(event.line) - len(event.symbol)].split()[1:]
        return [shlex.quote(flow.name) for flow in resolution.flows()] if not words else [*FORMATS]

    def after_cell(self, result: Any) -> None:
        """Drop declarations that the cell no longer has, then update the displays of changed flows."""
        self._note_cell(result)
        for request, view in self._displays.items():
            flow = _flow(request.name)
            if flow is None or flow is view.flow:  # if it is forgotten, its last picture stays
                continue
            self._displays[request] = view._replace(flow=flow)  # also if it cannot be drawn: one cell says so, not each
            try:
                messages = _change(request, view)
            except PenstockError as error:
                messages = [str(error)]
            for line in messages:
                print(f"{MAGIC} {request.name}: {line}", file=sys.stderr)  # noqa: T201 - the cell's output

    def _make_request(self, arguments: dict[str, Any]) -> FlowRequest:
        if arguments["name"] is None:
            names = ", ".join(flow.name for flow in resolution.flows())
            raise UsageError(
                f"which flow? {MAGIC} NAME. " + (f"Known flows: {names}." if names else "No flow is declared yet.")
            )
        return FlowRequest(
            **{**arguments, "format": arguments["format"] or ("mermaid" if self._can_change else "text")}
        )

    @property
    def _can_change(self) -> bool:
        """Return whether the front end can update a display; a terminal only prints."""
        return type(self._shell.display_pub) is not DisplayPublisher

    def _note_cell(self, result: Any) -> None:
        """Remove declarations of an earlier run of the cell that its current, complete run did not repeat."""
        cell = getattr(result.info, "cell_id", None)
        if not cell:  # only front ends with cells that can run again have IDs
            return
        file = self._file(result)
        own = [mark for mark in registry.marks() if mark.declared[0] == file]
        stale_marks = [mark for mark in self._cells.get(cell, ()) if mark not in own]
        if result.success:
            registry.release(stale_marks)
            stale_marks = []
        self._cells[cell] = own + stale_marks

    def _file(self, result: Any) -> str:
        """Return the file name that the cell's code is compiled with."""
        raw = result.info.raw_cell
        transformed_cell = getattr(result.info, "transformed_cell", None) or raw
        name: str = self._shell.compile.get_code_name(raw, transformed_cell, result.execution_count)
        return name


_loaded: WeakKeyDictionary[Any, FlowMagic] = WeakKeyDictionary()


def load(shell: Any) -> None:
    """Add the magic to a shell."""
    magic = _loaded[shell] = FlowMagic(shell)
    shell.register_magic_function(magic.flow, "line", MAGIC[1:])
    shell.set_hook(COMPLETE, magic.complete, str_key=MAGIC)
    shell.events.register(AFTER_CELL, magic.after_cell)


def unload(shell: Any) -> None:
    """Remove the magic from a shell; existing displays stay."""
    magic = _loaded.pop(shell)
    shell.events.unregister(AFTER_CELL, magic.after_cell)
    shell.strdispatchers[COMPLETE].strs.pop(MAGIC, None)
    shell.magics_manager.magics["line"].pop(MAGIC[1:], None)


def _flow(name: str) -> Flow | None:
    try:
        return resolution.get_flow(name)
    except UnknownFlowError:
        return None


def _show_run(run_id: str, files: list[str], name: str | None, engine: str) -> None:
    from penstock._notebook.run_view import view_run  # noqa: PLC0415 - most cells show flows

    try:
        display(view_run(run_id, files, name, engine))
    except PenstockError as error:
        raise UsageError(str(error)) from None


def _change(request: FlowRequest, view: LiveDisplay) -> list[str]:
    """Show a flow in its current state, and return the problems that have no place in its display."""
    diagram = request.draw_diagram()
    problems = _problems(diagram.flow)
    view.handle.update(diagram)
    if view.below is None:
        return problems
    view.below.update(_text(problems), raw=True)
    return []


def _text(lines: list[str]) -> dict[str, str]:
    return {"text/plain": "\n".join(lines)}


def _problems(flow: Flow) -> list[str]:
    return [_in_words(problem) for problem in flow.problems]


def _in_words(problem: Problem) -> str:
    """Return a problem as a line; without a file, because a cell's generated name differs in each kernel."""
    return f"problem: {problem if is_file(problem.file) else problem.message}"


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{MAGIC} {line}: {error}") from None


def _parser() -> MagicArgumentParser:
    parser = MagicArgumentParser(prog=MAGIC[1:], description="Show a flow; when it changes, so does what is shown.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the flow's name")
    parser.add_argument("format", nargs="?", metavar="FORMAT", help=f"{', '.join(FORMATS)}; a picture without it")
    parser.add_argument("--direction", default="TB", metavar="TB|LR|BT|RL", help="where the arrows point")
    parser.add_argument("--details", action=argparse.BooleanOptionalAction, help="draw titles, triggers and effects")
    parser.add_argument("--numbers", choices=AMOUNTS, default="off", help="show how often steps and arrows ran")
    parser.add_argument("--run", metavar="ID", help="show the run with this correlation ID")
    parser.add_argument("--from", dest="files", action="append", default=[], metavar="FILE", help="its logs or spans")
    parser.add_argument("--engine", default="graphviz-pure", help="the layout engine of pictures")
    return parser


FlowMagic.flow.__doc__ = _parser().format_help()
