"""Orders, from the counter to the label on the bag."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bakery import ledger, prices, stock

if TYPE_CHECKING:
    import sqlite3

LABELS = Path("labels")


def place_order(database: sqlite3.Connection, text: str, *, is_member: bool = False) -> int:
    """Take an order, and return its number."""
    count, bread = read_order(text)
    stock.reserve(database, bread, count)
    total = prices.price_order(bread, count)
    if is_member:
        total = prices.apply_discount(total)
    number = ledger.record_sale(database, bread, count, total)
    print_label(number, bread, count)
    return number


def read_order(text: str) -> tuple[int, str]:
    """Read the count and the bread from what the customer says."""
    count, bread = text.split()
    return int(count), prices.check_name(bread)


def print_label(number: int, bread: str, count: int) -> Path:
    """Print the label for the bag."""
    LABELS.mkdir(exist_ok=True)
    file = LABELS / f"{number}.txt"
    file.write_text(f"{number}: {count} {bread}\n")
    return file
