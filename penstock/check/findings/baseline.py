"""Accepted findings: a baseline of known ones, and edges ignored for a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from penstock._util.atomic_files import read_text, write_atomically
from penstock.check.findings.finding import Finding
from penstock.errors import ConfigError
from penstock.model.finding_kinds import FINDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from penstock.config.accepted import Ignore

FORMAT = "penstock-baseline"


def without_ignored(found: Sequence[Finding], ignores: Sequence[Ignore], where: Path) -> Iterator[Finding]:
    """Yield the findings that no ignore covers, and one for each ignore that no longer matches anything.

    Args:
        found: All findings.
        ignores: The accepted edges and steps.
        where: The file that probably holds the ignores.
    """
    by_place: dict[tuple[str, str], list[Ignore]] = {}
    for ignore in ignores:
        by_place.setdefault((ignore.flow, ignore.ends), []).append(ignore)
    used_ignores: set[Ignore] = set()
    for finding in found:
        matching = _matching(finding, by_place)
        used_ignores.update(matching)
        if not matching:
            yield finding
    unused_ignores = [ignore for ignore in ignores if ignore not in used_ignores]
    lines = _lines(where) if unused_ignores else []
    for ignore in unused_ignores:
        yield Finding(
            code="unmatched-ignore",
            severity=FINDING_KINDS["unmatched-ignore"].severity,
            flow=ignore.flow,
            message=f"the ignore of {ignore.edge!r} in the flow {ignore.flow} matches no finding.",
            cure="Remove it: its finding has been fixed, or has another name now.",
            file=where.name,
            line=next((number for number, line in lines if ignore.edge in line), 0),
        )


def _matching(finding: Finding, by_place: Mapping[tuple[str, str], list[Ignore]]) -> list[Ignore]:
    """Return the ignores that accept a finding, which may name its flow with or without the service."""
    return [
        ignore
        for name in finding.flow_names
        for ignore in by_place.get((name, finding.arrow), ())
        if ignore.covers(finding.code)
    ]


def _lines(file: Path) -> list[tuple[int, str]]:
    """Return the lines of a file that may hold an ignore, with their numbers."""
    try:
        lines = read_text(file).splitlines()
    except OSError:
        return []
    return [(number, line) for number, line in enumerate(lines, 1) if "edge" in line]


def without_known(found: Iterable[Finding], known: frozenset[str]) -> Iterator[Finding]:
    """Yield the findings that are not in a baseline."""
    return (finding for finding in found if finding.severity == "note" or not is_known(finding, known))


def is_known(finding: Finding, known: frozenset[str]) -> bool:
    """Return whether a finding is in a baseline."""
    return finding.key in known or finding.short_key in known


def read(path: Path) -> frozenset[str]:
    """Return the keys of the findings in a baseline.

    Raises:
        ConfigError: The file cannot be read or is no baseline.
    """
    try:
        content = json.loads(read_text(path))
        if content["format"] != FORMAT:
            raise ValueError(FORMAT)
        if not isinstance(content["findings"], list):
            raise TypeError(content["findings"])
        return frozenset(map(str, content["findings"]))
    except OSError as error:
        cure = "Write one: penstock check --write-baseline"
        raise ConfigError(f"the baseline cannot be read: {error.strerror}. {cure}", where=str(path)) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(
            "this is not a baseline; write one: penstock check --write-baseline", where=str(path)
        ) from None


def write(found: Iterable[Finding], path: Path) -> None:
    """Write the errors among some findings as a baseline.

    Raises:
        OutputError: The file cannot be written.
    """
    keys = sorted({finding.key for finding in found if finding.severity == "error"})
    write_atomically(path, (json.dumps({"format": FORMAT, "findings": keys}, indent=2) + "\n").encode())
