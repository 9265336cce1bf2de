"""Plays an application: imports it, runs it, and takes down what each witness says."""

from __future__ import annotations

import importlib.util
import logging
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import add_observer, flows, observing, remove_observer
from penstock._declare import registry
from penstock._recording.process_recorder import Recorder
from penstock._runtime.evidence_header import set_evidence_source
from penstock.callgraph import StepAt, read
from penstock.check.evidence import Evidence
from penstock.check.findings.finding import findings, of_problem
from penstock.check.verdict.judgement import judge
from penstock.testing import empty_registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from penstock.check.findings.finding import Finding
    from penstock.model import Edge, Flow
    from penstock.observers import Observer

SCENARIOS = Path(__file__).parent.parent / "scenarios"
WITNESSES = ("evidence", "calls", "both")

_numbers = count()


@dataclass(frozen=True)
class Played:
    """What is known of a flow after it was played.

    Attributes:
        flow: The flow as it is declared, with what the code says.
        evidence: What ran.
        error: The exception that ended it, in words, or an empty string.
    """

    flow: Flow
    evidence: Evidence
    error: str = ""

    def seen_by(self, witness: str) -> Played:
        """Return the same with one witness only."""
        flow = replace(self.flow, calls=()) if witness == "evidence" else self.flow
        return replace(self, flow=flow, evidence=Evidence() if witness == "calls" else self.evidence)

    @property
    def edges(self) -> dict[str, Edge]:
        """The judged arrows, by their ends."""
        return {f"{edge.source}>{edge.target}": edge for edge in judge(self.flow, self.evidence).flow.edges}

    @property
    def alarms(self) -> list[Finding]:
        """The findings that fail a check."""
        found = [*map(of_problem, self.flow.problems), *findings(judge(self.flow, self.evidence))]
        return [finding for finding in found if finding.severity == "error"]


def play(file: Path, *others: Observer) -> Played:
    """Import a scenario under a name of its own, run it, and return what the witnesses say.

    Args:
        file: The module; it has a function ``run``.
        *others: Whoever wants to observe it, too.
    """
    logging.disable(logging.CRITICAL)
    try:
        with empty_registry(), imported(file) as module, recorded() as observer, _observed_by(others):
            error = _run(module)
            return Played(read_flow(file), observer.evidence(), error)
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def imported(file: Path) -> Iterator[ModuleType]:
    """Import a file as a module that nobody else has."""
    name = f"{file.stem}_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[name]


@contextmanager
def recorded() -> Iterator[Recorder]:
    """Record what runs, also across messages."""
    observer = Recorder()
    add_observer(observer)
    set_evidence_source(observer.encode_step_context)
    try:
        yield observer
    finally:
        remove_observer(observer)
        set_evidence_source(None)


@contextmanager
def _observed_by(observers: Iterable[Observer]) -> Iterator[None]:
    with ExitStack() as stack:
        for observer in observers:
            stack.enter_context(observing(observer))
        yield


def _run(module: ModuleType) -> str:
    try:
        module.run()
    except Exception as error:  # changed code may do anything
        return repr(error)
    return ""


def read_flow(file: Path) -> Flow:
    """Return the only flow that is declared, with what its code says."""
    (flow,) = flows()
    steps = [StepAt(flow.name, mark.step_name, mark.function) for mark in registry.marks()]
    said = read(steps, lambda path: Path(path) == file)[flow.name]
    return replace(flow, calls=said.calls, blind=said.blind)
