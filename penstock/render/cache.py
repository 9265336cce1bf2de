"""Layouts that are kept from build to build, and shared by all engines that document a project.

They stand in one file in the project's folder ``.penstock``. Where it cannot be read or written, layouts are made
anew; that is all. A plain layout of a diagram on which the engine ran out of time is kept, too, or each build would
take that time again. Errors are not: an engine that fails can be mended at any time, and says so at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import __version__
from penstock._files import own_folder, read_bytes, write_atomically
from penstock.errors import OutputError
from penstock.render import marks
from penstock.render.geometry import Layout
from penstock.render.layout import ENGINE, TIMEOUT, find_engine, lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.errors import LayoutError
    from penstock.model import Flow
    from penstock.render.options import Options

FORMAT = 4
"""The version of the file."""

MOST_DAYS = 30
"""A layout that nobody asked for in so many days is dropped."""

MOST_LAYOUTS = 20_000
"""Of more than these, those are dropped that nobody asked for the longest time."""

RETRY_DAYS = 7
"""After so many days an engine that took too long is asked again; the machine may have had much to do."""

_DAY = 86_400

_Entry = tuple[int, str, str]
"""The day on which somebody last asked for a layout, or a plain layout was made, and the layout as it is kept."""


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
        """Lay out some flows as :func:`penstock.render.layout.lay_out` does; only those that are new cost time.

        Raises:
            MissingExtraError: The engine or the graphviz package is not installed.
        """
        engine_now = _identity(engine)
        keys = [digest(flow, options, engine_now, timeout) for flow in flows]
        known, today = self._read(), int(time.time() // _DAY)
        found: dict[str, Layout | LayoutError] = {
            key: Layout(*known[key][1:]) for key in keys if key in known and not _is_outdated(known[key], today)
        }
        new = {key: flow for key, flow in zip(keys, flows, strict=True) if key not in found}
        made = lay_out(list(new.values()), options, engine=engine, timeout=timeout) if new else []
        found.update(zip(new, made, strict=True))
        used = {
            key: (today if key in new or not layout.reason else known[key][0], *layout)
            for key, layout in found.items()
            if isinstance(layout, Layout)
        }
        if any(key not in known or tuple(known[key]) != entry for key, entry in used.items()):
            self._write({**self._read(), **used}, today)  # read again: another build may have written meanwhile
        return [found[key] for key in keys]

    def _read(self) -> dict[str, _Entry]:
        """Return the layouts of the file; one that is torn, edited or of another version has none."""
        try:
            head, _, text = read_bytes(self._file).partition(b"\n")
            layouts: dict[str, _Entry] = json.loads(text) if head == _head(text) else {}
        except (OSError, ValueError):
            return {}
        return layouts

    def _write(self, layouts: dict[str, _Entry], today: int) -> None:
        recent = [entry for entry in layouts.items() if entry[1][0] > today - MOST_DAYS]
        kept = sorted(recent, key=lambda entry: (-entry[1][0], entry[0]))[:MOST_LAYOUTS]
        text = json.dumps(dict(sorted(kept)), separators=(",", ":")).encode()
        with contextlib.suppress(OSError, OutputError):
            own_folder(self._file.parent)
            write_atomically(self._file, _head(text) + b"\n" + text)


def _is_outdated(entry: _Entry, today: int) -> bool:
    """Return whether an entry is a plain layout that was made long enough ago to ask the engine again."""
    day, _, reason = entry
    return bool(reason) and day <= today - RETRY_DAYS


def _head(text: bytes) -> bytes:
    """Return the first line of the file, which says of what version and content the rest is."""
    return json.dumps({"format": FORMAT, "digest": hashlib.sha256(text).hexdigest()}).encode()


def _identity(engine: str) -> tuple[str, int, int] | str:
    """Return what changes when another engine is installed; one of a package is the same on every machine."""
    path = find_engine(engine)
    if engine == ENGINE:
        with contextlib.suppress(metadata.PackageNotFoundError):
            return f"{engine} {metadata.version(engine)}"
    with contextlib.suppress(OSError):
        status = Path(path).stat()
        return path, status.st_mtime_ns, status.st_size
    return path, 0, 0


def digest(flow: Flow, options: Options, engine: object, timeout: float) -> str:
    """Return a digest of all that a layout depends on: what is drawn, how, by which engine, and in how many seconds."""
    steps = [(step.name, step.title, step.entrypoint, step.trigger, step.effects) for step in flow.steps]
    edges = [(edge.source, edge.target, edge.label, *filter(None, [marks.label(edge)])) for edge in flow.edges]
    facts = (__version__, engine, timeout, options.direction, options.details, steps, edges)
    return hashlib.sha256(repr(facts).encode("utf-8", "replace")).hexdigest()
