"""What the tests of behaviours call."""

from __future__ import annotations

from penstock import (
    current_flow_id,
    flow,
)

orders = flow("orders")


@orders.entrypoint(name="items")
def items():
    """Yield three IDs."""
    try:
        for _ in range(3):
            yield current_flow_id()
    finally:
        set_at_end.append(current_flow_id())


set_at_end: list[str | None] = []
