"""Names and rooms: what a reader can expect of every module."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PACKAGES = ("penstock", "penstock_sphinx", "penstock_mkdocs", "mkdocstrings_handlers")
PARTICIPLES = (
    "begun|bound|built|drawn|felt|found|given|gone|heard|held|kept|known|left|lost|made|meant|met|put|said|sent|shown"
    "|spelled|spelt|spoken|taken|told|understood|won|written"
)
PARTICIPLE = re.compile(rf"{PARTICIPLES}|[^_]*ed")
VAGUE = re.compile(rf"{PARTICIPLES}|around|asked|each|here|one|other|seen|there|wanted|what|where")
MAX_MODULES = 16
MAX_VAGUE_SHARE = 0.02
DOCUMENTED = {"known", "lost", "seen", "what", "where"}
"""Attributes of public records and errors that have such a name."""
MAX_VAGUE_ATTRIBUTES = 6


def parse_modules() -> list[tuple[Path, ast.Module]]:
    """Return every module of the packages as a syntax tree."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return [(file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))) for file in files]


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function is an attribute to its callers, whose name may be an adjective."""
    return any(
        "property" in ast.unparse(node) or ast.unparse(node).endswith(".setter") for node in function.decorator_list
    )


MODULES = parse_modules()


def test_functions_are_verbs():
    """No function is named by a participle alone: a verb says what it does, its object to what."""
    names = [
        f"{file}:{node.lineno} {node.name}"
        for file, tree in MODULES
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node)
        if PARTICIPLE.fullmatch(node.name.strip("_"))
    ]
    assert [] == names


def test_locals_are_named_after_their_values():
    """At most 2 % of what is assigned has a participle's or a pronoun's name."""
    stores = Counter(
        bool(VAGUE.fullmatch(node.id))
        for _, tree in MODULES
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    assert stores[True] <= MAX_VAGUE_SHARE * stores.total()


def iter_attributes(owner: ast.ClassDef) -> Iterator[str]:
    """Yield the names that a class annotates in its body or assigns to its instances."""
    yield from (
        node.target.id for node in owner.body if isinstance(node, ast.AnnAssign) if isinstance(node.target, ast.Name)
    )
    for node in ast.walk(owner):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


def test_attributes_are_named_after_what_they_hold():
    """Hardly any attribute has a participle's or a pronoun's name, unless it is documented."""
    names = {
        f"{file} {owner.name}.{name}"
        for file, tree in MODULES
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        for name in iter_attributes(owner)
        if VAGUE.fullmatch(name.strip("_")) and name not in DOCUMENTED
    }
    assert len(names) <= MAX_VAGUE_ATTRIBUTES, sorted(names)


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_are_small(package):
    """No folder has more than 16 modules."""
    rooms = Counter(file.parent for file, _ in MODULES if file.parts[0] == package and file.name != "__init__.py")
    assert [] == [f"{room}: {count}" for room, count in rooms.items() if count > MAX_MODULES]
