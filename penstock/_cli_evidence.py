"""``penstock evidence``: what ran, from several places, as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from penstock._terminal import CLEAN, counted
from penstock.check.evidence import load, merge, save
from penstock.errors import ConfigError

if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("evidence", help="merge what ran, or read it from traces")
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    merging = kinds.add_parser("merge", help="make one file of several")
    merging.add_argument("files", nargs="+", type=Path, metavar="FILE", help="evidence, as pytest --penstock writes it")
    merging.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the file to write")
    merging.set_defaults(action=_merge)


def _merge(parsed: argparse.Namespace) -> int:
    missing = [path for path in parsed.files if not path.exists()]
    if missing:
        raise ConfigError(f"there is no file {str(missing[0])!r}", where="penstock evidence merge")
    merged = merge(load(path) for path in parsed.files)
    save(merged, parsed.output)
    print(f"wrote {parsed.output}: {counted(sum(merged.runs.values()), 'run')}")
    return CLEAN
