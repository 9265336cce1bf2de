"""Correlation IDs in headers: between processes, in requests and messages."""

from penstock._runtime.propagation import HEADER, TRACEPARENT, extract, inject, is_flow_id, outgoing, read, run_from

__all__ = ["HEADER", "TRACEPARENT", "extract", "inject", "is_flow_id", "outgoing", "read", "run_from"]
