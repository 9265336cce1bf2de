"""Django: its cursors and mail; and what starts work in it: routes, commands and signals of models."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from penstock.effects.rows import LibraryFunction, Touch, Trigger
from penstock.effects.sql import read_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGNALS = ("django.db.models.signals", "django.contrib.auth.signals")
_request = threading.local()
"""The method of the request whose route is being resolved in this thread; Django resolves without interruption."""


def _read_statement(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    return read_sql(arguments["self"].db.vendor, arguments["sql"])


def _read_mail(_arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    return (Touch("writes", "mail"),)


def _keep_method(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    _request.method = arguments["request"].method
    return ()


def _read_route(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    """Return the route that the resolver has matched; of included routes, the outermost match comes last."""
    method, route = getattr(_request, "method", ""), arguments["route"]
    return (Trigger(f"{method} /{route.removeprefix('/')}"),) if method and isinstance(route, str) else ()


def _read_resolved_route(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    """Return the route of a request that has been resolved since the call began."""
    request = arguments["request"]
    match = request.resolver_match
    return (Trigger(f"{request.method} /{match.route.removeprefix('/')}"),) if match is not None else ()


def _read_command(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    return (Trigger(f"command:{type(arguments['self']).__module__.rpartition('.')[2]}"),)


def _read_signal(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    """Return the name of a signal that has receivers; only Django's own have a name to be known by."""
    signal = arguments["self"]
    if not signal.receivers:
        return ()
    spaces = (vars(sys.modules[module]) for module in _SIGNALS if module in sys.modules)
    return tuple(Trigger(f"signal:{name}") for space in spaces for name, value in space.items() if value is signal)


FUNCTIONS = (
    LibraryFunction("django.db.backends.utils", "CursorWrapper.execute", _read_statement),
    LibraryFunction("django.db.backends.utils", "CursorWrapper.executemany", _read_statement),
    LibraryFunction("django.core.mail.message", "EmailMessage.send", _read_mail),
    LibraryFunction("django.core.handlers.base", "BaseHandler._get_response", _read_resolved_route, surrounds=True),
    LibraryFunction(
        "django.core.handlers.base", "BaseHandler._get_response_async", _read_resolved_route, surrounds=True
    ),
    LibraryFunction("django.core.handlers.base", "BaseHandler.resolve_request", _keep_method),
    LibraryFunction("django.urls.resolvers", "ResolverMatch.__init__", _read_route),
    LibraryFunction("django.core.management.base", "BaseCommand.execute", _read_command, surrounds=True),
    LibraryFunction("django.dispatch.dispatcher", "Signal.send", _read_signal, surrounds=True, needs="receivers"),
    LibraryFunction("django.dispatch.dispatcher", "Signal.asend", _read_signal, surrounds=True, needs="receivers"),
)
