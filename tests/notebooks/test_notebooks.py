"""Diagrams in notebooks: a real kernel, nbconvert, myst-nb, and marimo."""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CELLS = [
    (
        "from penstock import entrypoint, flow, generate_dag, step\n"
        "\n"
        '@flow("bom_sync")\n'
        "@entrypoint\n"
        "def handle_kafka_message(msg):\n"
        '    """Receives a message."""\n'
        "\n"
        '@flow("bom_sync")\n'
        '@step(after="handle_kafka_message")\n'
        "def fetch_from_api(bom_id):\n"
        '    """Fetches the BOM."""'
    ),
    'generate_dag("bom_sync")',
    'generate_dag("bom_sync", format="png")',
    'print(generate_dag("bom_sync", format="text"))',
]


def need(*modules: str) -> None:
    """Skip where an optional part is missing; in CI it must be there."""
    for module in modules:
        if os.environ.get("CI"):
            __import__(module)
        else:
            pytest.importorskip(module, reason=f"pip install {module}")


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook, run by a real kernel."""
    need("ipykernel", "nbclient", "nbformat")
    folder = tmp_path_factory.mktemp("notebook")
    cells = [
        {"cell_type": "code", "id": f"c{n}", "source": c, "metadata": {}, "outputs": [], "execution_count": None}
        for n, c in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "source.ipynb").write_text(json.dumps(notebook))
    run("nbconvert", "--to", "notebook", "--execute", "--output", "flows.ipynb", "source.ipynb", folder=folder)
    return folder / "flows.ipynb"


def run(module: str, *arguments: str, folder: Path) -> str:
    """Run a module's command line in a folder, away from the user's own configuration."""
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"), "IPYTHONDIR": str(folder / "ipython")}
    env |= {"JUPYTER_PLATFORM_DIRS": "1", "PYTHONWARNINGS": "ignore", "MARIMO_SKIP_UPDATE_CHECK": "1"}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def outputs(notebook: Path) -> list[dict[str, Any]]:
    """Return what each cell showed, as media types."""
    cells = json.loads(notebook.read_text())["cells"]
    return [output.get("data", output) for cell in cells for output in cell["outputs"]]


def test_a_diagram_shows_without_trust(executed: Path) -> None:
    """The HTML is an image with its picture inside and a description, which no front end needs to trust."""
    shown = "".join(outputs(executed)[0]["text/html"])
    match = re.fullmatch(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)" style="max-width:100%">', shown)
    assert match is not None
    assert "fetch_from_api" in base64.b64decode(match[1]).decode()
    assert match[2].startswith("Flow bom_sync: 2 steps. Starts at handle_kafka_message.")


def test_a_diagram_offers_svg_and_its_text(executed: Path) -> None:
    """Front ends without HTML find an SVG, terminals the Mermaid text; Mermaid itself would win and is not offered."""
    shown = outputs(executed)[0]
    assert {"text/html", "image/svg+xml", "text/plain"} == set(shown)
    assert "graph TD\n    handle_kafka_message --> fetch_from_api" == "".join(shown["text/plain"])


def test_a_png_shows_as_a_picture_too(executed: Path) -> None:
    """A binary diagram shows its picture, and a terminal a short note instead of its bytes."""
    shown = outputs(executed)[1]
    assert "<png of flow bom_sync>" == "".join(shown["text/plain"])
    assert "".join(shown["text/html"]).startswith("<img ")


def test_running_again_gives_the_same_bytes(executed: Path, tmp_path: Path) -> None:
    """A notebook that is run twice has no difference for version control."""
    again = tmp_path / "again.ipynb"
    again.write_bytes(executed.read_bytes())
    run("nbconvert", "--to", "notebook", "--execute", "--inplace", "again.ipynb", folder=tmp_path)
    assert outputs(executed) == outputs(again)


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_nbconvert_shows_the_picture(executed: Path, template: str) -> None:
    """Each of nbconvert's HTML templates keeps the image."""
    name = f"{template}.html"
    run("nbconvert", "--to", "html", "--template", template, "--output", name, executed.name, folder=executed.parent)
    assert 2 == (executed.parent / name).read_text().count('src="data:image/svg+xml;base64,')


def test_myst_nb_shows_the_picture_without_a_warning(executed: Path, tmp_path: Path) -> None:
    """A Sphinx site with myst-nb builds under -W and shows the diagram."""
    need("myst_nb", "sphinx")
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text('extensions = ["myst_nb"]\nnb_execution_mode = "off"\n')
    text = json.loads(executed.read_text())
    heading = {"cell_type": "markdown", "id": "head", "source": "# Flows", "metadata": {}}
    (source / "index.ipynb").write_text(json.dumps({**text, "cells": [heading, *text["cells"]]}))
    run("sphinx", "-q", "-W", "-b", "html", str(source), str(tmp_path / "out"), folder=tmp_path)
    shown = (tmp_path / "out" / "index.html").read_text()
    assert 2 == shown.count("data:image/svg+xml;base64,")


def test_marimo_shows_the_picture(tmp_path: Path) -> None:
    """An exported marimo notebook holds the image."""
    need("marimo")
    cells = [f"@app.cell\ndef _():\n{indented(CELLS[0])}\n    return (generate_dag,)"]
    cells.append(f"@app.cell\ndef _(generate_dag):\n    {CELLS[1]}\n    return")
    text = (
        "import marimo\n\napp = marimo.App()\n\n"
        + "\n\n".join(cells)
        + '\n\nif __name__ == "__main__":\n    app.run()\n'
    )
    (tmp_path / "flows.py").write_text(text)
    run("marimo", "-q", "export", "html", "flows.py", "-o", "flows.html", folder=tmp_path)
    assert "data:image/svg+xml;base64," in (tmp_path / "flows.html").read_text()


def indented(text: str) -> str:
    """Indent by one level."""
    return "\n".join(f"    {line}" if line else line for line in text.splitlines())
