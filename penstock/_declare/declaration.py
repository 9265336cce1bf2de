"""What was declared of one flow so far."""

from __future__ import annotations

from penstock._util.call_site import body_of, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import FrameType
    from typing import Any

    from penstock._declare.marks import StepMark
    from penstock.model import Flow


class DeclaredText:
    """A title, a description or tags, with the origin.

    Attributes:
        value: The value as given.
        where: File and line.
        module: The module's name.
        body: The execution of the declaration; see :func:`penstock._util.call_site.body_of`.
    """

    __slots__ = ("body", "module", "value", "where")

    def __init__(self, value: object, frame: FrameType) -> None:
        self.value = value
        self.where = place_of(frame)
        self.module = str(frame.f_globals.get("__name__", ""))
        self.body = body_of(frame)

    def corrects(self, other: DeclaredText) -> bool:
        """Return whether this entry supersedes ``other``: same lines run again, or an earlier text of the file."""
        return self.where == other.where or (self.where[0] == other.where[0] and self.body is not other.body)


class FlowDeclarations:
    """All declarations of one flow.

    Attributes:
        name: The flow's name.
        texts: Titles, descriptions and tags still present in the source, the latest last.
        marks: The marks that it has taken, in the order of declaration.
        hidden: Replaced marks, each with the mark that took its place without being a new definition of it.
        where: File and line of the first declaration.
        unmarked: Identity and place of each object under ``@flow`` that carries no mark.
        patches: The functions known by name that steps replace.
        built_flow: The flow as last built, until something changes.
    """

    __slots__ = ("_alike", "built_flow", "hidden", "marks", "name", "patches", "texts", "unmarked", "where")

    def __init__(self, name: str, where: tuple[str, int]) -> None:
        self.name = name
        self.where = where
        self.texts: dict[str, list[DeclaredText]] = {"title": [], "description": [], "tags": []}
        self.marks: list[StepMark] = []
        self.hidden: list[tuple[StepMark, StepMark]] = []
        self.unmarked: dict[tuple[str, str], tuple[str, int]] = {}
        self.patches: list[Any] = []
        self.built_flow: Flow | None = None
        self._alike: dict[object, list[StepMark]] = {}

    def like(self, mark: StepMark) -> list[StepMark]:
        """Return the marks with the same object, function or step name: those that ``mark`` may replace."""
        matches = {id(candidate): candidate for trait in _traits(mark) for candidate in self._alike.get(trait, ())}
        return list(matches.values())

    def take(self, mark: StepMark) -> None:
        """Append a mark."""
        self.marks.append(mark)
        for trait in _traits(mark):
            self._alike.setdefault(trait, []).append(mark)

    def give_up(self, marks: Collection[StepMark]) -> None:
        """Remove some of the marks."""
        self.marks = [mark for mark in self.marks if mark not in marks]
        for mark in marks:
            for trait in _traits(mark):
                self._alike[trait].remove(mark)
                if not self._alike[trait]:  # a function declared inside another one is a new object each time
                    del self._alike[trait]


def _traits(mark: StepMark) -> tuple[object, ...]:
    """Return the traits that two marks may share; a lazy object is not asked for its name."""
    return (id(mark.root),) if mark.deferred else (id(mark.root), mark.key, mark.step_name)
