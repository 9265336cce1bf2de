"""Correlation IDs in headers: between processes, in requests and messages; also for integrations of your own.

The public names of ``penstock._runtime.propagation``.
"""

from penstock._runtime.propagation import (
    HEADER,
    TRACEPARENT,
    RemoteContext,
    RemoteFlowId,
    extract,
    inject,
    is_flow_id,
    outgoing,
    read,
    run_from,
)

__all__ = [
    "HEADER",
    "TRACEPARENT",
    "RemoteContext",
    "RemoteFlowId",
    "extract",
    "inject",
    "is_flow_id",
    "outgoing",
    "read",
    "run_from",
]
