"""The codes of the problems of declarations and imports."""

from typing import Literal

ProblemCode = Literal[
    "bad-after",
    "bad-effects",
    "bad-name",
    "bad-patch",
    "bad-tags",
    "bad-trigger",
    "bypassed",
    "contradiction",
    "cycle",
    "duplicate-step",
    "import",
    "no-entrypoint",
    "unclaimed",
    "unknown-after",
    "unknown-patch",
    "unmarked",
    "unreachable",
    "unread",
]
"""The code of a problem; the reference explains each."""
