"""Topics and tasks that the code sends, and mail."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from penstock._callables.task_objects import task_kind_of
from penstock.callgraph.live_objects import NOTHING, is_task, layers, peek, raw
from penstock.callgraph.values.live import LiveObject
from penstock.effects.rows import Touch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.callgraph.touches.plain_call import PlainCall

_PRODUCERS = frozenset(
    {"cimpl.Producer", "aiokafka.producer.producer.AIOKafkaProducer", "kafka.producer.kafka.KafkaProducer"}
)
_PRODUCED = frozenset({"produce", "send", "send_and_wait", "send_batch"})
_KAFKA = ("confluent_kafka", "aiokafka", "kafka")
_CELERY_SENDERS = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit"})
_MAIL = frozenset({"django.core.mail.send_mail", "django.core.mail.send_mass_mail", "django.core.mail.mail_admins"})
_NAMES = {
    "Dramatiq": ("dramatiq", "actor_name", ("send", "send_with_options")),
    "taskiq": ("taskiq", "task_name", ("kiq",)),
}
"""Of a library of tasks: the word for it, the attribute with the name of a task, and the methods that send one."""


def find_touches(call: PlainCall) -> Iterator[Touch]:
    """Yield the topic or the task that is written to."""
    if call.name in _PRODUCED and _is_producer(call):
        topic = call.text(0, "topic")
        if topic is not None and topic.is_whole:
            yield Touch("writes", f"kafka:{topic.start}")
    elif call.function in _MAIL:
        yield Touch("writes", "mail")
    elif call.name == "send_task" and "celery.app.base.Celery" in call.classes:
        name = call.text(0, "name")
        if name is not None and name.is_whole:
            yield Touch("writes", f"celery:{name.start}")
    elif isinstance(call.receiver, LiveObject):
        yield from _find_task(call.receiver.thing, call.name)


def _is_producer(call: PlainCall) -> bool:
    if call.classes:
        return not call.classes.isdisjoint(_PRODUCERS)
    return call.receiver is None and "producer" in call.spoken and any(name in sys.modules for name in _KAFKA)


def _find_task(thing: Any, method: str) -> Iterator[Touch]:
    for layer in layers(thing):
        kind = task_kind_of(layer)
        if kind is not None:
            word, attribute, senders = _NAMES.get(kind.library, ("", "", ()))
            name = raw(layer, attribute) if word and method in senders else NOTHING
            return (yield from [Touch("writes", f"{word}:{name}")] if type(name) is str else [])
        if method in _CELERY_SENDERS and is_task(layer):
            name = _find_celery_name(layer)
            return (yield from [Touch("writes", f"celery:{name}")] if name else [])
    return None


def _find_celery_name(task: Any) -> str:
    """Return the name of a task, also of one that has not been evaluated, or an empty string."""
    name = peek(task, "name") if type(task).__module__ != "celery.local" else NOTHING
    if type(name) is str:
        return name
    options = raw(task, "_Proxy__kwargs")
    if isinstance(options, dict) and type(options.get("name")) is str:
        return str(options["name"])
    function = next((layer for layer in layers(task) if hasattr(type(layer), "__code__")), None)
    return f"{function.__module__}.{function.__name__}" if function is not None else ""
