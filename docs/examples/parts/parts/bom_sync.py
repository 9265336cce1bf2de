"""The flow ``bom_sync``: a supplier changes a bill of material, and our parts follow."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from parts.supplier import UnknownBomError
from penstock import entrypoint, flow, step

if TYPE_CHECKING:
    from parts.messages import Message
    from parts.store import Store
    from parts.supplier import Bom, Supplier

log = logging.getLogger(__name__)

bom_sync = flow(
    "bom_sync",
    title="BOM sync",
    description="Keeps the local parts in step with the supplier's bills of material.",
)


@bom_sync
@entrypoint(trigger="kafka:bom-updates")
def handle_kafka_message(message: Message, supplier: Supplier, store: Store) -> None:
    """Learn which bill of material changed.

    The message carries only a number. One that the supplier no longer knows is logged and skipped, so that it
    does not hold up the messages behind it.

    Args:
        message: Its payload has the number under ``bom_id``.
        supplier: Where to ask for the bill of material.
        store: Where its parts go.
    """
    bom_id = message.payload["bom_id"]
    log.info("BOM %s changed", bom_id)
    try:
        bom = fetch_from_api(bom_id, supplier)
    except UnknownBomError as error:
        log.warning("BOM %s skipped: %s", bom_id, error)
    else:
        sync_to_database(bom, store)


@bom_sync
@step(after="handle_kafka_message")
def fetch_from_api(bom_id: str, supplier: Supplier) -> Bom:
    """Ask the supplier for the whole bill of material.

    Args:
        bom_id: The supplier's number for it.
        supplier: The supplier's API.

    Returns:
        The bill of material as it is now.

    Raises:
        UnknownBomError: The supplier has none of that number.
    """
    bom = supplier.get_bom(bom_id)
    log.info("BOM %s fetched", bom_id)
    return bom


@bom_sync
@step(after="fetch_from_api", effects=["sqlite:parts"])
def sync_to_database(bom: Bom, store: Store) -> int:
    """Replace the stored parts by the fetched ones.

    Args:
        bom: The bill of material to store.
        store: The application's database.

    Returns:
        How many parts are stored for it now.
    """
    store.replace_parts(bom)
    log.info("BOM %s stored: %d parts", bom.id, len(bom.parts))
    return len(bom.parts)
