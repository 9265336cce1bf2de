"""Frames of running steps: the semantics of a fact, shared by all recorders and readers of runs.

Sets only grow, and those of an enclosing step contain those of the enclosed one; so a length shows whether a copy is
still valid, and no lock is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from penstock._util.locks import make_reentrant_lock
from penstock.check.evidence.circumstances import NOTHING, PLAIN

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from penstock.check.evidence.circumstances import Circumstances, Key
    from penstock.check.evidence.company import RootFacts


Known = tuple[frozenset[str], frozenset[str]]
"""The steps that had finished when a step began: inside its parent, and around it."""

_first_addition = make_reentrant_lock()
"""Held while a set is made, so that no other thread makes a second one."""

_NO_KEYS: dict[str, tuple[Known, Key]] = {}
"""Of steps called again in the same step: what was known, and the fact; it is the same until something else is done."""

NONE_KNOWN: Known = (NOTHING, NOTHING)
NEW = (0, 0, NONE_KNOWN)
"""The state of a step in which nothing has finished, after the sizes that show whether it is still valid."""


class StepFrame:
    """A step that runs, or ran, as seen by one flow.

    Attributes:
        flow: The flow.
        step: The step's name.
        parent: The nearest step of the same flow around it, other than itself.
        root: The outermost step of the flow around it; ``None`` at the top.
        depth: How many frames are around it.
        done: The steps that have finished inside it so far; a generator has from its first item on.
        pulled: The generators that were consumed inside it.
        before: The finished steps known to its parent when it began; at the top, those of its run.
        replaced: The steps of the flow that tests had replaced when it began, or before in the outermost step around it.
        generators: Of an outermost step, those that began inside it.
        root_facts: Of an outermost step, the facts that it has shown, as the recorder keeps them.
        within: The call of the same step that it is in, where it calls itself.
    """

    __slots__ = (
        "__weakref__",
        "_ancestors",
        "_repeated",
        "_snapshot",
        "before",
        "depth",
        "done",
        "flow",
        "generators",
        "parent",
        "pulled",
        "replaced",
        "root",
        "root_facts",
        "step",
        "within",
    )

    def __init__(self, flow: str, step: str, parent: StepFrame | None) -> None:
        self.flow = flow
        self.step = step
        self.parent = parent
        self.done: AbstractSet[str] = NOTHING  # most steps have nothing in them
        self.pulled: AbstractSet[str] = NOTHING
        self._ancestors: frozenset[str] | None = None
        self._snapshot = NEW
        self._repeated = _NO_KEYS
        self.generators = NOTHING
        self.root_facts: RootFacts | None = None
        self.within: ref[StepFrame] | None = None
        if parent is None:
            self.root: StepFrame | None = None  # itself would be a cycle, and wait for the garbage collector
            self.depth = 0
            self.before = NONE_KNOWN
            self.replaced = NOTHING
        else:
            self.depth = parent.depth + 1
            self.root = root = parent.root or parent
            known = parent._snapshot
            if known[0] != len(parent.done) or known[1] != len(root.done) or parent._ancestors is None:
                self.before = parent.collect_finished()
            else:  # nearly always
                self.before = known[2]
            self.replaced = root.replaced

    @property
    def ancestors(self) -> frozenset[str]:
        """The steps around it."""
        if self._ancestors is None:  # most steps have nothing in them, and never need it
            self.collect_finished()
        return self._ancestors or NOTHING

    def collect_finished(self) -> Known:
        """Return the steps that have finished inside this step, and those around it but not inside."""
        if self._ancestors is None:  # settled from the outside in, however deep calls nest
            parent = self.parent
            self._ancestors = NOTHING if parent is None else parent.ancestors | {parent.step}
        snapshot, all_done = self._snapshot, (self.root or self).done
        if snapshot[0] != len(self.done) or snapshot[1] != len(all_done):
            done = frozenset(self.done)
            outside = NOTHING if self.root is None else frozenset(all_done) - done
            snapshot = self._snapshot = (len(done), len(done) + len(outside), (done, outside))
        return snapshot[2]

    def finish(self) -> None:
        """Mark this step, and the steps that ran in it, as done in all enclosing steps."""
        step, done, above = self.step, self.done, self.parent
        while above is not None and (step not in above.done or (done and not done <= above.done)):
            above_done = above.own_done()
            above_done.add(step)
            if done:
                above_done |= done
            above = above.parent
        if self.within is not None:
            self._finish_within()

    def _finish_within(self) -> None:
        """Pass the steps that ran in it to enclosing calls of the same step; recursion adds no edge."""
        done, outer_call = self.done - {self.step}, self.within
        while outer_call is not None and (above := outer_call()) is not None and not done <= above.done:
            above.own_done().update(done)
            outer_call = above.within

    def own_done(self) -> set[str]:
        """Return the set of the steps that have finished inside it, to add more."""
        with _first_addition:
            if not isinstance(self.done, set):
                self.done = set(self.done)
            return self.done

    def own_pulled(self) -> set[str]:
        """Return the set of the generators that were consumed inside it, to add more."""
        with _first_addition:
            if not isinstance(self.pulled, set):
                self.pulled = set(self.pulled)
            return self.pulled

    def pull(self) -> None:
        """Mark this step, in all enclosing steps, as a generator that they consume."""
        above = self.parent
        while above is not None and self.step not in above.pulled:
            above.own_pulled().add(self.step)
            above = above.parent

    def key(self, lazy: bool, circumstances: Circumstances = PLAIN) -> Key:
        """Return the fact that this step began inside its parent.

        A generator runs where it is consumed, not where it was made; so every step around may have made it, and it went
        before every step that consumes it.

        Args:
            lazy: Whether it is a generator.
            circumstances: The reasons that keep it from counting against an edge.
        """
        parent, done = self.parent, self.before[0]
        if self.step in done and parent is not None and circumstances is PLAIN and not (lazy or self.pulled):
            repeated = parent._repeated.get(self.step)
            if repeated is None or repeated[0] is not self.before:
                repeated = self.before, self._make_key(lazy, circumstances)
                parent._repeated = {**parent._repeated, self.step: repeated}
            return repeated[1]
        return self._make_key(lazy, circumstances)

    def _make_key(self, lazy: bool, circumstances: Circumstances) -> Key:
        parent, root = self.parent, self.root
        ancestors = NOTHING if parent is None else parent._ancestors or NOTHING  # settled when this frame was made
        done, outside = self.before
        if root is not None and (earlier := root.before[0]):
            outside = (outside | earlier) - done
        if self.pulled:
            done |= self.pulled
        if lazy:
            done = done | ancestors | outside
        if self.step in done:
            done -= {self.step}
        return self.flow, self.step, "" if parent is None else parent.step, done, ancestors, outside, circumstances


class Loose(StepFrame):
    """Stands for a frame and shares its finished steps, but keeps none alive except the outermost one.

    While the frames between are alive, they enclose this one as well. Of those that are gone, it has the names.
    """

    __slots__ = ("_parent",)

    def __init__(self, frame: StepFrame) -> None:
        super().__init__(frame.flow, frame.step, frame.parent)
        self.depth = 0 if self.root is None else 1
        self.done, self.pulled, self.before = frame.own_done(), frame.own_pulled(), frame.before
        self._ancestors = frame.ancestors

    @property
    def parent(self) -> StepFrame | None:
        """The nearest enclosing frame that is still alive, where known."""
        return (self._parent and self._parent()) or self.root

    @parent.setter
    def parent(self, frame: StepFrame | None) -> None:
        """Keep a weak reference to the frame, so that it can be freed."""
        self._parent = frame and ref(frame)


def nearest(frame: StepFrame | None, step: str) -> StepFrame | None:
    """Return the first frame, from this one outwards, that is of another step: recursion and retries add no arrow."""
    while frame is not None and frame.step == step:
        frame = frame.parent
    return frame


def encode_frames(frame: StepFrame) -> list[list[Any]]:
    """Return the enclosing steps, from the inside out, each with the steps finished in it but not in the one before.

    Of frames that were forgotten, the names stand before the outermost one, and behind its own the steps that tests have
    replaced, if there are any.
    """
    rows: list[list[Any]] = []
    before: set[str] = set()
    current_frame: StepFrame | None = frame
    while current_frame is not None:
        rows.append([current_frame.step, sorted(current_frame.done - before)])
        before, current_frame = set(current_frame.done), current_frame.parent
    forgotten = frame.ancestors.difference(row[0] for row in rows)
    rows[-1:-1] = ([step, []] for step in sorted(forgotten))
    if replaced_steps := (frame.root or frame).replaced:
        rows[-1].append(sorted(replaced_steps))
    return rows


def decode_frames(flow: str, rows: list[Any]) -> StepFrame | None:
    """Return the frame that encoded rows describe, or ``None`` if there are none.

    Raises:
        TypeError: The rows are malformed.
        ValueError: The same.
    """
    frames: list[StepFrame] = []
    for step, _, *replaced_names in reversed(rows):
        frame = StepFrame(_check_name(flow), _check_name(step), frames[-1] if frames else None)
        frame.replaced = frame.replaced.union(*map(_check_names, replaced_names))
        frames.append(frame)
    frames.reverse()
    done: set[str] = set()
    for frame, (_, names, *_) in zip(frames, rows, strict=True):
        done.update(_check_names(names))
        frame.done = set(done)
    return frames[0] if frames else None


def _check_name(name: object) -> str:
    """Return a name that another process sent.

    Raises:
        TypeError: It is no text that a step or a test may have as its name.
    """
    if not isinstance(name, str) or not name.isprintable():
        raise TypeError("a name that was sent is no printable text")
    return name


def _check_names(names: object) -> list[str]:
    if not isinstance(names, list):
        raise TypeError("the names that were sent are no list")
    return [_check_name(name) for name in names]


def names_in(frame: StepFrame) -> frozenset[str]:
    """Return the steps of a flow that have begun so far in the run of one that is running."""
    root = frame.root or frame
    return frozenset({frame.step, root.step, *frame.ancestors, *root.done, *root.before[0]})
