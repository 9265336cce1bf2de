"""The notebook among the how-to pages: run again, it shows what it shows."""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

NOTEBOOK = Path(__file__).parents[2] / "docs" / "how-to" / "flows-in-a-notebook.ipynb"

EXECUTE = ("--to", "notebook", "--execute", "--inplace", "--ExecutePreprocessor.record_timing=False")


def cells(notebook: Path) -> dict[str, dict[str, Any]]:
    """Return the code cells by their IDs, each with what it showed."""
    content = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: cell for cell in content if cell["cell_type"] == "code"}


@pytest.fixture(scope="module")
def again(need: Callable[..., None], run: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook, run once more in a folder of its own."""
    need("ipykernel", "nbconvert")
    folder = tmp_path_factory.mktemp("howto")
    copied = Path(shutil.copy(NOTEBOOK, folder))
    run("nbconvert", *EXECUTE, copied.name, folder=folder)
    return copied


@pytest.mark.parametrize("cell", cells(NOTEBOOK))
def test_a_cell_shows_what_the_page_shows(again: Path, cell: str) -> None:
    """Each cell gives the same bytes; if it should not, run `jupyter nbconvert` with the options above on the page."""
    stored, shown = cells(NOTEBOOK)[cell], cells(again)[cell]
    assert words_of_pdfs(stored) == words_of_pdfs(shown)
    assert stored == shown


def words_of_pdfs(cell: dict[str, Any]) -> list[str]:
    """Take the PDFs out of a cell, whose compression differs between Pythons, and return their text."""
    from pypdf import PdfReader

    found = [output.get("data", {}).pop("application/pdf", "") for output in cell["outputs"]]
    return [PdfReader(io.BytesIO(base64.b64decode(text))).pages[0].extract_text() for text in found if text]


def test_the_page_holds_no_trace_of_its_machine() -> None:
    """The stored notebook names no times, no identity of a display, no version of Python, and no folder."""
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert [] == [word for word in ("display_id", "iopub", '"version"', "ipykernel_", "/tmp", "/home") if word in text]


def test_the_first_picture_has_the_step_of_a_later_cell() -> None:
    """The page shows what it says: the picture of an early cell follows a later one."""
    (shown,) = cells(NOTEBOOK)["picture"]["outputs"]
    assert "charge --> ship" in "".join(shown["data"]["text/plain"])
