"""Produces checked flows from a configuration: shown and reported by every front end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock._util.atomic_files import stamp_of
from penstock._util.one_entry_cache import Identity, OneEntryCache
from penstock.check.all_checks import CheckRules, Proof, check_flows
from penstock.check.evidence import Evidence, load
from penstock.collect import collect, last_good
from penstock.collect.plan import CollectPlan
from penstock.config import evidence_file
from penstock.errors import EvidenceError
from penstock.render.edge_status import without_proof

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.config import Config
    from penstock.manifest import Manifest

Stamp = tuple[int, int, int] | None


_last_proof: OneEntryCache[Proof] = OneEntryCache()
_last_hidden: OneEntryCache[Manifest] = OneEntryCache()


def prove(config: Config, *, calls: bool | None = None, accepted: bool = True) -> Proof:
    """Return the flows of a configuration, checked against the code and the evidence.

    Flows from manifests keep the states with which they were exported. As long as nothing changes, the
    result is the same object.

    Args:
        config: The settings.
        calls: Whether to analyse the code, too; by default, if there is evidence or the setting `check` wants it.
        accepted: Whether to apply the baseline. Only reports of findings need it.

    Raises:
        CollectError: Modules could not be imported.
        ConfigError: The baseline cannot be read.
        EvidenceError: The evidence cannot be read.
        ManifestError: A manifest cannot be read, or two contradict each other.
    """
    is_judged = _is_checked(config) if calls is None else calls
    rules = CheckRules.of(config, judged=is_judged, accepted=accepted)
    manifest = collect(CollectPlan.of(config, calls=is_judged))
    key = Identity(manifest), rules, _stamp(rules.evidence), _stamp(rules.baseline) if rules.baseline else None
    return _last_proof.get(key, lambda: check_flows(manifest, _load_evidence(rules.evidence), rules))


def flows_for_docs(config: Config) -> Proof:
    """Return the flows for documentation: like :func:`prove`, but without evidence if it is unwanted or missing.

    Raises:
        CollectError: Modules could not be imported.
        ConfigError: The setting `check` wants a report, and the baseline cannot be read.
        ManifestError: A manifest cannot be read, or two contradict each other.
    """
    try:
        proof = prove(config, accepted=config.check != "off")
    except EvidenceError as error:
        proof = Proof(manifest=collect(CollectPlan.of(config, calls=True)), evidence_error=str(error))
    return proof if config.proof else replace(proof, manifest=_hidden(proof.manifest))


def last_shown(config: Config) -> Manifest | None:
    """Return the flows that documentation showed after their last successful collection, or ``None``."""
    is_judged = _is_checked(config)
    last = last_good(CollectPlan.of(config, calls=is_judged))
    if last is None:
        return last_good(CollectPlan.of(config, calls=not is_judged))
    rules = CheckRules.of(config, judged=is_judged, accepted=False)
    try:
        proof = check_flows(last, _load_evidence(rules.evidence), rules)
    except EvidenceError:
        return last
    return proof.manifest if config.proof else _hidden(proof.manifest)


def _is_checked(config: Config) -> bool:
    """Return whether edges are checked: always against code and runs alike, so that all front ends agree."""
    return config.check != "off" or _stamp(evidence_file(config)) is not None


def _load_evidence(file: Path) -> Evidence:
    return load(file) if _stamp(file) else Evidence()


def _hidden(manifest: Manifest) -> Manifest:
    """Return a manifest without the results of checks; the same object for the same one."""
    return _last_hidden.get(
        (Identity(manifest),), lambda: replace(manifest, flows=tuple(map(without_proof, manifest.flows)))
    )


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # its reader reports the error; a missing file must not fail here
        return 0, 0, 0
    return stamp_of(status)
