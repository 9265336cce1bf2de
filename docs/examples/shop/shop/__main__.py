"""Open the shop, send it three orders, close it again: ``python -m shop``."""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from penstock.contrib.logging import FlowFilter
from shop.model import Order
from shop.orders import OrderDesk
from shop.outbox import Outbox
from shop.shipping import handle_shipment
from shop.store import Store
from shop.topics import Topic
from shop.web import HOST, serve

log = logging.getLogger("shop")


def post(port: int, order: Order) -> None:
    """Send an order as a customer would."""
    with closing(HTTPConnection(HOST, port, timeout=10)) as connection:
        connection.request("POST", "/orders", order.to_json())
        answer = connection.getresponse()
        log.info("POST /orders answered %d: %s", answer.status, answer.read().decode())


def run(folder: Path) -> None:
    """Open the shop in ``folder`` and let it work on three orders."""
    store, orders, shipments = Store(folder / "shop.db"), Topic("orders"), Topic("shipments")
    desk = OrderDesk(store, Outbox(folder / "outbox"), shipments)
    with (
        shipments.consumed_by(partial(handle_shipment, store=store)),
        orders.consumed_by(desk.handle_kafka_message),
        serve(desk.handle_api_request) as port,
    ):
        post(port, Order("A-1", "ada@example.org", "lamp", 2))
        orders.publish(Order("A-2", "grace@example.org", "chair", 4).to_json())
        post(port, Order("A-3", "eve@example.org", "lamp", 99))


def main() -> None:
    """Log to standard output, every line with its flow ID, and run the shop in a temporary folder."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(FlowFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(flow_id)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    with TemporaryDirectory() as folder:
        run(Path(folder))


if __name__ == "__main__":
    main()
