"""``penstock inject``: updates diagrams and steps between markers in README and other documents."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli.common_options import add_sources, read_config
from penstock.cli.inject.documents import Freshener, is_current, read_document, write_all
from penstock.cli.terminal import BROKEN, CLEAN, FINDINGS, print_diff, suggest_explanation, tell
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.embed.layouts import DrawRules
from penstock.errors import MarkerError
from penstock.render.wording import visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    from penstock.cli.inject.documents import MarkedDocument

    Item = TypeVar("Item")
    Result = TypeVar("Result")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    text = "update the diagrams and steps between markers in documents"
    more = "Exit codes: 0 success, 1 a document is out of date (with --check) or a flow has problems, 2 nothing was written."
    parser = commands.add_parser("inject", help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=more)
    parser.set_defaults(action=run)
    add_sources(parser)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="Markdown, MDX or reStructuredText")
    parser.add_argument("--check", action="store_true", help="write nothing; show what would change")


def run(parsed: argparse.Namespace) -> int:
    """Update the documents, or show the changes, and return the exit code."""
    unique = {os.path.realpath(path): path for path in reversed(parsed.files)}.values()
    documents, faults = _apply(read_document, reversed(unique))
    targets = [document for document in documents if document.blocks]
    if faults or not targets:
        return _stop(faults)
    config = read_config(parsed)
    freshener = Freshener(DrawRules.of(config), collect(CollectPlan.of(config)))
    texts, faults = _apply(freshener.refresh, targets)
    if faults:
        return _stop(faults)
    for note in freshener.pictures.notes:
        tell("warning", note)
    updates = {document.path: text for document, text in zip(targets, texts, strict=True) if text != document.text}
    drawings = {path: content for path, content in freshener.pictures.contents.items() if not is_current(path, content)}
    if parsed.check:
        _show(targets, updates, drawings)
    else:
        _write(updates, drawings)
    problems = [problem for flow in freshener.flows.values() for problem in flow.problems]
    for problem in problems:
        tell("problem", str(problem))
    suggest_explanation(problem.code for problem in problems)
    return FINDINGS if problems or (parsed.check and (updates or drawings)) else CLEAN


def _apply(function: Callable[[Item], Result], items: Iterable[Item]) -> tuple[list[Result], list[MarkerError]]:
    """Return the results of a function for each item, and the errors of the failed ones."""
    results: list[Result] = []
    faults: list[MarkerError] = []
    for item in items:
        try:
            results.append(function(item))
        except MarkerError as error:
            faults.append(error)
    return results, faults


def _stop(faults: Iterable[MarkerError]) -> int:
    """Report errors, and return the exit code; documents without markers are not an error."""
    status = CLEAN
    for fault in faults:
        tell("penstock", str(fault), "31")
        status = BROKEN
    if status == CLEAN:
        tell("", "There are no markers, such as <!-- penstock: NAME --> and <!-- /penstock -->.")
    return status


def _write(updates: Mapping[Path, str], drawings: Mapping[Path, bytes]) -> None:
    contents = {**drawings, **{path: text.encode() for path, text in updates.items()}}
    write_all(contents)
    for path in contents:
        tell("", f"wrote {_relative(path)}")


def _show(documents: Iterable[MarkedDocument], updates: Mapping[Path, str], drawings: Mapping[Path, bytes]) -> None:
    """Print the pending changes as a unified diff; of pictures, only their names."""
    for document in documents:
        if document.path in updates:
            name = visible(str(document.path))
            old, new = document.text.splitlines(), updates[document.path].splitlines()
            print_diff(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm=""))
    for path in drawings:
        tell("", f"{_relative(path)} is out of date")


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
