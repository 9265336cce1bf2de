"""``penstock coverage``: the arrows and paths that tests take, and those that they do not."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from penstock._util.atomic_files import write_atomically
from penstock.check.coverage.report import cover
from penstock.cli.common_options import add_sources, output_file
from penstock.cli.terminal import CLEAN, FINDINGS, tell
from penstock.cli.testing.formats import FORMATS, summarize_all, total_shares
from penstock.cli.testing.recorded_tests import add_evidence, read_project
from penstock.errors import ConfigError
from penstock.proof import prove

if TYPE_CHECKING:
    import argparse

    from penstock.check.coverage.report import FlowCoverage

MAX_PATHS = 10
"""Untested paths that are listed of a flow."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "list the arrows and paths that no test takes"
    more = "Exit codes: 0 success, 1 fewer arrows are taken than --fail-under demands, 2 the command failed."
    parser = commands.add_parser(
        "coverage", help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=more
    )
    parser.set_defaults(action=run)
    add_sources(parser)
    parser.add_argument("flows", nargs="*", metavar="FLOW", help="these flows only")
    parser.add_argument("-f", "--format", choices=sorted(FORMATS), default="text", help="the format; text by default")
    parser.add_argument("-o", "--output", type=output_file, metavar="FILE", help="write the report to a file")
    parser.add_argument(
        "--fail-under", type=_read_percent, default=0.0, metavar="PERCENT", help="exit with 1 if fewer arrows are taken"
    )
    parser.add_argument(
        "--paths", type=_read_count, default=MAX_PATHS, metavar="N", help="list so many paths of a flow; 10 by default"
    )
    add_evidence(parser)


def _read_percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1
    if not isfinite(percent) or not 0 <= percent <= 100:
        raise ConfigError(f"{text!r} is not a number from 0 to 100", where="--fail-under")
    return percent


def _read_count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ConfigError(f"{text!r} is not a number, 0 or more", where="--paths")
    return int(text)


def run(parsed: argparse.Namespace) -> int:
    """Report on the flows, and return the exit code."""
    config, evidence = read_project(parsed)
    manifest = prove(config, accepted=False).manifest
    flows = [manifest.flow(name) for name in dict.fromkeys(parsed.flows)] or manifest.flows
    coverages = [cover(flow, evidence, parsed.paths) for flow in flows]
    is_enough = _is_enough(coverages, parsed.fail_under)
    report = FORMATS[parsed.format](coverages)
    if parsed.output is not None:
        write_atomically(parsed.output, f"{report}\n".encode(errors="replace"))
    elif report:
        print(report)
    if parsed.format == "text":
        print(summarize_all(coverages, is_enough=is_enough))
    if not is_enough:
        tell("coverage", f"fewer arrows are taken than --fail-under demands: {parsed.fail_under:g} %", "31")
    return CLEAN if is_enough else FINDINGS


def _is_enough(coverages: list[FlowCoverage], percent: float) -> bool:
    share = total_shares(coverages)["arrows"]
    return (share.covered or 0) * 100 >= percent * share.total
