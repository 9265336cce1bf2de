"""Requests to addresses that the code says as texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.effects.http_methods import read_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.callgraph.touches.plain_call import PlainCall, Text
    from penstock.effects.rows import Touch

_METHODS = frozenset({"get", "head", "options", "post", "put", "patch", "delete"})
_MODULES = ("requests.api.", "httpx.")
_CLIENTS = frozenset({"requests.sessions.Session", "httpx.Client", "httpx.AsyncClient", "aiohttp.client.ClientSession"})
_SPOKEN = re.compile(r"client|session|http|requests")
"""What clients are called where their class is not known; ``get`` and ``delete`` are methods of caches, too."""
_HOST = re.compile(r"https?://[\w.-]+(?::\d+)?(?=/|\Z)")


def find_touches(call: PlainCall) -> Iterator[Touch]:
    """Yield the address of a request."""
    if call.function.startswith(_MODULES) or (not call.function and _is_client(call)):
        if call.name in _METHODS:
            yield from _read_address(call.name, call.text(0, "url"))
        elif call.name in {"request", "stream"}:
            method = call.text(0, "method")
            if method is not None and method.is_whole:
                yield from _read_address(method.start, call.text(1, "url"))
    elif call.function == "urllib.request.urlopen" and len(call.arguments.positional) == 1:
        yield from _read_address("GET" if "data" not in call.arguments.named else "POST", call.text(0, "url"))


def _is_client(call: PlainCall) -> bool:
    return bool(call.classes & _CLIENTS) or (call.receiver is None and _SPOKEN.search(call.spoken) is not None)


def _read_address(method: str, text: Text | None) -> tuple[Touch, ...]:
    """Return the address; of one with an unknown end, the host and the parts in front must be known."""
    if text is None or not (match := _HOST.match(text.start)):
        return ()
    if text.is_whole:
        return read_request(method, text.start)
    if match.end() == len(text.start):  # the host may go on
        return ()
    return read_request(method, f"{text.start.partition('?')[0].rpartition('/')[0]}/*")
