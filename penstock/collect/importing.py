"""Imports an application in a child, and remembers a failure for a moment."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.collect import inputs as _inputs
from penstock.collect import parent
from penstock.collect.cache import CollectedManifest
from penstock.errors import CollectError
from penstock.manifest.unread_flows import UNREAD_CODE
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from penstock.collect.cache import ManifestCache
    from penstock.collect.inputs import Snapshot
    from penstock.collect.manifest_inputs import InputRecorder
    from penstock.collect.plan import CollectPlan

_FAILURE_SECONDS = 2.0
"""Seconds for which a failure stays valid after a request: a site asks for each of its pages in quick succession."""


@dataclass
class _CachedFailure:
    """A failed import, the state of its inputs, and the time of the last request."""

    error: CollectError
    snapshot: Snapshot
    last_request: float

    def holds(self) -> bool:
        """Return whether the failure is still current, and extend its time."""
        holds = time.monotonic() - self.last_request < _FAILURE_SECONDS and self.snapshot.is_current()
        self.last_request = time.monotonic()
        return holds


_failures: dict[str, _CachedFailure] = {}


def import_and_collect(plan: CollectPlan, cache: ManifestCache, recorder: InputRecorder) -> CollectedManifest:
    """Import an application, and cache its flows for later processes.

    Raises:
        CollectError: Modules could not be imported.
    """
    failure = _failures.get(cache.key)
    if failure and failure.holds():
        raise _again(failure.error)
    last = cache.find_last()
    since = time.time_ns()
    result = parent.collect(plan)
    failing_files = [str(plan.project / problem.file) for problem in result.failures if problem.file]
    files = [*result.files, *failing_files, str(plan.project / "pyproject.toml")]
    before = last.snapshot if last else None
    state = _inputs.snapshot(files, result.folders, filter(None, [result.site]), since=since, before=before)
    if result.manifest is None:
        error = _error(result)
        _failures[cache.key] = _CachedFailure(error, _with_neighbours(plan, state), time.monotonic())
        raise _again(error)
    _failures.pop(cache.key, None)
    collected = CollectedManifest(replace(result.manifest, inputs=recorder.record(state, result.versions)), state)
    if all(
        problem.code != UNREAD_CODE for problem in collected.manifest.problems
    ):  # the next attempt may be fast enough
        cache.write(collected, result.text)
    return collected


def _error(result: parent.Collected) -> CollectError:
    lines = [escape_line(str(failure)) for failure in result.failures]
    if len(lines) == 1:
        return CollectError(lines[0], failures=result.failures, output=result.output)
    message = "\n  ".join([f"{len(lines)} modules cannot be imported:", *lines])
    return CollectError(message, failures=result.failures, output=result.output)


def _again(error: CollectError) -> CollectError:
    """Return a copy, because an exception raised twice accumulates both tracebacks."""
    return CollectError(str(error), failures=error.failures, output=error.output)


def _with_neighbours(plan: CollectPlan, snapshot: Snapshot) -> Snapshot:
    """Return the inputs of a failure, with neighbouring folders: the missing file may be added there."""
    nearby = {*plan.path, str(plan.project), *(str(Path(file).parent) for file in snapshot.files)}
    return replace(snapshot, folders={**{folder: _inputs.listing(folder) for folder in nearby}, **snapshot.folders})
