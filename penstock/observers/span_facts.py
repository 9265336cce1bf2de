"""The fact of a step as attributes of its span: any store of traces then counts facts with one GROUP BY.

A list of names is one text, sorted and joined by commas, because most stores keep an array as text in a way of their own. A
comma in a name is written ``%2C``, and a percent sign ``%25``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from penstock._callables.unwrap import is_routine
from penstock.check.evidence.name_texts import join_names

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from penstock._declare.marks import StepMark
    from penstock.observers.step_tracker import TrackedFrame

K = TypeVar("K")
V = TypeVar("V")

INSIDE, DONE, AROUND, BEFORE = "penstock.inside", "penstock.done", "penstock.around", "penstock.before"
RUN = "penstock.run"
FACTS = "penstock.facts"

MAX_TEXT = 2000
"""Characters of an attribute. Stores cut longer ones, Tempo after 2048 bytes, and a fact that was cut would be wrong."""

_MAX_CACHED = 1024
_CONSUMING = re.compile(
    r"(activemq|amqp|azureservicebus|celery|django-tasks|dramatiq|eventhubs?|gcp_pubsub|huey|jms|kafka|kinesis|mqtt|nats"
    r"|procrastinate|pubsub|pulsar|rabbitmq|rocketmq|rq|servicebus|sns|sqs|streaq|taskiq):",
    re.IGNORECASE,
)
_SERVING = re.compile(r"(CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|QUERY|TRACE) /")


class SpanDescriber:
    """Makes the attributes of spans, and remembers those of facts and functions: steps repeat them."""

    def __init__(self) -> None:
        self._facts: dict[tuple[Any, ...], dict[str, str]] = {}
        self._code: dict[StepMark, dict[str, AttributeValue]] = {}

    def add_fact(self, attributes: dict[str, AttributeValue], frame: TrackedFrame) -> None:
        """Add the fact of a step to the attributes of its span; none if one of its texts is too long.

        Args:
            attributes: The attributes, to which these are added.
            frame: The step in its first flow.
        """
        key = (*frame.key(frame.is_lazy)[2:6], frame.run_text)
        texts = self._facts.get(key)
        if texts is None:
            texts = _keep(self._facts, key, _describe(key))
        if frame.beside is not None:
            texts = {**texts, FACTS: _describe_others(frame.beside)}
            if len(texts[FACTS]) > MAX_TEXT:
                return
        attributes.update(texts)

    def add_code(self, attributes: dict[str, AttributeValue], mark: StepMark) -> None:
        """Add where a step's function is."""
        code = self._code.get(mark)
        if code is None:
            code = _keep(self._code, mark, describe_code(mark))
        attributes.update(code)


def _keep(cache: dict[K, V], key: K, value: V) -> V:
    if len(cache) >= _MAX_CACHED:
        cache.clear()
    cache[key] = value
    return value


def _describe(key: tuple[Any, ...]) -> dict[str, str]:
    """Return the attributes of a fact; none if a text is too long."""
    parent, done, ancestors, outside, run_kind = key
    names = {DONE: join_names(done), AROUND: join_names(ancestors), BEFORE: join_names(outside), RUN: run_kind}
    texts = {INSIDE: parent, **{name: text for name, text in names.items() if text}}
    return texts if max(map(len, texts.values())) <= MAX_TEXT else {}


def _describe_others(frame: TrackedFrame) -> str:
    rows = []
    following: TrackedFrame | None = frame
    while following is not None:
        _, _, parent, *sides, _ = following.key(following.is_lazy)
        rows.append([following.flow, parent, *map(join_names, sides), following.run_text])
        following = following.beside
    return json.dumps(rows, separators=(",", ":"))


def describe_code(mark: StepMark) -> dict[str, AttributeValue]:
    """Return the attributes that say where a step's function is, by the stable conventions of OpenTelemetry.

    See https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/. A task or another object has none, because to
    read its attributes may run code of its library.
    """
    root = mark.root
    if not is_routine(root) or (code := getattr(root, "__code__", None)) is None:
        return {}
    return {
        "code.function.name": ".".join(mark.key),
        "code.file.path": code.co_filename,
        "code.line.number": code.co_firstlineno,
    }


def is_consumer(trigger: str) -> bool:
    """Return whether an entrypoint is started by a message."""
    return _CONSUMING.match(trigger) is not None


def is_server(trigger: str) -> bool:
    """Return whether an entrypoint is started by an HTTP request."""
    return _SERVING.match(trigger) is not None
