"""Tables of Django's models: what is written through an instance, a manager or a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.live_objects import NOTHING, peek, raw
from penstock.callgraph.models.django_models import find_query
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveClass
from penstock.effects.rows import Touch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.callgraph.touches.plain_call import PlainCall

_BASE = "django.db.models.base.Model"
_OF_INSTANCES = frozenset({"save", "asave", "delete", "adelete", "save_base"})
_OF_QUERIES = frozenset(
    {"create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
)
_WRITES = _OF_QUERIES | {f"a{name}" for name in _OF_QUERIES}


def find_touches(call: PlainCall) -> Iterator[Touch]:
    """Yield the table of a model that is written."""
    receiver = call.receiver
    model: type | None = None
    if isinstance(receiver, Instance) and call.name in _OF_INSTANCES and _BASE in call.classes:
        model = receiver.owner.thing if isinstance(receiver.owner, LiveClass) else None
    elif receiver is not None and call.name in _WRITES:
        query = find_query(receiver, call.name)
        model = query.model if query is not None else None
    name = _find_table(model) if model is not None else ""
    if name:
        yield Touch("writes", f"db:{name}")


def _find_table(model: type) -> str:
    """Return the name of a model's table; empty for a model without one."""
    options = peek(model, "_meta")
    name = raw(options, "db_table") if options is not NOTHING else NOTHING
    return name if type(name) is str and raw(options, "abstract") is not True else ""
