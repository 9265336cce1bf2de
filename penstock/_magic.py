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

from penstock import _registry
from penstock._dag import generate_dag
from penstock._files import is_file
from penstock.errors import PenstockError, UnknownFlowError
from penstock.render import FORMATS

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from penstock._dag import Diagram
    from penstock._marks import Mark
    from penstock.model import Flow, Problem

MAGIC = "%flow"
AFTER_CELL = "post_run_cell"
COMPLETE = "complete_command"


class Wanted(NamedTuple):
    """What ``%flow`` was asked for; the same again is the same display, in every kernel."""

    name: str
    format: str
    direction: str
    details: bool | None
    engine: str

    @property
    def display_id(self) -> str:
        """The display's name for the messages that change it; no notebook stores it."""
        return "penstock " + " ".join(map(str, self))

    def drawn(self) -> Diagram:
        """Draw the flow as it is now."""
        return generate_dag(self.name, self.format, direction=self.direction, details=self.details, engine=self.engine)


class Shown(NamedTuple):
    """A display, and the flow that it shows.

    Attributes:
        flow: The flow.
        handle: Changes the picture.
        below: Changes the lines below it, one for each problem; ``None`` where there were none at first. They are a
            display of their own, in text: a notebook that shows the picture as Mermaid or PDF shows nothing else of it.
    """

    flow: Flow
    handle: DisplayHandle
    below: DisplayHandle | None


class FlowMagic:
    """The magic in one shell, and what it has shown.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._shown: dict[Wanted, Shown] = {}
        self._cells: dict[str, list[Mark]] = {}

    def flow(self, line: str) -> None:
        wanted = self._wanted(line)
        try:
            diagram = wanted.drawn()
        except PenstockError as error:
            raise UsageError(str(error)) from None
        handle = display(diagram, display_id=wanted.display_id)
        problems = _problems(diagram.flow)
        below = display(_text(problems), raw=True, display_id=f"{wanted.display_id} problems") if problems else None
        if self._can_change and handle is not None:
            self._shown[wanted] = Shown(diagram.flow, handle, below)

    def complete(self, shell: Any, event: Any) -> list[str]:
        """Return flow names, then formats, for the Tab key."""
        del shell
        words = event.line[: len(event.line) - len(event.symbol)].split()[1:]
        return [shlex.quote(flow.name) for flow in _registry.flows()] if not words else [*FORMATS]

    def after_cell(self, result: Any) -> None:
        """Forget what the cell no longer declares, then change the displays of flows that changed."""
        self._note_cell(result)
        for wanted, shown in self._shown.items():
            flow = _flow(wanted.name)
            if flow is None or flow is shown.flow:  # if it is forgotten, its last picture stays
                continue
            self._shown[wanted] = shown._replace(flow=flow)  # also if it cannot be drawn: one cell says so, not each
            try:
                said = _change(wanted, shown)
            except PenstockError as error:
                said = [str(error)]
            for line in said:
                print(f"{MAGIC} {wanted.name}: {line}", file=sys.stderr)  # noqa: T201 - the cell's output

    def _wanted(self, line: str) -> Wanted:
        given = vars(_parser().parse_args(_words(line)))
        if given["name"] is None:
            known = ", ".join(flow.name for flow in _registry.flows())
            raise UsageError(
                f"which flow? {MAGIC} NAME. " + (f"Known flows: {known}." if known else "No flow is declared yet.")
            )
        return Wanted(**{**given, "format": given["format"] or ("mermaid" if self._can_change else "text")})

    @property
    def _can_change(self) -> bool:
        """Tell whether the front end can change a display; a terminal prints, and that is that."""
        return type(self._shell.display_pub) is not DisplayPublisher

    def _note_cell(self, result: Any) -> None:
        """Let the flows give up what an earlier run of the cell declared and this one, to its end, did not."""
        cell = getattr(result.info, "cell_id", None)
        if not cell:  # only front ends where cells can be run again tell
            return
        file = self._file(result)
        own = [mark for mark in _registry.marks() if mark.declared[0] == file]
        left = [mark for mark in self._cells.get(cell, ()) if mark not in own]
        if result.success:
            _registry.release(left)
            left = []
        self._cells[cell] = own + left

    def _file(self, result: Any) -> str:
        """Return the name of the file that the cell's code claims to stand in."""
        raw = result.info.raw_cell
        transformed = getattr(result.info, "transformed_cell", None) or raw
        name: str = self._shell.compile.get_code_name(raw, transformed, result.execution_count)
        return name


_loaded: WeakKeyDictionary[Any, FlowMagic] = WeakKeyDictionary()


def load(shell: Any) -> None:
    """Add the magic to a shell."""
    magic = _loaded[shell] = FlowMagic(shell)
    shell.register_magic_function(magic.flow, "line", MAGIC[1:])
    shell.set_hook(COMPLETE, magic.complete, str_key=MAGIC)
    shell.events.register(AFTER_CELL, magic.after_cell)


def unload(shell: Any) -> None:
    """Take the magic away from a shell; what was shown stays as it is."""
    magic = _loaded.pop(shell)
    shell.events.unregister(AFTER_CELL, magic.after_cell)
    shell.strdispatchers[COMPLETE].strs.pop(MAGIC, None)
    shell.magics_manager.magics["line"].pop(MAGIC[1:], None)


def _flow(name: str) -> Flow | None:
    try:
        return _registry.get_flow(name)
    except UnknownFlowError:
        return None


def _change(wanted: Wanted, shown: Shown) -> list[str]:
    """Show a flow as it is now, and return the problems that its display has no place for."""
    diagram = wanted.drawn()
    problems = _problems(diagram.flow)
    shown.handle.update(diagram)
    if shown.below is None:
        return problems
    shown.below.update(_text(problems), raw=True)
    return []


def _text(lines: list[str]) -> dict[str, str]:
    return {"text/plain": "\n".join(lines)}


def _problems(flow: Flow) -> list[str]:
    return [_in_words(problem) for problem in flow.problems]


def _in_words(problem: Problem) -> str:
    """Return a problem as a line; a cell has no file, and its made-up name is another one in each kernel."""
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
    parser.add_argument("--engine", default="graphviz-pure", help="the layout engine of pictures")
    return parser


FlowMagic.flow.__doc__ = _parser().format_help()
