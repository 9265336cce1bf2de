"""Running steps, as seen by the recorder, and their relation to the steps around them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from penstock._recording.substitutions import replacements
from penstock.check.evidence.circumstances import PLAIN, unrun
from penstock.check.evidence.company import with_pending
from penstock.check.evidence.frames import StepFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock._recording.fact_sink import FactSink
    from penstock._runtime.events import StepEvent
    from penstock.check.evidence.circumstances import Circumstances
    from penstock.check.evidence.company import Company, RootFacts

    Clock = Callable[[], int]

MOST_WAITING = 256
"""Facts of begun steps, not counted yet."""


class Running(StepFrame):
    """A running step: called when it ends, and around each item of a generator.

    Attributes:
        observer: The observer that counts it.
        acted: Whether a stand-in called it, which a test has put in the place of another step: that proves nothing.
        lazy: Whether it is a generator.
        starts: Whether it is an entrypoint.
        outermost: Whether no step of any flow is around it in this process.
        beside: The same step in another flow.
        begins: Whether it is an entrypoint that begins a run of its own, with a step of the flow around.
        company: The state that it shares with the other steps of its run.
        counted: Whether its beginning is counted as a fact; a step without steps and a run around it has none.
        test: The test that it belongs to, or an empty string.
        started_at: The clock when it began; 0 if it is not measured, or has been.
        row: The context to which its duration belongs; ``None`` where it is not known, or counts nowhere.
    """

    __slots__ = (
        "acted",
        "begins",
        "beside",
        "company",
        "counted",
        "lazy",
        "observer",
        "outermost",
        "row",
        "started_at",
        "starts",
        "test",
    )

    observer: FactSink
    acted: bool
    lazy: bool
    starts: bool
    outermost: bool
    begins: bool
    beside: Running | None
    company: Company
    counted: bool
    test: str
    started_at: int
    row: tuple[object, ...] | None

    def __call__(self, error: BaseException | None, /, *, clock: Clock = time.perf_counter_ns) -> None:
        """Record the end of the step.

        Args:
            error: The exception that it ended with.
            clock: Returns nanoseconds. As a default, it is out of reach of libraries that freeze time in all modules.
        """
        observer, root, started_at = self.observer, self.root, self.started_at
        duration = clock() - started_at if started_at else 0
        if not self.counted and not self.acted:
            self.counted = True  # the end may be reported twice, if an interrupt comes in it
            self._count()
        if started_at and self.row is not None and not (root or self).replaced:
            self.started_at = 0
            observer.timings.waiting.append((self.row, duration))
            if error is not None:
                observer.timings.failures.append(self.row)
        parent = self.parent
        if parent is None or self.done or self.step not in parent.done or self.within is not None:
            self.finish()
        live = observer.live
        live.discard(self)
        last = self.outermost or (type(root) is Running and root not in live)  # a task outlives its run
        if last or len(observer.waiting) > MOST_WAITING or len(observer.masked) > MOST_WAITING:
            observer.settle(write=last)
            self._settle()

    def _settle(self) -> None:
        """Let the outermost step compact its facts."""
        part = (self.root or self).root_facts
        if part is None:
            return
        if self.root is None:
            part.has_ended = True
        else:
            self.observer.fold(part)

    def suspend(self) -> None:
        """Record a generator's first item: it has shown its sources, and the item's consumer comes after it."""
        self.observer.live.discard(self)  # an abandoned generator does not run for ever
        if not (self.counted or self.acted):
            self.counted = True
            self._count()
            self.finish()
        elif self.parent is None:
            self.finish()

    def resume(self) -> None:
        """Record that it runs again, perhaps in another run than the one in which it began."""
        live = self.observer.live
        live.add(self)
        if self.root not in live and not self.starts:
            for running in live.copy():
                if running.flow == self.flow and running.company.is_run and running is not self:
                    self._wait_in(running.root or running)

    def _wait_in(self, root: StepFrame) -> None:
        """Record that an outermost step may have received this generator."""
        if self.step not in root.generators:
            root.generators |= {self.step}
            self.observer.await_consumers([root.root_facts] if root.root_facts else [], root.generators)

    def mask(self, names: frozenset[str]) -> None:
        """Record replaced steps of the flow, now and for everything that runs with this one."""
        root = self.root or self
        root.replaced = self.replaced = root.replaced | names
        self.acted = bool(names) and self.step not in names and replacements.called_by_mock(self.flow, self.step)

    def _count(self) -> None:
        company, observer = self.company, self.observer
        if company.foreign:
            return
        root = self.root
        if root is None:
            key = self.row = self.key(self.lazy)
            observer.waiting.append((key, self.test))
            return
        if observer.strays is not None:
            observer.hear(observer.strays)
        key = self.key(self.lazy, PLAIN if company.is_plain and not self.begins else self._circumstances())
        if root.generators or company.generators:
            key = with_pending(key, root.generators | company.generators)
        if not self.begins:  # else the row is that of its run
            self.row = key
        part = root.root_facts or self._show(root)
        if self.replaced and (names := unrun(key, self.replaced)):
            observer.masked.append((key, names, self.test))
            part.masked.append((key, names))
        else:
            observer.waiting.append((key, self.test))
            part.plain.append(key)

    def _circumstances(self) -> Circumstances:
        return self.company.circumstances(begins=self.begins)

    def _show(self, root: StepFrame) -> RootFacts:
        part = root.root_facts = self.observer.show(self.company)
        return part

    def await_consumer(self) -> None:
        """Record the beginning of a generator: earlier steps of its run may have received it.

        Without a step around, it may have been created in any step of its run, unless it is an entrypoint.
        """
        company, root = self.company, self.root
        if not company.is_run or (root is None and self.starts):
            return
        if root is not None:
            self._wait_in(root)
        else:
            company.generators |= {self.step}
            self.observer.await_consumers(company.root_facts[:], company.generators)

    def finish(self) -> None:
        """Report the end to the steps around, or else to the run."""
        if self.acted:
            return
        if self.parent is not None or self.within is not None:
            StepFrame.finish(self)  # super() costs three times as much
        elif self.company.is_run:
            self.company.finish(self.step, self.done, entrypoint=self.starts)


class Several:
    """The same step in several flows."""

    __slots__ = ("_all",)

    def __init__(self, running: list[Running]) -> None:
        self._all = running

    def __call__(self, error: BaseException | None, /) -> None:
        """Record the end of the step in each flow."""
        for running_step in self._all:
            running_step(error)

    def suspend(self) -> None:
        """Leave the generator at an item."""
        for running_step in self._all:
            running_step.suspend()

    def resume(self) -> None:
        """Resume the generator after an item."""
        for running_step in self._all:
            running_step.resume()


def frame_of(event: StepEvent, observer: FactSink, flow: str) -> Running | None:
    """Return a call of a step in a flow; ``None`` if the step is not in it, or began unobserved."""
    running: Running | None = event.notes.get(observer)
    while running is not None and running.flow != flow:
        running = running.beside
    return running
