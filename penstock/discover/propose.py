"""Proposes a flow from a recording: its steps, arrows, labels, trigger and effects, so that it passes the check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.discover.arrows.checked_flow import mend_arrows
from penstock.discover.arrows.contexts import Contexts
from penstock.discover.arrows.edges import draw_arrows, order_steps
from penstock.discover.arrows.labels import find_label
from penstock.discover.arrows.step_trees import build_trees
from penstock.discover.choice.runs import Runs
from penstock.discover.choice.scores import choose_steps
from penstock.discover.choice.source import SourceReader
from penstock.discover.effects import collect_effects
from penstock.discover.entrypoints import find_function, find_trigger
from penstock.discover.naming import name_flow, name_steps
from penstock.discover.proposal import ProposedFlow, ProposedStep
from penstock.discover.task_runs import join_tasks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from penstock.check.evidence import Evidence
    from penstock.discover.arrows.edges import After
    from penstock.discover.proposal import Choice
    from penstock.discover.recording import Function, Recording


_MAX_ROUNDS = 3
"""How often arrows are drawn again for contexts that none explains."""


def propose(recording: Recording, entrypoint: str, choice: Choice, project: Path) -> ProposedFlow:
    """Return the flow that begins at a function.

    Args:
        recording: What ran.
        entrypoint: The address of the function, or its name if that is unique.
        choice: The wishes of the reader.
        project: The folder that the files of functions are relative to.

    Raises:
        ConfigError: There is no such function, or more than one.
    """
    recording = join_tasks(recording)
    start = find_function(recording, entrypoint)
    sources = SourceReader(project)
    runs = Runs(recording, frozenset({start}))
    steps, others = choose_steps(runs, sources, choice)
    draft = _FlowDraft(recording, start, choice, steps)
    draft.settle()
    return _describe(draft, runs, sources, others)


@dataclass
class _FlowDraft:
    """The steps of a flow, of which those go that no arrow explains.

    Attributes:
        recording: What ran.
        start: The entrypoint.
        choice: The wishes of the reader.
        steps: The other steps, the surest first.
        unexplained: The steps that were left out.
    """

    recording: Recording
    start: int
    choice: Choice
    steps: list[int]

    def __post_init__(self) -> None:
        self.unexplained: list[int] = []
        self.after: After = {}

    def settle(self) -> None:
        """Draw the arrows; leave the least likely step out that no arrow explains, until there is none."""
        while True:
            self.names = self._name_steps()
            self.contexts = self._collect_contexts()
            evidence = self._draw()
            self.after, failing = mend_arrows(self.flow, self.after, {self.names[self.start]}, evidence)
            weak = [number for number in self.steps if self.names[number] in failing]
            if not weak:
                return
            self.unexplained.append(weak[-1])
            self.steps.remove(weak[-1])

    @property
    def flow(self) -> str:
        """The name of the flow."""
        return self.choice.flow or name_flow(self.recording.functions[self.start])

    def _name_steps(self) -> dict[int, str]:
        functions = self.recording.functions
        numbers = [self.start, *self.steps]
        names = name_steps([functions[number] for number in numbers], self.choice.names)
        return {number: names[functions[number].address] for number in numbers}

    def _draw(self) -> Evidence:
        """Draw the arrows that the contexts show, first those of runs in which no step is missing; return the evidence."""
        entrypoints = {self.names[self.start]}
        for _ in range(_MAX_ROUNDS):
            order = order_steps(self.contexts, entrypoints, self.names.values())
            self.after = draw_arrows(self.contexts, order, entrypoints)
            if not self.contexts.admit(self.after):
                break
        return self.contexts.evidence(self.flow)

    def _collect_contexts(self) -> Contexts:
        """Return the contexts in all runs."""
        shapes, trees, contexts = self.recording.shapes, build_trees(self.recording, self.names), Contexts()
        starts = Runs(self.recording, frozenset({self.start})).starts
        for shape, times in sorted(starts.items(), key=lambda item: len(shapes[item[0]].missing)):
            missing = frozenset(self.names[number] for number in shapes[shape].missing if number in self.names)
            contexts.add(trees[shape].calls[0].call, times, missing)
        return contexts


def _describe(draft: _FlowDraft, runs: Runs, sources: SourceReader, others: Sequence[int]) -> ProposedFlow:
    functions, numbers = draft.recording.functions, {name: number for number, name in draft.names.items()}
    effects = collect_effects(runs, draft.names)
    trigger = find_trigger(draft.recording, draft.start)
    steps = tuple(
        ProposedStep(
            function=functions[numbers[name]],
            name=name,
            after=_label(draft, name, runs, sources),
            effects=tuple(sorted(effects[numbers[name]])),
            trigger=trigger if numbers[name] == draft.start else "",
        )
        for name in draft.after
    )
    return ProposedFlow(
        name=draft.flow,
        title=_find_title(functions[draft.start], sources) or draft.flow,
        steps=steps,
        others=tuple(functions[number] for number in (*draft.unexplained, *others)),
        evidence=draft.contexts.evidence(draft.flow),
        notes=tuple(_list_notes(draft)),
    )


def _label(draft: _FlowDraft, name: str, runs: Runs, sources: SourceReader) -> dict[str, str]:
    """Return the steps before a step, each with the condition under which the steps around it call it."""
    numbers = {step: number for number, step in draft.names.items()}
    parents = {numbers[context.parent] for context in draft.contexts.counts if context.step == name}
    labels = {_find_condition(runs, draft.names, parent, numbers[name], sources) for parent in parents}
    label = labels.pop() if len(labels) == 1 else ""
    return dict.fromkeys(draft.after[name], label)


def _find_condition(runs: Runs, steps: Collection[int], parent: int, number: int, sources: SourceReader) -> str:
    """Return the condition of a step's calls in the step around it, also of those by a function between both."""
    functions, callers = runs.recording.functions, runs.callers[number]
    between = [caller for caller in callers if caller not in steps and parent in runs.callers.get(caller, ())]
    called = [number] if parent in callers else between
    caller = sources.find(functions[parent])
    labels = {find_label(caller, functions[target].name) for target in called}
    return labels.pop() if len(labels) == 1 else ""


def _find_title(function: Function, sources: SourceReader) -> str:
    source = sources.find(function)
    first = source.docstring.partition("\n\n")[0].split() if source else []
    sentence = " ".join(first).partition(". ")[0].removesuffix(".")
    return sentence if len(sentence) <= 72 and sentence.isprintable() else ""


def _list_notes(draft: _FlowDraft) -> Iterable[str]:
    functions = draft.recording.functions
    for number in draft.unexplained:
        yield f"{functions[number].address} is left out: no arrow explains all of its calls without a circle."
    if not draft.contexts.is_whole:
        yield "There were too many different runs to look at all of them."
