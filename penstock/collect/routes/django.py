"""Django: the routes of the URL configuration, and the commands of the installed applications."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from penstock.collect.routes.own_modules import has_base
from penstock.collect.routes.route_table import Route, RouteTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from penstock.model import Step

NAME = "Django"


def _is_ready() -> bool:
    apps = sys.modules.get("django.apps")
    return apps is not None and bool(apps.apps.ready)


def read_routes(_objects: list[Any]) -> RouteTable | None:
    """Return the routes of the URL configuration, which is imported for it, or ``None`` in a process without one."""
    if not _is_ready():
        return None
    from django.conf import settings  # noqa: PLC0415 - only an application of Django has it
    from django.urls import get_resolver  # noqa: PLC0415

    if not getattr(settings, "ROOT_URLCONF", ""):
        return None
    return RouteTable(NAME, tuple(dict.fromkeys(_walk(get_resolver().url_patterns, "/"))))


def _walk(patterns: Any, prefix: str) -> Iterator[Route]:
    for entry in patterns:
        path = f"{prefix}{_read_pattern(entry.pattern)}"
        if has_base(entry, "django.urls.resolvers", "URLResolver"):
            yield from _walk(entry.url_patterns, path)
        else:
            yield Route(path)


def _read_pattern(pattern: Any) -> str:
    """Return the text of a pattern; the prefix of a language may be any."""
    if has_base(pattern, "django.urls.resolvers", "LocalePrefixPattern"):
        return "<language>/"
    return str(pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")


def find_others(step: Step, _is_own: Callable[[str], bool]) -> tuple[str, ...] | None:
    """Return the names of the commands that there are, if a step in the module of a command is said to be started by another."""
    word, _, name = step.trigger.partition(":")
    if word.strip().lower() != "command" or ".management.commands." not in step.module or not _is_ready():
        return None
    from django.core.management import get_commands  # noqa: PLC0415 - only an application of Django has it

    commands = tuple(get_commands())
    return commands if name.strip() not in commands else None
