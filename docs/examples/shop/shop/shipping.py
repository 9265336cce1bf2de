"""The flow ``shipping``: confirmed orders leave the warehouse."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from penstock import flow
from shop.model import Order, Parcel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shop.store import Store
    from shop.topics import Message

log = logging.getLogger(__name__)

PIECES_PER_PARCEL = 3

shipping = flow(
    "shipping",
    title="Shipping",
    description="What the warehouse does with a confirmed order.",
    tags=["parcels"],
)


@shipping.entrypoint(trigger="kafka:shipments")
def handle_shipment(message: Message, store: Store) -> None:
    """Learn which order is to leave the warehouse.

    Parameters
    ----------
    message : Message
        Its value is the order as JSON.
    store : Store
        Where parcels are remembered.
    """
    order = Order.from_json(message.value)
    parcels = list(pack_parcels(order))
    hand_over(parcels, store)


@shipping.step(after=handle_shipment)
def pack_parcels(order: Order) -> Iterator[Parcel]:
    """Pack the pieces, at most three to a parcel.

    Parameters
    ----------
    order : Order
        A confirmed order.

    Yields
    ------
    Parcel
        One box after the other, until all pieces are packed.
    """
    for packed in range(0, order.quantity, PIECES_PER_PARCEL):
        parcel = Parcel(order.number, min(PIECES_PER_PARCEL, order.quantity - packed))
        log.info("order %s packed a parcel of %d", order.number, parcel.pieces)
        yield parcel


@shipping.step(after=pack_parcels, effects=["sqlite:parcels"])
def hand_over(parcels: Sequence[Parcel], store: Store) -> None:
    """Give the parcels to the carrier.

    Parameters
    ----------
    parcels : sequence of Parcel
        All parcels of one order.
    store : Store
        Where parcels are remembered.
    """
    store.add_parcels(parcels)
    log.info("order %s shipped, parcels: %d", parcels[0].order, len(parcels))
