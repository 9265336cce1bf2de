"""The style sheet of pages in Markdown."""

from __future__ import annotations

from pathlib import Path

from penstock.embed import assets

OWN = Path(__file__).with_name("mkdocs.css")
"""The file of our own rules, for Markdown's headings; it loads nothing and names no host."""


def stylesheet() -> str:
    """Return the whole style sheet."""
    return assets.stylesheet(OWN)
