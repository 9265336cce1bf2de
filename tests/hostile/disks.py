"""Takes the room to write away: penstock says so without a traceback, and with room again, all is right."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from typing import TYPE_CHECKING

from harness import COMMANDS, References, main, run, write_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

references = References()


@contextlib.contextmanager
def small_files(chance: Random, _folder: Path) -> Iterator[dict[str, object]]:
    """Let files grow to a random size only, as on a disk that is full."""
    size = chance.choice([0, chance.randrange(100), chance.randrange(5_000), chance.randrange(100_000)])
    yield {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}


@contextlib.contextmanager
def full_folder(chance: Random, folder: Path) -> Iterator[dict[str, object]]:
    """Put what penstock keeps on a file system that is full."""
    with _mounted(folder / ".penstock", "-t", "tmpfs", "-o", f"size={chance.choice([4, 8, 16, 64])}k", "tmpfs"):
        yield {}


@contextlib.contextmanager
def read_only_folder(_chance: Random, folder: Path) -> Iterator[dict[str, object]]:
    """Put what penstock keeps on a file system that can only be read."""
    with _mounted(folder / ".penstock", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs"):
        yield {}


@contextlib.contextmanager
def file_for_folder(_chance: Random, folder: Path) -> Iterator[dict[str, object]]:
    """Let a file stand where the folder is to be made."""
    (folder / ".penstock").write_text("")
    yield {}
    (folder / ".penstock").unlink()


@contextlib.contextmanager
def no_temporary_folder(_chance: Random, folder: Path) -> Iterator[dict[str, object]]:
    """Leave nowhere to put temporary files."""
    os.environ["TMPDIR"] = str(folder / "nowhere")
    try:
        yield {}
    finally:
        del os.environ["TMPDIR"]


@contextlib.contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[None]:
    """Mount something where this machine lets us; where it does not, let a link lead nowhere instead."""
    folder.mkdir()
    mount = subprocess.run(["mount", *arguments, folder], capture_output=True, check=False)
    if mount.returncode:
        folder.rmdir()
        folder.symlink_to("/proc/nowhere")
    try:
        yield
    finally:
        if mount.returncode:
            folder.unlink()
        else:
            subprocess.run(["umount", "--lazy", folder], check=True)


WAYS: tuple[Callable[..., contextlib.AbstractContextManager[dict[str, object]]], ...] = (
    small_files,
    full_folder,
    read_only_folder,
    file_for_folder,
    no_temporary_folder,
)


def attempt(chance: Random, folder: Path) -> str:
    """Run a command without room; return what is wrong with it, or with the same one that has room again."""
    write_project(folder)
    name, way = chance.choice(sorted(COMMANDS)), chance.choice(WAYS)
    with way(chance, folder) as more:
        outcome = run(name, folder, **more)
    where = f"{name} with {way.__name__}"
    if name in ("check", "export") and (outcome.code not in (0, 1, 2) or "Traceback" in outcome.output):
        return f"{where} exits with {outcome.code}: {outcome.output[-2000:]}"
    if name == "check" and outcome.code == 1:
        return f"{where} accuses: {outcome.output[-2000:]}"
    said = run(name, folder).differs(references.of(name)[0])
    return f"{where}, then again with room: {said}" if said else ""


if __name__ == "__main__":
    main(attempt, 60)
