"""Routes of applications, and whether a trigger is one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from penstock.errors import near_names
from penstock.model.resources import read_resource

_SPECIAL = re.compile(r"[\\()\[\]{}?+|^$]")
"""Characters of patterns whose meaning is not followed: anything may be behind them."""
_MAX_NEAR = 3
_ALWAYS = frozenset({"", "HEAD", "OPTIONS"})
"""Methods that frameworks answer themselves."""


class Route(NamedTuple):
    """A route.

    Attributes:
        path: Its path, with parameters as the framework writes them.
        methods: The methods that it answers; none if it may answer any.
        is_open: Whether paths below it may be answered, too, as by an application that is mounted there.
    """

    path: str
    methods: frozenset[str] = frozenset()
    is_open: bool = False


@dataclass(frozen=True)
class RouteTable:
    """The routes of the applications of a framework.

    Attributes:
        framework: The name of the framework.
        routes: The routes.
        is_whole: Whether these are all routes that there can be.
    """

    framework: str
    routes: tuple[Route, ...]
    is_whole: bool = True

    def find_near(self, path: str) -> tuple[str, ...]:
        """Return the routes whose path is like this one, as triggers have them."""
        by_path: dict[str, list[str]] = {}
        for route in self.routes:
            names = [f"{method} {route.path}".strip() for method in sorted(route.methods - _ALWAYS) or [""]]
            by_path.setdefault(read_resource(f"/{route.path.lstrip('/^')}").path, []).extend(names)
        return tuple(name for near in near_names(path, by_path) for name in by_path[near])[:_MAX_NEAR]

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], frozenset[str]]]:
        return [(compile_path(route), route.methods) for route in self.routes]

    def has(self, method: str, path: str) -> bool:
        """Return whether a route may answer a method of requests, or any if it is empty, at a path."""
        return any(
            pattern.fullmatch(path) is not None and (method in _ALWAYS or not methods or method in methods)
            for pattern, methods in self._patterns
        )


def compile_path(route: Route) -> re.Pattern[str]:
    """Return a pattern of the paths that a route may be known by: a server in front may add parts to the beginning.

    A parameter stands for anything, and a parameter of a trigger may stand for what the framework spells out.
    """
    resource = read_resource(f"/{route.path.lstrip('/^')}")
    path = resource.path if resource.family == "route" else "("
    special = _SPECIAL.search(path)
    parts = path[: special.start() if special else None].strip("/").split("/")
    tail = ".*" if route.is_open or special is not None else ""
    if parts == [""]:
        return re.compile(tail or "/", re.DOTALL)
    exact = "".join(f"/{_compile_part(part, '|[*]')}" for part in parts)
    ending = "".join(f"/{_compile_part(part)}" for part in parts)
    behind = f"|(?:/[^/]+)+{ending}{tail}" if any("*" not in part for part in parts) else ""
    return re.compile(f"{exact}{tail}{behind}", re.DOTALL)


def _compile_part(part: str, others: str = "") -> str:
    return ".+" if "*" in part else f"(?:{re.escape(part)}{others})"
