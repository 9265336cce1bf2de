"""HTTPX, and HTTPX 2: what a client sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.http_methods import read_request
from penstock.effects.rows import LibraryFunction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.effects.rows import Touch


def _read(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    request = arguments["request"]
    return read_request(request.method, request.url)


FUNCTIONS = tuple(
    LibraryFunction(f"{package}._client", f"{client}._send_single_request", _read)
    for package in ("httpx", "httpx2")
    for client in ("Client", "AsyncClient")
)
