"""Kills commands with SIGKILL at random moments: the next run ends right, and with the same bytes as one undisturbed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from harness import COMMANDS, References, finish, main, run, start, write_project

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

references = References()


def attempt(chance: Random, folder: Path) -> str:
    """Kill a command once or twice, alone or with all that it has started; return what is wrong afterwards."""
    write_project(folder)
    name = chance.choice(sorted(COMMANDS))
    expected, seconds = references.of(name)
    if chance.random() < 0.5:  # something is kept already
        run("export", folder)
        (folder / "app/flows.py").touch()
    for _ in range(chance.randint(1, 2)):
        process = start(name, folder)
        try:
            process.communicate(timeout=chance.uniform(0, 1.1 * seconds))
        except subprocess.TimeoutExpired:
            kill = os.killpg if chance.random() < 0.5 else os.kill
            with contextlib.suppress(ProcessLookupError):
                kill(process.pid, signal.SIGKILL)
            process.communicate()
    said = finish(name, folder, start(name, folder)).differs(expected)
    return f"after {name} was killed, {said}" if said else ""


if __name__ == "__main__":
    main(attempt, 230)
