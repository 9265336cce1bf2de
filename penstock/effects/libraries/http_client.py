"""http.client of the standard library: also under urllib, urllib3, and the clients made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.http_methods import read_request
from penstock.effects.rows import LibraryFunction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.effects.rows import Touch

_TLS_PORT = 443


def _read(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    connection, url = arguments["self"], str(arguments["url"])
    if url.startswith("/"):  # else a proxy is asked for a whole address
        host = f"[{connection.host}]" if ":" in connection.host else connection.host
        scheme = "https" if connection.default_port == _TLS_PORT else "http"
        url = f"{scheme}://{host}:{connection.port}{url}"
    return read_request(arguments["method"], url)


FUNCTIONS = (LibraryFunction("http.client", "HTTPConnection.putrequest", _read),)
