"""A cache of one value."""

from __future__ import annotations

import pytest

from penstock._util.one_entry_cache import Identity, OneEntryCache


@pytest.fixture
def get():
    """Return a function that returns the number of values made so far, after it has asked for one."""
    cache: OneEntryCache[int] = OneEntryCache()
    made: list[int] = []

    def run(*key: object) -> int:
        made.append(cache.get(key, lambda: len(made)))
        return made[-1]

    return run


def test_equal_key(get):
    """A value is made once for equal keys."""
    assert get("a", [1]) == get("a", [1])


def test_other_key(get):
    """Another key has another value, and the one before is forgotten."""
    values = [get("a"), get("b"), get("a")]
    assert 3 == len(set(values))


def test_key_by_identity(get):
    """A part that is compared by identity equals only itself."""
    part: list[int] = []
    assert get(Identity(part)) == get(Identity(part))
    assert get(Identity(part)) != get(Identity([]))


def test_failure_keeps_the_value():
    """If a value cannot be made, the last one stays."""
    cache: OneEntryCache[int] = OneEntryCache()
    cache.get(("a",), lambda: 1)
    with pytest.raises(ZeroDivisionError):
        cache.get(("b",), lambda: 1 // 0)
    assert 1 == cache.get(("a",), lambda: 2)
