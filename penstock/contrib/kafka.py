"""Correlation IDs in the headers of Kafka messages, for confluent-kafka and aiokafka."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from penstock._runtime.current_flow import flow_context
from penstock._runtime.propagation import HEADER, extract, stale_names, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from penstock._runtime.runs import Run


def flow_headers(
    headers: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    *,
    header: str = HEADER,
    traceparent: bool = True,
) -> list[tuple[str, Any]]:
    """Return the headers for a message: the given ones, and the current run's.

    Args:
        headers: The application's own headers.
        header: The name of the header with the correlation ID.
        traceparent: Whether to write the header of W3C Trace Context, too.

    Returns:
        Pairs of text and bytes, for ``Producer.produce(headers=…)`` of confluent-kafka and ``AIOKafkaProducer.send(headers=…)``.
    """
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    write(pairs, stale_names(pairs, header), header, traceparent)
    return [(_as_text(name), value.encode() if isinstance(value, str) else value) for name, value in pairs]


def _as_text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode()


def flow_id_of(message: Any, *, header: str = HEADER) -> str | None:
    """Return the correlation ID of a consumed message, or ``None`` without a valid one."""
    return extract(_headers_of(message), header=header)


def message_context(message: Any, *, flow: str | None = None, header: str = HEADER) -> AbstractContextManager[Run]:
    """Run the code of a ``with`` block in a run with the ID of a consumed message, or with a new one if it has none.

    Args:
        message: A message of a confluent-kafka or aiokafka consumer.
        flow: The flow's name; by default, the first entrypoint called in the block sets it.
        header: The name of the header with the correlation ID.

    Returns:
        A context manager that returns the run.
    """
    return flow_context(extract(_headers_of(message), header=header), flow)


def _headers_of(message: Any) -> Any:
    headers = message.headers
    return headers() if callable(headers) else headers
