"""A step while it runs, as the recorder sees it, and what is known of those around it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from penstock.check.company import with_pending
from penstock.check.frames import PLAIN, Frame, heard
from penstock.observers.replaced import replacements

if TYPE_CHECKING:
    from penstock._runs import Run
    from penstock.check.company import Company, Shown
    from penstock.check.frames import Circumstances, Key
    from penstock.observers import StepEvent
    from penstock.observers.evidence import EvidenceObserver

MOST_WAITING = 256
"""Steps that have begun and are not counted yet."""


class Running(Frame):
    """A step that runs: what is called when it ends, and around each item of a generator.

    Attributes:
        observer: Who counts it.
        acted: Whether a stand-in called it, which a test has put in the place of another step: that shows nothing.
        lazy: Whether it is a generator.
        starts: Whether it is an entrypoint.
        outermost: Whether no step of any flow is around it in this process.
        beside: The same step as another flow sees it.
        begins: Whether it is an entrypoint that begins a run of its own, with a step of the flow around.
        company: What it has in common with the others of its run.
        counted: Whether the fact that it began is counted; a step with nothing around it, not even a run, has none.
    """

    __slots__ = ("acted", "begins", "beside", "company", "counted", "lazy", "observer", "outermost", "starts")

    observer: EvidenceObserver
    acted: bool
    lazy: bool
    starts: bool
    outermost: bool
    begins: bool
    beside: Running | None
    company: Company
    counted: bool

    def __call__(self, _error: BaseException | None, /) -> None:
        """Take note that the step has ended."""
        observer = self.observer
        if not (self.counted or self.acted):
            self.counted = True  # the end may be told twice, if an interrupt comes in it
            self._count()
        self.finish()
        live, root = observer.live, self.root
        live.discard(self)
        last = self.outermost or (type(root) is Running and root not in live)  # a task goes on behind its run
        if last or len(observer.waiting) > MOST_WAITING or len(observer.masked) > MOST_WAITING:
            observer.settle(write=last)
            self._settle()

    def _settle(self) -> None:
        """Let the outermost step keep its facts in little room."""
        shown = (self.root or self).shown
        if shown is None:
            return
        if self.root is None:
            shown.has_ended = True
        else:
            self.observer.fold(shown)

    def suspend(self) -> None:
        """At its first item a generator has shown what it consumes, and whoever takes the item comes after it."""
        self.observer.live.discard(self)  # one that nobody consumes to its end does not run for ever
        if not (self.counted or self.acted):
            self.counted = True
            self._count()
            self.finish()
        elif self.parent is None:
            self.finish()

    def resume(self) -> None:
        """It runs again, maybe in another run than the one in which it began."""
        live = self.observer.live
        live.add(self)
        if self.root not in live and not self.starts:
            for running in live.copy():
                if running.flow == self.flow and running.company.is_run and running is not self:
                    self._wait_in(running.root or running)

    def _wait_in(self, root: Frame) -> None:
        """Take note that an outermost step may have been handed this generator."""
        if self.step not in root.generators:
            root.generators |= {self.step}
            self.observer.await_consumers([root.shown] if root.shown else [], root.generators)

    def mask(self, names: frozenset[str]) -> None:
        """Take note of steps of the flow that tests have replaced, now and for all that runs with this one."""
        root = self.root or self
        root.replaced = self.replaced = root.replaced | names
        self.acted = bool(names) and self.step not in names and replacements.acted(self.flow, self.step)

    def _count(self) -> None:
        company, observer = self.company, self.observer
        if company.foreign:
            return
        if self.parent is None:
            observer.waiting.append(self.key(self.lazy))
            return
        if observer.strays is not None:
            observer.hear(observer.strays)
        root = self.root or self
        key = self.key(self.lazy, PLAIN if company.is_plain and not self.begins else self._circumstances())
        if root.generators or company.generators:
            key = with_pending(key, root.generators | company.generators)
        shown = root.shown or self._show(root)
        if self.replaced and (names := unrun(key, self.replaced)):
            observer.masked.append((key, names))
            shown.masked.append((key, names))
        else:
            observer.waiting.append(key)
            shown.plain.append(key)

    def _circumstances(self) -> Circumstances:
        return self.company.circumstances(begins=self.begins)

    def _show(self, root: Frame) -> Shown:
        shown = root.shown = self.observer.show(self.company)
        return shown

    def await_consumer(self) -> None:
        """Take note of a generator that begins: what ran before in its run may have been handed it.

        One with no step around may have been made in any of those of its run, unless it is an entrypoint.
        """
        company, root = self.company, self.root
        if not company.is_run or (root is None and self.starts):
            return
        if root is not None:
            self._wait_in(root)
        else:
            company.generators |= {self.step}
            self.observer.await_consumers(company.shown[:], company.generators)

    def finish(self) -> None:
        """Tell the steps around that this one is done; where there are none, the run."""
        if self.acted:
            return
        if self.parent is not None or self.within is not None:
            super().finish()
        elif self.company.is_run:
            self.company.finish(self.step, self.done, entrypoint=self.starts)


class Several:
    """The same step as several flows see it."""

    __slots__ = ("_all",)

    def __init__(self, running: list[Running]) -> None:
        self._all = running

    def __call__(self, error: BaseException | None, /) -> None:
        """Take note in each flow that the step has ended."""
        for each in self._all:
            each(error)

    def suspend(self) -> None:
        """Leave it at an item."""
        for each in self._all:
            each.suspend()

    def resume(self) -> None:
        """Go on after an item."""
        for each in self._all:
            each.resume()


def unrun(key: Key, replaced: frozenset[str]) -> frozenset[str]:
    """Return which replaced steps a fact does not have after all, as it has where a spy stands before them."""
    return replaced - key[3] - {key[1], key[2]}


def frame_of(event: StepEvent, observer: EvidenceObserver, flow: str) -> Running | None:
    """Return a call of a step as a flow sees it; ``None`` if the step is not in it, or began unobserved."""
    running: Running | None = event.notes.get(observer)
    while running is not None and running.flow != flow:
        running = running.beside
    return running


def arrived(run: Run) -> dict[str, Frame]:
    """Return the frames that another process told of with the run; what is damaged is as good as nothing."""
    said = run.arrived
    if said is None:
        return {}
    if said.frames is not None:
        return said.frames
    try:
        frames = {flow: heard(flow, rows) for flow, rows in json.loads(said.text).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        frames = {}
    return said.settle(frames)
