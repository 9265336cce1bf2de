"""Starlette, FastAPI and Litestar: the routes that handle requests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from penstock.effects.rows import LibraryFunction, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read_route(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    route, scope = arguments["self"], arguments["scope"]
    path = f"{scope.get('root_path', '')}{_find_path(route, scope)}"
    return (Trigger(f"{scope.get('method', 'WEBSOCKET')} {path}"),)


def _find_path(route: Any, scope: Mapping[str, Any]) -> str:
    """Return the path of a route; newer FastAPI keeps the prefix of an included router beside the route."""
    find = getattr(sys.modules.get("fastapi.routing"), "_get_scope_effective_route_context", None)
    context = find(scope) if find is not None else None
    is_own = context is not None and getattr(context, "original_route", None) is route
    return str(context.path if is_own and context is not None else route.path)


FUNCTIONS = (
    LibraryFunction("starlette.routing", "Route.handle", _read_route, surrounds=True),
    LibraryFunction("starlette.routing", "WebSocketRoute.handle", _read_route, surrounds=True),
    LibraryFunction("fastapi.routing", "APIRoute.handle", _read_route, surrounds=True),
    LibraryFunction("litestar.routes.http", "HTTPRoute.handle", _read_route, surrounds=True),
)
