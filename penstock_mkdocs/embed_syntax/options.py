"""The lines of options below an embed.

The lines use the YAML syntax of scalars: a name, a colon, a value. They need no YAML library,
and Python-Markdown does not depend on one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from penstock.embed.options import EMBEDS, options_of
from penstock.errors import PenstockError, did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.embed.options import Option, Options

Line = tuple[int, str]
"""A line's number on its page, and its text."""

_PAIR = re.compile(r"(\s*)([^\s:#][^:]*?)\s*:(?:\s+(.*))?$")
_QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"\\]|\\.)*")(?:\s+#.*)?""")
_BLOCK_SCALARS = frozenset({"|", ">", "|-", ">-", "|+", ">+"})


class OptionError(PenstockError):
    """An unknown option, or an option with an invalid value.

    Attributes:
        line: The line on the page, counted from 1, or 0 if it is unknown.
    """

    def __init__(self, message: str, line: int) -> None:
        self.line = line
        super().__init__(message)


_ALIASES = {"name": "id"}

NAMES = frozenset(name for kind in EMBEDS.values() for name in options_of(kind)) | _ALIASES.keys()
"""Every option name of any embed."""


def read_options(lines: Sequence[Line], kind: type[Options]) -> Options:
    """Return the options parsed from lines.

    Args:
        lines: The lines.
        kind: The options of their embed.

    Raises:
        OptionError: An option is unknown, given twice, or has an invalid value.
    """
    options: dict[str, Option] = options_of(kind)
    values: dict[str, Any] = {}
    for number, key, value in _pairs(lines):
        name = _ALIASES.get(key, key)
        if name not in options:
            hint = did_you_mean(near_names(key, [*options, *_ALIASES])) or f" Options: {', '.join(options)}."
            if key.startswith("no-") and key[3:] in options:  # an option of Sphinx
                hint = f" Write: {key[3:]}: false"
            raise OptionError(f"there is no option {key!r}.{hint}", number)
        if name in values:
            raise OptionError(f"the option {key!r} is given twice", number)
        try:
            values[name] = options[name].type.read(_scalar(value))
        except ValueError as error:
            raise OptionError(f"the option {key!r} {error}, not {_scalar(value)!r}", number) from None
    return kind(**values)


def read_name(text: str) -> str:
    """Return a flow's name as written after ``penstock-flow``: as it is, or in double quotes with escapes."""
    return _unquote_scalar(text.strip())


def _pairs(lines: Sequence[Line]) -> list[tuple[int, str, str]]:
    pairs: list[tuple[int, str, str]] = []
    indent = 0
    for number, line in lines:
        match = _PAIR.match(line)
        depth = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if pairs and depth > indent:  # a value that goes on
            first, key, value = pairs[-1]
            pairs[-1] = first, key, f"{'' if value in _BLOCK_SCALARS else value} {line.strip()}".strip()
        elif match:
            indent = depth
            pairs.append((number, match[2], (match[3] or "").strip()))
        else:
            words = re.match(r":?([a-z_-]+)\s*[:=\s]\s*(.+)", line.strip())
            cure = f". Write: {words[1]}: {words[2].strip()}" if words and words[1] in NAMES else ""
            raise OptionError(f"an option is a name, a colon and a value, not {line.strip()!r}{cure}", number)
    return pairs


def _scalar(value: str) -> str:
    if match := _QUOTED.fullmatch(value):
        return _unquote_scalar(match[1])
    return re.split(r"\s#", f" {value}", maxsplit=1)[0].strip()


def _unquote_scalar(value: str) -> str:
    if re.fullmatch(r"'.*'", value):
        return value[1:-1].replace("''", "'")
    if re.fullmatch(r'".*"', value):
        try:
            return str(json.loads(value))
        except ValueError:
            return value[1:-1]
    return value
