"""Applications that replace parts of the standard library while they are imported, or leave no room for files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import Config
from penstock.errors import CollectError

if TYPE_CHECKING:
    from pathlib import Path

FLOW = "from penstock import flow\n@flow('f').entrypoint\ndef go(): ...\n"
BROKEN = "def broken(*_, **__): raise RuntimeError('replaced')\n"

PATCHES = [
    *(
        "json.dumps = broken",
        "json.JSONEncoder.encode = broken",
        "json.loads = broken",
        "builtins.open = io.open = broken",
    ),
    *("os.open = broken", "os.fdopen = broken", "os.replace = broken", "os.write = broken", "os.stat = broken"),
    *("os.getpid = lambda: 1", "os.urandom = broken", "os.path.realpath = broken", "os.environ = {}", "os.chdir('/')"),
    *("pathlib.Path.write_text = broken", "pathlib.Path.touch = broken", "pathlib.Path.open = broken"),
    *(
        "hashlib.sha256 = broken",
        "time.time = time.monotonic = broken",
        "gc.freeze = broken",
        "builtins.sorted = broken",
    ),
    *("builtins.print = broken", "sys.stdout = sys.stderr = None", "sys.stdout = object()", "sys.path.clear()"),
]


def write(folder: Path, text: str) -> Config:
    """Write an application, and return the settings to collect it with."""
    (folder / "shop.py").write_text(text, encoding="utf-8")
    return Config(project=folder, modules=("shop",), path=(folder,))


@pytest.mark.parametrize("patch", PATCHES)
def test_replaced_functions(patch: str, tmp_path: Path) -> None:
    """The flows are written down with the functions that were there before the application was imported."""
    text = f"import builtins, gc, hashlib, io, json, os, pathlib, sys, time\n{BROKEN}{FLOW}{patch}\n"
    assert ("f",) == collect(CollectPlan.of(write(tmp_path, text))).names


def test_replaced_functions_stay_for_the_application(tmp_path: Path) -> None:
    """What the application has replaced is so in all modules that are imported after it."""
    (tmp_path / "later.py").write_text(f"import json\nassert json.dumps(1) == 'own'\n{FLOW}", encoding="utf-8")
    config = write(tmp_path, "import json\njson.dumps = lambda _: 'own'\n")
    config = Config(project=tmp_path, modules=("shop", "later"), path=config.path)
    assert ("f",) == collect(CollectPlan.of(config)).names


def test_a_failure_after_functions_were_replaced(tmp_path: Path) -> None:
    """An exception is told with its place, whatever was replaced before."""
    text = f"import builtins, json\n{BROKEN}json.dumps = builtins.len = broken\nraise ValueError('no')\n"
    with pytest.raises(CollectError, match=r"^shop\.py:4: cannot import shop: ValueError: no\.$"):
        collect(CollectPlan.of(write(tmp_path, text)))


@pytest.mark.parametrize("size", [0, 60, 300])
def test_no_room_for_the_files_of_the_import(size: int, tmp_path: Path) -> None:
    """Where files cannot be written, the error says why and names the folder, and no compiled code is blamed."""
    pytest.importorskip("resource")
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    with pytest.raises(
        CollectError, match=r"^there is no room for temporary files in /.*: .*File too large.*TMPDIR=…$"
    ):
        collect(CollectPlan.of(write(tmp_path, limit + FLOW)))
