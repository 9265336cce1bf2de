"""Runs four commands at once on one project, cold: each ends as if it were alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import COMMANDS, References, finish, main, start, write_project

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

references = References()


def attempt(chance: Random, folder: Path) -> str:
    """Start four commands at once, some perhaps twice; return what differs from one that is alone."""
    write_project(folder)
    alone = [name for name in COMMANDS if name != "pytest"]  # what it records, others read or do not, as it comes
    names = [chance.choice(alone) for _ in range(4)]
    shared = {"sphinx", "mkdocs"}  # two of one engine share their output folder, which no engine is made for
    names = [name for at, name in enumerate(names) if name not in shared or name not in names[:at]]
    names += ["export"] * (4 - len(names))
    processes = [(name, start(name, folder)) for name in names]
    outcomes = [(name, finish(name, folder, process)) for name, process in processes]
    wrong = [f"{name}: {said}" for name, outcome in outcomes if (said := outcome.differs(references.of(name)[0]))]
    return f"of {names}, {' '.join(wrong)}" if wrong else ""


if __name__ == "__main__":
    main(attempt, 25)
