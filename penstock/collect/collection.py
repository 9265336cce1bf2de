"""Collects the flows of a plan: from the cache, from other manifests, from a child, or from this process."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import manifest
from penstock._resolve import resolution
from penstock._util import source_paths
from penstock._util.atomic_files import is_file, is_folder
from penstock.collect import foreign_manifests
from penstock.collect import inputs as _inputs
from penstock.collect.cache import CollectedManifest, ManifestCache
from penstock.collect.importing import import_and_collect
from penstock.collect.manifest_inputs import InputRecorder
from penstock.errors import ManifestError

if TYPE_CHECKING:
    from penstock.collect.plan import CollectPlan
    from penstock.manifest import Manifest


def collect(plan: CollectPlan) -> Manifest:
    """Return the flows that a plan describes.

    As long as no input changes, the answer is the same object. Without ``calls`` in the plan, flows have no static
    relations even if these are cached, so output never depends on the state of the cache.

    Raises:
        CollectError: Modules could not be imported; the message names each with file, line, cause and cure.
        ManifestError: A manifest cannot be read, or two contradict each other.
    """
    recorder = InputRecorder(plan.project, plan.digest_settings())
    if not plan.manifests and not plan.modules:
        return _collect_here(plan, recorder)
    cache = _open_cache(plan)
    collected = cache.find_current()
    if collected is None and plan.manifests:
        collected = _merge_manifests(plan, recorder)
    if collected is None:
        collected = import_and_collect(plan, cache, recorder)
    cache.remember(collected)
    return collected.manifest


def last_good(plan: CollectPlan) -> Manifest | None:
    """Return the flows of the last successful collection, or ``None`` if there is none.

    This keeps pages alive while a broken module is repaired.
    """
    if plan.manifests or not plan.modules:
        return None
    collected = _open_cache(plan).find_last()
    return collected.manifest if collected else None


def input_files(made: Manifest, project: Path) -> list[Path]:
    """Return the existing files that a manifest was made from, absolute, for dependencies and watchers."""
    files = (Path(source_paths.absolute(project / name)) for name, _ in made.inputs.files)
    return [file for file in files if is_file(file)]


def input_folders(made: Manifest, project: Path) -> list[Path]:
    """Return the existing folders that were searched for modules, absolute: a new file in one matters."""
    folders = (Path(source_paths.absolute(project / name)) for name, _ in made.inputs.folders)
    return [folder for folder in folders if is_folder(folder)]


def _collect_here(plan: CollectPlan, recorder: InputRecorder) -> Manifest:
    """Return the flows of this process; with their static relations, if there is time for these."""
    flows, problems = resolution.flows(), resolution.problems()
    if plan.calls:
        from penstock.collect.static_calls import with_calls  # noqa: PLC0415 - most builds have no static analysis

        flows, unread = with_calls(flows, [*plan.path, str(plan.project)], plan.reading_timeout)
        problems += unread
    files = {step.file for flow in flows for step in flow.steps if is_file(step.file)}
    inputs = recorder.record(_inputs.snapshot(files, {}, since=time.time_ns()), manifest.versions())
    return manifest.build(flows, problems, project=plan.project, service=plan.service, inputs=inputs)


def _merge_manifests(plan: CollectPlan, recorder: InputRecorder) -> CollectedManifest:
    state = _inputs.snapshot(map(str, plan.manifests), {}, since=time.time_ns())
    read = {path: manifest.load(path) for path in plan.manifests}
    origins: dict[str, str] = {}
    if not plan.trusted:
        read = {path: _clean_manifest(source, path) for path, source in read.items()}
        names = {path: source_paths.relative(path, plan.project) for path in read}
        origins = {flow.full_name: names[path] for path, source in read.items() for flow in source.flows}
    result = manifest.merge([*read.values()])
    inputs = recorder.record(state, manifest.versions())
    return CollectedManifest(replace(result, inputs=inputs, origins=origins), state)


def _clean_manifest(source: Manifest, path: Path) -> Manifest:
    try:
        return foreign_manifests.clean(source)
    except ManifestError as error:
        raise ManifestError(str(error), path=path) from None


def _open_cache(plan: CollectPlan) -> ManifestCache:
    return ManifestCache(plan.project / ".penstock" / "cache", plan.cache_key())
