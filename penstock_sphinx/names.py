"""Names of flows as they stand behind ``penstock-flow``: as they are, or in double quotes with escapes as in JSON."""

from __future__ import annotations

import json
import re

from penstock.render.describe import visible

_PLAIN = re.compile(r"(?![:\"])[^\s`\\\"{}]+(?: [^\s`\\\"{}]+)*")
_TO_ESCAPE = re.compile(r"[^\w ./-]|\s(?<! )")


def write_name(name: str) -> str:
    """Return a name on one line, with nothing in it that a directive, a fence or a template would read otherwise."""
    if _PLAIN.fullmatch(name) and name == visible(name):
        return name
    return f'"{_TO_ESCAPE.sub(_escape, name)}"'


def read_name(text: str) -> str:
    """Return the name that is meant."""
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _escape(mark: re.Match[str]) -> str:
    return json.dumps(mark[0])[1:-1] if mark[0] > "\x7f" else f"\\u{ord(mark[0]):04x}"
