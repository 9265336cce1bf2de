"""Collects the flows of a configuration: from the cache, from other manifests, from a child, or from this process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import manifest
from penstock._resolve import resolution
from penstock._util import source_paths
from penstock._util.atomic_files import is_file, is_folder
from penstock._version import __version__
from penstock.collect import foreign_manifests
from penstock.collect import inputs as _inputs
from penstock.collect.cache import CollectedManifest, ManifestCache
from penstock.collect.import_plan import ImportPlan
from penstock.collect.importing import import_and_collect
from penstock.collect.manifest_inputs import InputRecorder
from penstock.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from penstock.config import Config
    from penstock.manifest import Manifest


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
    recorder = InputRecorder(config.project, _digest_settings(config))
    if not config.manifests and not config.modules:
        seconds = config.reading_timeout if calls else None
        return _collect_here(recorder, config.service, [*map(str, config.path)], seconds)
    plan = ImportPlan.of(config, calls=calls and not config.manifests)
    cache = _open_cache(config, plan)
    collected = cache.find_current()
    if collected is None and config.manifests:
        collected = _merge_manifests(config.manifests, recorder, trusted=config.trust_manifests)
    if collected is None:
        collected = import_and_collect(plan, cache, recorder)
    cache.remember(collected)
    return collected.manifest


def last_good(config: Config, *, calls: bool = False) -> Manifest | None:
    """Return the flows of the last successful collection, or ``None`` if there is none.

    This keeps pages alive while a broken module is repaired.
    """
    if config.manifests or not config.modules:
        return None
    collected = _open_cache(config, ImportPlan.of(config, calls=calls)).find_last()
    return collected.manifest if collected else None


def input_files(made: Manifest, project: Path) -> list[Path]:
    """Return the existing files that a manifest was made from, absolute, for dependencies and watchers."""
    files = (Path(source_paths.absolute(project / name)) for name, _ in made.inputs.files)
    return [file for file in files if is_file(file)]


def input_folders(made: Manifest, project: Path) -> list[Path]:
    """Return the existing folders that were searched for modules, absolute: a new file in one matters."""
    folders = (Path(source_paths.absolute(project / name)) for name, _ in made.inputs.folders)
    return [folder for folder in folders if is_folder(folder)]


def _collect_here(recorder: InputRecorder, service: str, path: Iterable[str], seconds: float | None) -> Manifest:
    """Return the flows of this process; with their static relations, if there is time for these."""
    flows, problems = resolution.flows(), resolution.problems()
    if seconds is not None:
        from penstock.collect.static_calls import with_calls  # noqa: PLC0415 - most builds have no static analysis

        flows, unread = with_calls(flows, [*path, str(recorder.project)], seconds)
        problems += unread
    files = {step.file for flow in flows for step in flow.steps if is_file(step.file)}
    inputs = recorder.record(_inputs.snapshot(files, {}, since=time.time_ns()), manifest.versions())
    return manifest.build(flows, problems, project=recorder.project, service=service, inputs=inputs)


def _merge_manifests(paths: Sequence[Path], recorder: InputRecorder, *, trusted: bool) -> CollectedManifest:
    state = _inputs.snapshot(map(str, paths), {}, since=time.time_ns())
    read = {path: manifest.load(path) for path in paths}
    origins: dict[str, str] = {}
    if not trusted:
        read = {path: _clean_manifest(source, path) for path, source in read.items()}
        names = {path: source_paths.relative(path, recorder.project) for path in read}
        origins = {flow.full_name: names[path] for path, source in read.items() for flow in source.flows}
    result = manifest.merge([*read.values()])
    inputs = recorder.record(state, manifest.versions())
    return CollectedManifest(replace(result, inputs=inputs, origins=origins), state)


def _clean_manifest(source: Manifest, path: Path) -> Manifest:
    try:
        return foreign_manifests.clean(source)
    except ManifestError as error:
        raise ManifestError(str(error), path=path) from None


def _digest_settings(config: Config) -> str:
    """Return a digest of the settings for a manifest, without the values in ``env``: they may be secrets."""
    facts = _list_facts(config, lambda path: source_paths.relative(path, config.project))
    return _digest({**facts, "env": sorted(config.env)})


def _list_facts(config: Config, format_path: Callable[[Path], str]) -> dict[str, object]:
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


def _open_cache(config: Config, plan: ImportPlan) -> ManifestCache:
    """Return the cache for the settings, the interpreter, and the versions of penstock and of the format."""
    identity: list[object] = [plan.python, os.path.realpath(plan.python)]
    with contextlib.suppress(OSError):
        status = Path(plan.python).stat()
        identity += [status.st_mtime_ns, status.st_size]
    versions = [__version__, manifest.VERSION, *(["calls"] if plan.calls else [])]
    key = _digest([str(config.project), _list_facts(config, str), identity, plan.sys_path, versions])
    return ManifestCache(config.project / ".penstock" / "cache", key[:32])


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
