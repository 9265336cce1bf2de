"""Resolves the metadata of a flow (title, description and tags), and finds contradictions."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from penstock._resolve.declaration_problems import shown_value
from penstock._util.atomic_files import is_file
from penstock.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock._declare.declaration import DeclaredText, FlowDeclarations
    from penstock.model.problem_codes import ProblemCode


def said_of(declared: FlowDeclarations, what: str, problems: list[Problem]) -> Any:
    """Return the effective title, description or tags, or ``None``; add a problem for each contradiction."""
    if not declared.texts[what]:
        return None
    chosen, *others = _in_order(declared.texts[what])
    module, line = chosen.module, chosen.where[1]
    for entry in others:
        if _plain(entry.value) != _plain(chosen.value):
            problems.append(
                _problem(
                    entry,
                    "contradiction",
                    f"{what}={shown_value(entry.value)} contradicts {module}, line {line}: "
                    f"{what}={shown_value(chosen.value)}, which is shown.",
                    "Declare it in one place only.",
                )
            )
    return chosen.value


def _in_order(entries: list[DeclaredText]) -> list[DeclaredText]:
    """Return values from files, in an order independent of imports; else the latest value."""
    if len(entries) == 1 or not _is_file(entries[-1]):  # a notebook's cell, or a prompt, has the last word
        return entries[-1:]
    return sorted(filter(_is_file, entries), key=lambda each: each.where)


def _is_file(entry: DeclaredText) -> bool:
    return is_file(entry.where[0])


def _plain(value: object) -> list[str]:
    """Return a value for comparison: one tag equals a list of one tag."""
    several = as_stable_list(value) if isinstance(value, Collection) and not isinstance(value, str) else [value]
    return [*map(shown_value, several)]


def tags_of(declared: FlowDeclarations, problems: list[Problem]) -> Iterator[str]:
    """Yield the tags; a value that is not a list of texts is reported as a problem and yields none."""
    tags = said_of(declared, "tags", problems)
    if tags is None:
        return
    if isinstance(tags, str):
        yield tags
    elif isinstance(tags, Collection) and all(isinstance(tag, str) for tag in tags):
        yield from dict.fromkeys(as_stable_list(tags))
    else:
        entry = next(entry for entry in declared.texts["tags"] if entry.value is tags)
        problems.append(_problem(entry, "bad-tags", f"tags={shown_value(tags)} is not a list of texts"))


def as_stable_list(given: Collection[Any]) -> list[Any]:
    """Return the items of a collection in a stable order: those of a set are sorted by their texts."""
    return sorted(given, key=str) if isinstance(given, AbstractSet) else list(given)


def _problem(entry: DeclaredText, code: ProblemCode, sentence: str, advice: str = "") -> Problem:
    file, line = entry.where
    return Problem(code=code, message=f"{sentence} {advice}".rstrip(), file=file, line=line, advice=advice)
