"""HTTPX: what a client sends."""

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


FUNCTIONS = (
    LibraryFunction("httpx._client", "Client._send_single_request", _read),
    LibraryFunction("httpx._client", "AsyncClient._send_single_request", _read),
)
