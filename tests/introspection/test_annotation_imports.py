"""What is known of the types that a signature speaks of."""

from __future__ import annotations

import importlib
import sys

import pytest

from penstock import get_flow

MODULE = """
{imports}
from penstock import flow


class Own: ...


@flow("checkout").entrypoint
def charge({signature}): ...
"""


@pytest.fixture
def imports(tmp_path, monkeypatch):
    """Return what is said of a step's types, whose module ``till.pay.cards`` has some imports and a signature."""
    monkeypatch.syspath_prepend(tmp_path)

    def found(statements: str, signature: str, file: str = "cards.py") -> tuple[str, ...]:
        folder = tmp_path / "till" / "pay"
        folder.mkdir(parents=True)
        for each in (folder.parent, folder):
            (each / "__init__.py").write_text("", "utf-8")
        (folder / file).write_text(MODULE.format(imports=statements, signature=signature), "utf-8")
        importlib.import_module("till.pay.cards" if file == "cards.py" else "till.pay")
        return get_flow("checkout").step("charge").imports

    yield found
    for name in [name for name in sys.modules if name.partition(".")[0] == "till"]:
        del sys.modules[name]


LATER = "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"


@pytest.mark.parametrize(
    ("statements", "signature", "expected"),
    [
        ("import typing as t", "a: t.Any", ("typing as t",)),
        ("import collections.abc as c\nfrom typing import Any", "a: c.Set[Any]", ("typing.Any", "collections.abc as c")),
        ("from decimal import Decimal as D", "a: 'D | None'", ("decimal.Decimal as D",)),
        ("import decimal, typing", "a: decimal.Decimal", ()),
        ("from typing import *", "a: int", ()),
        (LATER, "annotations: int", ()),
        ("from typing import Any", "a: int, Own: Own", ()),
        (f"{LATER}if TYPE_CHECKING:\n    from . import models as m", "a: m.Card", ("till.pay.models as m",)),
        (f"{LATER}if TYPE_CHECKING:\n    from ..models import Card", "a: list[Card]", ("till.models.Card",)),
        ("try:\n    from decimal import Decimal\nexcept ImportError:\n    from mine import Decimal", "a: Decimal", ("decimal.Decimal",)),
    ],
)  # fmt: skip
def test_imported_names_in_a_signature(imports, statements, signature, expected):
    """A step tells where the imported names in its signature come from, also those for type checkers only."""
    assert expected == imports(statements, signature)


def test_relative_import_in_a_package(imports):
    """In a package's own file one dot means that package."""
    statements = f"{LATER}if TYPE_CHECKING:\n    from .models import Card"
    assert ("till.pay.models.Card",) == imports(statements, "a: Card", "__init__.py")
