"""Reads the recordings of AppMap: one ``.appmap.json`` for each test or request.

See https://appmap.io/docs/reference/appmap-specification. Names are taken from it, and no values.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_text
from penstock.discover.others.timed_calls import TimedCall, make_recording
from penstock.discover.recording import Function
from penstock.effects.http_methods import read_request
from penstock.effects.names import mask_path
from penstock.effects.sql import read_sql
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from penstock.discover.recording import Recording

_BAD = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


def read_appmap(paths: Iterable[Path], project: Path) -> Recording:
    """Return what AppMap has recorded.

    Args:
        paths: The files.
        project: The folder that the files of functions are in; installed packages do not count.

    Raises:
        EvidenceError: A file cannot be read, or is no AppMap.
    """
    calls: list[TimedCall] = []
    for path in paths:
        try:
            calls += _read_events(json.loads(read_text(path))["events"], project)
        except OSError as error:
            raise EvidenceError(f"cannot read the AppMap: {error.strerror}", path=path) from None
        except _BAD as error:
            raise EvidenceError(f"this is not a recording of AppMap ({error!r:.80})", path=path) from None
    return make_recording(calls)


def _read_events(events: Iterable[Mapping[str, Any]], project: Path) -> list[TimedCall]:
    """Return the outermost calls of each thread."""
    stacks: dict[object, list[tuple[object, TimedCall]]] = defaultdict(list)
    outermost: list[TimedCall] = []
    for clock, event in enumerate(events):
        stack = stacks[event.get("thread_id")]
        if event["event"] == "call":
            call = _read_call(event, clock, project)
            (stack[-1][1].children if stack else outermost).append(call)
            stack.append((event["id"], call))
        elif any(key == event["parent_id"] for key, _ in stack):
            key = None
            while key != event["parent_id"]:  # calls that an exception ended have no event of their own
                key, call = stack.pop()
                call.end = clock
    return outermost


def _read_call(event: Mapping[str, Any], clock: int, project: Path) -> TimedCall:
    call = TimedCall(_find_function(event, project), clock, clock)
    if query := event.get("sql_query"):
        call.touch(read_sql(query.get("database_type") or "sql", query["sql"]))
    if request := event.get("http_client_request"):
        call.touch(read_request(request["request_method"], request["url"]))
    if request := event.get("http_server_request"):
        path = request.get("normalized_path_info") or mask_path(request["path_info"])
        call.trigger = f"{request['request_method']} {path}"
    return call


def _find_function(event: Mapping[str, Any], project: Path) -> Function | None:
    """Return the function of an event, if it is one of the project."""
    file, line, name = event.get("path"), event.get("lineno"), event.get("method_id")
    if not (isinstance(file, str) and isinstance(line, int) and isinstance(name, str)):
        return None
    if "site-packages" in file or not (project / file).is_file():
        return None
    parts = PurePosixPath(file).with_suffix("").parts
    owner = str(event.get("defined_class") or "").replace("/", ".")
    names = [".".join(parts[start:]) for start in range(len(parts))]
    module = next((module for module in names if owner == module or owner.startswith(f"{module}.")), "")
    qualname = ".".join(filter(None, (owner[len(module) :].strip("."), name)))
    return Function(module or names[0], qualname, file, line)
