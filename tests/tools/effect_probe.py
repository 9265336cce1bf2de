"""Applies the rows of penstock.effects to the calls of a block, by Python's own hook for profilers."""

from __future__ import annotations

import inspect
import sys
import threading
from contextlib import contextmanager, suppress
from types import CodeType
from typing import TYPE_CHECKING, Any

from penstock.effects import LIBRARIES
from penstock.effects.audit import EVENTS
from penstock.effects.rows import Touch, Trigger
from penstock.effects.sqlite import EVENT, follow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from penstock.effects.rows import LibraryFunction

_ROWS = {(row.module, row.qualname): row for library in LIBRARIES for row in library.FUNCTIONS}
_probes: list[Probe] = []


class Probe:
    """What the calls of a block touched and started, without repetitions."""

    def __init__(self) -> None:
        self.notes: dict[Touch | Trigger, None] = {}

    @property
    def writes(self) -> list[str]:
        """The targets that were written, sorted."""
        return sorted(note.target for note in self.notes if isinstance(note, Touch) and note.verb == "writes")

    @property
    def reads(self) -> list[str]:
        """The targets that were read, sorted."""
        return sorted(note.target for note in self.notes if isinstance(note, Touch) and note.verb == "reads")

    @property
    def triggers(self) -> list[str]:
        """What started work, in order."""
        return [note.name for note in self.notes if isinstance(note, Trigger)]

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        """Read the arguments of a call, if there is a row for its function."""
        row = _ROWS.get((frame.f_globals.get("__name__", ""), frame.f_code.co_qualname)) if event == "call" else None
        if row is not None:
            with suppress(Exception):
                self.notes.update(dict.fromkeys(row.read(frame.f_locals)))


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    """Read an audit event while there is a probe; Python keeps such a hook for good."""
    if not _probes:
        return
    probe = _probes[-1]
    if event == EVENT:
        follow(arguments[0], probe.notes.setdefault)
    elif event in EVENTS:
        with suppress(Exception):
            probe.notes.update(dict.fromkeys(EVENTS[event](arguments)))


@contextmanager
def probe_effects() -> Iterator[Probe]:
    """Collect what the calls in a block touch and start, in threads that start meanwhile, too."""
    if not _probes and not hasattr(_hear, "added"):
        _hear.added = True  # type: ignore[attr-defined]
        sys.addaudithook(_hear)
    probe = Probe()
    _probes.append(probe)
    outer = sys.getprofile()
    threading.setprofile(probe.profile)
    sys.setprofile(probe.profile)
    try:
        yield probe
    finally:
        sys.setprofile(outer)
        threading.setprofile(outer)
        _probes.remove(probe)


def find_code(row: LibraryFunction, module: object) -> CodeType | None:
    """Return the code of a row's function in its imported module, or ``None`` if the function is gone."""
    value: Any = module
    for name in row.qualname.split(".<locals>.")[0].split("."):
        value = vars(value).get(name)
        if value is None:
            return None
    code: CodeType | None = getattr(inspect.unwrap(value), "__code__", None)
    for name in row.qualname.split(".<locals>.")[1:]:
        constants = code.co_consts if code is not None else ()
        code = next((each for each in constants if isinstance(each, CodeType) and each.co_name == name), None)
    return code if code is not None and code.co_qualname == row.qualname else None
