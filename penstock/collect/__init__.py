"""Makes a manifest from a configuration, without importing the application into this process.

As long as nothing changes, the application is not imported again: the last manifest is cached, in this process and in
the project's folder ``.penstock/cache``, with the state of every input file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import manifest
from penstock._resolve import resolution
from penstock._util import source_paths
from penstock._util.atomic_files import is_file, is_folder, own_folder
from penstock._util.cache_files import read_cache_file, write_cache_file
from penstock._version import __version__
from penstock.collect import foreign_manifests, parent
from penstock.collect import inputs as _inputs
from penstock.errors import CollectError, ManifestError, PenstockError
from penstock.manifest import Inputs, lazy
from penstock.manifest.unread_flows import UNREAD_CODE
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from penstock.collect.inputs import Snapshot
    from penstock.config import Config
    from penstock.manifest import Manifest

_KEPT_FILES = 8
_KEPT_FAILURE = 2.0
"""Seconds for which a failure stays valid after a request: a site asks for each of its pages in quick succession."""


@dataclass(frozen=True)
class _Record:
    """A manifest and the state of its inputs."""

    manifest: Manifest
    snapshot: Snapshot


@dataclass
class _CachedFailure:
    """A failed import, the state of its inputs, and the time of the last request."""

    error: CollectError
    snapshot: Snapshot
    asked: float

    def holds(self) -> bool:
        """Return whether the failure is still current, and extend its time."""
        holds = time.monotonic() - self.asked < _KEPT_FAILURE and self.snapshot.is_current()
        self.asked = time.monotonic()
        return holds


_records: dict[str, _Record] = {}
_failures: dict[str, _CachedFailure] = {}


def collect(config: Config, *, calls: bool = False) -> Manifest:
    """Return the flows of a configuration.

    With ``manifests``, those files are read; with ``modules``, a child Python imports them, and as long as no input
    changes, the answer is the same object. With neither, the flows of this process are returned.

    Args:
        config: The settings.
        calls: Whether flows include static relations. Without it, the result has none even if they are
            cached, so output never depends on the state of the cache.

    Raises:
        CollectError: Modules could not be imported; the message names each with file, line, cause and cure.
        ManifestError: A manifest cannot be read, or two contradict each other.
    """
    if not config.manifests and not config.modules:
        return _here(config, calls=calls)
    key = _key(config, calls=calls)
    record = next(filter(None, map(_current, _cached_candidates(config, key))), None)
    if record is None:
        record = _merge_manifests(config) if config.manifests else _import_and_collect(config, key, calls=calls)
    _records[key] = record
    return record.manifest


def last_good(config: Config, *, calls: bool = False) -> Manifest | None:
    """Return the flows of the last successful collection, or ``None`` if there is none.

    This keeps pages alive while a broken module is repaired.
    """
    if config.manifests or not config.modules:
        return None
    record = next(filter(None, _cached_candidates(config, _key(config, calls=calls))), None)
    return record.manifest if record else None


def input_files(made: Manifest, project: Path) -> list[Path]:
    """Return the existing files that a manifest was made from, absolute, for dependencies and watchers."""
    files = (Path(source_paths.absolute(project / name)) for name, _ in made.inputs.files)
    return [file for file in files if is_file(file)]


def input_folders(made: Manifest, project: Path) -> list[Path]:
    """Return the existing folders that were searched for modules, absolute: a new file in one matters."""
    folders = (Path(source_paths.absolute(project / name)) for name, _ in made.inputs.folders)
    return [folder for folder in folders if is_folder(folder)]


def _cached_candidates(config: Config, key: str) -> Iterator[_Record | None]:
    """Yield the records for a key: that of this process, then those of earlier ones."""
    yield _records.get(key)
    yield _read_cache(config, key)


def _here(config: Config, *, calls: bool) -> Manifest:
    flows, problems = resolution.flows(), resolution.problems()
    if calls:
        from penstock.collect.static_calls import with_calls  # noqa: PLC0415 - most builds have no static analysis

        roots = [*map(str, config.path), str(config.project)]
        flows, unread = with_calls(flows, roots, config.reading_timeout)
        problems += unread
    files = {step.file for flow in flows for step in flow.steps if is_file(step.file)}
    inputs = _make_inputs(config, _inputs.snapshot(files, {}, since=time.time_ns()), manifest.versions())
    return manifest.build(flows, problems, project=config.project, service=config.service, inputs=inputs)


def _merge_manifests(config: Config) -> _Record:
    state = _inputs.snapshot(map(str, config.manifests), {}, since=time.time_ns())
    read = {path: manifest.load(path) for path in config.manifests}
    origins: dict[str, str] = {}
    if not config.trust_manifests:
        read = {path: _clean_manifest(source, path) for path, source in read.items()}
        names = {path: source_paths.relative(path, config.project) for path in read}
        origins = {flow.full_name: names[path] for path, source in read.items() for flow in source.flows}
    result = manifest.merge([*read.values()])
    return _Record(replace(result, inputs=_make_inputs(config, state, manifest.versions()), origins=origins), state)


def _clean_manifest(source: Manifest, path: Path) -> Manifest:
    try:
        return foreign_manifests.clean(source)
    except ManifestError as error:
        raise ManifestError(str(error), path=path) from None


def _import_and_collect(config: Config, key: str, *, calls: bool) -> _Record:
    failure = _failures.get(key)
    if failure and failure.holds():
        raise _again(failure.error)
    last = _records.get(key) or _read_cache(config, key)
    since = time.time_ns()
    result = parent.collect(config, calls=calls)
    failing_files = [str(config.project / problem.file) for problem in result.failures if problem.file]
    files = [*result.files, *failing_files, str(config.project / "pyproject.toml")]
    before = last.snapshot if last else None
    state = _inputs.snapshot(files, result.folders, filter(None, [result.site]), since=since, before=before)
    if result.manifest is None:
        error = _error(result)
        _failures[key] = _CachedFailure(error, _with_neighbours(config, state), time.monotonic())
        raise _again(error)
    _failures.pop(key, None)
    record = _Record(replace(result.manifest, inputs=_make_inputs(config, state, result.versions)), state)
    if all(problem.code != UNREAD_CODE for problem in record.manifest.problems):  # the next attempt may be fast enough
        _keep(config, key, record, result.text)
    return record


def _error(result: parent.Collected) -> CollectError:
    lines = [escape_line(str(failure)) for failure in result.failures]
    if len(lines) == 1:
        return CollectError(lines[0], failures=result.failures, output=result.output)
    message = "\n  ".join([f"{len(lines)} modules cannot be imported:", *lines])
    return CollectError(message, failures=result.failures, output=result.output)


def _again(error: CollectError) -> CollectError:
    """Return a copy, because an exception raised twice accumulates both tracebacks."""
    return CollectError(str(error), failures=error.failures, output=error.output)


def _with_neighbours(config: Config, snapshot: Snapshot) -> Snapshot:
    """Return the inputs of a failure, with neighbouring folders: the missing file may be added there."""
    nearby = {*map(str, config.path), str(config.project), *(str(Path(file).parent) for file in snapshot.files)}
    return replace(snapshot, folders={**{folder: _inputs.listing(folder) for folder in nearby}, **snapshot.folders})


def _make_inputs(config: Config, snapshot: Snapshot, versions: Mapping[str, str]) -> Inputs:
    """Return the part of a snapshot that is the same on other machines."""
    files = {source_paths.relative(file, config.project): sha for file, (_, sha) in snapshot.files.items()}
    folders = {source_paths.relative(folder, config.project): digest for folder, digest in snapshot.folders.items()}
    return Inputs(
        files=tuple(sorted((file, sha) for file, sha in files.items() if not source_paths.is_installed(file))),
        folders=tuple(
            sorted((folder, sha) for folder, sha in folders.items() if not source_paths.is_installed(folder))
        ),
        # without the values in `env`: a manifest may be published, and they may be secrets
        config=_digest(
            {**_facts(config, lambda path: source_paths.relative(path, config.project)), "env": sorted(config.env)}
        ),
        versions=tuple(sorted(versions.items())),
    )


def _facts(config: Config, format_path: Callable[[Path], str]) -> dict[str, object]:
    """Return the settings that affect the imported modules and their names."""
    return {
        "modules": config.modules,
        "path": [format_path(path) for path in config.path],
        "env": dict(config.env),
        "setup": config.setup,
        "mock": config.mock,
        "manifests": [format_path(path) for path in config.manifests],
        "service": config.service,
        **({"trust_manifests": True} if config.trust_manifests else {}),
    }


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _key(config: Config, *, calls: bool = False) -> str:
    python = parent.interpreter(config)
    identity: list[object] = [python, os.path.realpath(python)]
    with contextlib.suppress(OSError):
        status = Path(python).stat()
        identity += [status.st_mtime_ns, status.st_size]
    versions = [__version__, manifest.VERSION, *(["calls"] if calls and not config.manifests else [])]
    return _digest([str(config.project), _facts(config, str), identity, parent.shared_path(config), versions])[:32]


def _current(record: _Record | None) -> _Record | None:
    return record if record and record.snapshot.is_current() else None


def _cache(config: Config) -> Path:
    return config.project / ".penstock" / "cache"


def _read_cache(config: Config, key: str) -> _Record | None:
    """Return the cached record of an earlier process, or ``None`` if the file is invalid in any way."""
    try:
        head, text = read_cache_file(_cache(config) / f"{key}.json")
        state = _inputs.Snapshot.from_json(head["snapshot"])
        inputs = manifest.inputs_of(head["inputs"])
        return _Record(replace(lazy.loads(text.decode()), inputs=inputs), state)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, PenstockError):
        return None


def _keep(config: Config, key: str, record: _Record, text: str) -> None:
    """Cache a manifest for later processes; without a writable folder, they import again."""
    folder = _cache(config)
    head = {"snapshot": record.snapshot.to_json(), "inputs": manifest.input_values(record.manifest.inputs)}
    with contextlib.suppress(OSError):
        write_cache_file(folder / f"{key}.json", head, text.encode())
        own_folder(folder.parent)
        for old in sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)[:-_KEPT_FILES]:
            old.unlink()
