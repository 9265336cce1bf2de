"""``%load_ext penstock`` and ``%flow``: what a cell shows, completes, says of a mistake, and how it follows other cells."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from penstock import flows
from penstock.render.graphviz.engine import find_engine
from penstock.testing import empty_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DECLARED = """from penstock import flow

orders = flow("orders")

@orders.entrypoint
def handle_request(order): ...

@orders.step(after="handle_request")
def charge(order): ...
"""

UNKNOWN = "problem: after='handle_reqest' names no step of flow 'orders'. Did you mean 'handle_request'? "
DRAWN = "graph TD\n    handle_request --> charge"


class Notebook:
    """A shell like that of a kernel: it keeps what it is told to display, and can change it.

    Args:
        shell: The IPython shell.
        publisher: Where displays go.
    """

    def __init__(self, shell: Any, publisher: Any) -> None:
        self.shell, self.publisher = shell, publisher

    def run(self, source: str, cell: str | None = None) -> bool:
        """Run a cell, as the one of that ID, and tell whether it went well."""
        return bool(self.shell.run_cell(source, cell_id=cell, store_history=True).success)

    def shown(self, *, update: bool = False) -> list[str]:
        """Return the text of each display, or of each change to one."""
        return [out["data"]["text/plain"] for out in self.publisher.outputs if out.get("update", False) is update]

    def completed(self, line: str) -> list[str]:
        """Return what the Tab key offers at the line's end."""
        from IPython.core.completer import provisionalcompleter

        with provisionalcompleter():
            return [offer.text for offer in self.shell.Completer.completions(line, len(line))]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A new IPython shell without anybody's configuration."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a shell makes itself the main module
    interactive = pytest.importorskip("IPython.core.interactiveshell", reason="pip install ipykernel").InteractiveShell
    interactive.clear_instance()
    from traitlets.config import Config

    started = interactive.instance(config=Config(HistoryManager={"enabled": False}))
    yield started
    started.run_line_magic("unload_ext", "penstock")
    started._atexit_once()
    interactive.clear_instance()


@pytest.fixture
def notebook(shell: Any) -> Notebook:
    """A notebook with the extension loaded."""
    from IPython.core.displaypub import CapturingDisplayPublisher

    shell.display_pub = CapturingDisplayPublisher(parent=shell, shell=shell)
    notebook = Notebook(shell, shell.display_pub)
    assert notebook.run("%load_ext penstock")
    return notebook


