"""The example that declares nothing, and a recording of its tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from penstock.discover.recording import Child, Function, Recording, Root, Shape
from penstock.discover.recording_file import find_recording_file, save

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "bakery"

_FUNCTIONS = (
    ("ledger", "open_books"),
    ("stock", "bake"),
    ("orders", "place_order"),
    ("orders", "read_order"),
    ("prices", "check_name"),
    ("stock", "reserve"),
    ("stock", "count"),
    ("prices", "price_order"),
    ("ledger", "record_sale"),
    ("orders", "print_label"),
    ("prices", "apply_discount"),
)
OPEN, BAKE, ORDER, READ, CHECK, RESERVE, COUNT, PRICE, SALE, LABEL, DISCOUNT = range(len(_FUNCTIONS))


def copy_bakery(folder: Path) -> Path:
    """Copy the example into a folder, with a recording of its tests, and return the folder."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"), dirs_exist_ok=True)
    save(record_bakery(folder), find_recording_file(folder))
    return folder


def record_bakery(folder: Path) -> Recording:
    """Return what the tests of the example run: three sales, one of them to a member, and an empty shelf."""
    functions = tuple(_make_function(folder, module, name) for module, name in _FUNCTIONS)
    leaves = (
        Shape(OPEN),
        Shape(BAKE, writes=("sqlite:shelf",)),
        Shape(CHECK),
        Shape(READ, children=(Child(2),)),
        Shape(COUNT, reads=("sqlite:shelf",)),
        Shape(RESERVE, writes=("sqlite:shelf",), children=(Child(4),)),
        Shape(PRICE),
        Shape(SALE, writes=("sqlite:sales",)),
        Shape(LABEL, writes=("files:labels",)),
        Shape(DISCOUNT),
        Shape(RESERVE, children=(Child(4),), failed=True),
    )
    orders = (
        Shape(ORDER, children=tuple(map(Child, (3, 5, 6, 7, 8)))),
        Shape(ORDER, children=tuple(map(Child, (3, 5, 6, 9, 7, 8)))),
        Shape(ORDER, children=tuple(map(Child, (3, 10))), failed=True),
    )
    roots = {Root(0): 4, Root(1): 4, Root(11): 2, Root(12): 1, Root(13): 1}
    return Recording(functions, leaves + orders, roots, ("pytest", "-q"))


def _make_function(folder: Path, module: str, name: str) -> Function:
    file = f"bakery/{module}.py"
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith(f"def {name}("))
    return Function(f"bakery.{module}", name, file, line)
