"""Correlation IDs in the headers of Kafka messages, for confluent-kafka and aiokafka."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from penstock._current import flow_context
from penstock.propagation import HEADER, TRACEPARENT, extract, outgoing, stale_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from penstock._runs import Run


def flow_headers(
    headers: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    *,
    header: str = HEADER,
    traceparent: bool = True,
) -> list[tuple[str, Any]]:
    """Return the headers for a message: those given, and the current run's.

    Args:
        headers: The application's own headers.
        header: The name of the header with the correlation ID.
        traceparent: Whether to write the header of W3C Trace Context, too.

    Returns:
        Pairs of text and bytes, for ``Producer.produce(headers=…)`` of confluent-kafka and ``AIOKafkaProducer.send(headers=…)``.
    """
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    stale = stale_names(pairs, header)
    told = outgoing(header, traceparent=traceparent)
    names = {name.lower() for name, _ in pairs} - stale
    told = [pair for pair in told if pair[0] != TRACEPARENT or TRACEPARENT not in names]
    stale |= {name.lower() for name, _ in told}
    return [
        *(pair for pair in pairs if pair[0].lower() not in stale),
        *((name, value.encode()) for name, value in told),
    ]


def flow_id_of(message: Any, *, header: str = HEADER) -> str | None:
    """Return the correlation ID that a consumed message tells; ``None`` if there is no valid one."""
    return extract(_headers_of(message), header=header)


def message_context(message: Any, *, flow: str | None = None, header: str = HEADER) -> AbstractContextManager[Run]:
    """Make the code of a ``with`` block a run with the ID of a consumed message, or a new one if it has none.

    Args:
        message: What a consumer of confluent-kafka or aiokafka returns.
        flow: The flow's name; else the first entrypoint that is called in the block gives its own.
        header: The name of the header with the correlation ID.

    Returns:
        What a ``with`` statement takes; it gives the run.
    """
    return flow_context(extract(_headers_of(message), header=header), flow)


def _headers_of(message: Any) -> Any:
    headers = message.headers
    return headers() if callable(headers) else headers
