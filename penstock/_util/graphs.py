"""Pure functions over adjacency mappings; all are iterative, so depth does not matter."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Adjacency = Mapping[str, Sequence[str]]


def adjacency(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return each name's direct successors, in the order of ``pairs`` and without repetition."""
    result: dict[str, dict[str, None]] = {name: {} for name in names}
    for source, target in pairs:
        result[source][target] = None
    return {name: list(targets) for name, targets in result.items()}


def reverse(successors: Adjacency) -> dict[str, list[str]]:
    """Return the names that directly precede each name."""
    pairs = ((target, source) for source, targets in successors.items() for target in targets)
    return adjacency(successors, pairs)


def reachable(successors: Adjacency, starts: Iterable[str]) -> set[str]:
    """Return every name that is reachable from ``starts``, including the starts."""
    names = set(starts)
    stack = list(names)
    while stack:
        for target in successors[stack.pop()]:
            if target not in names:
                names.add(target)
                stack.append(target)
    return names


def back_edges(successors: Adjacency) -> list[tuple[tuple[str, str], list[str]]]:
    """Return the edges that close a cycle in a depth-first walk, each with the cycle that it closes.

    The walk starts at the names in their given order, so the answer is deterministic; without these edges
    the graph is acyclic (Tarjan, *Depth-first search and linear graph algorithms*, 1972).
    """
    edges: list[tuple[tuple[str, str], list[str]]] = []
    done: set[str] = set()
    for root in successors:
        if root in done:
            continue
        path, on_path = [root], {root}
        walks = [iter(successors[root])]
        while walks:
            target = next(walks[-1], None)
            if target is None:
                walks.pop()
                node = path.pop()
                on_path.discard(node)
                done.add(node)
            elif target in on_path:
                edges.append(((path[-1], target), path[path.index(target) :]))
            elif target not in done:
                path.append(target)
                on_path.add(target)
                walks.append(iter(successors[target]))
    return edges


def without_cycles(successors: Adjacency) -> dict[str, list[str]]:
    """Return the graph without the edges that close a cycle."""
    closing = {edge for edge, _ in back_edges(successors)}
    return {
        name: [target for target in targets if (name, target) not in closing] for name, targets in successors.items()
    }


def topological(acyclic: Adjacency) -> list[str]:
    """Return the names so that every edge points forward; ``acyclic`` must have no cycle."""
    waiting = dict.fromkeys(acyclic, 0)
    for targets in acyclic.values():
        for target in targets:
            waiting[target] += 1
    order = [name for name, count in waiting.items() if not count]
    for name in order:  # grows during the iteration
        for target in acyclic[name]:
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    return order


def ranks(successors: Adjacency) -> dict[str, int]:
    """Return each name's layer: the length of the longest path to it, with cycles cut."""
    acyclic = without_cycles(successors)
    result = dict.fromkeys(acyclic, 0)
    for name in topological(acyclic):
        for target in acyclic[name]:
            result[target] = max(result[target], result[name] + 1)
    return result


def paths(successors: Adjacency, starts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield every path from a start to an end, one at a time; edges that close a cycle are ignored."""
    acyclic = without_cycles(successors)
    for start in starts:
        path = [start]
        walks = [iter(acyclic[start])]
        if not acyclic[start]:
            yield (start,)
        while walks:
            target = next(walks[-1], None)
            if target is None:
                walks.pop()
                path.pop()
            elif acyclic[target]:
                path.append(target)
                walks.append(iter(acyclic[target]))
            else:
                yield (*path, target)


def count_paths(successors: Adjacency, starts: Iterable[str]) -> int:
    """Return the number of paths that :func:`paths` yields, in time linear in the edges."""
    acyclic = without_cycles(successors)
    ways: dict[str, int] = {}
    for name in reversed(topological(acyclic)):
        ways[name] = sum(ways[target] for target in acyclic[name]) or 1
    return sum(ways[start] for start in starts)
