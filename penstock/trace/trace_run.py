"""Traces a run: from files and declared flows to the facts of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.check.traces.span_functions import StepFinder
from penstock.errors import ConfigError, UnknownRunError
from penstock.model.resources import PLAIN_WORDS
from penstock.trace.overlay import lay_over
from penstock.trace.reading.gathering import gather

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.config.log_fields import FieldNames
    from penstock.model import Flow
    from penstock.model.resources import Vocabulary
    from penstock.trace.model import RunTrace

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""The header of W3C Trace Context, of which the second part is the trace's ID."""


def trace_run(
    run_id: str,
    files: Sequence[Path],
    flows: Sequence[Flow],
    *,
    names: FieldNames,
    vocabulary: Vocabulary = PLAIN_WORDS,
) -> RunTrace:
    """Return one run, laid over the declared flows.

    Args:
        run_id: The correlation ID, or a ``traceparent`` that has it.
        files: Log files and files of spans, in any order; ``-`` is standard input.
        flows: The declared flows.
        names: The names of fields in log records.
        vocabulary: The words for channels.

    Raises:
        ConfigError: The ID is empty, or has spaces around or in it, or signs that no ID has.
        EvidenceError: A file cannot be read.
        UnknownRunError: No file has the ID.
    """
    if not run_id or not run_id.isascii() or not run_id.isprintable() or any(sign in run_id for sign in ' "\\'):
        raise ConfigError(f"{run_id!r} is no correlation ID: it has ASCII letters, digits and signs, and no space")
    if header := _TRACEPARENT.fullmatch(run_id):
        run_id = header[1]
    records = gather(run_id, files, names, StepFinder(lambda: flows))
    if not records.lines and not records.spans:
        raise UnknownRunError(run_id, records.files, str(records.damage))
    return lay_over(run_id, records, flows, vocabulary)
