"""What the code of small programs does stands in them; the reading of the code must find it."""

from __future__ import annotations

import pytest
from lab.labelled import LABELLED, compare, share


@pytest.mark.parametrize(("kind", "precision", "recall"), [("call", 0.95, 0.9), ("data", 0.85, 0.9)])
def test_the_code_is_read_right(kind: str, precision: float, recall: float) -> None:
    """Most of what is found is true, and most of what is true is found."""
    found = share(compare(file, kind) for file in LABELLED.glob("*.py"))
    assert precision <= found.precision
    assert recall <= found.recall
