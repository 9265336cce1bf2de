"""``penstock diff OLD NEW``: the differences between two manifests, or two revisions of the code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import manifest
from penstock._util.atomic_files import write_atomically
from penstock.check.diff import mermaid as drawn
from penstock.check.diff import text as words
from penstock.check.diff.compare import compare
from penstock.cli.common_options import add_sources, fault, output_file, read_config
from penstock.cli.git_revision import RevisionRequest, flows_at
from penstock.cli.terminal import CLEAN, FINDINGS, apply_style, fold_width
from penstock.errors import UnknownFlowError
from penstock.proof import prove

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from penstock.check.diff.compare import Changes, FlowChange
    from penstock.manifest import Manifest

TODAY = "the working tree"
FORMATS: Mapping[str, Callable[[Changes], str]] = {
    "json": words.as_json,
    "markdown": drawn.markdown,
    "mermaid": drawn.mermaid,
    "text": words.text,
}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "compare two manifests or two git revisions"
    more = "Exit codes: 0 no difference, 1 differences, 2 the command failed."
    parser = commands.add_parser("diff", help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=more)
    parser.set_defaults(action=run)
    add_sources(parser)
    parser.add_argument("old", metavar="OLD", help="a manifest's file, or a git revision such as main or HEAD~1")
    parser.add_argument("new", metavar="NEW", nargs="?", help="the same; the working tree by default")
    parser.add_argument("--flow", action="append", dest="flows", metavar="FLOW", help="compare this flow only")
    parser.add_argument(
        "-f", "--format", choices=sorted(FORMATS), default="text", help="the output's format; text by default"
    )
    parser.add_argument("-o", "--output", type=output_file, metavar="FILE", help="write the output to a file")


def run(parsed: argparse.Namespace) -> int:
    """Compare the flows, report, and return the exit code."""
    old, new = _flows(parsed.old, parsed), _flows(parsed.new, parsed)
    changes = replace(compare(old, new), old=parsed.old, new=parsed.new or TODAY)
    if parsed.flows:
        changes = replace(changes, flows=tuple(_chosen(changes, old, new, parsed.flows)))
    _say(changes, parsed)
    return FINDINGS if changes else CLEAN


def _say(changes: Changes, parsed: argparse.Namespace) -> None:
    if parsed.output is not None:
        write_atomically(parsed.output, f"{FORMATS[parsed.format](changes)}\n".encode(errors="replace"))
    elif parsed.format == "text":
        print(words.text(changes, apply_style, fold_width()))
    elif report := FORMATS[parsed.format](changes):
        print(report)


def _flows(named: str | None, parsed: argparse.Namespace) -> Manifest:
    """Return the flows of a file, of a revision, or of the working tree; a file wins over a revision of its name."""
    if named is None:
        return prove(read_config(parsed), accepted=False).manifest
    if not fault(Path(named)) and Path(named).is_file():
        return manifest.load(Path(named))
    return flows_at(named, _make_request(parsed))


def _make_request(parsed: argparse.Namespace) -> RevisionRequest:
    """Return the request for a revision, with the project's current location."""
    today = read_config(parsed)
    return RevisionRequest(today.project, Path.cwd(), parsed.modules, parsed.path, today.python)


def _chosen(changes: Changes, old: Manifest, new: Manifest, names: list[str]) -> list[FlowChange]:
    """Return the changes of the named flows; each must exist on at least one side."""
    selected_names: set[str] = set()
    for name in names:
        matches = {flow.full_name for side in (old, new) for flow in side.flows if name in (flow.name, flow.full_name)}
        if not matches:
            raise UnknownFlowError(name, {*old.names, *new.names})
        selected_names |= matches
    return [flow for flow in changes.flows if flow.flow.full_name in selected_names]
