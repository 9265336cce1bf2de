"""The correlation ID in the environment of other processes: commands, jobs, whatever a program starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from penstock.propagation import EVIDENCE_HEADER, HEADER, TRACEPARENT, extract, outgoing, variable_name

if TYPE_CHECKING:
    from collections.abc import Mapping


def flow_environment(
    environment: Mapping[str, str] | None = None, *, header: str = HEADER, traceparent: bool = True
) -> dict[str, str]:
    """Return the environment for another process, with the current run's ID in it.

    The names are those of the headers in upper case, with underscores: ``X_CORRELATION_ID`` and ``TRACEPARENT``. Values
    that this process was started with are replaced. A ``TRACESTATE`` goes with them unless the trace is the same, and
    ``BAGGAGE`` stays. The other process reads them by ``flow_context(extract(os.environ))``.

    Args:
        environment: The environment to begin with; that of this process if none is given.
        header: The name of the header with the correlation ID.
        traceparent: Whether to write ``TRACEPARENT``, too.

    Returns:
        A new dictionary, for ``subprocess.run(env=…)``; outside every run, a copy.
    """
    copy = dict(os.environ if environment is None else environment)
    told = {variable_name(name): value for name, value in outgoing(header, traceparent=traceparent)}
    if told:
        copy.pop(variable_name(EVIDENCE_HEADER), None)
    if _trace_of(told) not in (None, _trace_of(copy)):
        copy.pop("TRACESTATE", None)
    return copy | told


def _trace_of(environment: Mapping[str, str]) -> str | None:
    return extract({TRACEPARENT: environment.get(variable_name(TRACEPARENT))})
