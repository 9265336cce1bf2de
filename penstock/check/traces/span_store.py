"""From spans of steps to evidence: spans in any order, traces that interleave, in memory that does not grow with them.

Each span becomes a record of a few bytes in one of many temporary files, chosen by its trace. At the end the files are
read one by one, and each trace is played back in the order of its clock through the frames that the recorder has, too.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from datetime import UTC, datetime
from hashlib import blake2b
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, NamedTuple, Self

from penstock.check.evidence import Period
from penstock.check.traces.replay import Span
from penstock.check.traces.trace_counts import TraceCounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.check.evidence import Evidence
    from penstock.check.traces.client_spans import Note
    from penstock.check.traces.replay import StepAttributes

BUCKETS = 64
IN_MEMORY = 512 * 1024
"""Bytes of a temporary file that are kept in memory."""

MAX_NOTES = 100_000
"""Maximum number of different sets of touches; what further spans touch is left out."""

LAST = 2**63 - 1
"""Nanoseconds: the end of all time that a record can hold."""

_record = struct.Struct("<16s8s16s8sIIqq")


class SpanRecord(NamedTuple):
    """A span as its file describes it.

    Attributes:
        trace: The trace's ID.
        span: The span's ID.
        parent: The trace and the span of its parent, or of its first link; ``None`` at the top.
        label: The step, if the span belongs to one.
        start: Nanoseconds of its clock.
        end: The same.
        commit: The deployed version, where known.
        function: The full name of the function that it was made for, if it says so.
        notes: What it touches outside its process, or starts there.
        failed: Whether its status is an error.
    """

    trace: str
    span: str
    parent: tuple[str, str] | None
    label: StepAttributes | None
    start: int
    end: int
    commit: str
    function: str = ""
    notes: tuple[Note, ...] = ()
    failed: bool = False


class Traces:
    """Takes spans, and returns their evidence: ``with Traces() as traces``, for its temporary files.

    Attributes:
        steps: How many spans of steps it took.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._labels: dict[StepAttributes | None, int] = {None: 0}
        self._notes: dict[tuple[Note, ...], int] = {(): 0}
        self._joined: dict[bytes, bytes] = {}
        self._commits: dict[str, int] = {}
        self._first, self._last = LAST, 0
        self._files = [SpooledTemporaryFile(IN_MEMORY) for _ in range(BUCKETS)]  # noqa: SIM115 - closed with them

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files:
            file.close()

    def add(self, told: SpanRecord) -> None:
        """Take a span."""
        trace, span, parent = _pack_id(told.trace, 16), _pack_id(told.span, 8), told.parent
        above = (bytes(16), bytes(8))
        if parent is not None:
            above = trace if parent[0] == told.trace else _pack_id(parent[0], 16), _pack_id(parent[1], 8)
            if above[0] != trace:
                self._joined[self._group(trace)] = self._group(above[0])
        label = self._labels.setdefault(told.label, len(self._labels))
        notes = self._number_notes(told.notes)
        self._files[_bucket(trace)].write(
            _record.pack(trace, span, *above, label * 2 + told.failed, notes, told.start, told.end)
        )
        if label:
            self.steps += 1
            self._first, self._last = min(self._first, told.start), max(self._last, told.end)
            self._commits[told.commit] = max(told.end, self._commits.get(told.commit, 0))

    def _number_notes(self, notes: tuple[Note, ...]) -> int:
        """Return the number of some notes; beyond a number of different ones, that of none."""
        if len(self._notes) > MAX_NOTES:
            return self._notes.get(notes, 0)
        return self._notes.setdefault(notes, len(self._notes))

    def evidence(self) -> Evidence:
        """Return the evidence of all spans; to be called once, at the end."""
        tally = TraceCounts()
        labels, notes = list(self._labels), list(self._notes)
        if self._joined:
            self._rearrange()
        for file in self._files:
            groups: dict[bytes, list[Span]] = defaultdict(list)
            for trace, span, above, parent, label, note, start, end in _records(file):
                key = None if parent == bytes(8) else above + parent
                groups[self._group(trace)].append(
                    Span(trace + span, key, labels[label // 2], start, end, notes[note], label % 2 == 1)
                )
            for spans in groups.values():
                tally.count(spans)
            file.truncate(0)
        days = Period(_day(self._first), _day(self._last))
        return tally.evidence({commit: _day(end) for commit, end in self._commits.items()}, days)

    def _group(self, trace: bytes) -> bytes:
        """Return the trace that represents all traces linked with this one."""
        while (parent := self._joined.get(trace, trace)) != trace:
            self._joined[trace] = self._joined.get(parent, parent)  # halve the way for the next one who asks
            trace = parent
        return trace

    def _rearrange(self) -> None:
        """Move traces that are joined by links into the same file."""
        files = [SpooledTemporaryFile(IN_MEMORY) for _ in range(BUCKETS)]  # noqa: SIM115 - closed with the others
        for file in self._files:
            for record in _records(file):
                files[_bucket(self._group(record[0]))].write(_record.pack(*record))
            file.close()
        self._files = files


def _records(file: SpooledTemporaryFile[bytes]) -> Iterator[tuple[bytes, bytes, bytes, bytes, int, int, int, int]]:
    file.seek(0)
    while chunk := file.read(_record.size * 4096):
        yield from _record.iter_unpack(chunk)


def _bucket(trace: bytes) -> int:
    return hash(trace) % BUCKETS  # some IDs begin with zeros or a time, some end with a counter


def _pack_id(name: str, size: int) -> bytes:
    """Return an ID of that many bytes; an ID that is not hexadecimal is hashed."""
    try:
        raw_id = bytes.fromhex(name)
    except ValueError:
        raw_id = b""
    return (
        raw_id
        if len(raw_id) == size and any(raw_id)
        else blake2b(name.encode(errors="replace"), digest_size=size).digest()
    )


def _day(nanoseconds: int) -> str:
    try:
        return datetime.fromtimestamp(nanoseconds // 10**9, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
