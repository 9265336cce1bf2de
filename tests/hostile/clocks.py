"""Lets files and clocks lie about time: what is shown is what the files say now."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from harness import call_main, main, write_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

YEAR = 365 * 86_400
MODULE = "from penstock import flow\nf = flow('f')\n@f.entrypoint\ndef {}(): ...\n"


def some_time(chance: Random, now: float) -> float:
    """Return a time that a file may have, sooner or later than now."""
    return chance.choice(
        [
            0.0,
            1.0,
            2**31 - 1.0,
            2**33 * 1.0,
            now - YEAR,
            now + YEAR,
            now - 3600,
            now + 3600,
            now - 0.01,
            now + 0.01,
            now,
        ]
    )


def edit(chance: Random, file: Path, name: str) -> None:
    """Give a module another step; its size stays, and its time is any, perhaps the one that it has."""
    before = file.stat().st_mtime_ns
    file.write_text(MODULE.format(name))
    moment = chance.choice([before, int(some_time(chance, time.time()) * 10**9)])
    os.utime(file, ns=(moment, moment))


def touch(chance: Random, file: Path) -> None:
    """Give a file some time."""
    moment = some_time(chance, time.time())
    os.utime(file, (moment, moment))


def jump(chance: Random) -> Callable[[], None]:
    """Let the clock of this process, and of its forks, jump; return what sets it right."""
    seconds, original = chance.choice([-YEAR, -3600, -1, 1, 3600, YEAR]), time.time_ns
    time.time_ns = lambda: original() + seconds * 10**9

    def restore() -> None:
        time.time_ns = original

    return restore


def attempt(chance: Random, folder: Path) -> str:
    """Edit and touch files in some order, look each time; return what was shown that no file says."""
    write_project(folder)
    (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["one"]\npath = ["."]\n')
    module, name = folder / "one.py", "aaaa"
    module.write_text(MODULE.format(name))
    for _ in range(6):
        action = chance.choice(["edit", "edit", "module", "settings", "cache", "nothing"])
        restore = jump(chance) if chance.random() < 0.3 else lambda: None
        try:
            if action == "edit":
                name = "".join(chance.choice("bcdefgh") for _ in name)
                edit(chance, module, name)
            for file in {"module": [module], "settings": [folder / "pyproject.toml"]}.get(action, []):
                touch(chance, file)
            for file in (folder / ".penstock/cache").glob("*") if action == "cache" else ():
                touch(chance, file)
            code, output = call_main(folder, "show", "f")
        finally:
            restore()
        if code or f" {name}" not in output:
            return f"after {action}, {name} is not shown: {output[-2000:]}"
    return ""


if __name__ == "__main__":
    main(attempt, 100)
