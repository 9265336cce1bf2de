"""Reads and writes headers of every kind as pairs of names and values: mappings and lists, of text and of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 512
"""Maximum characters; longer values are ignored."""


def writable_pairs(headers: Any) -> list[tuple[Any, Any]]:
    """Return the pairs of a mutable container of headers.

    Raises:
        TypeError: It is neither a mutable mapping nor a list.
    """
    if not isinstance(headers, list) and not (hasattr(headers, "items") and hasattr(headers, "__setitem__")):
        raise TypeError(f"inject() writes into a mutable mapping or a list of pairs, not {type(headers).__name__}")
    return list(read_pairs(headers))


def read_pairs(headers: Any) -> Iterable[tuple[Any, Any]]:
    """Return names and values; a list of values in a mapping yields one pair each."""
    if headers is None:
        return []
    if not isinstance(headers, Mapping) and not hasattr(headers, "items"):
        if isinstance(headers, (str, bytes, bytearray)) or not hasattr(type(headers), "__iter__"):
            raise TypeError(f"extract() reads a mapping or an iterable of pairs, not {type(headers).__name__}")
        return [pair for item in headers for pair in read_pair(item)]
    pairs: list[tuple[Any, Any]] = []
    for name, value in headers.items():
        pairs += [(name, item) for item in value] if isinstance(value, (list, tuple)) else [(name, value)]
    return pairs


def read_pair(each: Any) -> list[tuple[Any, Any]]:
    """Return a name and a value, or nothing if a message contains something else."""
    try:
        return [(each[0], each[1])]
    except (IndexError, KeyError, TypeError):
        return []


def read_text(value: object) -> str:
    """Return a name or a value as text; non-ASCII values become a text that matches nothing."""
    if isinstance(value, (bytes, bytearray)):
        return value.decode("ascii", "replace") if len(value) <= LONGEST else "\0"
    return value if isinstance(value, str) else "\0"


def remove_pairs(headers: Any, names: set[str], present: list[tuple[Any, Any]]) -> None:
    """Remove the headers with the given lower-case names."""
    same = [key for key, _ in present if read_text(key).lower() in names]
    if isinstance(headers, list):
        headers[:] = [pair for pair in headers if not any(key in same for key, _ in read_pair(pair))]
        return
    for key in same:
        if key in headers:  # in a case-insensitive container, the first takes the others along
            del headers[key]


def add_pair(headers: Any, name: str, value: str, present: list[tuple[Any, Any]]) -> None:
    """Add a header, as text or bytes like the existing ones."""
    like_name, like_value = next(((key, content) for key, content in present if content is not None), ("", ""))
    key = name.lower().encode() if isinstance(like_name, bytes) else name
    encoded_value = value.encode() if isinstance(like_value, bytes) else value
    if isinstance(headers, list):
        headers.append((key, encoded_value))
    else:
        headers[key] = encoded_value
