"""The flow ``order_processing``: from an order's arrival to its confirmation."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from penstock import current_flow_id, entrypoint, flow, step
from shop.model import Order
from shop.web import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shop.outbox import Outbox
    from shop.store import Store
    from shop.topics import Message, Topic
    from shop.web import Request

log = logging.getLogger(__name__)

LIMIT = 8
PROVIDER_SECONDS = 0.02

order_processing = flow(
    "order_processing",
    title="Order processing",
    description="What happens from an order's arrival, over REST or Kafka, to its confirmation.",
)


@order_processing
class OrderDesk:
    """Takes orders and sees them through.

    Parameters
    ----------
    store : Store
        Where stock and payments are kept.
    outbox : Outbox
        Where mail to customers goes.
    shipments : Topic
        Where the warehouse learns what to ship.
    """

    def __init__(self, store: Store, outbox: Outbox, shipments: Topic) -> None:
        self._store = store
        self._outbox = outbox
        self._shipments = shipments

    @entrypoint(trigger="kafka:orders")
    def handle_kafka_message(self, message: Message) -> None:
        """Receive an order from the shop's topic.

        Parameters
        ----------
        message : Message
            Its value is the order as JSON. Anything else is logged and dropped.
        """
        try:
            order = Order.from_json(message.value)
        except ValueError as error:
            log.warning("message dropped: %s", error)
            return
        log.info("order %s received from topic %s", order.number, message.topic)
        self._process(order)

    @entrypoint(trigger="POST /orders")
    def handle_api_request(self, request: Request) -> Response:
        """Accept an order over REST.

        Parameters
        ----------
        request : Request
            Its body is the order as JSON.

        Returns
        -------
        Response
            202 for an order that goes through, 422 with the reasons for one that does not, 400 for what is no
            order; each with the flow ID, so that a customer can quote it.
        """
        try:
            order = Order.from_json(request.body)
        except ValueError as error:
            return Response(HTTPStatus.BAD_REQUEST, {"error": str(error), "flow_id": current_flow_id()})
        log.info("order %s received at %s", order.number, request.path)
        reasons = self._process(order)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if reasons else HTTPStatus.ACCEPTED
        return Response(status, {"order": order.number, "reasons": reasons, "flow_id": current_flow_id()})

    def _process(self, order: Order) -> list[str]:
        reasons = self.validate_order(order)
        if reasons:
            self.reject_order(order, reasons)
        else:
            asyncio.run(self._pay_and_reserve(order))
            self.send_confirmation(order)
        return reasons

    async def _pay_and_reserve(self, order: Order) -> None:
        await asyncio.gather(self.charge_payment(order), asyncio.to_thread(self.reserve_inventory, order))

    @step(after=["handle_kafka_message", "handle_api_request"])
    def validate_order(self, order: Order) -> list[str]:
        """Check stock and limits.

        Parameters
        ----------
        order : Order
            The order as it came in.

        Returns
        -------
        list of str
            Why the order cannot be fulfilled; empty if it can.
        """
        pieces, _ = self._store.stock(order.item)
        reasons = []
        if not 1 <= order.quantity <= LIMIT:
            reasons.append(f"between 1 and {LIMIT} pieces can be ordered, not {order.quantity}")
        if order.quantity > pieces:
            reasons.append(f"there are {pieces} pieces of {order.item}")
        log.info("order %s checked: %s", order.number, "; ".join(reasons) or "valid")
        return reasons

    @step(after={"validate_order": "if valid"}, effects=["sqlite:payments"])
    async def charge_payment(self, order: Order) -> int:
        """Charge the customer through the payment provider.

        Parameters
        ----------
        order : Order
            A valid order.

        Returns
        -------
        int
            The amount in cents.
        """
        _, cents = self._store.stock(order.item)
        await asyncio.sleep(PROVIDER_SECONDS)  # the provider's answer takes a moment
        self._store.add_payment(order, order.quantity * cents)
        log.info("order %s paid: %d cents", order.number, order.quantity * cents)
        return order.quantity * cents

    @step(after={"validate_order": "if valid"}, effects=["sqlite:stock"])
    def reserve_inventory(self, order: Order) -> None:
        """Hold the pieces in the warehouse; runs in a thread while the payment waits.

        Parameters
        ----------
        order : Order
            A valid order.
        """
        self._store.reserve(order)
        log.info("order %s reserved: %d of %s", order.number, order.quantity, order.item)

    @step(after={"validate_order": "else"}, effects=["maildir:outbox"])
    def reject_order(self, order: Order, reasons: Sequence[str]) -> None:
        """Tell the customer why not.

        Parameters
        ----------
        order : Order
            The order that cannot be fulfilled.
        reasons : sequence of str
            Why it cannot.
        """
        self._outbox.send(order.email, f"Your order {order.number} is not possible", "\n".join(reasons))
        log.warning("order %s rejected", order.number)

    @step(after=["charge_payment", "reserve_inventory"], effects=["maildir:outbox", "kafka:shipments"])
    def send_confirmation(self, order: Order) -> None:
        """Send the mail and have the order shipped.

        Parameters
        ----------
        order : Order
            A paid and reserved order.
        """
        self._outbox.send(order.email, f"Your order {order.number}", f"We ship {order.quantity} of {order.item}.")
        log.info("order %s confirmed", order.number)
        self._shipments.publish(order.to_json())
