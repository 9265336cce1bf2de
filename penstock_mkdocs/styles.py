"""The style sheet of a page: the one that all embedders share, and what headings and tables need beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from penstock.render import html

OWN = Path(__file__).with_name("mkdocs.css")
"""The file of our own rules; it loads nothing and names no host."""


@cache
def stylesheet() -> str:
    """Return the whole style sheet."""
    return f"{html.stylesheet().rstrip()}\n{OWN.read_text(encoding='utf-8')}"
