"""Mistakes on pages that would show as text, or go unnoticed, are reported with their line and cure."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import markdown
import pytest

if TYPE_CHECKING:
    from pathlib import Path

FLOWS = 'from penstock import flow\nflow("orders").entrypoint(lambda: 1, name="a")\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configured application, as the working directory."""
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


INDENT = "is not indented: write four spaces before it"
PAIR = "an option is a name, a colon and a value, not"


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("::: penstock-flow orders\ndirection: LR", f"<markdown>:2: the option 'direction' {INDENT}"),
        ("::: penstock-flow orders\n:direction: LR", f"<markdown>:2: the option 'direction' {INDENT}"),
        ("::: penstock-flow orders\n    steps: false\nproof: false", f"<markdown>:3: the option 'proof' {INDENT}"),
        ("::: penstock-flows\ntag: billing", f"<markdown>:2: the option 'tag' {INDENT}"),
        ("- item\n\n    ::: penstock-flow orders\n    direction: LR", f"<markdown>:4: the option 'direction' {INDENT}"),
        ("::: penstock-flow orders\n    :direction: LR", f"<markdown>:2: {PAIR} ':direction: LR'. Write: direction: LR"),
        ("::: penstock-flow orders\n    direction=LR", f"<markdown>:2: {PAIR} 'direction=LR'. Write: direction: LR"),
        ("::: penstock-flow orders\n    direction LR", f"<markdown>:2: {PAIR} 'direction LR'. Write: direction: LR"),
        ("::: penstock-flow orders\n    no-steps: true", "<markdown>:2: there is no option 'no-steps'. Write: steps: false"),
        ("::: penstock-flow orders\n    directon: LR", "<markdown>:2: there is no option 'directon'. Did you mean 'direction' or 'description'?"),
        ("::: penstock-flow ordres", "<markdown>:1: there is no flow 'ordres'. Did you mean 'orders'? Known flows: orders."),
    ],
)  # fmt: skip
def test_a_mistake_on_a_page_is_reported(
    page: str, message: str, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The message has the line of the mistake and the line to write."""
    markdown.markdown(page, extensions=["penstock"])
    assert [message] == [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_text_below_an_embed_is_text(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A paragraph directly below an embed that begins with a word and a colon is no option."""
    html = markdown.markdown("::: penstock-flow orders\nnote: this is text", extensions=["penstock"])
    assert [] == caplog.records
    assert "note: this is text" in html


@pytest.mark.parametrize(("options", "status"), [(["--strict"], 1), ([], 0)])
def test_quiet_builds_are_still_strict(options: list[str], status: int, project: Path) -> None:
    """`mkdocs build --quiet --strict` fails on an unknown flow and says why; without `--strict` it is quiet."""
    (project / "mkdocs.yml").write_text("site_name: x\nplugins:\n  - penstock\n")
    (project / "docs").mkdir()
    (project / "docs" / "index.md").write_text("# x\n\n::: penstock-flow ordres\n")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    message = "ERROR   -  index.md:3: there is no flow 'ordres'. Did you mean 'orders'?"
    assert (status, bool(status)) == (done.returncode, message in done.stderr)
