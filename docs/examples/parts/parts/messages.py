"""A topic and its consumer, as a message broker's client offers them."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Message:
    """One message of a topic.

    Attributes:
        topic: The topic that it was published to.
        payload: What it says.
    """

    topic: str
    payload: Mapping[str, str]


class Topic:
    """An in-process stand-in for a Kafka topic: publish to it, then iterate over it to consume.

    Args:
        name: The topic's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: SimpleQueue[Message | None] = SimpleQueue()

    def publish(self, payload: Mapping[str, str]) -> None:
        """Append a message."""
        self._queue.put(Message(self.name, payload))

    def close(self) -> None:
        """Let the consumer end after the messages published so far."""
        self._queue.put(None)

    def __iter__(self) -> Iterator[Message]:
        """Yield messages as they come, until the topic is closed."""
        while (message := self._queue.get()) is not None:
            yield message
