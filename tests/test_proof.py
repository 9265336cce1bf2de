"""What every front end shows and reports, from a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.findings import baseline
from penstock.config import load
from penstock.proof import prove

if TYPE_CHECKING:
    from pathlib import Path

LONELY = 'from penstock import flow\norders = flow("orders")\n@orders.step\ndef pack(): ...\n'


def test_a_new_baseline_counts_at_once(tmp_path: Path) -> None:
    """A server that shows pages while somebody writes the baseline does not report what is accepted by then."""
    (tmp_path / "shop.py").write_text(LONELY)
    settings = '[tool.penstock]\nmodules = ["shop"]\npath = ["."]\nbaseline = "known.json"\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    baseline.write([], tmp_path / "known.json")
    found = [prove(load(tmp_path)) for _ in range(3)][-1]  # the answer is kept by then
    assert ["no-entrypoint"] == [finding.code for finding in found.errors]
    baseline.write(found.errors, tmp_path / "known.json")
    assert ((), found.errors) == (prove(load(tmp_path)).errors, prove(load(tmp_path)).baselined)
