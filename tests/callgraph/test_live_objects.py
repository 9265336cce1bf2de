"""Looks at objects that exist since the import."""

from __future__ import annotations

import pytest

from penstock.callgraph.live_objects import elements


def make_function(name):
    """Return a new function of that name."""

    def function(): ...

    function.__qualname__ = name
    return function


LETTERS = "abcdefghijklmnopqrst"
FUNCTIONS = [make_function(letter) for letter in LETTERS]


@pytest.mark.parametrize("base", [set, frozenset])
@pytest.mark.parametrize("items", [list(LETTERS), FUNCTIONS, [type(letter, (), {}) for letter in LETTERS]])
def test_sets_have_the_same_order_in_each_process(items, base):
    """What is read of a set does not depend on hashes and addresses."""
    assert items == elements(base(reversed(items)))


def test_sequences_keep_their_order():
    """A list is read in its own order."""
    assert [3, 1, 2] == elements([3, 1, 2])
