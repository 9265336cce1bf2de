"""The command line: lists, shows, renders and exports the configured flows."""

from __future__ import annotations

import argparse
import sys
import textwrap
import warnings
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from penstock._util.atomic_files import write_atomically
from penstock._version import __version__
from penstock.check.findings.reports import hang_indent
from penstock.cli import check, completion, diff, evidence, flow_list, open_flow, render_many
from penstock.cli.bundle import example, explain
from penstock.cli.common_options import add_sources, output_file, read_config
from penstock.cli.discovery import discover, init
from penstock.cli.inject import command as inject
from penstock.cli.parser import MainParser, print_help_without_command
from penstock.cli.part_options import add_part, read_part
from penstock.cli.questions import impact, who
from penstock.cli.signals import ending_on_signals
from penstock.cli.terminal import (
    BROKEN,
    CLEAN,
    FINDINGS,
    INTERRUPTED,
    apply_style,
    fold_width,
    leave_unread,
    open_streams,
    pluralize,
    suggest_explanation,
    table,
    tell,
    use_colour,
    width,
)
from penstock.cli.testing import coverage, tests
from penstock.cli.tracing import trace
from penstock.embed.layouts import DrawRules
from penstock.errors import ConfigError, PenstockError, RenderWarning
from penstock.manifest import dumps
from penstock.manifest.unread_flows import UNREAD_CODE, is_unread
from penstock.proof import prove
from penstock.render import FORMATS, file_content, format_of
from penstock.render.edge_status import without_proof
from penstock.render.excerpt import take_part
from penstock.render.numbers import limit_numbers
from penstock.render.options import Options, checked_direction
from penstock.render.text import drawing as text
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from penstock.manifest import Manifest
    from penstock.model import Flow, Problem
    from penstock.render import Format
    from penstock.render.options import Direction

    Command = Callable[[argparse.Namespace, Manifest, DrawRules], list[Problem]]
    Action = Callable[[argparse.Namespace], int]

COMMANDS = (check, completion, coverage, diff, evidence, example, explain, impact, inject, open_flow, tests, trace, who)
"""The modules of the commands that are not defined here, each with a function ``add``."""

FIRST_COMMANDS = (discover, init)
"""The commands for a project that has no flows or no settings yet."""

