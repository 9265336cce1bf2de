"""How right the reading of the code is: of small programs whose calls are written in them, and of what really ran."""

from __future__ import annotations

import inspect
import re
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lab.play import SCENARIOS, imported, play
from lab.source import parse
from penstock.callgraph import StepAt, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, FrameType, ModuleType

Pairs = frozenset[tuple[str, str]]
LABELLED = Path(__file__).parent.parent / "labelled"


@dataclass(frozen=True)
class Compared:
    """What was found, beside what is true."""

    found: Pairs
    true: Pairs

    @property
    def wrong(self) -> Pairs:
        """What was found and is not true."""
        return self.found - self.true

    @property
    def missed(self) -> Pairs:
        """What is true and was not found."""
        return self.true - self.found


def compare(file: Path, kind: str) -> Compared:
    """Return what the code of a labelled program is said to do, beside its labels."""
    labels = re.search(
        rf"^# {'calls' if kind == 'call' else kind}:(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert labels is not None
    true = frozenset((source, target) for source, target in (pair.split(">") for pair in labels[1].split()))
    with imported(file) as module:
        said = read(list(_steps(module)), lambda path: Path(path) == file)["f"]
    return Compared(frozenset((call.source, call.target) for call in said.calls if call.kind == kind), true)


def _steps(module: ModuleType) -> Iterator[StepAt]:
    """Yield every function and method without an underscore as a step."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(value):
            yield from (StepAt("f", key, each) for key, each in vars(value).items() if not key.startswith("_"))
        elif callable(value):
            yield StepAt("f", getattr(value, "__name__", name), value)


@dataclass
class Profile:
    """Which step is the nearest on the stack when another one begins, as the interpreter tells it.

    Attributes:
        steps: The names of the steps in the file.
        file: The file.
        pairs: What was seen.
    """

    steps: frozenset[str]
    file: str
    pairs: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Take down that a function begins, if it is a step; a generator begins where it is consumed, not called."""
        if event == "call" and self._is_step(frame.f_code) and not frame.f_code.co_flags & inspect.CO_GENERATOR:
            around = frame.f_back
            while around is not None and not (self._is_step(around.f_code) and around.f_code is not frame.f_code):
                around = around.f_back
            if around is not None:
                self.pairs.add((around.f_code.co_name, frame.f_code.co_name))

    def _is_step(self, code: CodeType) -> bool:
        return code.co_filename == self.file and code.co_name in self.steps


@contextmanager
def profiled(profile: Profile) -> Iterator[None]:
    """Let the interpreter tell of calls in all threads."""
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def compare_run(name: str) -> Compared:
    """Return the calls that the code of a scenario is said to make, beside those that it really made.

    What really happened is what the interpreter told, and what the evidence says of tasks and threads. Generators are
    left out: the code calls them in one place, and they begin in another.
    """
    file = SCENARIOS / f"{name}.py"
    profile = Profile(frozenset(parse(file.read_text(encoding="utf-8")).after), str(file))
    with profiled(profile):
        played = play(file)
    lazy = {step.name for step in played.flow.steps if step.kind.endswith("generator")}
    ran = profile.pairs | {(fact.parent.step, fact.step.step) for fact in played.evidence.facts}
    said = {(call.source, call.target) for call in played.flow.calls if call.kind == "call"}
    return Compared(*(frozenset(pair for pair in pairs if pair[1] not in lazy) for pairs in (said, ran)))


@dataclass(frozen=True)
class Share:
    """How much of what was found is true, and how much of what is true was found."""

    found: int
    true: int
    both: int

    @property
    def precision(self) -> float:
        """The first."""
        return self.both / self.found

    @property
    def recall(self) -> float:
        """The second."""
        return self.both / self.true


def share(all_compared: Iterable[Compared]) -> Share:
    """Count the pairs of several programs."""
    pairs = [(len(each.found), len(each.true), len(each.found & each.true)) for each in all_compared]
    return Share(*map(sum, zip(*pairs, strict=True)))
