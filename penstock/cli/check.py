"""``penstock check``: compares the declared edges with the code and with recorded runs."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.atomic_files import is_file, write_atomically
from penstock.check.findings import baseline
from penstock.check.findings.grouping import group_by_cause
from penstock.check.findings.reports import FORMATS, text
from penstock.cli.common_options import add_sources, fault, output_file, read_config
from penstock.cli.fix import add_fix_options, asker, run_fix
from penstock.cli.terminal import (
    CLEAN,
    FINDINGS,
    apply_style,
    fold_width,
    outlive_reader,
    pluralize,
    suggest_explanation,
    table,
    tell,
)
from penstock.errors import ConfigError
from penstock.manifest.unread_flows import is_unread
from penstock.proof import prove
from penstock.render import edge_status
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.check.all_checks import Proof
    from penstock.check.findings.finding import Finding
    from penstock.config import Config
    from penstock.model import Flow

DEFAULT_BASELINE = "penstock-baseline.json"
UNCHECKED = "nothing was recorded yet: pytest --penstock"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "check the declared edges against the code and recorded runs"
    parser = commands.add_parser("check", help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.set_defaults(action=run)
    add_sources(parser)
    parser.add_argument("flows", nargs="*", metavar="FLOW", help="report on these flows only")
    parser.add_argument(
        "-f", "--format", choices=sorted(FORMATS), default="text", help="the report's format; text by default"
    )
    parser.add_argument("-o", "--output", type=output_file, metavar="FILE", help="write the report to a file")
    parser.add_argument("--evidence", metavar="FILE", help="the recorded evidence; .penstock/evidence.json by default")
    parser.add_argument("--baseline", metavar="FILE", help="accept the findings listed in this file")
    parser.add_argument("--write-baseline", action="store_true", help="accept all current findings from now on")
    parser.add_argument("--notes", action=argparse.BooleanOptionalAction, default=True, help="report notes as well")
    add_fix_options(parser)


def run(parsed: argparse.Namespace) -> int:
    """Check the flows, report, and return the exit code."""
    _refuse_contradictions(parsed)
    config = _with_options(read_config(parsed), parsed)
    if config.evidence and (why := fault(Path(config.evidence))):
        tell(
            "note",
            f"no evidence is used, because {config.evidence}, which the setting `evidence` names, cannot be read ({why}).",
        )
    proof = prove(config, calls=True, accepted=not parsed.write_baseline)
    chosen = _chosen(proof, proof.findings, parsed.flows)
    if parsed.write_baseline:
        return _write_baseline(Path(config.baseline), proof, chosen)
    reported_findings = [finding for finding in chosen if parsed.notes or finding.severity == "error"]
    with outlive_reader():  # the exit code matters even if the output is not read to its end
        _report(proof, reported_findings, config.project, parsed)
    if parsed.fix:
        return run_fix(reported_findings, proof.manifest, config.project, asker(yes=parsed.yes))
    return FINDINGS if any(finding.severity == "error" for finding in chosen) else CLEAN


def _report(proof: Proof, findings: list[Finding], project: Path, parsed: argparse.Namespace) -> None:
    if parsed.format != "text":
        _say(FORMATS[parsed.format](_in_repository(findings, project)), parsed.output)
        return
    _say(_text(findings, parsed.output), parsed.output)
    if findings and parsed.output is None:
        print()
    _summary(proof, parsed.flows)
    if sys.stdout.isatty():
        sys.stdout.flush()
        suggest_explanation(finding.code for finding in findings)


def _refuse_contradictions(parsed: argparse.Namespace) -> None:
    if parsed.yes and not parsed.fix:
        raise ConfigError("it answers the question of --fix; give both options", where="--yes")
    if parsed.fix and parsed.format != "text":
        raise ConfigError("it prints a diff, so the format must be text", where="--fix")
    if parsed.fix and parsed.write_baseline:
        raise ConfigError("it accepts findings that --fix would mend; run --fix first", where="--write-baseline")
    if parsed.evidence and (why := fault(Path(parsed.evidence))):
        raise ConfigError(f"there is no file {parsed.evidence!r} ({why})", where="--evidence")


def _with_options(config: Config, parsed: argparse.Namespace) -> Config:
    baseline_path = parsed.baseline or config.baseline or (DEFAULT_BASELINE if parsed.write_baseline else "")
    return replace(
        config,
        evidence=str(Path(parsed.evidence).absolute()) if parsed.evidence else config.evidence,
        baseline=str(Path(baseline_path).absolute()) if baseline_path else "",
    )


def _chosen(proof: Proof, findings: Iterable[Finding], names: list[str]) -> list[Finding]:
    flows = {proof.manifest.flow(name).full_name for name in names}
    return [finding for finding in findings if not flows or finding.flow in flows]


def _in_repository(findings: list[Finding], project: Path) -> list[Finding]:
    """Return findings with file paths relative to the repository, as code review tools show them."""
    root = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), project)

    def to_repository_path(file: str) -> str:
        """Return a file's path relative to the repository, with forward slashes; other names as they are."""
        return (project.relative_to(root) / file).as_posix() if is_file(project / file) else file

    return [
        replace(
            finding,
            file=to_repository_path(finding.file),
            related=tuple(place._replace(file=to_repository_path(place.file)) for place in finding.related),
        )
        for finding in findings
    ]


def _say(report: str, output: Path | None) -> None:
    if output is not None:
        write_atomically(output, f"{report}\n".encode(errors="replace"))
    elif report:
        print(report)


def _text(findings: list[Finding], output: Path | None) -> str:
    return text(findings, apply_style, fold_width()) if output is None else text(findings)


def _summary(proof: Proof, names: list[str]) -> None:
    """Print a line for each selected flow, and a total."""
    chosen = group_by_cause(_chosen(proof, proof.findings, names))
    flows = [proof.manifest.flow(name) for name in dict.fromkeys(names)] or proof.manifest.flows
    for line in table([(escape_line(flow.full_name), _provenance(flow)) for flow in flows]):
        print(line)
    errors = sum(finding.severity == "error" for finding in chosen)
    summary = (
        f"{pluralize(errors, 'finding')}, {pluralize(len(chosen) - errors, 'note')}{_acceptance_note(proof, names)}"
    )
    print(apply_style(summary, "31" if errors else "32"))


def _provenance(flow: Flow) -> str:
    if provenance := edge_status.provenance(flow):
        return escape_line(str(provenance))
    return "its code was not read" if is_unread(flow) else UNCHECKED


def _acceptance_note(proof: Proof, names: list[str]) -> str:
    """Return a note on the number of accepted findings, by source."""
    by = {"the baseline": proof.baselined, "ignores": proof.ignored}
    counts = {source: len(group_by_cause(_chosen(proof, findings, names))) for source, findings in by.items()}
    summary = " and ".join(f"{count:,} by {source}" for source, count in counts.items() if count)
    return f"; accepted: {summary}" if summary else ""


def _write_baseline(file: Path, proof: Proof, chosen: list[Finding]) -> int:
    """Accept the selected findings, and keep the baseline's findings of other flows."""
    others = set(proof.findings) - set(chosen)
    keys = baseline.read(file) if others and file.exists() else frozenset()
    findings = [finding for finding in proof.findings if finding not in others or baseline.is_known(finding, keys)]
    baseline.write(findings, file)
    count = sum(finding.severity == "error" for finding in group_by_cause(findings))  # as the summary counts them
    relative_path = os.path.relpath(file)
    print(f"wrote {relative_path}: {pluralize(count, 'finding')} will be accepted")
    return CLEAN
