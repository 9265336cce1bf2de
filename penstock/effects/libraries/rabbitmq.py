"""RabbitMQ, with pika: what is published, by exchange or queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.rows import LibraryFunction, Touch

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read_publication(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    """Return the exchange; the usual one, without a name, delivers to the queue that the routing key names."""
    exchange = arguments.get("exchange") or arguments["routing_key"]
    return (Touch("writes", f"rabbitmq:{exchange}"),)


FUNCTIONS = (
    LibraryFunction("pika.adapters.blocking_connection", "BlockingChannel.basic_publish", _read_publication),
    LibraryFunction("pika.channel", "Channel.basic_publish", _read_publication),
)
