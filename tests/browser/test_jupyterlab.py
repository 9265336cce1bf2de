"""JupyterLab shows diagrams, in trusted and in untrusted notebooks, and changes them when a cell runs again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64decode
from typing import TYPE_CHECKING, NamedTuple

import pytest

from penstock import flow, generate_dag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

DECLARED = """from penstock import flow

orders = flow("orders", title="Orders")

@orders.entrypoint(trigger="POST /orders")
def handle_request(order):
    "Accept an order."

@orders.step(after="handle_request")
def charge(order):
    "Charge the customer."
"""

PICTURE = ".jp-OutputArea-output img[src^='data:image/svg+xml']"
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"


class Lab(NamedTuple):
    """A JupyterLab that runs."""

    address: str
    folder: Path
    environment: dict[str, str]


class Seen(NamedTuple):
    """What a page did that it should not."""

    errors: list[str]
    outside: list[str]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A real server in an empty folder, without a token or anybody's configuration."""
    if os.environ.get("CI"):
        __import__("jupyterlab")
    else:
        pytest.importorskip("jupyterlab", reason="pip install jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    names |= {"IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    environment = {**os.environ, **{name: str(folder / ".own" / where) for name, where in names.items()}}
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"]
    options += ["--IdentityProvider.token=", "--expose-app-in-browser", "--LabApp.extension_manager=readonly"]
    options += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", f"--ServerApp.root_dir={folder}"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api/status", server)
        yield Lab(address, folder, environment)
    finally:
        server.terminate()
        server.wait(timeout=600)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    for _ in range(6000):
        assert server.poll() is None, "JupyterLab did not start"
        try:
            with urllib.request.urlopen(address, timeout=60):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("JupyterLab did not answer in ten minutes")


def cell(source: str, *shown: dict[str, object]) -> dict[str, object]:
    """Return a cell with the outputs that it had."""
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in shown]
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": outputs, "execution_count": None}


def write(path: Path, *cells: dict[str, object]) -> None:
    """Write a notebook."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    numbered = [{"id": f"c{number}", **each} for number, each in enumerate(cells)]
    text = {"cells": numbered, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(text))


def opened(browser: Browser, lab: Lab, name: str) -> tuple[Page, Seen]:
    """Open a notebook and note what goes wrong."""
    page, seen = browser.new_page(), Seen([], [])
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.outside.append(request.url) if is_outside(request.url, lab) else None)
    page.goto(f"{lab.address}/doc/tree/{name}")
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")
    return page, seen


def is_outside(url: str, lab: Lab) -> bool:
    """Tell whether a request leaves the machine."""
    return not url.startswith((lab.address, lab.address.replace("http", "ws"), "data:", "blob:"))


def widths(page: Page) -> list[int]:
    """Return the natural widths of the pictures that a reader sees; 0 is a broken one."""
    page.wait_for_selector(PICTURE, state="visible")
    widths: list[int] = page.eval_on_selector_all(
        PICTURE, "all => Promise.all(all.map(one => one.decode().then(() => one.naturalWidth, () => 0)))"
    )
    return widths


def drawn(page: Page) -> str:
    """Return the text of the first picture."""
    source = page.get_attribute(PICTURE, "src") or ""
    return b64decode(source.partition(",")[2]).decode()


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_a_stored_notebook_shows_its_diagrams(browser: Browser, lab: Lab, trusted: bool) -> None:
    """A notebook from elsewhere shows its pictures before anybody trusts or runs it, without a request to the outside."""
    orders = flow("orders", title="Orders")
    orders.entrypoint(trigger="POST /orders")(lambda order: order)
    shown = generate_dag("orders")._repr_mimebundle_()
    name = f"{'trusted' if trusted else 'untrusted'}.ipynb"
    write(lab.folder / name, cell(f'generate_dag("orders")  # {name}', shown))  # a signature is one of the content
    if trusted:
        trust = [sys.executable, "-m", "nbformat.sign", name]
        subprocess.run(trust, cwd=lab.folder, env=lab.environment, check=True, capture_output=True)
    page, seen = opened(browser, lab, name)
    assert trusted is page.evaluate(f"{NOTEBOOK}.model.cells.get(0).trusted")
    assert [True] == [width > 0 for width in widths(page)]
    assert Seen([], []) == seen
    page.close()


def test_a_display_follows_the_cells(browser: Browser, lab: Lab) -> None:
    """What %flow shows changes when a cell that declares the flow is edited and run again, also where a step was renamed."""
    write(lab.folder / "live.ipynb", cell("%load_ext penstock"), cell(DECLARED), cell("%flow orders"))
    page, seen = opened(browser, lab, "live.ipynb")
    page.wait_for_function("window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    assert [True] == [width > 0 for width in widths(page)]
    assert "charge" in drawn(page)

    edited = json.dumps(DECLARED.replace("charge", "send_bill"))
    page.evaluate(f"{NOTEBOOK}.model.cells.get(1).sharedModel.setSource({edited}); {NOTEBOOK}.activeCellIndex = 1")
    before = page.get_attribute(PICTURE, "src")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_function(f"document.querySelector({json.dumps(PICTURE)}).src !== {json.dumps(before)}")
    assert [True] == [width > 0 for width in widths(page)]
    assert (True, False) == ("send_bill" in drawn(page), "charge" in drawn(page))
    assert Seen([], []) == seen

    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    stored = json.loads((lab.folder / "live.ipynb").read_text())["cells"][2]["outputs"][0]
    assert "display_id" not in json.dumps(stored)
    page.close()
