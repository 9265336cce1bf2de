"""Penstock in Pyodide, which is the Python of JupyterLite: the real wheel in the real WebAssembly, run by node."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., list[str]]

TESTS = Path(__file__).parents[1]

DECLARED = """
import penstock
from penstock import current_flow_id, flow, generate_dag

orders = flow("orders", title="Orders")

@orders.entrypoint(trigger="POST /orders")
def handle_request(order):
    "Accept an order."
    return charge(order)

@orders.step(after="handle_request")
def charge(order):
    "Charge the customer."
    return current_flow_id()
"""

IN_IPYTHON = """
import sys
sys.path.append("/site-packages")
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.display_pub = CapturingDisplayPublisher(parent=shell, shell=shell)
for source in ("%load_ext penstock", DECLARED, "%flow orders", EDITED):
    assert shell.run_cell(source, cell_id="declares" if "orders = " in source else None).success
for output in shell.display_pub.outputs:
    print(output["update"], repr(output["data"]["text/vnd.mermaid"]))
"""


def missing(what: str) -> NoReturn:
    """Skip where a program is missing; in CI it must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"missing: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=TESTS.parent, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture
def run(wheel: Path, tmp_path: Path) -> Run:
    """Run a program in Pyodide, and return the lines that it prints."""
    if not shutil.which("node"):
        missing("node: apt-get install nodejs")
    if not (TESTS / "node_modules" / "pyodide").exists():
        missing("pyodide: npm ci --prefix tests")

    def run_program(text: str, *site: str) -> list[str]:
        program = tmp_path / "program.py"
        program.write_text(text)
        command = ["node", str(TESTS / "notebook" / "pyodide_runs.mjs"), str(wheel), str(program), *site]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        assert 0 == done.returncode, done.stderr[-2000:]
        return done.stdout.splitlines()

    return run_program


def test_the_wheel_is_pure_python(wheel: Path) -> None:
    """One wheel is for every platform, so JupyterLite can install it."""
    assert wheel.name.endswith("-py3-none-any.whl")


def test_flows_run_and_are_drawn(run: Run) -> None:
    """A flow runs with its ID; a diagram is Mermaid, which JupyterLite draws, and text; nothing needs an engine."""
    shown = run(
        f"{DECLARED}\n"
        "print(len(handle_request('a')))\n"
        "diagram = generate_dag('orders')\n"
        "bundle = diagram._repr_mimebundle_()\n"
        "print(sorted(bundle), set(bundle.values()) == {str(diagram)})\n"
        "print(generate_dag('orders', 'text'))\n"
        "print(diagram)\n"
    )
    drawn = ["◆ handle_request  Accept an order.      ⇐ POST /orders", "○ charge          Charge the customer."]
    mermaid = ["graph TD", "    handle_request --> charge"]
    assert ["32", "['text/plain', 'text/vnd.mermaid'] True", *drawn, *mermaid] == shown


def test_a_picture_that_needs_an_engine_says_so(run: Run) -> None:
    """A format that cannot be made there fails with one line that says what is missing."""
    ask = "    try: generate_dag('orders', kind)\n    except penstock.PenstockError as error: print(error)"
    said = run(f"{DECLARED}\nfor kind in ('svg', 'png', 'pdf'):\n{ask}")
    assert [True, True, True] == ["graphviz-pure" in line for line in said]


def test_the_magic_follows_cells(run: Run, need: Callable[..., None]) -> None:
    """In IPython on Pyodide, %flow shows Mermaid and follows cells that are run again."""
    need("IPython")
    edited = DECLARED.replace("charge", "send_bill")
    program = f"DECLARED = {DECLARED!r}\nEDITED = {edited!r}\n{IN_IPYTHON}"
    first, second = run(program, sysconfig.get_path("purelib"))
    assert r"False 'graph TD\n    handle_request --> charge'" == first
    assert r"True 'graph TD\n    handle_request --> send_bill'" == second
