"""Evidence that knows its tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.atomic_files import is_file
from penstock.check.evidence import load
from penstock.cli.common_options import fault, read_config
from penstock.config import evidence_file
from penstock.errors import ConfigError, EvidenceError

if TYPE_CHECKING:
    import argparse

    from penstock.check.evidence import Evidence
    from penstock.config import Config


def add_evidence(parser: argparse.ArgumentParser) -> None:
    """Add the option for the evidence."""
    parser.add_argument("--evidence", metavar="FILE", help="the recorded evidence; .penstock/evidence.json by default")


def read_project(parsed: argparse.Namespace) -> tuple[Config, Evidence]:
    """Return the settings of a command, and its evidence.

    Raises:
        ConfigError: The option names no file.
        EvidenceError: There is no evidence, or it cannot be read, or it knows of no test.
    """
    config = read_config(parsed)
    if parsed.evidence:
        if why := fault(Path(parsed.evidence)):
            raise ConfigError(f"there is no file {parsed.evidence!r} ({why})", where="--evidence")
        config = replace(config, evidence=str(Path(parsed.evidence).absolute()))
    file = evidence_file(config)
    if not is_file(file):
        raise EvidenceError("nothing was recorded yet. Record what the tests run: pytest --penstock", path=file)
    evidence = load(file)
    if not any(evidence.visits.values()):
        why = "it does not say which test ran what. Traces do not, nor does a penstock before 1.5 of the format"
        raise EvidenceError(f"{why}. Record it again: pytest --penstock", path=file)
    return config, evidence
