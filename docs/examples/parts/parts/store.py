"""The application's database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from parts.supplier import Bom

SCHEMA = """
CREATE TABLE IF NOT EXISTS parts (bom TEXT, number TEXT, quantity INTEGER, PRIMARY KEY (bom, number));
CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT OR IGNORE INTO users VALUES (1, 'ada@example.org'), (2, 'grace@example.org');
"""


class UnknownUserError(Exception):
    """There is no user of that number."""

    def __init__(self, user_id: int) -> None:
        super().__init__(f"there is no user {user_id}")


class Store:
    """Parts and users in one SQLite file; every method opens its own connection, so threads may share a store.

    Args:
        path: The database file; made if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connect() as connection:
            connection.executescript(SCHEMA)

    def _connect(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self._path))

    def replace_parts(self, bom: Bom) -> None:
        """Make the stored parts of ``bom`` those that it lists now, all or none."""
        rows = [(bom.id, part.number, part.quantity) for part in bom.parts]
        with self._connect() as connection, connection:
            connection.execute("DELETE FROM parts WHERE bom = ?", (bom.id,))
            connection.executemany("INSERT INTO parts VALUES (?, ?, ?)", rows)

    def count_parts(self) -> int:
        """Return how many lines all stored bills of material have."""
        with self._connect() as connection:
            count: int = connection.execute("SELECT count(*) FROM parts").fetchone()[0]
        return count

    def set_email(self, user_id: int, email: str) -> None:
        """Change a user's address.

        Raises:
            UnknownUserError: There is no such user.
        """
        with self._connect() as connection, connection:
            changed = connection.execute("UPDATE users SET email = ? WHERE id = ?", (email, user_id)).rowcount
        if not changed:
            raise UnknownUserError(user_id)
