"""aiohttp: what its client sends; and the routes of its server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.http_methods import read_request
from penstock.effects.rows import LibraryFunction, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.effects.rows import Touch


def _read_request(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    client = arguments["self"]
    return read_request(arguments["method"], client._build_url(arguments["str_or_url"]))


def _read_route(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    """Return the route of a match that a resolver makes, which knows the method only of its route."""
    route = arguments["route"]
    return (Trigger(f"{route.method} {route.resource.canonical}"),) if route.resource else ()


FUNCTIONS = (
    LibraryFunction("aiohttp.client", "ClientSession._request", _read_request),
    LibraryFunction("aiohttp.web_urldispatcher", "UrlMappingMatchInfo.__init__", _read_route),
)
