"""Kafka: topics that confluent-kafka and aiokafka write, and messages that arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.rows import BuiltinFunction, LibraryFunction, Touch, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read_topic(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    return (Touch("writes", f"kafka:{arguments['topic']}"),)


def _read_subscription(arguments: Mapping[str, Any]) -> tuple[Touch | Trigger, ...]:
    """Return the topics that a consumer reads; with one topic, the message that comes starts work."""
    topics = sorted(arguments["self"].subscription())
    triggers = [Trigger(f"kafka:{topic}") for topic in topics[:1] if len(topics) == 1]
    return (*(Touch("reads", f"kafka:{topic}") for topic in topics), *triggers)


def _read_assignment(arguments: Mapping[str, Any]) -> tuple[Touch | Trigger, ...]:
    topics = sorted({partition.topic for partition in arguments["self"].assignment()})
    triggers = [Trigger(f"kafka:{topic}") for topic in topics[:1] if len(topics) == 1]
    return (*(Touch("reads", f"kafka:{topic}") for topic in topics), *triggers)


FUNCTIONS = (
    LibraryFunction("aiokafka.producer.producer", "AIOKafkaProducer.send", _read_topic),
    LibraryFunction("aiokafka.producer.producer", "AIOKafkaProducer.send_batch", _read_topic),
    LibraryFunction("aiokafka.consumer.consumer", "AIOKafkaConsumer.getone", _read_subscription),
    LibraryFunction("aiokafka.consumer.consumer", "AIOKafkaConsumer.getmany", _read_subscription),
    LibraryFunction("aiokafka.consumer.consumer", "AIOKafkaConsumer.__anext__", _read_subscription),
)

BUILTINS = (
    BuiltinFunction("cimpl.Producer", "produce", ("topic",), _read_topic),
    BuiltinFunction("cimpl.Consumer", "poll", (), _read_assignment),
    BuiltinFunction("cimpl.Consumer", "consume", (), _read_assignment),
)
