"""Names of proposed flows."""

from __future__ import annotations

import pytest

from penstock.discover.naming import name_flow
from penstock.discover.recording import Function


@pytest.mark.parametrize(
    ("module", "qualname", "expected"),
    [
        ("shop.orders", "place_order", "place_order"),
        ("shop.orders", "_place_order", "place_order"),
        ("shop.views", "OrderView.post", "order_view_post"),
        ("shop.views", "OrderView.place", "place"),
        ("shop.management.commands.restock", "Command.handle", "restock"),
        ("shop.cli", "main", "cli_main"),
        ("shop.__main__", "main", "shop_main"),
        ("__main__", "main", "program_main"),
        ("shop.jobs", "Cleanup.__call__", "cleanup_call"),
    ],
)
def test_a_flow_is_named_by_what_happens(module: str, qualname: str, expected: str) -> None:
    """A name that frameworks give, such as `post` or `handle`, gets the class or the module in front."""
    assert expected == name_flow(Function(module, qualname, "", 1))
