"""Writes a proposal: shows every change, asks, and writes all files or none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli.discovery.next_steps import print_next_steps
from penstock.cli.discovery.proposal_evidence import save_evidence
from penstock.cli.terminal import CLEAN, FINDINGS, outlive_reader, pluralize, print_diff, tell
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
from penstock.config.module_paths import module_of_file
from penstock.discover.writing.decorators import write_decorators
from penstock.discover.writing.frameworks import find_framework_settings
from penstock.discover.writing.outside import write_outside
from penstock.discover.writing.places import import_root, module_name
from penstock.discover.writing.settings import NewSettings, write_settings
from penstock.discover.writing.source_file import UnwritableError
from penstock.errors import ConfigError, OutputError, PenstockError
from penstock.proof import prove
from penstock.render.edge_status import provenance
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from penstock.check.fix import Edit
    from penstock.config import Config
    from penstock.discover.proposal import ProposedFlow

DEFAULT_FILE = "penstock_flows.py"


@dataclass(frozen=True)
class Destination:
    """Where a flow is written.

    Attributes:
        is_outside: Whether it is declared beside the code.
        file: The module for it, if so; by default one at the import root of the code.
    """

    is_outside: bool
    file: Path | None = None


def write_proposal(
    flow: ProposedFlow,
    config: Config,
    destination: Destination,
    ask: Callable[[str], bool],
    declared: Collection[str] = (),
) -> int:
    """Show the changes that declare a flow, and write them if confirmed.

    Args:
        flow: The flow.
        config: The settings of the project.
        destination: Where it is written.
        ask: Asks a yes-or-no question and returns the answer.
        declared: The addresses of functions that are steps of the flow already.

    Returns:
        0 if it was written, 1 if not.

    Raises:
        ConfigError: A step cannot be declared, or the settings cannot be edited.
        OutputError: A file cannot be written; the others are as they were.
    """
    edits = _plan(flow, config, destination, declared)
    if not edits:
        print("All steps are declared already.")
        return CLEAN
    with outlive_reader():
        for edit in edits:
            print_diff(edit.diff())
    if not ask(f"Write {pluralize(len(edits), 'file')}?"):
        return FINDINGS
    _write_all(edits)
    with outlive_reader():
        for edit in edits:
            print(f"wrote {visible(edit.name)}")
    config = load(config.project)
    _check(flow, config)
    print_next_steps(config.project, flow.name, is_recorded=flow.evidence is not None)
    return CLEAN


def _check(flow: ProposedFlow, config: Config) -> None:
    """Keep what was seen as evidence, and print the verdict on the declared flow."""
    try:
        declared = collect(CollectPlan.of(config, calls=True)).flow(flow.name)
        if flow.evidence is not None:
            save_evidence(flow.evidence, declared, config)
        proof = prove(config, calls=True)
    except PenstockError as error:
        tell("note", f"the flow is written, and cannot be checked: {error}")
        return
    if verdict := provenance(proof.manifest.flow(flow.name)):
        print(f"\n{visible(flow.name)}  {verdict}")


def _plan(flow: ProposedFlow, config: Config, destination: Destination, declared: Collection[str]) -> list[Edit]:
    roots = [import_root(step.function) for step in flow.steps if not Path(step.function.file).is_absolute()]
    if destination.is_outside:
        edits, modules, more_roots = _plan_outside(flow, config.project, destination, declared, roots)
        roots = [*more_roots, *roots]
    else:
        edits = _plan_decorators(flow, config.project, declared)
        modules = [module_name(step.function) for step in flow.steps]
    if not edits:
        return []
    others = find_framework_settings(config.project)
    wanted = NewSettings(modules=_unique(modules), path=_unique(roots), others=others)
    settings = write_settings(config.project, wanted)
    return [*edits, settings] if settings else edits


def _unique(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _plan_decorators(flow: ProposedFlow, project: Path, declared: Collection[str]) -> list[Edit]:
    fixes = write_decorators(flow, project, declared)
    if fixes.refused:
        reasons = "\n".join(map(str, fixes.refused))
        raise ConfigError(
            f"{reasons}\nNothing was written. Drop what cannot be decorated, or declare the flow beside the code: "
            f"--write outside {DEFAULT_FILE}"
        )
    return [*fixes.edits]


def _plan_outside(
    flow: ProposedFlow, project: Path, destination: Destination, declared: Collection[str], roots: Sequence[str]
) -> tuple[list[Edit], list[str], list[str]]:
    """Return the edit of a module beside the code, the module's name, and the folder to import it from."""
    default = project / (roots[0] if roots else ".") / DEFAULT_FILE
    file = Path(os.path.normpath(Path.cwd() / destination.file)) if destination.file else default
    if file.suffix != ".py" or not file.is_relative_to(project):
        raise ConfigError(f"{str(file)!r} is no module in {project}; name one, such as {DEFAULT_FILE}", where="--write")
    name = file.relative_to(project).as_posix()
    module, root = module_of_file(name, project)
    try:
        edit = write_outside(flow, file, name, declared)
    except UnwritableError as reason:
        raise ConfigError(f"nothing was written: {reason}", where=name) from None
    return [edit] if edit else [], [module], [root.as_posix()]


def _write_all(edits: Sequence[Edit]) -> None:
    """Write all files; if one cannot be written, the others get their old content back.

    Raises:
        OutputError: A file cannot be written.
    """
    for count, edit in enumerate(edits):
        try:
            edit.write()
        except OutputError:
            _restore(edits[:count])
            raise


def _restore(edits: Sequence[Edit]) -> None:
    for edit in edits:
        if edit.old:
            edit.path.write_bytes(edit.old)
        else:
            edit.path.unlink()
