"""``penstock check``: the declared arrows, held against the code and against what ran."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._cli_fix import add_fix_options, asker, run_fix
from penstock._cli_sources import add_sources, fault, output_file, read_config
from penstock._files import is_file, write_atomically
from penstock._terminal import CLEAN, FINDINGS, counted, fold_width, leave_unread, styled, table, tell
from penstock.check import baseline
from penstock.check.joining import joined
from penstock.check.report import FORMATS, text
from penstock.check.unread import is_unread
from penstock.errors import ConfigError
from penstock.proof import prove
from penstock.render.describe import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.check.findings import Finding
    from penstock.config import Config
    from penstock.model import Flow
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
    parser.add_argument("-o", "--output", type=output_file, metavar="FILE", help="write the report to a file")
    parser.add_argument("--evidence", metavar="FILE", help="what really ran; .penstock/evidence.json by default")
    parser.add_argument("--baseline", metavar="FILE", help="accept the findings that this file has")
    parser.add_argument("--write-baseline", action="store_true", help="accept all findings of today from now on")
    parser.add_argument("--notes", action=argparse.BooleanOptionalAction, default=True, help="report notes, too")
    add_fix_options(parser)


def run(parsed: argparse.Namespace) -> int:
    """Check, report, and return the exit code."""
    _refuse_contradictions(parsed)
    config = _with_options(read_config(parsed), parsed)
    if config.evidence and (why := fault(Path(config.evidence))):
        tell(
            "note",
            f"there is no evidence, because {config.evidence}, which the setting `evidence` names, is missing ({why}).",
        )
    found = prove(config, calls=True, accepted=not parsed.write_baseline)
    chosen = _chosen(found, found.findings, parsed.flows)
    if parsed.write_baseline:
        return _write_baseline(Path(config.baseline), found, chosen)
    shown = [finding for finding in chosen if parsed.notes or finding.severity == "error"]
    try:
        _report(found, shown, config, parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads only the beginning still wants to know how it ends
        leave_unread(sys.stdout)
    if parsed.fix:
        return run_fix(chosen, config, asker(yes=parsed.yes), found.manifest)
    return FINDINGS if any(finding.severity == "error" for finding in chosen) else CLEAN


def _report(found: Proof, shown: list[Finding], config: Config, parsed: argparse.Namespace) -> None:
    if parsed.format != "text":
        _say(FORMATS[parsed.format](_in_repository(shown, config.project)), parsed.output)
        return
    _say(_text(shown, parsed.output), parsed.output)
    if shown and parsed.output is None:
        print()
    _summary(found, parsed.flows)


def _refuse_contradictions(parsed: argparse.Namespace) -> None:
    if parsed.yes and not parsed.fix:
        raise ConfigError("it answers what --fix asks; give both", where="--yes")
    if parsed.fix and parsed.format != "text":
        raise ConfigError("it shows a diff, so the format has to be text", where="--fix")
    if parsed.fix and parsed.write_baseline:
        raise ConfigError("it accepts what --fix would mend; mend first", where="--write-baseline")
    if parsed.evidence and (why := fault(Path(parsed.evidence))):
        raise ConfigError(f"there is no file {parsed.evidence!r} ({why})", where="--evidence")


def _with_options(config: Config, parsed: argparse.Namespace) -> Config:
    known = parsed.baseline or config.baseline or (DEFAULT_BASELINE if parsed.write_baseline else "")
    return replace(
        config,
        evidence=str(Path(parsed.evidence).absolute()) if parsed.evidence else config.evidence,
        baseline=str(Path(known).absolute()) if known else "",
    )


def _chosen(found: Proof, findings: Iterable[Finding], names: list[str]) -> list[Finding]:
    flows = {found.manifest.flow(name).full_name for name in names}
    return [finding for finding in findings if not flows or finding.flow in flows]


def _in_repository(found: list[Finding], project: Path) -> list[Finding]:
    """Return findings with files as whoever shows the whole repository names them."""
    root = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), project)

    def named(file: str) -> str:
        return (project.relative_to(root) / file).as_posix() if is_file(project / file) else file

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
        write_atomically(output, f"{report}\n".encode(errors="replace"))
    elif report:
        print(report)


def _text(shown: list[Finding], output: Path | None) -> str:
    return text(shown, styled, fold_width()) if output is None else text(shown)


def _summary(found: Proof, names: list[str]) -> None:
    """Print a line for each flow that was chosen, and one for all."""
    chosen = joined(_chosen(found, found.findings, names))
    flows = [found.manifest.flow(name) for name in dict.fromkeys(names)] or found.manifest.flows
    for line in table([(escape_line(flow.full_name), _provenance(flow)) for flow in flows]):
        print(line)
    errors = sum(finding.severity == "error" for finding in chosen)
    said = f"{counted(errors, 'finding')}, {counted(len(chosen) - errors, 'note')}{_accepted(found, names)}"
    print(styled(said, "31" if errors else "32"))


def _provenance(flow: Flow) -> str:
    return escape_line(flow.provenance) or ("its code was not read" if is_unread(flow) else UNCHECKED)


def _accepted(found: Proof, names: list[str]) -> str:
    """Say how many findings the project accepts, and by what."""
    by = {"the baseline": found.known, "ignores": found.ignored}
    counts = {what: len(joined(_chosen(found, accepted, names))) for what, accepted in by.items()}
    said = " and ".join(f"{count:,} by {what}" for what, count in counts.items() if count)
    return f"; accepted: {said}" if said else ""


def _write_baseline(file: Path, found: Proof, chosen: list[Finding]) -> int:
    """Accept what was chosen, and still what the baseline has of flows that were not."""
    others = set(found.findings) - set(chosen)
    known = baseline.read(file) if others and file.exists() else frozenset()
    accepted = [finding for finding in found.findings if finding not in others or baseline.is_known(finding, known)]
    baseline.write(accepted, file)
    count = sum(finding.severity == "error" for finding in joined(accepted))  # as the summary counts them
    shown = os.path.relpath(file)
    print(f"wrote {shown}: {counted(count, 'finding')} will be accepted")
    return CLEAN
