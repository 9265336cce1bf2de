"""The style sheet and the script of a page: those that all embedders share, and rules for Markdown's headings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from penstock.embed import assets

OWN = Path(__file__).with_name("mkdocs.css")
"""The file of our own rules; it loads nothing and names no host."""


@cache
def stylesheet() -> str:
    """Return the whole style sheet."""
    return f"{assets.stylesheet().rstrip()}\n{OWN.read_text(encoding='utf-8')}"


@cache
def script() -> str:
    """Return the whole script."""
    return assets.script()
