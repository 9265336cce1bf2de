"""Damages what is kept: caches are made anew, and of all else the message names the file; nothing ends in a traceback."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import call_main, main, run, write_project

from penstock import manifest
from penstock.render.graphviz.layout_cache import LayoutCache
from penstock.render.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Damage = Callable[[Random, bytes], bytes]

ODD_VALUES = [None, True, -1, 2**70, 1.5, float("inf"), "", "\ud800", "../" * 9, "x" * 5_000, [], [[]], {}, {"": 0}]


@lru_cache
def prepared() -> Path:
    """Return a project in which all that is ever kept is there."""
    folder = write_project(Path(tempfile.mkdtemp(prefix="penstock-hostile-")).resolve())
    atexit.register(shutil.rmtree, folder)
    run("pytest", folder)
    for arguments in (["check", "--write-baseline", "--baseline", "known.json"], ["export", "-o", "flows.json"]):
        assert call_main(folder, *arguments)[0] == 0
    draw(folder, folder)
    return folder


def draw(folder: Path, undamaged: Path) -> str:
    """Return the layouts of the project's flows, from its cache where that is whole."""
    flows = manifest.load(undamaged / "flows.json").flows
    return repr(LayoutCache(folder).lay_out(flows, Options()))


def cut(chance: Random, content: bytes) -> bytes:
    """Return the beginning."""
    return content[: chance.randrange(len(content))]


def flip_bits(chance: Random, content: bytes) -> bytes:
    """Return the content with some bits flipped."""
    damaged = bytearray(content)
    for _ in range(chance.choice([1, 1, 3, 50])):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def repeat(_chance: Random, content: bytes) -> bytes:
    """Return the content twice."""
    return content * 2


def change_value(chance: Random, content: bytes) -> bytes:
    """Return the JSON in it with one value replaced by an odd one."""
    lines = content.decode().split("\n") if b"\n" in content else [content.decode()]
    at = chance.randrange(len(lines))
    try:
        values = json.loads(content)
        lines, at = [""], 0
    except ValueError:
        try:
            values = json.loads(lines[at])
        except ValueError:
            return flip_bits(chance, content)
    lines[at] = json.dumps(_changed(chance, values))
    return "\n".join(lines).encode()


def _changed(chance: Random, values: Any) -> Any:
    places = list(values) if isinstance(values, dict) else list(range(len(values))) if isinstance(values, list) else []
    if not places or chance.random() < 0.1:
        return chance.choice(ODD_VALUES)
    place = chance.choice(places)
    values[place] = _changed(chance, values[place])
    return values


DAMAGES: tuple[Damage, ...] = (
    cut,
    flip_bits,
    repeat,
    change_value,
    lambda _chance, _content: b"",
    lambda _chance, _content: b"\x00" * 64,
    lambda chance, _content: chance.randbytes(200),
    lambda _chance, _content: b"[" * 100_000,
    lambda _chance, content: b"\xef\xbb\xbf" + content,
    lambda _chance, content: content.decode().encode("utf-16"),
)


def damage(chance: Random, file: Path) -> None:
    """Damage a file, or put something else in its place."""
    content = file.read_bytes()
    way = chance.randrange(len(DAMAGES) + 4)
    if way < len(DAMAGES):
        file.write_bytes(DAMAGES[way](chance, content))
        return
    file.unlink()
    if way == len(DAMAGES):
        file.mkdir()
    elif way == len(DAMAGES) + 1:
        file.symlink_to(file.name)  # a circle
    elif way == len(DAMAGES) + 2:
        file.symlink_to("/proc/self/mem")  # there, but cannot be read


def check_cache(folder: Path) -> str:
    """Return what is wrong with flows whose cache is damaged."""
    expected = call_main(prepared(), "export")
    found = call_main(folder, "export")
    return "" if found == expected else f"it exports something else: {found}"


def check_layouts(folder: Path) -> str:
    """Return what is wrong with drawings whose cache is damaged."""
    return "" if draw(folder, prepared()) == draw(prepared(), prepared()) else "it draws something else"


def check_evidence(folder: Path) -> str:
    """Return what is wrong with a check whose evidence is damaged."""
    return _refusal(*call_main(folder, "check"), ".penstock/evidence.json")


def check_baseline(folder: Path) -> str:
    """Return what is wrong with a check whose baseline is damaged."""
    return _refusal(*call_main(folder, "check", "--baseline", "known.json"), "known.json")


def check_manifest(folder: Path) -> str:
    """Return what is wrong with a list of flows from a damaged manifest."""
    (folder / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["flows.json"]\n')
    return _refusal(*call_main(folder, "list"), "flows.json")


def _refusal(code: int, output: str, file: str) -> str:
    """Return what is wrong with a command that could not read a file; where only a name in it changed, it may have."""
    if code not in (0, 1, 2) or "Traceback" in output or (code == 2 and file not in output):
        return f"it exits with {code}: {output[-2000:]}"
    return ""


KEPT = {
    ".penstock/cache/*.json": check_cache,
    ".penstock/layouts.json": check_layouts,
    ".penstock/evidence.json": check_evidence,
    "known.json": check_baseline,
    "flows.json": check_manifest,
}


def attempt(chance: Random, folder: Path) -> str:
    """Damage one of the files that are kept; return what is wrong then."""
    project = folder / "project"
    shutil.copytree(prepared(), project)
    shutil.rmtree(project / ".penstock/cache")
    call_main(project, *chance.choice([["export"], ["check"]]))  # what is kept is for this folder
    pattern = chance.choice(sorted(KEPT))
    file = chance.choice(sorted(project.glob(pattern)))
    damage(chance, file)
    said = KEPT[pattern](project)
    return f"{file.name}: {said}" if said else ""


if __name__ == "__main__":
    main(attempt, 288)