def test_a_flow_is_shown(notebook: Notebook) -> None:
    """%flow NAME displays the flow's picture, with its text for front ends that have no pictures."""
    notebook.run(DECLARED)
    assert notebook.run("%flow orders")
    (shown,) = notebook.publisher.outputs
    assert (DRAWN, True) == (shown["data"]["text/plain"], shown["data"]["text/html"].startswith("<img "))


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("orders text", "◆ handle_request"),
        ("orders --direction LR", "graph LR"),
        ("orders mermaid --details", "graph TD\n    handle_request"),
        ("'orders' json", "{"),
        ("{'ord' + 'ers'} dot", "digraph"),
    ],
)
def test_a_flow_is_shown_as_asked(notebook: Notebook, line: str, begins: str) -> None:
    """A format may follow the name, then options; a name may come from Python."""
    notebook.run(DECLARED)
    assert notebook.run(f"%flow {line}")
    assert notebook.shown()[0].startswith(begins)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ordrs", "there is no flow 'ordrs'. Did you mean 'orders'? Known flows: orders."),
        ("", "which flow? %flow NAME. Known flows: orders."),
        ("orders sgv", "there is no format 'sgv'. Did you mean 'svg'? Known formats: "),
        ("orders --direction XY", "there is no direction 'XY'. Known directions: BT, LR, RL, TB."),
        ("orders --speed 3", "unrecognized arguments: --speed 3"),
        ("'orders", "%flow 'orders: No closing quotation"),
        (
            "orders svg --engine nowhere",
            "the layout engine 'nowhere' was not found; without the setting, graphviz-pure draws",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    """A mistake gives one line with the near name, fails the cell, and shows nothing else."""
    notebook.run(DECLARED)
    capsys.readouterr()
    assert not notebook.run(f"%flow {line}")
    out, err = capsys.readouterr()
    assert ("", 1, []) == (out, err.count("\n"), notebook.shown())
    assert err.startswith(f"UsageError: {said}")


def test_a_display_follows_other_cells(notebook: Notebook) -> None:
    """A cell that adds a step changes what an earlier cell shows; one that changes nothing does not."""
    notebook.run(DECLARED)
    notebook.run("%flow orders")
    notebook.run("1 + 1")
    assert [] == notebook.shown(update=True)
    notebook.run('@orders.step(after="charge")\ndef ship(order): ...')
    assert [f"{DRAWN}\n    charge --> ship"] == notebook.shown(update=True)


def test_a_step_that_a_cell_no_longer_declares_is_gone(notebook: Notebook) -> None:
    """When a cell is run again with a step renamed or without it, the old step goes; those of other cells stay."""
    notebook.run(DECLARED, cell="a")
    notebook.run('@orders.step(after="handle_request")\ndef log(order): ...', cell="b")
    notebook.run("%flow orders", cell="c")
    notebook.run(DECLARED.replace("charge", "send_bill"), cell="a")
    notebook.run(DECLARED.partition("\n\n@orders.step")[0], cell="a")
    assert [{"handle_request", "send_bill", "log"}, {"handle_request", "log"}] == [
        {word for word in text.split() if word not in ("graph", "TD", "-->")} for text in notebook.shown(update=True)
    ]


def test_a_failed_cell_takes_nothing_away(notebook: Notebook) -> None:
    """A cell that fails when it is run again leaves the steps of its last good run, until it runs to its end."""
    notebook.run(DECLARED, cell="a")
    notebook.run("%flow orders")
    assert not notebook.run("orders = = 1", cell="a")
    assert not notebook.run("1 / 0", cell="a")
    assert [] == notebook.shown(update=True)
    notebook.run("orders = 1", cell="a")
    assert ["graph TD"] == notebook.shown(update=True)


def test_imported_steps_stay(notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running a cell with an import again, which declares nothing anew, takes nothing from the flow."""
    (tmp_path / "its_own_module.py").write_text(DECLARED)
    monkeypatch.syspath_prepend(tmp_path)
    for _ in range(2):
        notebook.run("import its_own_module", cell="a")
    assert ["charge", "handle_request"] == sorted(step.name for flow in flows() for step in flow.steps)


def test_a_forgotten_flow_keeps_its_last_picture(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """When a flow is gone, what shows it stays, and nobody complains."""
    notebook.run(DECLARED)
    notebook.run("%flow orders")
    with empty_registry():
        notebook.run("")
    assert ([], "") == (notebook.shown(update=True), capsys.readouterr().err)


def test_problems_stand_below(notebook: Notebook) -> None:
    """A problem of the flow is a line of text below the picture, and goes when the cell is run again without it."""
    notebook.run(DECLARED.replace('after="handle_request"', 'after="handle_reqest"'), cell="a")
    notebook.run("%flow orders", cell="b")
    notebook.run(DECLARED, cell="a")
    picture, said = (out["data"] for out in notebook.publisher.outputs if not out.get("update"))
    assert ({"text/plain"}, 1) == ({*said}, said["text/plain"].count("problem: "))
    assert said["text/plain"].startswith(UNKNOWN)
    assert "problem" not in picture["text/html"] + picture["text/plain"]
    assert [DRAWN, ""] == notebook.shown(update=True)


def test_a_cell_tells_the_problems_that_it_brings(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the flow had no problem when it was shown, the cell that brings one says it, as often as it is run."""
    notebook.run(DECLARED, cell="a")
    notebook.run("%flow orders", cell="b")
    for _ in range(2):
        capsys.readouterr()
        notebook.run(DECLARED.replace('after="handle_request"', 'after="handle_reqest"'), cell="a")
        (said,) = capsys.readouterr().err.splitlines()
        assert said.startswith(f"%flow orders: {UNKNOWN}")
    notebook.run(DECLARED, cell="a")
    assert "" == capsys.readouterr().err


def test_a_picture_that_fails_is_tried_once(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """When a changed flow cannot be drawn, the cell that changed it says so, and those after it do not try again."""
    engine = tmp_path / "engine"
    engine.write_text(f"#!{sys.executable}\nimport os, sys\nos.execv({find_engine()!r}, ['dot', *sys.argv[1:]])\n")
    engine.chmod(0o700)
    notebook.run(DECLARED)
    assert notebook.run(f"%flow orders svg --engine {engine}")
    engine.write_text(f"#!{sys.executable}\nraise SystemExit('no luck')\n")
    for cell, said in (('@orders.step(after="charge")\ndef ship(order): ...', 1), ("1 + 1", 0), ("2 + 2", 0)):
        capsys.readouterr()
        notebook.run(cell)
        assert said == capsys.readouterr().err.count("no luck")


def test_names_are_completed(notebook: Notebook) -> None:
    """The Tab key completes flow names, then formats."""
    notebook.run('from penstock import flow\nflow("order_lines")')
    assert "order_lines" in notebook.completed("%flow order_")
    assert "svg" in notebook.completed("%flow order_lines sv")


def test_help_tells_the_options(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """%flow? prints how to use it."""
    notebook.run("%flow?")
    said = capsys.readouterr().out
    assert all(word in said for word in ("%flow [--direction", "NAME", "mermaid, dot, svg", "--engine"))


def test_unloading_takes_everything_away(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """After %unload_ext there is no magic and no completion, and displays stay as they are; it can be loaded again."""
    notebook.run(DECLARED)
    notebook.run("%flow orders")
    assert notebook.run("%unload_ext penstock")
    notebook.run('@orders.step(after="charge")\ndef ship(order): ...')
    assert [] == notebook.shown(update=True)
    assert "mermaid" not in notebook.completed("%flow orders merm")
    assert not notebook.run("%flow orders")
    assert "Line magic function `%flow` not found" in capsys.readouterr().err
    assert notebook.run("%load_ext penstock")
    assert notebook.run("%flow orders")


def test_a_terminal_shows_the_drawing(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal, which can change nothing that it printed, gets the drawing in text, once."""
    shell.run_cell("%load_ext penstock")
    shell.run_cell(DECLARED)
    capsys.readouterr()
    shell.run_cell("%flow orders")
    shell.run_cell('@orders.step(after="charge")\ndef ship(order): ...')
    assert "◆ handle_request\n○ charge\n" == capsys.readouterr().out


def test_a_terminal_tells_problems(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal prints a line for each problem below the drawing."""
    shell.run_cell("%load_ext penstock")
    shell.run_cell(DECLARED.replace('after="handle_request"', 'after="handle_reqest"'))
    capsys.readouterr()
    shell.run_cell("%flow orders")
    assert capsys.readouterr().out.splitlines()[-1].startswith(UNKNOWN)


def test_a_stored_notebook_has_the_last_picture(
    need: Callable[..., None], run: Callable[..., str], written: Callable[..., Path], tmp_path: Path
) -> None:
    """A notebook stores what the display was in the end, with nothing of the display's identity, twice the same."""
    need("ipykernel", "nbclient", "nbformat")
    added = '@orders.step(after="charge")\ndef ship(order): ...'
    notebook = written(tmp_path, "%load_ext penstock", DECLARED, "%flow orders", added)
    stored = []
    for _ in range(2):
        run("nbconvert", "--to", "notebook", "--execute", "--inplace", notebook.name, folder=tmp_path)
        stored.append([cell["outputs"] for cell in json.loads(notebook.read_text())["cells"][1:]])
    (shown,) = stored[0][2]
    assert f"{DRAWN}\n    charge --> ship" == "".join(shown["data"]["text/plain"])
    assert {"output_type", "data", "metadata"} == set(shown)
    assert stored[0] == stored[1]


@pytest.mark.parametrize("engine", ["graphviz-pure", "dot"])
def test_a_pdf_tells_problems(
    need: Callable[..., None],
    run: Callable[..., str],
    written: Callable[..., Path],
    tmp_path: Path,
    engine: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LaTeX gets the lines beside the picture, also where there is only its Mermaid text."""
    need("ipykernel", "nbclient", "nbformat", "nbconvert")
    if engine == "dot":
        monkeypatch.setenv("PATH", str(Path(sys.executable).parent))  # where no system's Graphviz is
    wrong = DECLARED.replace('after="handle_request"', 'after="handle_reqest"')
    notebook = written(tmp_path, "%load_ext penstock", wrong, f"%flow orders --engine {engine}")
    run("nbconvert", "--to", "latex", "--execute", notebook.name, folder=tmp_path)
    tex = notebook.with_suffix(".tex").read_text()
    assert 1 == tex.count("names no step of flow")
    assert (engine == "graphviz-pure") == ("adjustimage{" in tex)


def test_a_run_is_shown(notebook: Notebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """%flow --run ID displays a run out of the files that it names; a mistake is one line."""
    (tmp_path / "log.jsonl").write_text('{"event": "paid", "flow_id": "order-1", "step": "charge"}\n')
    notebook.run(DECLARED)
    notebook.run(f"%flow --run order-1 --from {tmp_path / 'log.jsonl'}")
    notebook.run(f"%flow --run order-2 --from {tmp_path / 'log.jsonl'}")

    [shown] = notebook.shown()
    assert "\norders\n· charge" in shown
    assert "UsageError: no run 'order-2' in" in capsys.readouterr().err
