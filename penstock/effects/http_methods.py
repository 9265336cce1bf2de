"""HTTP requests as touches: the method says whether something is read or written."""

from __future__ import annotations

from penstock.effects.names import name_address
from penstock.effects.rows import Touch

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that only read (RFC 9110, section 9.2.1)."""


def read_request(method: object, url: object) -> tuple[Touch, ...]:
    """Return what a request touches; nothing for an address that is no URL of HTTP."""
    address = str(url)
    if not address.startswith(("http://", "https://")):
        return ()
    name = method.decode("ascii") if isinstance(method, bytes) else str(method)
    return (Touch("reads" if name.upper() in _SAFE else "writes", name_address(address)),)
