"""The books."""

import sqlite3

TABLES = """
CREATE TABLE IF NOT EXISTS shelf (bread TEXT PRIMARY KEY, count INTEGER);
CREATE TABLE IF NOT EXISTS sales (number INTEGER PRIMARY KEY, bread TEXT, count INTEGER, cents INTEGER);
"""


def open_books(file: str) -> sqlite3.Connection:
    """Open the books, and rule their first pages."""
    database = sqlite3.connect(file)
    database.executescript(TABLES)
    return database


def record_sale(database: sqlite3.Connection, bread: str, count: int, cents: int) -> int:
    """Write a sale into the books, and return its number."""
    sql = "INSERT INTO sales (bread, count, cents) VALUES (?, ?, ?)"
    return database.execute(sql, [bread, count, cents]).lastrowid or 0
