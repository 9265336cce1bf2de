"""The names of fields in log records: what each program calls the time, the level, the step and the ID."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from penstock.config.validators import BadValueError, string_lists
from penstock.errors import did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Where a log record has what; of several names, the first that it has counts. A dot leads into an inner record.

    Attributes:
        id: The correlation ID.
        time: When it was written.
        level: How bad it is.
        message: What happened.
        step: The step that it was written in.
        flow: The step's flow.
        service: The service that wrote it.
        logger: The logger.
        span: The ID of the span that it was written in.
        show: Further fields that are printed; all others never are.
    """

    id: tuple[str, ...] = (
        "flow_id",
        "correlation_id",
        "trace_id",
        "traceId",
        "trace.id",
        "otelTraceID",
        "request_id",
        "record.extra.flow_id",
    )
    time: tuple[str, ...] = (
        "timestamp",
        "time",
        "@timestamp",
        "asctime",
        "ts",
        "created",
        "datetime",
        "record.time.timestamp",
    )
    level: tuple[str, ...] = ("level", "levelname", "severity", "log.level", "severityText", "record.level.name")
    message: tuple[str, ...] = ("event", "message", "msg", "record.message")
    step: tuple[str, ...] = ("step", "penstock.step", "record.extra.step")
    flow: tuple[str, ...] = ("flow", "penstock.flow", "record.extra.flow")
    service: tuple[str, ...] = ("service", "service.name", "service_name", "serviceName", "otelServiceName")
    logger: tuple[str, ...] = ("logger", "name", "logger_name", "log.logger", "record.name")
    span: tuple[str, ...] = ("span_id", "spanId", "span.id", "otelSpanID")
    show: tuple[str, ...] = ()

    def with_names(self, names: Mapping[str, Iterable[str]]) -> FieldNames:
        """Return the names with some replaced.

        Args:
            names: The names of each kind of field, by the kind.
        """
        return replace(self, **{kind: tuple(several) for kind, several in names.items()})


KINDS = tuple(field.name for field in fields(FieldNames))
"""The kinds of fields, as the setting ``trace_fields`` names them."""


def read_log_fields(value: object, base: Path) -> dict[str, tuple[str, ...]]:
    """Read a table of lists of strings, whose keys are kinds of fields.

    Raises:
        BadValueError: It is none, or there is no such kind.
    """
    names = string_lists(value, base)
    for kind in names:
        if kind not in KINDS:
            hint = did_you_mean(near_names(kind, KINDS)) or f" Known: {', '.join(KINDS)}."
            raise BadValueError(f"names the unknown kind of field {kind!r}.{hint}")
    return names
