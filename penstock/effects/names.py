"""Names of what lies outside: identifiers inside addresses and keys become ``*``."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_WORD = re.compile(r"(?:[A-Za-z_](?:[A-Za-z_-]*[A-Za-z_])?[0-9]{0,2}|v[0-9]+(?:\.[0-9]+)?|\*)(?:\.[A-Za-z]{1,5})?")
"""A part that programmers write: ``orders``, ``s3``, ``v1``, ``report.csv``; not ``A-17`` or ``8f3c…``."""

MAX_PART = 32
MAX_PARTS = 8
_HEX = re.compile(r"[0-9a-f]{8,}", re.IGNORECASE)
_KEY_SEPARATORS = re.compile(r"([:/|])")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts of servers that tests start on any port that is free."""


def mask_part(part: str) -> str:
    """Return a part of a path or a key, or ``*`` where it looks like an identifier."""
    is_word = len(part) <= MAX_PART and _WORD.fullmatch(part) and not _HEX.fullmatch(part)
    return part if is_word else "*"


def mask_path(path: str) -> str:
    """Return the path of an address with ``*`` for its identifiers."""
    parts = [part for part in path.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].split("/") if part]
    masked = [mask_part(part) for part in parts[:MAX_PARTS]]
    return "/" + "/".join(masked + ["*"] * (len(parts) > MAX_PARTS))


def mask_key(key: object) -> str:
    """Return a key of a store with ``*`` for its identifiers, as in ``cart:*``."""
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
    parts = _KEY_SEPARATORS.split(text[: MAX_PARTS * MAX_PART], maxsplit=MAX_PARTS)
    return "".join(part if index % 2 else mask_part(part) for index, part in enumerate(parts) if part)


def name_address(url: str) -> str:
    """Return the scheme, host and masked path of a URL: no user, query or fragment.

    Raises:
        ValueError: It is no URL.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_usual = parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} or host in _LOOPBACK
    port = "" if is_usual else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{mask_path(parts.path)}"
