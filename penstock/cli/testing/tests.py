"""``penstock tests``: the tests that run some steps, for the command line of pytest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.atomic_files import is_file
from penstock.check.questions.step_tests import find_tests
from penstock.cli.common_options import add_sources
from penstock.cli.git_revision import RevisionRequest, flows_at
from penstock.cli.terminal import CLEAN, tell
from penstock.cli.testing.recorded_tests import add_evidence, read_project
from penstock.errors import ConfigError, UnknownStepError
from penstock.manifest.unread_flows import is_unread
from penstock.proof import prove

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from penstock.check.evidence import Evidence
    from penstock.config import Config
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step


class NamedStep(NamedTuple):
    """A step of a flow.

    Attributes:
        flow: The flow's name in evidence.
        full_name: The flow's name with its service.
        step: The step's name.
        where: The place of the step, or an empty string.
    """

    flow: str
    full_name: str
    step: str
    where: str = ""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "list the tests that run some steps"
    more = "To run them: pytest $(penstock tests --changed main)"
    parser = commands.add_parser("tests", help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=more)
    parser.set_defaults(action=run)
    add_sources(parser)
    parser.add_argument("steps", nargs="*", metavar="STEP", help="a step of any flow, or FLOW/STEP, or FLOW.STEP")
    parser.add_argument(
        "--changed",
        metavar="REV",
        help="the steps whose source, or that of a function they call, has changed since this git revision",
    )
    add_evidence(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print the tests, one a line, and name the steps without tests on standard error."""
    if not parsed.steps and parsed.changed is None:
        raise ConfigError("name a step, or a git revision: --changed main", where="penstock tests")
    config, evidence = read_project(parsed)
    manifest = prove(config, calls=parsed.changed is not None or None, accepted=False).manifest
    steps = dict.fromkeys(step for name in parsed.steps for step in _find_steps(name, manifest))
    if parsed.changed is not None:
        request = RevisionRequest(config.project, Path.cwd(), parsed.modules, parsed.path, config.python)
        changed_steps = [*_find_changed(flows_at(parsed.changed, request, calls=True), manifest)]
        steps |= dict.fromkeys(changed_steps)
        if not changed_steps:
            tell("note", f"no step has changed since {parsed.changed}")
        if any(flow.blind for flow in manifest.flows):
            tell("note", "some calls cannot be followed in the code; a change behind them is not seen")
    tests = {test for step in steps for test in _find_tests(step, evidence)}
    lines = {_format_test(test, config) for test in tests}
    for line in sorted(lines):
        if line.partition("[")[0] not in lines - {line}:  # else pytest would run it twice
            print(line)
    return CLEAN


def _find_steps(name: str, manifest: Manifest) -> list[NamedStep]:
    """Return the steps that a name on the command line stands for.

    Raises:
        UnknownStepError: There is none.
    """
    flow_name, _, step_name = name.rpartition("/")
    if not any(step.name == step_name for flow in manifest.flows for step in flow.steps) and "." in step_name:
        flow_name, _, step_name = name.rpartition(".")  # as other commands take it
    flows = [manifest.flow(flow_name)] if flow_name else manifest.flows
    steps = [_name_step(flow, step) for flow in flows for step in flow.steps if step.name == step_name]
    if not steps:
        raise UnknownStepError(step_name, {step.name for flow in flows for step in flow.steps})
    return steps


def _name_step(flow: Flow, step: Step) -> NamedStep:
    return NamedStep(flow.name, flow.full_name, step.name, step.where)


def _find_changed(old: Manifest, new: Manifest) -> Iterator[NamedStep]:
    """Yield the steps whose source, or what they call, is not the same in two manifests, and those of only one of them."""
    hashes = [
        {(flow.full_name, step.name): _read_hashes(step, flow) for flow in side.flows for step in flow.steps}
        for side in (old, new)
    ]
    for flow in new.flows:
        for step in flow.steps:
            key = flow.full_name, step.name
            if not step.source_hash or hashes[0].get(key) != hashes[1][key]:
                yield _name_step(flow, step)
    for flow in old.flows:
        yield from (_name_step(flow, step) for step in flow.steps if (flow.full_name, step.name) not in hashes[1])


def _read_hashes(step: Step, flow: Flow) -> tuple[str, str]:
    """Return the digests of a step's source and of what it calls, which is not known if its flow was not wholly read."""
    return step.source_hash, "" if is_unread(flow) else step.helper_hash


def _find_tests(step: NamedStep, evidence: Evidence) -> frozenset[str]:
    """Return the tests that ran a step; say so if there is none."""
    tests = find_tests(evidence, step.flow, step.step)
    if not tests:
        where = f" ({step.where})" if step.where else ""
        tell("note", f"no test runs {step.full_name}/{step.step}{where}")
    return tests


def _format_test(test: str, config: Config) -> str:
    """Return a test as pytest takes it here, and a shell keeps it whole: parameters with spaces select all of them."""
    if any(map(str.isspace, test)):
        test = test.partition("[")[0]
    file, separator, name = test.partition("::")
    if not is_file(Path(file)) and is_file(config.project / file):
        file = Path(os.path.relpath(config.project / file)).as_posix()
    return f"{file}{separator}{name}"
