"""Flask: the rules of its URL map that handle requests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from penstock.effects.rows import LibraryFunction, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read_rule(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    context = arguments.get("ctx") or sys.modules["flask.globals"].request_ctx
    request = context.request
    return (Trigger(f"{request.method} {request.url_rule.rule}"),) if request.url_rule else ()


FUNCTIONS = (LibraryFunction("flask.app", "Flask.dispatch_request", _read_rule, surrounds=True),)
