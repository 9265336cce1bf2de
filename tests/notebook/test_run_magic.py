"""``%flow --run ID``: one run in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock._notebook.run_view import view_run
from penstock.errors import ConfigError, UnknownFlowError
from penstock.testing import empty_registry
from traced import RUN, SPANS, log_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a log and spans, and a flow that a cell has declared."""
    (tmp_path / "log.jsonl").write_text(f"{log_line('paid', 30, step='pay')}\n")
    (tmp_path / "spans.jsonl").write_text("\n".join(SPANS[:4]))
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\ntrace_files = ["log.jsonl"]\n')
    monkeypatch.chdir(tmp_path)
    from penstock import flow

    with empty_registry():
        orders = flow("orders")
        orders.entrypoint(name="receive")(lambda: None)
        orders.step(name="pay", after="receive")(lambda: None)
        yield tmp_path


def test_a_run_is_a_timeline_and_a_page(folder: Path) -> None:
    """A run is shown as a page in a frame of its own, in which nothing runs, and as a timeline where there is no HTML."""
    view = view_run(RUN, ["log.jsonl", "spans.jsonl"], None, "graphviz-pure")
    assert "\n  ○ pay" in repr(view)
    page = view._repr_html_()
    assert page.startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert " sandbox " in page
    assert "<script" not in page


def test_files_of_the_settings(folder: Path) -> None:
    """Without files, those of the settings are searched."""
    assert "\n· pay" not in repr(view_run(RUN, ["spans.jsonl"], None, "graphviz-pure"))
    assert "log only" in repr(view_run(RUN, [], "orders", "graphviz-pure"))


def test_no_files(folder: Path) -> None:
    """Where nothing names files, the message says how to."""
    (folder / "pyproject.toml").write_text("[tool.penstock]\n")
    with pytest.raises(ConfigError, match=r"%flow --run x --from FILE, or .*trace_files"):
        view_run("x", [], None, "graphviz-pure")


def test_an_unknown_flow(folder: Path) -> None:
    """A flow that no cell declares is an error with near names."""
    with pytest.raises(UnknownFlowError, match="orders"):
        view_run(RUN, [], "order", "graphviz-pure")
