"""Reads files of spans: the parts shared by all formats."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._util.atomic_files import open_file
from penstock.check.traces.replay import StepAttributes
from penstock.check.traces.span_store import LAST, Traces
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from io import BufferedIOBase
    from pathlib import Path

    from penstock.check.evidence import Evidence
    from penstock.check.traces.span_functions import StepFinder
    from penstock.check.traces.span_store import SpanRecord

BAD = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
"""Exceptions from reading malformed data."""

MEGABYTE = 10**6
MAX_SIZE = 64 * MEGABYTE
"""Bytes that a document may have which stood compressed in a file: in memory, JSON takes up to twenty times as much."""

_ZSTANDARD = b"\x28\xb5\x2f\xfd"


class TraceFormat(NamedTuple):
    """How spans are read.

    Attributes:
        raw: Yields each span of a document in its raw form, with the context that it needs.
        decode: Returns the record of such a span.
    """

    raw: Callable[[Any], Iterator[tuple[Any, Any]]]
    decode: Callable[[Any, Any], SpanRecord]


class Damage:
    """Unreadable input: how much, and the place of the first."""

    def __init__(self) -> None:
        self.number = 0
        self.first = ""

    def note(self, where: str, error: object) -> None:
        """Record a damaged line or span."""
        self.number += 1
        self.first = self.first or f"{where}: {error if isinstance(error, str) else f'{error!r:.80}'}"

    def __str__(self) -> str:
        if not self.number:
            return ""
        subject = "1 malformed line or span" if self.number == 1 else f"{self.number:,} malformed lines or spans"
        return f"skipped {subject} (first: {self.first})"


def read(
    files: Iterable[Path],
    kind: TraceFormat,
    damage: Damage,
    finder: StepFinder | None = None,
    max_size: int = MAX_SIZE,
) -> Evidence:
    """Return the evidence of the spans in files; damaged ones are left out.

    Args:
        files: JSON, a document or one on each line; also compressed with gzip. ``-`` is standard input.
        kind: The format of the spans.
        damage: Records the input that is left out.
        finder: Finds the steps of spans that only name a function.
        max_size: Bytes that a document, or a line, of a compressed file may have.

    Raises:
        EvidenceError: A file cannot be read at all, holds more than it may, or no span is one of a step.
    """
    with Traces() as traces:
        for file in files:
            for place, document in iter_documents(file, damage, max_size):
                try:
                    for span, surroundings in kind.raw(document):
                        _take(traces, partial(kind.decode, span, surroundings), finder, place, damage)
                except BAD as error:
                    damage.note(place, error)
        if not traces.steps:
            hint = "Steps make spans with penstock.observers.otel.OpenTelemetryObserver"
            reason = str(damage) or _explain(finder) or hint
            raise EvidenceError(f"no span belongs to a step. {reason[:1].upper()}{reason[1:]}")
        return traces.evidence()


def _explain(finder: StepFinder | None) -> str:
    return finder.explain() if finder else ""


def _take(
    traces: Traces, read_span: Callable[[], SpanRecord], finder: StepFinder | None, place: str, damage: Damage
) -> None:
    try:
        record = read_span()
    except BAD as error:
        damage.note(place, error)
        return
    labels = finder.find(record.function) if finder and record.function and record.label is None else ()
    for number, label in enumerate(labels[1:], 1):  # a span for each, one around the other, as decorators stand
        span = f"{record.span}.{number}"
        traces.add(record._replace(span=span, label=label))
        record = record._replace(parent=(record.trace, span))
    traces.add(record._replace(label=labels[0]) if labels else record)


def iter_documents(file: Path, damage: Damage, max_size: int = MAX_SIZE) -> Iterator[tuple[str, Any]]:
    """Yield each JSON document with its place: one a line, or all lines together if the first is only a beginning.

    Args:
        file: The file; ``-`` is standard input.
        damage: Records what is no JSON.
        max_size: Bytes that a document of a compressed file may have.

    Raises:
        EvidenceError: The file cannot be read at all, or holds more than it may.
    """
    with open_stream(file) as stream:
        limit = max_size if isinstance(stream, gzip.GzipFile) else sys.maxsize
        for number, line in enumerate(_lines(file, stream, damage, limit), 1):
            place = f"{file}:{number}"
            if number == 1 and line.rstrip()[-1:] in (b"{", b"[", b","):
                line = _join([line], _lines(file, stream, damage, limit), file, limit)  # noqa: PLW2901 - it is this one
            if not line.strip():
                continue
            try:
                yield place, json.loads(line)
            except (ValueError, RecursionError) as error:
                damage.note(place, f"this is not JSON: {error}"[:120])


def _join(lines: list[bytes], more: Iterator[bytes], file: Path, limit: int) -> bytes:
    """Return all lines of a document as one."""
    size = len(lines[0])
    for line in more:
        size += len(line)
        if size > limit:
            raise _explain_size(file, limit)
        lines.append(line)
    return b"".join(lines)


def _explain_size(file: Path, limit: int) -> EvidenceError:
    return EvidenceError(
        f"it holds a line or document of more than {limit / MEGABYTE:g} MB once it is decompressed, which takes a multiple "
        "of that in memory. If you trust it: --max-size MB",
        path=file,
    )


def _lines(file: Path, stream: BufferedIOBase, damage: Damage, limit: int) -> Iterator[bytes]:
    number = 1
    try:
        while line := stream.readline(min(limit + 1, sys.maxsize)):
            if len(line) > limit:
                raise _explain_size(file, limit)
            yield line
            number += 1
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        damage.note(f"{file}:{number}", f"the compressed file is cut off or damaged: {error}")
    except OSError as error:
        raise EvidenceError(f"cannot be read: {error.strerror}", path=file) from None


@contextmanager
def open_stream(file: Path, command: str = "penstock evidence … -") -> Iterator[BufferedIOBase]:
    """Open a file, also one compressed with gzip; ``-`` is standard input.

    Args:
        file: The file.
        command: The command that reads what another program has decompressed.

    Raises:
        EvidenceError: It cannot be opened, or is compressed otherwise.
    """
    try:
        raw: Any = sys.stdin.buffer if str(file) == "-" else open_file(file)
    except OSError as error:
        raise EvidenceError(f"cannot be read: {error.strerror}", path=file) from None
    with nullcontext() if str(file) == "-" else raw:
        begins = raw.peek(4)[:4]
        if begins == _ZSTANDARD:
            raise EvidenceError(f"it is compressed with Zstandard. Write: zstd -dc FILE | {command}", path=file)
        stream: Any = gzip.GzipFile(fileobj=raw) if begins[:2] == b"\x1f\x8b" else raw
        yield stream


def get_list(mapping: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list under a key; none if there is nothing.

    Raises:
        TypeError: There is something else.
    """
    items = mapping.get(key)
    if items is None:
        return []
    if not isinstance(items, list):
        raise TypeError(f"{key} is no list")
    return items


