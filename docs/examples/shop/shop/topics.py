"""Topics between the parts of the shop: an in-process stand-in for Kafka."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Context

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """One message of a topic.

    Attributes
    ----------
    topic : str
        The name of the topic that it was published to.
    value : str
        What it says, as JSON.
    """

    topic: str
    value: str


class Topic:
    """A queue of messages with one consumer.

    Parameters
    ----------
    name : str
        The topic's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: SimpleQueue[tuple[Context, Message] | None] = SimpleQueue()

    def publish(self, value: str) -> None:
        """Append a message; the sender's context travels with it, and so does the flow ID."""
        self._queue.put((copy_context(), Message(self.name, value)))

    @contextmanager
    def consumed_by(self, handler: Callable[[Message], object]) -> Iterator[None]:
        """Call ``handler`` in a thread with each message, until the ``with`` block ends and the topic is empty."""
        thread = Thread(target=self._consume, args=(handler,))
        thread.start()
        try:
            yield
        finally:
            self._queue.put(None)
            thread.join()

    def _consume(self, handler: Callable[[Message], object]) -> None:
        while (entry := self._queue.get()) is not None:
            context, message = entry
            try:
                context.run(handler, message)
            except Exception:  # one bad message must not hold up those behind it
                log.exception("a message of %s failed", self.name)
