"""Searches files for the lines that hold one of some IDs: gigabytes of them, in a few megabytes of memory."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.traces.reader import MAX_SIZE, MEGABYTE, open_stream
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedIOBase
    from pathlib import Path

    from penstock.check.traces.reader import Damage

CHUNK = 1 << 20
"""Bytes that are read at once."""

_DOCUMENT = re.compile(rb'\s*(?:\{\s*(?:"[^\n]*[{\[,])?|\[\s*(?:\{[^\n]*[{\[,]|\{)?)\s*$')
"""The first line of a JSON document that goes over many lines."""


class LogPassage(NamedTuple):
    """A line, or a whole document, that holds an ID.

    Attributes:
        number: Its line, from 1.
        content: Its bytes.
    """

    number: int
    content: bytes


class LogSearch:
    """A search for the lines of a run, and what it has read.

    Args:
        ids: The IDs.
        damage: Records input that cannot be read.

    Attributes:
        lines: How many lines were read.
    """

    def __init__(self, ids: Iterable[str], damage: Damage) -> None:
        self.lines = 0
        self._needles = [name.encode() for name in ids]
        self._damage = damage

    def iter_passages(self, file: Path) -> Iterator[LogPassage]:
        """Yield each line of a file that holds an ID, or the whole file if it is one document over many lines.

        Raises:
            EvidenceError: The file cannot be read.
        """
        with open_stream(file, "penstock trace ID -") as stream:
            chunks = self._iter_chunks(stream, file)
            first = next(chunks, b"")
            begins_document = _DOCUMENT.match(first.partition(b"\n")[0]) is not None
            if begins_document:
                first += next(chunks, b"")
            if begins_document and b"\n" in first.strip():
                yield from self._read_document(first, chunks, file)
            else:
                yield from self._search_lines(chain((first,), chunks), file)

    def _iter_chunks(self, stream: BufferedIOBase, file: Path) -> Iterator[bytes]:
        try:
            while chunk := stream.read1(CHUNK):  # of a file that is cut off, it returns what comes before the end
                yield chunk
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self._damage.note(str(file), f"the compressed file is cut off or damaged: {error}")
        except OSError as error:
            raise EvidenceError(f"cannot be read: {error.strerror}", path=file) from None

    def _read_document(self, first: bytes, chunks: Iterator[bytes], file: Path) -> Iterator[LogPassage]:
        """Yield a document that goes over many lines; one that is too large is left out."""
        content = io.BytesIO()
        content.write(first)
        for chunk in chunks:
            content.write(chunk)
            if content.tell() > MAX_SIZE:
                self._damage.note(
                    str(file), f"the document is larger than {MAX_SIZE / MEGABYTE:g} MB; write one a line"
                )
                return
        text = content.getvalue()
        self.lines += text.count(b"\n")
        if self._holds_id(text):
            yield LogPassage(1, text)

    def _search_lines(self, chunks: Iterator[bytes], file: Path) -> Iterator[LogPassage]:
        """Yield the lines with an ID; a part without one is only counted."""
        number, rest = 1, _UnfinishedLine()
        for chunk in chunks:
            end = chunk.rfind(b"\n") + 1
            if end:
                block = rest.take(chunk[:end])
                yield from self._search_block(block, number)
                number += block.count(b"\n")
            rest.add(chunk[end:])
            if rest.size > MAX_SIZE:
                self._damage.note(f"{file}:{number}", f"the line is longer than {MAX_SIZE / MEGABYTE:g} MB")
                rest.drop()
        self.lines += number - 1 + rest.has_begun
        yield from self._search_block(rest.take(b""), number)

    def _search_block(self, block: bytes, number: int) -> Iterator[LogPassage]:
        """Yield the lines with an ID of a block that begins and ends where lines do."""
        starts: set[int] = set()
        for needle in self._needles:
            position = block.find(needle)
            while position >= 0:
                starts.add(block.rfind(b"\n", 0, position) + 1)
                stop = block.find(b"\n", position)
                position = block.find(needle, stop) if stop >= 0 else -1
        counted_to = 0
        for start in sorted(starts):
            number += block.count(b"\n", counted_to, start)
            counted_to = start
            stop = block.find(b"\n", start)
            yield LogPassage(number, block[start : stop if stop >= 0 else len(block)])

    def _holds_id(self, text: bytes) -> bool:
        return any(needle in text for needle in self._needles)


class _UnfinishedLine:
    """The beginning of a line whose end is not read yet.

    Attributes:
        size: Its bytes.
    """

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []
        self._is_dropped = False

    @property
    def has_begun(self) -> bool:
        """Whether the line has anything in it, which may be left out."""
        return self.size > 0 or self._is_dropped

    def add(self, part: bytes) -> None:
        """Take a further part, unless the line is left out."""
        if not self._is_dropped:
            self._parts.append(part)
            self.size += len(part)

    def drop(self) -> None:
        """Leave the line out, up to its end."""
        self._parts, self.size, self._is_dropped = [], 0, True

    def take(self, part: bytes) -> bytes:
        """Return the line with the part in which it ends; of a line that is left out, only that end."""
        if self._is_dropped:
            part = part[part.find(b"\n") :] if part else b""
        block = b"".join((*self._parts, part))
        self._parts, self.size, self._is_dropped = [], 0, False
        return block
