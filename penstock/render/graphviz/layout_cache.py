"""Layouts cached from build to build, and shared by all engines that document a project.

They are kept in one file in the project's folder ``.penstock``. If it cannot be read or written, layouts are
computed again. A plain layout of a diagram that timed out is cached, too; otherwise each build would
take that time again. Errors are not cached: an engine can be repaired at any time, and fails quickly.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.atomic_files import own_folder
from penstock._util.cache_files import read_cache_file, write_cache_file
from penstock._version import __version__
from penstock.errors import OutputError
from penstock.render import edge_status
from penstock.render.graphviz.engine import ENGINE, TIMEOUT, find_engine
from penstock.render.graphviz.layout import lay_out
from penstock.render.graphviz.plain_output import Layout
from penstock.render.numbers import describe_edge, describe_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.errors import LayoutError
    from penstock.model import Flow
    from penstock.render.options import Options

_HEAD = {"format": 5}
"""The version of the file format."""

MOST_DAYS = 30
"""Days after which an unused layout is dropped."""

MOST_LAYOUTS = 20_000
"""Maximum number of layouts; of more, those unused the longest are dropped."""

RETRY_DAYS = 7
"""Days after which an engine that timed out is tried again; the machine may have been busy."""

_DAY = 86_400

_Entry = tuple[int, str, str, bool]
"""The day of a layout's last use, or of a plain layout's creation, and the layout's fields."""


class LayoutCache:
    """The layouts of one project.

    Args:
        project: The project's folder.
    """

    def __init__(self, project: Path) -> None:
        self._file = project / ".penstock" / "layouts.json"

    def lay_out(
        self, flows: Sequence[Flow], options: Options, *, engine: str = ENGINE, timeout: float = TIMEOUT
    ) -> list[Layout | LayoutError]:
        """Lay out some flows like :func:`penstock.render.graphviz.layout.lay_out`; only new ones cost time.

        Raises:
            MissingExtraError: The engine or the graphviz package is not installed.
        """
        engine_now = _identity(engine)
        keys = [digest(flow, options, engine_now, timeout) for flow in flows]
        entries, today = self._read(), int(time.time() // _DAY)
        results: dict[str, Layout | LayoutError] = {
            key: Layout(*entries[key][1:]) for key in keys if key in entries and not _is_outdated(entries[key], today)
        }
        new = {key: flow for key, flow in zip(keys, flows, strict=True) if key not in results}
        new_layouts = lay_out(list(new.values()), options, engine=engine, timeout=timeout) if new else []
        results.update(zip(new, new_layouts, strict=True))
        used_entries = {
            key: (today if key in new or not layout.reason else entries[key][0], *layout)
            for key, layout in results.items()
            if isinstance(layout, Layout)
        }
        if any(key not in entries or tuple(entries[key]) != entry for key, entry in used_entries.items()):
            self._write({**self._read(), **used_entries}, today)  # read again: another build may have written meanwhile
        return [results[key] for key in keys]

    def _read(self) -> dict[str, _Entry]:
        """Return the layouts of the file; empty if it is truncated, edited or of another version."""
        try:
            head, text = read_cache_file(self._file)
            layouts: dict[str, _Entry] = json.loads(text) if head == _HEAD else {}
        except (OSError, ValueError):
            return {}
        return layouts

    def _write(self, layouts: dict[str, _Entry], today: int) -> None:
        recent = [entry for entry in layouts.items() if entry[1][0] > today - MOST_DAYS]
        newest_entries = sorted(recent, key=lambda entry: (-entry[1][0], entry[0]))[:MOST_LAYOUTS]
        text = json.dumps(dict(sorted(newest_entries)), separators=(",", ":")).encode()
        with contextlib.suppress(OSError, OutputError):
            own_folder(self._file.parent)
            write_cache_file(self._file, _HEAD, text)


def _is_outdated(entry: _Entry, today: int) -> bool:
    """Return whether an entry is a plain layout old enough to try the engine again."""
    day, _, reason, _ = entry
    return bool(reason) and day <= today - RETRY_DAYS


def _identity(engine: str) -> tuple[str, int, int] | str:
    """Return the identity of the installed engine; that of a package is the same on every machine."""
    path = find_engine(engine)
    if engine == ENGINE:
        with contextlib.suppress(metadata.PackageNotFoundError):
            return f"{engine} {metadata.version(engine)}"
    with contextlib.suppress(OSError):
        status = Path(path).stat()
        return path, status.st_mtime_ns, status.st_size
    return path, 0, 0


def digest(flow: Flow, options: Options, engine: object, timeout: float) -> str:
    """Return a digest of everything that determines a layout: drawing, options, engine and time limit."""
    steps = [
        (step.name, step.title, step.entrypoint, step.trigger, step.effects, *describe_step(step))
        for step in flow.steps
    ]
    edges = [
        (edge.source, edge.target, edge.label, *filter(None, [edge_status.label(edge), describe_edge(edge)]))
        for edge in flow.edges
    ]
    uses = [(use.step, use.verb, use.resource, use.state) for use in flow.uses]
    facts = (
        __version__,
        engine,
        timeout,
        options.direction,
        options.flexible,
        options.details,
        options.small,
        steps,
        edges,
        *([uses] if uses else ()),
    )
    return hashlib.sha256(repr(facts).encode("utf-8", "replace")).hexdigest()
