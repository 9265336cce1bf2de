"""The hash of a step's source, which tells evidence of today's code from that of yesterday's."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from penstock import get_flow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROGRAM = '''
from penstock import flow

orders = flow("orders")


@orders.entrypoint(trigger="POST /orders")
def place(order):
    """Take an order.

    It is the first step.
    """
    return order
'''


@pytest.fixture
def hashed(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that imports a program and returns the hash of its step."""

    def load(program: str) -> str:
        file = tmp_path / f"program_{abs(hash(program))}.py"
        file.write_text(program, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("program", file)
        assert spec
        assert spec.loader
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        return get_flow("orders").step("place").source_hash

    return load


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("It is the first step.", "It is the first step of all,\n    and the last one."),
        ('    """Take an order.\n\n    It is the first step.\n    """\n', ""),
        ('trigger="POST /orders"', 'trigger="PUT /orders"'),
        ("\n\n\n@orders", "\n\n\nNUMBER = 1\n\n\n@orders"),
        ("    return order", "    return order  "),
    ],
    ids=["docstring", "no docstring", "decorator", "lines above", "blanks"],
)
def test_what_changes_no_behaviour_changes_no_hash(hashed: Callable[[str], str], old: str, new: str) -> None:
    """Docstrings, decorators and what stands around a step leave its hash as it is."""
    assert old in PROGRAM
    assert hashed(PROGRAM) == hashed(PROGRAM.replace(old, new))


@pytest.mark.parametrize(
    "new",
    ["    return [order]", "    if order:\n        return order", "    # or so\n    return order"],
)
def test_a_change_of_the_code_changes_the_hash(hashed: Callable[[str], str], new: str) -> None:
    """Whatever else is different in a step's lines makes another hash."""
    assert hashed(PROGRAM) != hashed(PROGRAM.replace("    return order", new))
