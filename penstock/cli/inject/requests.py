"""The request in a marker of ``penstock inject``: a flow, and the options of its presentation."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from penstock.errors import did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Callable

Form = Literal["mermaid", "svg", "steps", "list"]
"""The presentations of a flow: Mermaid text, a picture in a separate file, a table or a list of its steps."""

_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')
_TRUTH = {"true": True, "false": False}
_DIRECTIONS = {"TB": "TB", "TD": "TB", "LR": "LR", "BT": "BT", "RL": "RL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRequest:
    """The request of a marker.

    Attributes:
        flow: The flow's name.
        format: The presentation; if empty, the default of the document's syntax.
        details: Whether titles, triggers, effects and labels are shown; ``None`` for the format's default.
        direction: The direction of a diagram; if empty, as configured.
        file: The picture's file, relative to the document's folder; if empty, named after the flow.
    """

    flow: str
    format: Form | Literal[""] = ""
    details: bool | None = None
    direction: str = ""
    file: str = ""


def read_request(text: str) -> BlockRequest:
    """Parse the text after ``penstock:`` in a marker.

    Raises:
        ValueError: The text is invalid; the message says why.
    """
    words = _WORD.findall(text)
    if not words:
        raise ValueError("the marker names no flow; write penstock: NAME")
    if " ".join(words) != " ".join(text.split()) and '"' in _WORD.sub("", text):
        raise ValueError("a quote is not closed")
    name, *options = words
    flow = _strip_quotes(name)
    if re.match(r"[a-z]+=", name):
        raise ValueError(f"the flow's name comes first, before {name!r}")
    values: dict[str, Any] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if key not in _READERS:
            raise ValueError(_no_option(key, is_word=not equals))
        if key in values:
            raise ValueError(f"the option {key!r} is given twice")
        values[key] = _read(key, _strip_quotes(value) if equals else "true" if key == "details" else "")
    return BlockRequest(flow=flow, **values)


def _read(key: str, value: str) -> object:
    try:
        return _READERS[key](value)
    except KeyError:
        raise ValueError(f"the option {key!r} must be {_VALUES[key]}, not {value!r}") from None


def _no_option(key: str, *, is_word: bool) -> str:
    hint = did_you_mean(near_names(key, _READERS)) or f" Options: {', '.join(_READERS)}."
    quotes = " A flow's name with spaces stands in double quotes." if is_word else ""
    return f"there is no option {key!r}.{hint}{quotes}"


def _strip_quotes(word: str) -> str:
    if not (len(word) > 1 and word.startswith('"') and word.endswith('"')):
        return word
    try:
        return str(json.loads(word))
    except ValueError:
        return word[1:-1]


def _form(value: str) -> str:
    if value not in get_args(Form):
        raise KeyError(value)
    return value


def _file(value: str) -> str:
    if (
        not value.lower().endswith(".svg")
        or "\\" in value
        or re.match(r"[/~]|[A-Za-z]:", value)
        or not value.isprintable()
    ):
        raise KeyError(value)
    return value


_READERS: dict[str, Callable[[str], object]] = {
    "format": _form,
    "details": _TRUTH.__getitem__,
    "direction": lambda value: _DIRECTIONS[value.upper()],
    "file": _file,
}
_VALUES = {
    "format": "mermaid, svg, steps or list",
    "details": "true or false",
    "direction": "TB, LR, BT or RL",
    "file": "a path with / that ends in .svg, from the document's folder",
}
