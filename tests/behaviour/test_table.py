"""The table of behaviours in the documentation is that of the tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent


def test_each_row_is_a_test():
    """Each row of the page is what a test here says, and each test has its row."""
    page = (HERE.parents[1] / "docs" / "reference" / "behaviour.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| `(test_\w+)` \|$", page, re.MULTILINE)
    said = [
        (ast.get_docstring(node), node.name)
        for file in ("test_calls.py", "test_observers.py", "test_concurrency.py")
        for node in ast.parse((HERE / file).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]

    assert said == rows
