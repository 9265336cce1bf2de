"""``penstock check``: the declared arrows, held against the code and against what ran."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._cli_fix import add_fix_options, asker, run_fix
from penstock._cli_sources import add_sources, read_config
from penstock._files import write_atomically
from penstock._terminal import CLEAN, FINDINGS, counted, styled
from penstock.check import baseline
from penstock.check.report import FORMATS, text
from penstock.errors import ConfigError
from penstock.proof import prove

if TYPE_CHECKING:
    from penstock.check.findings import Finding
    from penstock.config import Config
    from penstock.proof import Proof

DEFAULT_BASELINE = "penstock-baseline.json"
UNCHECKED = "nothing was recorded yet: pytest --penstock"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    said = "hold the declared arrows against the code, and against what ran"
    parser = commands.add_parser("check", help=said, description=f"{said[0].upper()}{said[1:]}.")
    parser.set_defaults(action=run)
    add_sources(parser)
    parser.add_argument("flows", nargs="*", metavar="FLOW", help="report on these flows only")
    parser.add_argument("-f", "--format", choices=sorted(FORMATS), default="text", help="for whom the report is")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the report to a file")
    parser.add_argument("--evidence", metavar="FILE", help="what really ran; .penstock/evidence.json by default")
    parser.add_argument("--baseline", metavar="FILE", help="accept the findings that this file has")
    parser.add_argument("--write-baseline", action="store_true", help="accept all findings of today from now on")
    parser.add_argument("--notes", action=argparse.BooleanOptionalAction, default=True, help="report notes, too")
    add_fix_options(parser)


def run(parsed: argparse.Namespace) -> int:
    """Check, report, and return the exit code."""
    if parsed.fix and parsed.format != "text":
        raise ConfigError("it shows a diff, so the format has to be text", where="--fix")
    config = _with_options(read_config(parsed), parsed)
    found = prove(config, calls=True, accepted=not parsed.write_baseline)
    chosen = _chosen(found, parsed.flows)
    if parsed.write_baseline:
        return _write_baseline(config, chosen)
    shown = [finding for finding in chosen if parsed.notes or finding.severity == "error"]
    errors = sum(finding.severity == "error" for finding in chosen)
    if parsed.format == "text":
        _say(text(shown, styled if parsed.output is None else lambda said, _: said), parsed.output)
        _summary(found, chosen, errors)
    else:
        _say(FORMATS[parsed.format](_in_repository(shown, config.project)), parsed.output)
    if parsed.fix:
        return run_fix(chosen, config, asker(yes=parsed.yes), found.manifest)
    return FINDINGS if errors else CLEAN


def _with_options(config: Config, parsed: argparse.Namespace) -> Config:
    known = parsed.baseline or config.baseline or (DEFAULT_BASELINE if parsed.write_baseline else "")
    return replace(
        config,
        evidence=str(Path(parsed.evidence).absolute()) if parsed.evidence else config.evidence,
        baseline=str(Path(known).absolute()) if known else "",
    )


def _chosen(found: Proof, names: list[str]) -> list[Finding]:
    flows = {found.manifest.flow(name).full_name for name in names}
    return [finding for finding in found.findings if not flows or finding.flow in flows]


def _in_repository(found: list[Finding], project: Path) -> list[Finding]:
    """Return findings with files as whoever shows the whole repository names them."""
    root = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), project)

    def named(file: str) -> str:
        return (project.relative_to(root) / file).as_posix() if (project / file).is_file() else file

    return [
        replace(
            finding,
            file=named(finding.file),
            related=tuple(place._replace(file=named(place.file)) for place in finding.related),
        )
        for finding in found
    ]


def _say(report: str, output: Path | None) -> None:
    if output is not None:
        write_atomically(output, f"{report}\n".encode())
    elif report:
        print(report)


def _summary(found: Proof, chosen: list[Finding], errors: int) -> None:
    """Print a line for each flow, and one for all."""
    if chosen:
        print()
    columns = max((len(flow.full_name) for flow in found.manifest.flows), default=0)
    for flow in found.manifest.flows:
        print(f"{styled(flow.full_name.ljust(columns), '1')}  {flow.provenance or UNCHECKED}")
    notes = len(chosen) - errors
    said = f"{counted(errors, 'finding')}, {counted(notes, 'note')}"
    print(styled(said, "31" if errors else "32"))


def _write_baseline(config: Config, chosen: list[Finding]) -> int:
    count = baseline.write(chosen, Path(config.baseline))
    shown = os.path.relpath(config.baseline)
    print(f"wrote {shown}: {counted(count, 'finding')} will be accepted")
    return CLEAN
