"""Names of flows: as pages write them, and as references call them; and which of several places a name leads to."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_TO_ESCAPE = re.compile(r"[^\w ./-]|\s(?<! )")


def quote_name(name: str) -> str:
    """Return a name in double quotes on one line, escaped so that no directive, fence or template misreads it."""
    return f'"{_TO_ESCAPE.sub(_escape, name)}"'


def unquote_name(text: str) -> str:
    """Return a name that may be in double quotes, with escapes as in JSON."""
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


class PlaceRank(NamedTuple):
    """The rank of a place that shows a flow or a step; the least one is the best target of links.

    Attributes:
        by_hand: Whether an author wrote the page; a page that was made for the flow is better.
        without_steps: Whether the flow's steps are elsewhere.
    """

    by_hand: bool
    without_steps: bool


def _escape(mark: re.Match[str]) -> str:
    return json.dumps(mark[0])[1:-1] if mark[0] > "\x7f" else f"\\u{ord(mark[0]):04x}"
