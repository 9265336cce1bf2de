"""Lists of names in an evidence file."""

from __future__ import annotations

from penstock._util.versioned_json import check_text


def read_set(values: object) -> frozenset[str]:
    """Return names, possibly none.

    Raises:
        TypeError: There is something else.
    """
    return read_names(values) if values != [] else frozenset()


def read_names(values: object) -> frozenset[str]:
    """Return names, one at least.

    Raises:
        TypeError: There is something else.
    """
    if not isinstance(values, list) or not values:
        raise TypeError(f"{values!r:.40} are no names")
    return frozenset(map(check_text, values))
