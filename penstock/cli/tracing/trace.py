"""``penstock trace ID FILE…``: one run from end to end, out of logs and spans."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from penstock._util.atomic_files import write_atomically
from penstock.cli.common_options import add_sources, output_file, read_config
from penstock.cli.terminal import CLEAN, fold_width, tell, use_colour
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config.log_fields import FieldNames, read_log_fields
from penstock.config.validators import BadValueError
from penstock.errors import ConfigError
from penstock.model.resources import Vocabulary
from penstock.render.wording import escape_line
from penstock.trace.formats import TraceFormat, choose_format, write_trace
from penstock.trace.formats.text import ASCII, Glyphs, render
from penstock.trace.trace_run import trace_run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from penstock.config import Config
    from penstock.trace.model import RunTrace


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    description = "Show one run from end to end: its steps, log lines and errors, out of logs and spans."
    parser = commands.add_parser("trace", help="show one run, out of its logs and spans", description=description)
    parser.set_defaults(action=run)
    parser.add_argument("run_id", metavar="ID", help="the run's correlation ID, or the ID of its trace")
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="logs (JSON lines or plain) and spans (OTLP or Jaeger JSON), optionally gzipped; - is standard input",
    )
    parser.add_argument(
        "-f",
        "--format",
        choices=get_args(TraceFormat),
        help="the format, if the suffix does not select one; text by default",
    )
    parser.add_argument(
        "-o", "--output", type=output_file, metavar="FILE", help="the file to write; its suffix selects the format"
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME",
        help="also print this field of log records; only time, level and message are printed otherwise",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="KIND=FIELD",
        help="read the id, time, level, message, step, flow, service, logger or span from this field",
    )
    add_sources(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print or write the run."""
    kind = choose_format(parsed.format, parsed.output)
    config = read_config(parsed)
    manifest = collect(CollectPlan.of(config))
    for problem in manifest.problems:
        tell("problem", escape_line(str(problem)))
    trace = trace_run(
        parsed.run_id,
        parsed.files,
        manifest.flows,
        names=read_names(config, parsed.name, parsed.field),
        vocabulary=Vocabulary(config.effects),
    )
    if parsed.output is not None:
        write_atomically(
            parsed.output, f"{write_trace(trace, kind, engine=config.engine)}\n".encode("utf-8", "replace")
        )
        tell("", f"wrote {parsed.output}")
    elif kind == "text":
        print(_draw_timeline(trace))
    else:
        print(write_trace(trace, kind, engine=config.engine))
    return CLEAN


def read_names(config: Config, pairs: Iterable[str], shown: Iterable[str]) -> FieldNames:
    """Return the names of fields: those of the command line before those of the settings, and these before the usual ones.

    Raises:
        ConfigError: A pair is none, or names no kind of field.
    """
    given: dict[str, list[str]] = {}
    for pair in pairs:
        kind, sign, field = pair.partition("=")
        if not (sign and field):
            raise ConfigError(f"{pair!r} must be a kind and a field with = between, such as step=stage", where="--name")
        given.setdefault(kind, []).append(field)
    try:
        read_log_fields(given, config.project)
    except BadValueError as error:
        raise ConfigError(str(error), where="--name") from None
    names = FieldNames().with_names(config.trace_fields).with_names(given)
    return replace(names, show=tuple(dict.fromkeys((*names.show, *shown))))


def _draw_timeline(trace: RunTrace) -> str:
    glyphs = Glyphs() if _can_write("".join(Glyphs())) else ASCII
    return render(
        trace,
        width=fold_width(),
        colour=use_colour(sys.stdout),
        glyphs=glyphs,
    )


def _can_write(signs: str) -> bool:
    """Return whether standard output can write some signs, which an ASCII terminal cannot."""
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
