"""Google's docstrings, branches, a coroutine, effects."""

from __future__ import annotations

from penstock import entrypoint, flow, step

orders = flow("orders", title="Orders", description="From an order to its parcel.")


class Order:
    """What a customer wants."""


@orders
@entrypoint(trigger="kafka:orders")
def receive(message: bytes) -> Order:
    """Receive an order.

    Args:
        message: The order as JSON.

    Returns:
        The order, not yet checked.

    Raises:
        ValueError: The message is *no* order.
    """
    raise NotImplementedError


@orders
@entrypoint(trigger="POST /orders")
def accept(order: Order, *, strict: bool = True) -> None:
    """Accept an order over REST."""


@orders
@step(after=["receive", "accept"])
async def check(order: Order) -> list[str]:
    """Check quibbledom and limits."""
    return []


@orders
@step(after={"check": "if valid"}, effects=["postgres:payments", "smtp:mail"])
def charge(order: Order) -> int:
    """Charge the customer."""
    return 0


@orders
@step(after={"check": "else"})
def refuse(order, reasons=("no \\ stock", 'a "quote"')):
    """Tell the customer why not; see `the list <https://example.org/reasons>`_."""
