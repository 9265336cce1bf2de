"""Proposals as they are shown between two questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.cli.discovery.conversation import show_proposal
from proposals import make_flow, make_function

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_functions_of_one_name_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What could be added is numbered, with the class where the name alone says too little."""
    others = tuple(map(make_function, ("Desk.open", "Shelf.open", "audit")))
    show_proposal(make_flow(others=others), tmp_path)
    assert "Could be added: 1 Desk.open, 2 Shelf.open, 3 audit" == capsys.readouterr().out.splitlines()[-1]


def test_a_long_list_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The likeliest nine are named, and the others counted."""
    others = tuple(make_function(f"function_{number}") for number in range(12))
    show_proposal(make_flow(others=others), tmp_path)
    assert capsys.readouterr().out.endswith("9 function_8, and 3 more\n")
