"""``penstock check --fix``: shows proposed changes to the sources, asks, and writes them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from penstock.check.fix import fix
from penstock.cli.terminal import CLEAN, FINDINGS, outlive_reader, pluralize, print_diff, tell
from penstock.collect import input_files
from penstock.render.wording import visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from penstock.check.findings.finding import Finding
    from penstock.check.fix import Edit
    from penstock.manifest import Manifest


def add_fix_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for writing proposed changes."""
    parser.add_argument(
        "--fix",
        action="store_true",
        help="write the proposed after=, effects= and trigger= to the sources, after showing the change and asking",
    )
    parser.add_argument("--yes", action="store_true", help="with --fix: write without asking")


def run_fix(findings: Sequence[Finding], manifest: Manifest, project: Path, ask: Callable[[str], bool]) -> int:
    """Show the proposed changes to the sources, and write them if confirmed.

    Args:
        findings: The findings of a check.
        manifest: The flows of the findings.
        project: The project's folder.
        ask: Asks a yes-or-no question and returns the answer.

    Returns:
        0 if everything was written and no finding needs manual work, else 1.

    Raises:
        MissingExtraError: LibCST is not installed.
        OutputError: A file cannot be written.
    """
    result = fix(findings, manifest, project, input_files(manifest, project))
    with outlive_reader():
        for edit in result.edits:
            print_diff(edit.diff())
    for refusal in result.refused:
        tell("left", str(refusal))
    is_written = _write_edits(result.edits, ask)
    others = any(finding.severity == "error" and not finding.has_proposal for finding in findings)
    return FINDINGS if others or result.refused or not is_written else CLEAN


def _write_edits(edits: Sequence[Edit], ask: Callable[[str], bool]) -> bool:
    """Write the files if confirmed, and return whether nothing is left to write."""
    if not edits:
        print("No declaration needs a change.")
        return True
    if not ask(f"Write {pluralize(len(edits), 'file')}?"):
        return False
    for edit in edits:
        edit.write()
        print(f"wrote {visible(edit.name)}")
    return True


def asker(*, yes: bool) -> Callable[[str], bool]:
    """Return a function that confirms: ``--yes``, a question in a terminal, or always no without a terminal."""

    def ask(question: str) -> bool:
        """Return whether the user agrees; without a terminal, print that nothing was written."""
        if yes:
            return True
        if not sys.stdin.isatty():
            tell("", "Nothing was written, because there is no terminal to ask in. Use --yes to write without asking.")
            return False
        try:
            return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            return False

    return ask
