"""Clients of libraries: the classes whose objects are followed, because what they are given is written somewhere."""

from __future__ import annotations

from typing import Any

from penstock.callgraph.live_objects import full_name

CLIENTS = frozenset(
    {
        "aiohttp.client.ClientSession",
        "aiokafka.producer.producer.AIOKafkaProducer",
        "cimpl.Producer",
        "httpx.AsyncClient",
        "httpx.Client",
        "kafka.producer.kafka.KafkaProducer",
        "requests.sessions.Session",
        "sqlalchemy.ext.asyncio.session.AsyncSession",
        "sqlalchemy.orm.session.Session",
    }
)
"""Their full names."""


def is_client(thing: Any) -> bool:
    """Return whether an object is a class of clients."""
    return issubclass(type(thing), type) and any(full_name(base) in CLIENTS for base in thing.__mro__)
