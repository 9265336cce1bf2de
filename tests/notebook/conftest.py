"""A notebook that a real kernel ran, and the tools that read it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

import forked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., str]
    Need = Callable[..., None]

DECLARED = """from penstock import entrypoint, flow, generate_dag, step

@flow("bom_sync")
@entrypoint
def handle_kafka_message(msg):
    \"\"\"Receives a message.\"\"\"

@flow("bom_sync")
@step(after="handle_kafka_message")
def fetch_from_api(bom_id):
    \"\"\"Fetches the BOM.\"\"\""""

SHOWN = [
    'generate_dag("bom_sync")',
    'generate_dag("bom_sync", format="png")',
    'print(generate_dag("bom_sync", format="text"))',
]


@pytest.fixture(scope="session")
def need() -> Need:
    """Skip where an optional part is missing; in CI it must be there."""

    def check(*modules: str) -> None:
        for module in modules:
            if os.environ.get("CI"):
                __import__(module)
            else:
                pytest.importorskip(module, reason=f"pip install {module}")

    return check


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a module's command line in a folder, away from the user's own configuration."""

    def run_module(module: str, *arguments: str, folder: Path, imports: tuple[str, ...] = ()) -> str:
        env = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "IPYTHONDIR": str(folder / "ipython")}
        env |= {"JUPYTER_PLATFORM_DIRS": "1", "PYTHONWARNINGS": "ignore", "MARIMO_SKIP_UPDATE_CHECK": "1"}
        done = forked.run(module, *arguments, flags=("-W", "ignore"), imports=imports, cwd=folder, **env)
        assert 0 == done.returncode, done.stderr
        return done.stdout

    return run_module


@pytest.fixture(scope="session")
def written() -> Callable[..., Path]:
    """Write a notebook of some code cells, none of them run, and return its path."""

    def write(folder: Path, *sources: str, title: str = "Flows") -> Path:
        text = f"{title}\n{'=' * len(title)}"
        shared: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells = [{**shared, "id": f"c{number}", "source": source} for number, source in enumerate(sources)]
        heading = {
            "cell_type": "raw",
            "id": "title",
            "source": text,
            "metadata": {"raw_mimetype": "text/restructuredtext"},
        }
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = {"cells": [heading, *cells], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        (folder / "flows.ipynb").write_text(json.dumps(content))
        return folder / "flows.ipynb"

    return write


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory, run: Run, need: Need, written: Callable[..., Path]) -> Path:
    """A notebook that nbclient has run with a real kernel."""
    need("ipykernel", "nbclient", "nbformat")
    notebook = written(tmp_path_factory.mktemp("notebook"), DECLARED, *SHOWN)
    run("nbconvert", "--to", "notebook", "--execute", "--inplace", notebook.name, folder=notebook.parent)
    return notebook


@pytest.fixture(scope="session")
def outputs() -> Callable[[Path], list[dict[str, Any]]]:
    """Return what each cell showed, as media types."""

    def read(notebook: Path) -> list[dict[str, Any]]:
        cells = json.loads(notebook.read_text())["cells"]
        return [output.get("data", output) for cell in cells for output in cell.get("outputs", ())]

    return read
