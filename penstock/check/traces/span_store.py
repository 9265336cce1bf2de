"""From spans of steps to evidence: spans in any order, traces that interleave, in memory that does not grow with them.

Each span becomes a record of a few bytes in one of many temporary files, chosen by its trace. At the end the files are
read one by one, and each trace is played back in the order of its clock through the frames that the recorder has, too.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import UTC, datetime
from hashlib import blake2b
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, NamedTuple, Self

from penstock.check.evidence import Evidence, Fact, Orphan, Seen
from penstock.check.evidence.company import with_pending
from penstock.check.traces.occurrences import Occurrences
from penstock.check.traces.replay import Span, replay
from penstock.check.traces.span_touches import SpanTouches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.evidence.circumstances import Key
    from penstock.check.traces.client_spans import Note
    from penstock.check.traces.replay import ReplayedStep, StepAttributes

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
        self._files[_bucket(trace)].write(_record.pack(trace, span, *above, label, notes, told.start, told.end))
        if label:
            self.steps += 1
            self._commits[told.commit] = max(told.end, self._commits.get(told.commit, 0))

    def _number_notes(self, notes: tuple[Note, ...]) -> int:
        """Return the number of some notes; beyond a number of different ones, that of none."""
        if len(self._notes) > MAX_NOTES:
            return self._notes.get(notes, 0)
        return self._notes.setdefault(notes, len(self._notes))

    def evidence(self) -> Evidence:
        """Return the evidence of all spans; to be called once, at the end."""
        tally = _EvidenceCounter()
        labels, notes = list(self._labels), list(self._notes)
        if self._joined:
            self._rearrange()
        for file in self._files:
            groups: dict[bytes, list[Span]] = defaultdict(list)
            for trace, span, above, parent, label, note, start, end in _records(file):
                key = None if parent == bytes(8) else above + parent
                groups[self._group(trace)].append(Span(trace + span, key, labels[label], start, end, notes[note]))
            for spans in groups.values():
                tally.count(spans)
            file.truncate(0)
        return tally.evidence({commit: _day(end) for commit, end in self._commits.items()})

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


class _EvidenceCounter:
    """Counts the facts of traces, one trace after the other."""

    def __init__(self) -> None:
        self._facts: dict[Key, Occurrences] = defaultdict(Occurrences)
        self._touches = SpanTouches()
        self._runs: Counter[tuple[str, str]] = Counter()
        self._strays: Counter[tuple[str, str]] = Counter()
        self._foreign: Counter[tuple[str, str]] = Counter()
        self._meanwhile: dict[tuple[str, str], frozenset[str]] = defaultdict(frozenset)
        self._alone: dict[tuple[str, str], array[int]] = defaultdict(lambda: array("q"))
        self._starts: dict[str, array[int]] = defaultdict(lambda: array("q"))
        self._ends: dict[str, array[int]] = defaultdict(lambda: array("q"))

    def count(self, spans: list[Span]) -> None:
        """Count the facts of one trace."""
        steps = replay(spans)
        self._touches.count(spans)
        run_starts: dict[int, int] = {}
        for step in steps:
            frame, root = step.frame, step.frame.root or step.frame
            run_starts[id(root)] = min(step.start, run_starts.get(id(root), step.start))
            if frame.parent is not None:
                if not step.company.foreign:
                    self._count_fact(step, run_starts[id(root)])
            elif frame.within is None:
                self._count_top(step, steps)

    def _count_fact(self, step: ReplayedStep, run_start: int) -> None:
        frame, label = step.frame, step.label
        if label.begins:
            self._runs[frame.flow, frame.step] += 1
        key = frame.key(label.lazy, step.company.circumstances(begins=label.begins))
        if generators := (frame.root or frame).generators:
            key = with_pending(key, generators)
        self._facts[key].add(run_start, step.start)

    def _count_top(self, step: ReplayedStep, steps: list[ReplayedStep]) -> None:
        frame, name = step.frame, (step.frame.flow, step.frame.step)
        if step.company.is_run or step.is_cut:
            self._starts[frame.flow].append(step.start)
            self._ends[frame.flow].append(step.end)
        if step.label.entrypoint:
            self._runs[name] += 1
        elif step.is_cut:
            self._strays[name] += 1
            self._meanwhile[name] |= {peer.frame.step for peer in steps if peer.frame.flow == frame.flow}
        elif step.company.foreign:
            self._foreign[name] += 1
        else:
            self._alone[name].append(step.start)

    def evidence(self, commits: dict[str, str]) -> Evidence:
        """Return the evidence of all traces."""
        orphans = Counter({Orphan(flow, Seen(step), True): number for (flow, step), number in self._strays.items()})
        orphans.update({Orphan(flow, Seen(step), False): number for (flow, step), number in self._foreign.items()})
        for (flow, step), concurrent in self._concurrent():
            orphans[Orphan(flow, Seen(step), concurrent)] += 1
            if concurrent:
                self._meanwhile[flow, step] = frozenset(key[1] for key in self._facts if key[0] == flow)
        alone: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for (flow, step), starts in self._alone.items():
            alone[flow][step] = sorted(starts)
        facts: Counter[Fact] = Counter()
        for key, occurrences in self._facts.items():
            flow, step, parent, done, ancestors, outside, circumstances = key
            if lost_steps := occurrences.find_lost_steps(alone[flow]):
                circumstances = circumstances._replace(lost=circumstances.lost | lost_steps)
            sides = _seen(done), _seen(ancestors), _seen(outside)
            facts[Fact(flow, Seen(step), Seen(parent), *sides, circumstances)] += occurrences.times
        runs = {(flow, Seen(step)): number for (flow, step), number in self._runs.items()}
        return Evidence(
            facts,
            orphans,
            runs,
            commits,
            meanwhile=dict(self._meanwhile),
            exact=True,
            touches=self._touches.touches,
            triggers=self._touches.triggers,
        )

    def _concurrent(self) -> Iterator[tuple[tuple[str, str], bool]]:
        """Yield each step that began alone, and whether another step of its flow was running at that time."""
        for flow in {flow for flow, _ in self._alone}:
            run_starts, run_ends = sorted(self._starts[flow]), sorted(self._ends[flow])
            for name, starts in self._alone.items():
                if name[0] == flow:
                    yield from ((name, bisect_left(run_starts, at) > bisect_left(run_ends, at)) for at in starts)


def _seen(steps: Iterable[str]) -> frozenset[Seen]:
    return frozenset(map(Seen, steps))


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
