"""Flows in mystmd and Jupyter Book 2: an executable plugin with the directives ``penstock-flow``, ``-flows`` and ``-map``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

__all__ = ["main"]


def main(project: str | os.PathLike[str] = ".") -> int:
    """Answer mystmd: the specification of the plugin, or the nodes of a directive that it read.

    Args:
        project: The folder of the application, whose ``pyproject.toml`` is read, counted from that of mystmd's process.

    Returns:
        The exit code: 0, or 2 if the question is not one of mystmd's.
    """
    from penstock_mkdocs.mystmd.protocol import answer  # noqa: PLC0415 - mystmd asks for the specification with nothing installed

    return answer(project)