def label_of(attributes: Mapping[str, Any]) -> StepAttributes | None:
    """Return the step attributes of a span, or ``None`` if the span belongs to no step."""
    step, flow = attributes.get("penstock.step"), attributes.get("penstock.flow")
    flows = attributes.get("penstock.flows", ())
    if isinstance(flows, str):  # Jaeger keeps a list as text
        flows = json.loads(flows)
    names = tuple(dict.fromkeys(flow_name for flow_name in (flow, *flows) if isinstance(flow_name, str) and flow_name))
    if not (isinstance(step, str) and step and names):
        return None
    flags = (attributes.get(f"penstock.{name}") is True for name in ("entrypoint", "lazy", "begins"))
    return StepAttributes(step, names, *flags)


def commit_of(attributes: Mapping[str, Any]) -> str:
    """Return the deployed version from the attributes of a process: the commit, else the version."""
    version = attributes.get("vcs.ref.head.revision") or attributes.get("service.version") or ""
    return version if isinstance(version, str) else ""


def nanoseconds(value: object, factor: int = 1) -> int:
    """Return a time of a span.

    Raises:
        ValueError: It is none.
    """
    number = int(value) * factor if isinstance(value, (int, str)) else -1
    if not 0 <= number <= LAST:
        raise ValueError(f"{value!r:.40} is no time")
    return number


def require_id(value: object) -> str:
    """Return an ID.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r:.40} is no ID")
    return value
