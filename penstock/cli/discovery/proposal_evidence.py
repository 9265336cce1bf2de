"""Keeps what was seen of a proposed flow as evidence of the declared one, so that it is checked at once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from penstock._util.git import commit_of
from penstock.check.evidence import checksum, dumps, load, loads, merge, save
from penstock.cli.terminal import pluralize, tell
from penstock.config import evidence_file
from penstock.errors import EvidenceError
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.check.evidence import Evidence
    from penstock.config import Config
    from penstock.model import Flow


def save_evidence(evidence: Evidence, flow: Flow, config: Config) -> None:
    """Add what was seen to the evidence of the project; damaged evidence is left to its owner.

    Args:
        evidence: What was seen.
        flow: The declared flow, whose code it was seen of.
        config: The settings of the project.
    """
    file = evidence_file(config)
    new = _stamp(evidence, {step.name: step.source_hash for step in flow.steps}, config.project)
    try:
        whole = _add(load(file), new) if file.is_file() else new
    except EvidenceError as error:
        tell("note", f"{error}. What was seen is not added to it.")
        return
    save(whole, file)
    name = file.relative_to(config.project).as_posix() if file.is_relative_to(config.project) else str(file)
    print(f"wrote {visible(name)}: {pluralize(sum(evidence.runs.values()), 'run')}")


def _add(old: Evidence, new: Evidence) -> Evidence:
    """Return both as one; what both have was seen in the same runs, if one recording was written twice."""
    facts = {fact: max(count, old.facts.get(fact, 0)) for fact, count in new.facts.items()}
    runs = {run: max(count, old.runs.get(run, 0)) for run, count in new.runs.items()}
    whole = merge([old, new])
    return replace(whole, facts={**whole.facts, **facts}, runs={**whole.runs, **runs})


def _stamp(evidence: Evidence, sources: Mapping[str, str], project: Path) -> Evidence:
    """Return evidence with the hash of each step's source, the commit and the day."""
    content = json.loads(dumps(evidence))
    for row in content["steps"]:
        row[2] = sources.get(row[1], "")
    content["commits"] = {commit_of(project): datetime.now(UTC).date().isoformat()}
    content.pop(checksum.KEY)
    return loads(json.dumps(content | {checksum.KEY: checksum.compute_checksum(content)}))
