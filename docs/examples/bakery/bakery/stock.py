"""The shelf."""

import sqlite3


def count(database: sqlite3.Connection, bread: str) -> int:
    """Count what is left of a bread."""
    row = database.execute("SELECT count FROM shelf WHERE bread = ?", [bread]).fetchone()
    return row[0] if row else 0


def reserve(database: sqlite3.Connection, bread: str, wanted: int) -> None:
    """Take bread off the shelf."""
    if count(database, bread) < wanted:
        raise LookupError(f"not enough {bread}")
    database.execute("UPDATE shelf SET count = count - ? WHERE bread = ?", [wanted, bread])


def bake(database: sqlite3.Connection, bread: str, number: int) -> None:
    """Put fresh bread on the shelf."""
    database.execute(
        "INSERT INTO shelf VALUES (?, ?) ON CONFLICT (bread) DO UPDATE SET count = count + excluded.count",
        [bread, number],
    )
