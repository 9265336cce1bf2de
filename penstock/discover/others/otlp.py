"""Reads traces of OpenTelemetry whose spans name the functions that they were made for.

See https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/. Spans of clients say what was touched, and
those of servers and consumers what started the work.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from penstock.check.traces.otlp import OTLP, read_attributes
from penstock.check.traces.reader import BAD, Damage, iter_documents, nanoseconds, require_id
from penstock.check.traces.span_functions import function_of
from penstock.discover.others.timed_calls import TimedCall, make_recording
from penstock.discover.recording import Function
from penstock.effects.http_methods import read_request
from penstock.effects.names import mask_path
from penstock.effects.rows import Touch
from penstock.effects.sql import read_sql
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from penstock.discover.recording import Recording

_SERVERS = (2, "SPAN_KIND_SERVER")
_CLIENTS = (3, "SPAN_KIND_CLIENT")
_PRODUCERS = (4, "SPAN_KIND_PRODUCER")
_CONSUMERS = (5, "SPAN_KIND_CONSUMER")


def read_otlp(paths: Iterable[Path]) -> Recording:
    """Return what traces show of functions.

    Args:
        paths: Files of the Collector's file exporter, also compressed with gzip.

    Raises:
        EvidenceError: A file cannot be read, or no span names its function.
    """
    damage = Damage()
    calls: dict[tuple[str, str], TimedCall] = {}
    parents: dict[tuple[str, str], tuple[str, str]] = {}
    for path in paths:
        for place, span in _iter_spans(path, damage):
            try:
                key = require_id(span["traceId"]), require_id(span["spanId"])
                calls[key] = _read_call(span)
                parents[key] = key[0], span.get("parentSpanId") or ""
            except BAD as error:
                damage.note(place, error)
    outermost = _nest(calls, parents)
    if not any(call.function for call in calls.values()):
        hint = "no span names its function: instrumentation sets code.function.name"
        raise EvidenceError(f"{hint}. {damage}".removesuffix(". "))
    return make_recording(outermost, (f"{damage}.".capitalize(),) if damage.number else ())


def _iter_spans(path: Path, damage: Damage) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, document in iter_documents(path, damage):
        try:
            for span, _ in OTLP.raw(document):
                yield place, span
        except BAD as error:
            damage.note(place, error)


def _nest(
    calls: Mapping[tuple[str, str], TimedCall], parents: Mapping[tuple[str, str], tuple[str, str]]
) -> list[TimedCall]:
    """Put each call into the one around it, and return the outermost ones; a circle of spans has none."""
    outermost: list[TimedCall] = []
    for key, call in calls.items():
        parent = calls.get(parents[key])
        (outermost if parent is None else parent.children).append(call)
    return outermost


def _read_call(span: Mapping[str, Any]) -> TimedCall:
    attributes, kind = read_attributes(span), span.get("kind")
    is_leaving = kind in (*_CLIENTS, *_PRODUCERS)
    name = function_of(attributes, leaves=is_leaving)
    function = _make_function(name.replace(":", "."), attributes) if name else None
    call = TimedCall(function, nanoseconds(span["startTimeUnixNano"]), nanoseconds(span["endTimeUnixNano"]))
    if is_leaving:
        call.touch(_read_touches(attributes, is_producer=kind in _PRODUCERS))
    else:
        call.trigger = _read_trigger(attributes, kind)
    return call


def _make_function(name: str, attributes: Mapping[str, Any]) -> Function:
    """Return a function by its full name; a module ends before the first name in capitals, or before the last name."""
    file = _get_text(attributes, "code.file.path", "code.filepath")
    line = attributes.get("code.line.number", attributes.get("code.lineno"))
    parts = name.split(".")
    ends = [index for index, part in enumerate(parts) if part[:1].isupper()] or [len(parts) - 1]
    module = _match_file(parts, file) or ".".join(parts[: max(1, ends[0])])
    qualname = name[len(module) + 1 :] or name
    return Function(module, qualname, file, int(line) if isinstance(line, (int, str)) else 0)


def _match_file(parts: list[str], file: str) -> str:
    """Return the longest beginning of a full name that is the module in a file, or an empty string."""
    path = ".".join(PurePosixPath(file).with_suffix("").parts).removesuffix(".__init__") if file else ""
    beginnings = (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
    return next((module for module in beginnings if f".{path}".endswith(f".{module}")), "")


def _read_touches(attributes: Mapping[str, Any], *, is_producer: bool) -> Iterator[Touch]:
    if system := _get_text(attributes, "db.system.name", "db.system"):
        name = {"postgresql": "postgres"}.get(system, system)
        yield from read_sql(name, _get_text(attributes, "db.query.text", "db.statement"))
    elif queue := _get_text(attributes, "messaging.destination.name"):
        yield Touch("writes" if is_producer else "reads", f"{_get_text(attributes, 'messaging.system')}:{queue}")
    elif method := _get_text(attributes, "http.request.method", "http.method"):
        yield from read_request(method, _get_text(attributes, "url.full", "http.url"))


def _read_trigger(attributes: Mapping[str, Any], kind: object) -> str:
    if kind in _CONSUMERS and (queue := _get_text(attributes, "messaging.destination.name")):
        return f"{_get_text(attributes, 'messaging.system')}:{queue}"
    method = _get_text(attributes, "http.request.method", "http.method")
    if kind in _SERVERS and method:
        path = _get_text(attributes, "http.route") or mask_path(_get_text(attributes, "url.path", "http.target"))
        return f"{method} {path}"
    return ""


def _get_text(attributes: Mapping[str, Any], *keys: str) -> str:
    return next((value for key in keys if isinstance(value := attributes.get(key), str) and value), "")
