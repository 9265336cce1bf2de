"""What a diagram offers to a notebook, and what a notebook keeps of it."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Outputs = Callable[[Path], list[dict[str, Any]]]

ORDERS = {
    "VS Code": [  # microsoft/vscode, NOTEBOOK_DISPLAY_ORDER; what has no renderer, such as a PDF, comes last
        "application/json",
        "application/javascript",
        "text/html",
        "image/svg+xml",
        "text/latex",
        "text/markdown",
        "image/png",
        "image/jpeg",
        "text/plain",
    ],
    "VS Code's Jupyter": [  # microsoft/vscode-jupyter, orderOfMimeTypes
        "text/html",
        "application/javascript",
        "image/gif",
        "text/latex",
        "text/markdown",
        "image/png",
        "image/svg+xml",
        "text/plain",
    ],
    "Qt Console": ["image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain"],
}
"""Which media type a front end that we cannot start here takes first, as its sources say."""


def test_a_diagram_shows_without_trust(executed: Path, outputs: Outputs) -> None:
    """The HTML is an image with its picture inside and a description, which no front end needs to trust."""
    shown = "".join(outputs(executed)[0]["text/html"])
    match = re.fullmatch(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)" style="max-width:100%">', shown)
    assert match is not None
    assert "fetch_from_api" in base64.b64decode(match[1]).decode()
    assert match[2].startswith("Flow bom_sync: 2 steps. Starts at handle_kafka_message.")


def test_a_diagram_offers_pictures_and_its_text(executed: Path, outputs: Outputs) -> None:
    """Front ends without HTML find an SVG, LaTeX a PDF, terminals the text; Mermaid would win and is not offered."""
    shown = outputs(executed)[0]
    assert {"text/html", "image/svg+xml", "application/pdf", "text/plain"} == set(shown)
    assert b"%PDF" == base64.b64decode("".join(shown["application/pdf"]))[:4]
    assert "graph TD\n    handle_kafka_message --> fetch_from_api" == "".join(shown["text/plain"])


@pytest.mark.parametrize(
    ("front_end", "taken"),
    [("VS Code", "text/html"), ("VS Code's Jupyter", "text/html"), ("Qt Console", "image/svg+xml")],
)
def test_front_ends_take_the_picture(executed: Path, outputs: Outputs, front_end: str, taken: str) -> None:
    """By the order of each front end, the picture comes before the text."""
    shown = outputs(executed)[0]
    assert taken == next(kind for kind in ORDERS[front_end] if kind in shown)


def test_a_png_shows_as_a_picture_too(executed: Path, outputs: Outputs) -> None:
    """A binary diagram shows its picture, and a terminal a short note instead of its bytes."""
    shown = outputs(executed)[1]
    assert "<png of flow bom_sync>" == "".join(shown["text/plain"])
    assert "".join(shown["text/html"]).startswith("<img ")


def test_running_again_gives_the_same_bytes(
    executed: Path, outputs: Outputs, run: Callable[..., str], tmp_path: Path
) -> None:
    """A notebook that is run twice has no difference for version control."""
    again = tmp_path / "again.ipynb"
    again.write_bytes(executed.read_bytes())
    run("nbconvert", "--to", "notebook", "--execute", "--inplace", "again.ipynb", folder=tmp_path)
    assert outputs(executed) == outputs(again)
