"""Starlette and FastAPI: the routes of applications, of what is mounted in them, and of included routers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.collect.routes.own_modules import has_base
from penstock.collect.routes.route_table import Route, RouteTable

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DEPTH = 20


def read_routes(objects: list[Any]) -> RouteTable | None:
    """Return the routes of the applications among some objects, or ``None`` without one.

    The routes of a router count as they are, because what includes it may not be imported.
    """
    applications = [value for value in objects if has_base(value, "starlette.applications", "Starlette")]
    if not applications:
        return None
    routers = [value for value in objects if has_base(value, "starlette.routing", "Router")]
    routes = (route for value in (*applications, *routers) for route in _walk(value.routes, "", 0))
    is_fastapi = any(has_base(value, "fastapi.applications", "FastAPI") for value in applications)
    return RouteTable("FastAPI" if is_fastapi else "Starlette", tuple(dict.fromkeys(routes)))


def _walk(routes: Any, prefix: str, depth: int) -> Iterator[Route]:
    for route in routes if depth < _MAX_DEPTH else ():
        if has_base(route, "starlette.routing", "Route"):
            yield Route(f"{prefix}{route.path}", frozenset(route.methods or ()))
        elif has_base(route, "starlette.routing", "WebSocketRoute"):
            yield Route(f"{prefix}{route.path}")
        elif has_base(route, "starlette.routing", "Mount"):
            yield from _walk_mount(route, prefix, depth)
        elif hasattr(route, "original_router") and hasattr(route, "include_context"):
            yield from _walk(route.original_router.routes, f"{prefix}{route.include_context.prefix}", depth + 1)
        else:
            yield Route(prefix, is_open=True)


def _walk_mount(route: Any, prefix: str, depth: int) -> Iterator[Route]:
    """Yield the routes of a mounted application; what is no router may answer anything below its path."""
    inner = route.routes
    if inner:
        yield from _walk(inner, f"{prefix}{route.path}", depth + 1)
    else:
        yield Route(f"{prefix}{route.path}", is_open=True)
