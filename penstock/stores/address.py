"""Where spans are stored: addresses as users write them, without the password when they are shown."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

Dialect = Literal["clickhouse", "duckdb"]

PASSWORD = "CLICKHOUSE_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment variable with the password, which an address on a command line would show to other users."""

EXAMPLES = "clickhouse://user@host:8123/database, duckdb:traces.db or traces/*.parquet"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """The address of a store.

    Attributes:
        dialect: Its dialect of SQL.
        path: Of DuckDB: the file of the database, or a pattern for Parquet files.
        is_parquet: Whether the path is of Parquet files.
        host: Of ClickHouse: its host.
        port: The port of its HTTP interface.
        user: The user.
        password: The password.
        database: The database.
        is_secure: Whether it is HTTPS.
    """

    dialect: Dialect
    path: str = ""
    is_parquet: bool = False
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    is_secure: bool = False

    def __str__(self) -> str:
        if self.dialect == "duckdb":
            return self.path if self.is_parquet else f"duckdb:{self.path}"
        scheme, user = "clickhouses" if self.is_secure else "clickhouse", f"{self.user}@" if self.user else ""
        return f"{scheme}://{user}{self.host}:{self.port}/{self.database}"

    @classmethod
    def parse(cls, text: str, where: str) -> StoreAddress:
        """Return the address that a text stands for.

        Args:
            text: As in ``clickhouse://user:password@host:8123/database``, ``duckdb:FILE`` or ``traces/*.parquet``.
            where: The option or argument, for error messages.

        Raises:
            ConfigError: It is none.
        """
        scheme, colon, rest = text.partition(":")
        if colon and scheme == "duckdb":
            return cls("duckdb", path=rest, is_parquet=rest.endswith(".parquet"))
        if scheme in ("clickhouse", "clickhouses") and rest.startswith("//"):
            return _parse_clickhouse(text, where)
        if text.endswith(".parquet"):
            return cls("duckdb", path=text, is_parquet=True)
        if "://" in text:
            raise ConfigError(f"{scheme!r:.40} is no store that penstock reads. Write {EXAMPLES}", where=where)
        raise ConfigError(f"this is no address of a store. Write {EXAMPLES}", where=where)


def _parse_clickhouse(text: str, where: str) -> StoreAddress:
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ConfigError(f"this is no address of ClickHouse. Write {EXAMPLES}", where=where) from None
    if not host:
        raise ConfigError(f"this address of ClickHouse names no host. Write {EXAMPLES}", where=where)
    is_secure = parts.scheme == "clickhouses"
    return StoreAddress(
        "clickhouse",
        host=host,
        port=port or (8443 if is_secure else 8123),
        user=unquote(parts.username or ""),
        password=_find_password(parts, where),
        database=unquote(parts.path.strip("/")) or "default",
        is_secure=is_secure,
    )


def _find_password(parts: SplitResult, where: str) -> str:
    if parts.query and parse_qs(parts.query):
        raise ConfigError("an address of ClickHouse has no parameters; for HTTPS write clickhouses://", where=where)
    return os.environ.get(PASSWORD, "") if parts.password is None else unquote(parts.password)
