"""What was said of a flow as a whole: its title, description and tags, and whether two places contradict each other."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from penstock._files import is_file
from penstock._problems import shown_value
from penstock.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock._registry import Declared, Said


def said_of(declared: Declared, what: str, problems: list[Problem]) -> Any:
    """Return what holds of a title, a description or tags, or ``None``; note the places that say something else."""
    if not declared.said[what]:
        return None
    chosen, *others = _in_order(declared.said[what])
    module, line = chosen.module, chosen.where[1]
    for other in others:
        if _plain(other.value) != _plain(chosen.value):
            problems.append(
                _problem(
                    other,
                    "contradiction",
                    f"{what}={shown_value(other.value)} contradicts {module}, line {line}: "
                    f"{what}={shown_value(chosen.value)}, which is shown. Say it in one place only.",
                )
            )
    return chosen.value


def _in_order(said: list[Said]) -> list[Said]:
    """Return what stands in files, in an order that does not depend on the imports; else what was said last."""
    if len(said) == 1 or not _is_file(said[-1]):  # a notebook's cell, or a prompt, has the last word
        return said[-1:]
    return sorted(filter(_is_file, said), key=lambda each: each.where)


def _is_file(said: Said) -> bool:
    return is_file(said.where[0])


def _plain(value: object) -> list[str]:
    """Return a value to compare: one tag and a list of one tag say the same."""
    several = listed(value) if isinstance(value, Collection) and not isinstance(value, str) else [value]
    return [*map(shown_value, several)]


def tags_of(declared: Declared, problems: list[Problem]) -> Iterator[str]:
    """Yield the tags; what is no list of texts is noted, and there are none."""
    given = said_of(declared, "tags", problems)
    if given is None:
        return
    if isinstance(given, str):
        yield given
    elif isinstance(given, Collection) and all(isinstance(tag, str) for tag in given):
        yield from dict.fromkeys(listed(given))
    else:
        said = next(said for said in declared.said["tags"] if said.value is given)
        problems.append(_problem(said, "bad-tags", f"tags={shown_value(given)} is not a list of texts"))


def listed(given: Collection[Any]) -> list[Any]:
    """Return what a collection holds; the order of a set is that of its texts, which does not change with each run."""
    return sorted(given, key=str) if isinstance(given, AbstractSet) else list(given)


def _problem(said: Said, code: str, message: str) -> Problem:
    file, line = said.where
    return Problem(code=code, message=message, file=file, line=line)
