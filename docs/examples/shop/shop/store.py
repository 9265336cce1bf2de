"""What the shop remembers: stock, payments and parcels."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from shop.model import Order, Parcel

SCHEMA = """
CREATE TABLE stock (item TEXT PRIMARY KEY, pieces INTEGER CHECK (pieces >= 0), cents INTEGER);
CREATE TABLE payments (order_number TEXT PRIMARY KEY, cents INTEGER);
CREATE TABLE parcels (order_number TEXT, pieces INTEGER);
INSERT INTO stock VALUES ('lamp', 10, 2450), ('chair', 6, 8900);
"""


class Store:
    """One SQLite file; every method opens its own connection, so threads may share a store.

    Parameters
    ----------
    path : Path
        The database file, which must not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connect() as connection:
            connection.executescript(SCHEMA)

    def _connect(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self._path))

    def stock(self, item: str) -> tuple[int, int]:
        """Return how many pieces there are and what one costs in cents; no pieces of what the shop does not sell."""
        with self._connect() as connection:
            row = connection.execute("SELECT pieces, cents FROM stock WHERE item = ?", (item,)).fetchone()
        return row or (0, 0)

    def reserve(self, order: Order) -> None:
        """Take the ordered pieces out of the stock.

        Raises
        ------
        sqlite3.IntegrityError
            Another customer took them first.
        """
        with self._connect() as connection, connection:
            connection.execute("UPDATE stock SET pieces = pieces - ? WHERE item = ?", (order.quantity, order.item))

    def add_payment(self, order: Order, cents: int) -> None:
        """Remember what was paid for an order."""
        with self._connect() as connection, connection:
            connection.execute("INSERT INTO payments VALUES (?, ?)", (order.number, cents))

    def add_parcels(self, parcels: Iterable[Parcel]) -> None:
        """Remember what left the warehouse."""
        with self._connect() as connection, connection:
            connection.executemany("INSERT INTO parcels VALUES (?, ?)", [(box.order, box.pieces) for box in parcels])