MOST_PATHS = 1000
"""Maximum number of paths printed by ``show --paths``; the rest is only counted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: The command line after the program's name; by default, that of the process.

    Returns:
        0 on success, 1 if the flows have problems, 2 if the command failed; more if a signal ended it.
    """
    open_streams()
    status = CLEAN
    try:
        with ending_on_signals():
            status = _done(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        leave_unread(sys.stdout)
    except OSError as error:
        leave_unread(sys.stdout)
        subject = error.filename or "cannot write to standard output"
        _complain(f"{subject}: {error.strerror or error}")
        status = BROKEN
    return status


def _done(arguments: Sequence[str] | None) -> int:
    """Run a command and return its exit code, however it ends."""
    try:
        parser = _parser()
        words, watched = discover.split_command(sys.argv[1:] if arguments is None else [*arguments])
        if words[:1] == ["completion"] and words[2:3] == ["--words"]:  # argparse would read the words
            return completion.print_words(parser, words[3:])
        if not words:
            return print_help_without_command(parser)
        return _run(parser.parse_args(words, argparse.Namespace(watched=watched)))
    except PenstockError as error:
        _complain(str(error))
        return BROKEN
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except SystemExit as system_exit:  # help was shown, an argument is wrong, or a signal ends it
        return system_exit.code if isinstance(system_exit.code, int) else CLEAN


def _run(parsed: argparse.Namespace) -> int:
    if parsed.action:
        action: Action = parsed.action
        return action(parsed)
    config = read_config(parsed)
    command: Command = parsed.command
    problems = command(parsed, prove(config, accepted=False).manifest, DrawRules.of(config))
    sys.stdout.flush()
    for problem in problems:
        tell("problem", escape_line(str(problem)))
    suggest_explanation(problem.code for problem in problems)
    return FINDINGS if problems else CLEAN


def _complain(message: str) -> None:
    tell("penstock", message, "31")


def _list(parsed: argparse.Namespace, manifest: Manifest, _rules: DrawRules) -> list[Problem]:
    if parsed.format != "text":
        if listing := flow_list.FORMATS[parsed.format](manifest):
            print(listing)
    elif not manifest.flows:
        print("No flows are declared in the configured modules.")
    else:
        for line in table([flow_list.format_row(manifest.flow(name), name) for name in manifest.names]):
            print(line)
    return [*manifest.problems, *(problem for flow in manifest.flows for problem in flow.problems)]


def _show(parsed: argparse.Namespace, manifest: Manifest, rules: DrawRules) -> list[Problem]:
    flow = _flow(parsed, manifest, rules)
    heading = escape_line(flow.name if flow.title == flow.name else f"{flow.title} ({flow.name})")
    columns = width()
    print(apply_style(_wrap_text(heading, columns), "1"))
    if flow.description:
        print(_wrap_text(escape_line(flow.description), columns))
    print()
    drawn, note = take_part(flow, read_part(parsed, rules))
    options = Options(direction=_direction(parsed, rules), details=True, note=note)
    whole = not sys.stdout.isatty()
    print(text.render(drawn, options, colour=use_colour(sys.stdout), width=columns, fold=bool(columns), whole=whole))
    if origin := text.origin(drawn):
        print(f"\n{origin}")
    if proof := text.proof(drawn, colour=use_colour(sys.stdout), width=columns):
        print(f"\n{proof}")
    if parsed.paths:
        print(f"\n{pluralize(flow.path_count, 'path')}")
        for path in islice(flow.paths(), MOST_PATHS):
            print(hang_indent(f"  {' → '.join(map(escape_line, path))}", fold_width()))
        if flow.path_count > MOST_PATHS:
            print(f"  … and {flow.path_count - MOST_PATHS} more")
    return _problems_of(flow, manifest)


def _wrap_text(paragraph: str, columns: int) -> str:
    if not columns:
        return paragraph
    return textwrap.fill(paragraph, columns, break_long_words=False, break_on_hyphens=False)


def _render(parsed: argparse.Namespace, manifest: Manifest, rules: DrawRules) -> list[Problem]:
    render_many.refuse_contradictions(parsed)
    if parsed.all:
        counted_flows = [manifest.flow(flow.full_name) for flow in manifest.flows]
        flows = [flow if rules.proof else without_proof(flow) for flow in counted_flows]
        draw = partial(_draw, parsed=parsed, rules=rules)
        render_many.render_all(flows, parsed.all, parsed.format, draw, rules.vocabulary)
        return [*manifest.problems, *(problem for flow in manifest.flows for problem in flow.problems)]
    flow = render_many.choose_map(manifest, rules.vocabulary) if parsed.map else _flow(parsed, manifest, rules)
    kind = format_of(parsed.format, parsed.output)
    _write(_draw(flow, kind, parsed=parsed, rules=rules), parsed.output, binary=kind.binary)
    return [*manifest.problems] if parsed.map else _problems_of(flow, manifest)


def _draw(flow: Flow, kind: Format, *, parsed: argparse.Namespace, rules: DrawRules) -> bytes:
    """Return a flow as the content of a file; warnings are printed."""
    details = kind.detailed if parsed.details is None else parsed.details
    part, is_data = read_part(parsed, rules), kind.name == "json"
    flow, note = take_part(
        flow, replace(part, untested=part.untested and not is_data, reads=part.reads and not is_data)
    )
    options = Options(direction=_direction(parsed, rules), details=details, note=note)
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always", RenderWarning)
        content = file_content(rules.render(flow, kind.name, options))
    for warning in messages:
        if issubclass(warning.category, RenderWarning):
            tell("warning", escape_line(str(warning.message)))
    return content


def _flow(parsed: argparse.Namespace, manifest: Manifest, rules: DrawRules) -> Flow:
    flow = manifest.flow(parsed.flow)
    return flow if rules.proof else without_proof(flow)


def _problems_of(flow: Flow, manifest: Manifest) -> list[Problem]:
    unread = [problem for problem in manifest.problems if problem.code == UNREAD_CODE and is_unread(flow)]
    return [*flow.problems, *unread]


def _export(parsed: argparse.Namespace, manifest: Manifest, rules: DrawRules) -> list[Problem]:
    flows = tuple(limit_numbers(manifest.flow(flow.full_name), rules.numbers) for flow in manifest.flows)
    _write(dumps(replace(manifest, flows=flows)).encode(), parsed.output, binary=False)
    return [*manifest.problems, *(problem for flow in manifest.flows for problem in flow.problems)]


def _write(content: bytes, output: Path | None, *, binary: bool) -> None:
    if output is not None:
        write_atomically(output, content)
        tell("", f"wrote {output}")
    elif binary and sys.stdout.isatty():
        raise ConfigError("this format is binary; name a file: -o FILE")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)


def _direction(parsed: argparse.Namespace, rules: DrawRules) -> Direction:
    return checked_direction(parsed.direction or rules.direction)


def _parser() -> MainParser:
    parser = MainParser(
        prog="penstock",
        description="Draw, check and document the flows that an application declares.",
        epilog="Exit codes: 0 success, 1 the flows have problems, 2 the command failed.",
    )
    parser.add_argument("--version", action="version", version=f"penstock {__version__}")
    commands: argparse._SubParsersAction[argparse.ArgumentParser] = parser.commands
    list_parser = _add(commands, "list", _list, "list all flows")
    list_parser.add_argument(
        "-f", "--format", choices=["text", *flow_list.FORMATS], default="text", help="the format; text by default"
    )
    show = _add(commands, "show", _show, "draw a flow in the terminal")
    _add_flow(show)
    show.add_argument("--paths", action="store_true", help="also print every path from an entrypoint to an end")
    render_parser = _add(commands, "render", _render, "write a diagram to a file")
    _add_flow(render_parser, optional=True)
    render_many.add_options(render_parser)
    render_parser.add_argument(
        "-o", "--output", type=output_file, metavar="FILE", help="the file; its suffix selects the format"
    )
    render_parser.add_argument(
        "-f", "--format", choices=sorted(FORMATS), help="the format, if the suffix does not select one"
    )
    render_parser.add_argument(
        "--details",
        action=argparse.BooleanOptionalAction,
        help="draw titles, triggers, effects and labels (default: everywhere but in Mermaid and DOT)",
    )
    export = _add(commands, "export", _export, "write all flows to a manifest, as JSON")
    export.add_argument("-o", "--output", type=output_file, metavar="FILE", help="the file; standard output by default")
    for command in (*FIRST_COMMANDS, *COMMANDS):
        command.add(commands)
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, command: Command, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command, action=None)
    add_sources(parser)
    return parser


def _add_flow(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    parser.add_argument(
        "flow", metavar="FLOW", nargs="?" if optional else None, help="the flow's name, or SERVICE/NAME"
    )
    parser.add_argument("--direction", metavar="TB|LR|BT|RL", help="direction of the diagram: down, right, up, left")
    add_part(parser)
