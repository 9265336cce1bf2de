"""``penstock evidence``: combines evidence from several sources."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.atomic_files import is_file
from penstock.check.evidence import Evidence, dumps, load, merge, save
from penstock.check.verdict.succession import inherit_history, shows_arrows
from penstock.cli.common_options import add_sources, fault, output_file, read_config
from penstock.cli.stores import sql
from penstock.cli.stores.from_sql import add_from_sql
from penstock.cli.terminal import CLEAN, pluralize, tell
from penstock.errors import ConfigError, EvidenceError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from penstock.check.traces.reader import TraceFormat

OTLP_HELP = "convert OpenTelemetry traces written by the Collector's file exporter"
JAEGER_HELP = "convert traces exported from Jaeger"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command, and ``penstock sql``, which prints what ``penstock evidence from-sql`` asks."""
    sql.add(commands)
    text = "merge evidence, or convert traces to evidence"
    parser = commands.add_parser("evidence", help=text, description=f"{text.capitalize()}.")
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add(kinds, "merge", _merge, "merge several files into one", "evidence written by pytest --penstock")
    _add(kinds, "from-otlp", _from_otlp, OTLP_HELP, "OTLP JSON lines, optionally gzipped; - is standard input")
    _add(kinds, "from-jaeger", _from_jaeger, JAEGER_HELP, "JSON, optionally gzipped; - is standard input")
    add_from_sql(kinds, lambda evidence, output, how: _write(evidence, output, how=how))


def _add(
    kinds: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    action: Callable[[argparse.Namespace], int],
    text: str,
    files: str,
) -> None:
    parser = kinds.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=files)
    output_help = "the evidence file to write"
    parser.add_argument("-o", "--output", type=output_file, required=True, metavar="FILE", help=output_help)
    if action is not _merge:
        size = "maximum size of a line or document in a compressed file; 64 by default"
        parser.add_argument("--max-size", type=_read_size, metavar="MB", help=size)
        add_sources(parser)
    parser.set_defaults(action=action)


def _read_size(given: str) -> int:
    """Return the bytes of a number of megabytes.

    Raises:
        ConfigError: It is no number, or nothing could be so small.
    """
    if not given.isdecimal() or not int(given):
        raise ConfigError(f"{given!r} is not a whole number of megabytes", where="--max-size")
    return int(given) * 10**6


def _merge(parsed: argparse.Namespace) -> int:
    for path in parsed.files:
        if why := fault(path):
            raise ConfigError(f"there is no file {str(path)!r} ({why})", where="penstock evidence merge")
    evidence = merge(load(path) for path in parsed.files)
    names = [os.path.realpath(path) for path in (*parsed.files, parsed.output or "")]
    before = Evidence() if names[-1] in names[:-1] else _load_before(parsed.output) or Evidence()
    files = {*evidence.history.tests, *before.history.tests}
    is_beside_tests = any(is_file(file) for file in files)
    return _write(
        inherit_history(evidence, before, {}, lambda file: is_file(file) or not is_beside_tests), parsed.output
    )


def _load_before(output: Path | None) -> Evidence | None:
    """Return the evidence about to be replaced, if there is any."""
    try:
        return load(output) if output is not None and output.is_file() else None
    except EvidenceError:
        return None


def _from_otlp(parsed: argparse.Namespace) -> int:
    from penstock.check.traces.otlp import OTLP  # noqa: PLC0415 - other commands do without

    return _from_spans(parsed, OTLP)


def _from_jaeger(parsed: argparse.Namespace) -> int:
    from penstock.check.traces.jaeger import JAEGER  # noqa: PLC0415 - other commands do without

    return _from_spans(parsed, JAEGER)


def _from_spans(parsed: argparse.Namespace, kind: TraceFormat) -> int:
    from penstock.check.traces.reader import MAX_SIZE, Damage, read  # noqa: PLC0415 - the same
    from penstock.check.traces.span_functions import StepFinder  # noqa: PLC0415 - other commands do without
    from penstock.collect import collect  # noqa: PLC0415 - the same
    from penstock.collect.plan import CollectPlan  # noqa: PLC0415 - the same

    damage, finder = Damage(), StepFinder(lambda: collect(CollectPlan.of(read_config(parsed))).flows)
    evidence = read(parsed.files, kind, damage, finder, parsed.max_size or MAX_SIZE)
    if finder.fault:
        tell("note", finder.fault)
    names = f"{pluralize(finder.mapped, 'span')} matched to steps by function name" if finder.mapped else ""
    return _write(evidence, parsed.output, str(damage), names)


def _write(evidence: Evidence, output: Path | None, damage: str = "", how: str = "") -> int:
    if damage:
        tell("damaged", damage)
    if output is None:
        print(dumps(evidence), end="")
        return CLEAN
    before = _load_before(output)
    if before is not None and shows_arrows(before) and not shows_arrows(evidence):
        raise EvidenceError(f"the new evidence shows no edge, so {output} is unchanged")
    save(evidence, output)
    print("; ".join(filter(None, (f"wrote {output}: {pluralize(sum(evidence.runs.values()), 'run')}", how))))
    return CLEAN
