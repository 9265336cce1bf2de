"""Log lines: JSON by structlog, ``logging`` and others, or plain text; of each, only the allowed fields are kept."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.trace.reading.record_fields import read_field, read_scalar
from penstock.trace.reading.times import STAMP, read_time

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from penstock.config.log_fields import FieldNames

MAX_MESSAGE = 2000
"""Characters of a message that are kept."""

MAX_VALUE = 200
"""Characters of a further field that are kept."""

_LEVEL = re.compile(r"\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b", re.IGNORECASE)
_ERRORS = frozenset({"ERROR", "CRITICAL", "FATAL", "EXCEPTION", "ALERT", "EMERGENCY", "PANIC"})
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_PAIR = re.compile(r"""(?<![\w.-])([A-Za-z_][\w.@-]*)=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;]+)""")
_HEAD = 80
"""Characters at the beginning of a plain line that may have its time and its level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A log line of the run.

    Attributes:
        file: The file that it stands in.
        number: Its line there.
        time: Nanoseconds; ``None`` where it has no time that can be read.
        has_zone: Whether the time says its zone.
        level: How bad it is, in capital letters, or an empty string.
        message: What happened.
        service: The service that wrote it, or an empty string.
        logger: The logger, or an empty string.
        step: The step that it names, or an empty string.
        flow: The flow that it names, or an empty string.
        span: The ID of the span that it names, or an empty string.
        fields: The further fields that are shown.
    """

    file: str
    number: int
    time: int | None = None
    has_zone: bool = True
    level: str = ""
    message: str = ""
    service: str = ""
    logger: str = ""
    step: str = ""
    flow: str = ""
    span: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether its level says that something failed."""
        return self.level in _ERRORS


class LineReader:
    """Reads log lines that may be of a run.

    Args:
        ids: The run's ID, and others that stand for it.
        names: The names of the fields.
    """

    def __init__(self, ids: Collection[str], names: FieldNames) -> None:
        self._ids = frozenset(ids)
        self._names = names
        self._mentions = re.compile("|".join(map(_bound_id, sorted(ids))))

    def read_record(self, record: Mapping[str, Any], file: str, number: int) -> LogLine | None:
        """Return a JSON record as a line of the run, or ``None`` if it belongs to another run."""
        record = _unwrap(record)
        if not self._belongs(record):
            return None
        names = self._names
        time, has_zone = read_time(read_scalar(record, names.time))
        shown = ((name, read_field(record, (name,))) for name in names.show)
        return LogLine(
            file=file,
            number=number,
            time=time,
            has_zone=has_zone,
            level=_as_text(read_scalar(record, names.level)).upper()[:20],
            message=_as_text(read_scalar(record, names.message))[:MAX_MESSAGE],
            **{
                kind: _as_text(read_scalar(record, getattr(names, kind)))[:MAX_VALUE]
                for kind in ("service", "logger", "step", "flow", "span")
            },
            fields=tuple((name, _as_text(value)[:MAX_VALUE]) for name, value in shown if value is not None),
        )

    def _belongs(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record has the ID in a field for it, or, if it has no such field, anywhere."""
        values = [value for name in self._names.id if (value := read_field(record, (name,))) is not None]
        if values:
            return any(str(value) in self._ids for value in values)
        return bool(self._mentions.search(json.dumps(record, ensure_ascii=False)))

    def read_plain(self, text: str, file: str, number: int) -> LogLine | None:
        """Return a plain line as one of the run, or ``None`` if it only has a longer ID.

        Of ``key=value`` in it, the value is hidden, unless it is a field that is shown, and so is JSON.
        """
        text = _STYLE.sub("", text).strip()
        head, record = _find_record(text)
        if isinstance(record, dict) and read_scalar(record, self._names.message) is not None:
            return self.read_record(record, file, number)  # behind a prefix, such as that of Docker Compose
        if not self._mentions.search(text):
            return None
        text = text if record is None else f"{head}{{…}}"
        pairs = {match[1]: match[2].strip("\"'") for match in _PAIR.finditer(text)}
        stamp = STAMP.search(text[:_HEAD])
        time, has_zone = read_time(stamp[0] if stamp else read_field(pairs, self._names.time))
        level = _LEVEL.search(text[: _HEAD + 60])
        message = self._shorten(text, stamp[0] if stamp else "", level[0] if level else "")
        return LogLine(
            file=file,
            number=number,
            time=time,
            has_zone=has_zone,
            level=level[0].upper() if level else "",
            message=(_as_text(read_field(pairs, self._names.message)) or message)[:MAX_MESSAGE],
            **{
                kind: _as_text(read_field(pairs, getattr(self._names, kind)))[:MAX_VALUE]
                for kind in ("service", "step", "flow", "span")
            },
            fields=tuple((name, pairs[name][:MAX_VALUE]) for name in self._names.show if name in pairs),
        )

    def _shorten(self, text: str, stamp: str, level: str) -> str:
        """Return a plain line without what is shown beside it, and without values of fields."""
        text = _PAIR.sub(self._hide, text)
        for part in filter(None, (stamp, level)):
            text = text.replace(part, " ", 1)
        text = self._mentions.sub(" ", text)
        text = re.sub(r"\[\s*\]|\(\s*\)|<\s*>", " ", text)
        return " ".join(text.split()).strip(" -|:")

    def _hide(self, match: re.Match[str]) -> str:
        is_known = any(
            match[1] in getattr(self._names, kind) for kind in ("id", "time", "level", "step", "flow", "span")
        )
        return " " if is_known or match[1] in self._names.show else f"{match[1]}=…"


def parse_line(line: bytes) -> object:
    """Return the JSON of a line, or its text if it is plain.

    Raises:
        ValueError: It begins as JSON and is none.
        RecursionError: It is nested too deep.
    """
    text = line.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        return json.loads(text)
    if text.startswith("[") and text.endswith("]"):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _find_record(text: str) -> tuple[str, Any]:
    """Return what stands before a JSON object at the end of a plain line, and the object; ``None`` if there is none."""
    start = text.find("{") if text.endswith("}") else -1
    if start >= 0:
        with suppress(ValueError, RecursionError):
            return text[:start], json.loads(text[start:])
    return text, None


def _unwrap(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record that Docker's log driver keeps as text in another one."""
    inner = record.get("log")
    if isinstance(inner, str) and "stream" in record:
        try:
            content = json.loads(inner)
        except (ValueError, RecursionError):
            return {"message": inner.strip(), "time": record.get("time")}
        if isinstance(content, dict):
            return {"time": record.get("time"), **content}
    return record


def _bound_id(name: str) -> str:
    """Return a pattern of an ID that is not a part of a longer one; a trace's ID stands between hyphens in headers."""
    if re.fullmatch("[0-9a-f]{32}", name):
        return rf"(?<![0-9A-Za-z]){name}(?![0-9A-Za-z])"
    return rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)"


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return "" if value == "-" else value  # how logging formats write that there is none
    return json.dumps(value, ensure_ascii=False, default=str)
