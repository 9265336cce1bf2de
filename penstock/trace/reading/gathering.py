"""Gathers what files have of one run: its log lines and its spans."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.traces.reader import BAD, Damage
from penstock.trace.reading.log_files import LogPassage, LogSearch
from penstock.trace.reading.log_lines import LineReader, parse_line
from penstock.trace.reading.otlp_logs import is_log_document, iter_records
from penstock.trace.reading.run_spans import is_span_document, read_spans

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from penstock.check.traces.span_functions import StepFinder
    from penstock.config.log_fields import FieldNames
    from penstock.trace.reading.log_lines import LogLine
    from penstock.trace.reading.run_spans import RunSpan

MAX_LINES = 10_000
"""Log lines that are kept; further ones are counted."""

MAX_SPANS = 20_000
"""Spans that are kept; further ones are counted."""

STDIN = Path("-")


class FileCount(NamedTuple):
    """A file, and how many lines it has."""

    name: str
    lines: int


@dataclass
class RunRecords:
    """What files have of a run.

    Attributes:
        lines: Its log lines, in the order of the files.
        spans: Its spans, by trace and ID.
        files: The files that were read.
        damage: What could not be read.
        omitted_lines: How many log lines are too many.
        omitted_spans: The same of spans.
        other_ids: Correlation IDs that spans of the trace carry beside the one that was asked for.
    """

    lines: list[LogLine] = field(default_factory=list)
    spans: dict[tuple[str, str], RunSpan] = field(default_factory=dict)
    files: list[FileCount] = field(default_factory=list)
    damage: Damage = field(default_factory=Damage)
    omitted_lines: int = 0
    omitted_spans: int = 0
    other_ids: set[str] = field(default_factory=set)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return not (self.damage.number or self.omitted_lines or self.omitted_spans)


def gather(run_id: str, files: Sequence[Path], names: FieldNames, finder: StepFinder) -> RunRecords:
    """Return what files have of a run; each is read once, or twice if spans have a trace of another ID.

    Args:
        run_id: The correlation ID.
        files: The files.
        names: The names of fields in log records.
        finder: Finds the steps of spans that only name a function.

    Raises:
        EvidenceError: A file cannot be read.
    """
    gathering = _Gathering(run_id, names, finder)
    result = gathering.result
    for file in files:
        count = gathering.read_file(file, [run_id])
        result.files.append(FileCount(str(file), count))
    traces = gathering.find_traces()
    if traces:
        second = _Gathering(run_id, names, finder, result, traces)
        for file in files:
            if file != STDIN:
                second.read_file(file, sorted(traces))
    return result


class _Gathering:
    """One pass through files."""

    def __init__(
        self,
        run_id: str,
        names: FieldNames,
        finder: StepFinder,
        result: RunRecords | None = None,
        traces: Collection[str] = (),
    ) -> None:
        self.result = result or RunRecords()
        self._run_id = run_id
        self._traces = frozenset({run_id, *traces})
        self._finder = finder
        self._is_first = not traces
        self._known_lines = {(line.file, line.number) for line in self.result.lines}
        # In the second pass, damage and omissions were recorded before.
        self._damage = self.result.damage if self._is_first else Damage()
        self._reader = LineReader(self._traces, names)
        self._shared_traces: set[str] = set()

    def read_file(self, file: Path, ids: Collection[str]) -> int:
        """Take what a file has of the run, and return how many lines it has."""
        search = LogSearch(ids, self._damage)
        for passage in search.iter_passages(file):
            self._take(passage, str(file))
        return search.lines

    def find_traces(self) -> frozenset[str]:
        """Return the traces of the run's spans, apart from one that has its ID, and those that have other runs as well."""
        traces = {span.record.trace for span in self.result.spans.values()}
        return frozenset(traces - self._shared_traces - {self._run_id})

    def _take(self, passage: LogPassage, file: str) -> None:
        place = f"{file}:{passage.number}"
        try:
            content = parse_line(passage.content)
        except BAD as error:
            if passage.number == 1 and b"\n" in passage.content:  # it only began like a document
                self._take_lines(passage.content, file)
            else:
                self._damage.note(place, f"this is not JSON: {error}"[:120])
            return
        if isinstance(content, str):
            self._keep(self._reader.read_plain(content, file, passage.number), file, passage.number)
        else:
            self._take_content(content, file, passage.number)

    def _take_lines(self, content: bytes, file: str) -> None:
        for number, line in enumerate(content.splitlines(), 1):
            if any(name.encode() in line for name in self._traces):
                self._take(LogPassage(number, line), file)

    def _take_content(self, content: object, file: str, number: int) -> None:
        place = f"{file}:{number}"
        if is_span_document(content):
            for span in read_spans(content, place, self._damage, self._finder):
                self._keep_span(span)
        elif is_log_document(content):
            for record in iter_records(content, place, self._damage):
                self._keep(self._reader.read_record(record, file, number), file, number, is_alone=False)
        elif isinstance(content, dict):
            self._keep(self._reader.read_record(content, file, number), file, number)

    def _keep(self, line: LogLine | None, file: str, number: int, *, is_alone: bool = True) -> None:
        if line is None or (is_alone and (file, number) in self._known_lines):
            return
        if len(self.result.lines) < MAX_LINES:
            self.result.lines.append(line)
        elif self._is_first:
            self.result.omitted_lines += 1

    def _keep_span(self, span: RunSpan) -> None:
        if span.flow_id not in {"", self._run_id}:
            self._shared_traces.add(span.record.trace)
        if not self._belongs(span) or span.key in self.result.spans:
            return
        if span.flow_id not in {"", self._run_id}:
            self.result.other_ids.add(span.flow_id)
        if len(self.result.spans) < MAX_SPANS:
            self.result.spans[span.key] = span
        elif self._is_first:
            self.result.omitted_spans += 1

    def _belongs(self, span: RunSpan) -> bool:
        if self._run_id in {span.flow_id, span.record.trace}:
            return True
        parent = span.record.parent
        is_linked = parent is not None and parent[0] == self._run_id
        return not span.flow_id and (span.record.trace in self._traces or is_linked)
