"""The correlation ID in the environment of child processes: commands, jobs and other programs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from penstock._runtime.evidence_header import EVIDENCE_HEADER
from penstock._runtime.propagation import HEADER, TRACEPARENT, extract, outgoing, variable_name

if TYPE_CHECKING:
    from collections.abc import Mapping


def flow_environment(
    environment: Mapping[str, str] | None = None, *, header: str = HEADER, traceparent: bool = True
) -> dict[str, str]:
    """Return the environment for another process, with the current run's ID.

    The names are those of the headers in upper case, with underscores: ``X_CORRELATION_ID`` and ``TRACEPARENT``. Values
    received by this process are replaced. A ``TRACESTATE`` is removed with them unless the trace is the same, and
    ``BAGGAGE`` stays. The other process reads them by ``flow_context(extract(os.environ))``.

    Args:
        environment: The initial environment; by default, that of this process.
        header: The name of the header with the correlation ID.
        traceparent: Whether to write ``TRACEPARENT``, too.

    Returns:
        A new dictionary, for ``subprocess.run(env=…)``; outside every run, a copy.
    """
    copy = dict(os.environ if environment is None else environment)
    variables = {variable_name(name): value for name, value in outgoing(header, traceparent=traceparent)}
    if variables:
        copy.pop(variable_name(EVIDENCE_HEADER), None)
    if _trace_of(variables) not in (None, _trace_of(copy)):
        copy.pop("TRACESTATE", None)
    return copy | variables


def _trace_of(environment: Mapping[str, str]) -> str | None:
    return extract({TRACEPARENT: environment.get(variable_name(TRACEPARENT))})
