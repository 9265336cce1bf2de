"""What an observer of evidence has seen, in few letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock import flow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.check.evidence import Seen
    from penstock.observers.evidence import EvidenceObserver


def facts(observer: EvidenceObserver, of: str = "f") -> dict[str, int]:
    """Return the facts of a flow, as ``parent>step after done (ancestors) [outside]``, with their counts."""

    def names(group: Iterable[Seen]) -> str:
        return ",".join(sorted(seen.step for seen in group))

    return {
        f"{fact.parent.step}>{fact.step.step} after {names(fact.done)} ({names(fact.ancestors)}) [{names(fact.outside)}]": count
        for fact, count in observer.evidence().facts.items()
        if fact.flow == of
    }


def orphans(observer: EvidenceObserver) -> dict[tuple[str, bool], int]:
    """Return the steps that began alone, and whether they seem to have lost their context."""
    return {(each.step.step, each.concurrent): count for each, count in observer.evidence().orphans.items()}


def runs(observer: EvidenceObserver) -> dict[str, int]:
    """Return how often each entrypoint began a run."""
    return {f"{of}/{seen.step}": count for (of, seen), count in observer.evidence().runs.items()}


def declare(*names: str, of: str = "f") -> Any:
    """Declare an entrypoint ``go`` that calls what it is given, and steps that do nothing or call what they are given."""
    handle = flow(of)

    @handle.entrypoint
    def go(*calls: Callable[[], Any]) -> Any:
        return [call() for call in calls]

    def make(name: str) -> Callable[..., Any]:
        return handle.step(after="go", name=name)(lambda *calls: [call() for call in calls])

    return go, *map(make, names)
