"""The same flows give the same site."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SITE = Path(__file__).parents[1] / "site"


def build(source, builder, seed, *options):
    """Build a site without its environment's pickles and return a digest of each file."""
    folder = source / "_build"
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-b",
        builder,
        "-d",
        source / "_doctrees",
        *options,
        source,
        folder,
    ]
    environment = {**os.environ, "PATH": "", "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": "1000000000"}
    subprocess.run(command, check=True, env=environment, timeout=600)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.name not in {".buildinfo", ".buildinfo.bak"}
    }


def copied(target, *, backwards=False):
    """Copy the site, its files made in another order, which is that of many a file system."""
    files = sorted(file for file in SITE.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    for file in reversed(files) if backwards else files:
        copy = target / file.relative_to(SITE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    return target


@pytest.mark.parametrize("builder", ["html", "singlehtml", "text", "latex"])
def test_folder_seed_and_order_change_no_byte(tmp_path, builder):
    """Another folder, hash seed and order of files give the same bytes."""
    first = build(copied(tmp_path / "a"), builder, "1")
    second = build(copied(tmp_path / "somewhere" / "else", backwards=True), builder, "2")
    assert first
    assert first == second


def test_processes_change_no_byte(tmp_path):
    """Reading and writing in several processes gives the same bytes.

    viewcode's own pages are left out: in one process it forgets a module that nothing links to, in several it does not.
    """
    folder = copied(tmp_path)
    conf = folder / "conf.py"
    conf.write_text(
        conf.read_text("utf-8").replace('"sphinx.ext.viewcode", ', "").replace('"sphinx.ext.viewcode",', ""), "utf-8"
    )
    alone = build(folder, "html", "1", "-E")
    assert not any(name.startswith("_modules") for name in alone)
    assert alone == build(folder, "html", "1", "-E", "-a", "-j", "auto")
    assert alone == build(folder, "html", "1", "-E", "-a", "-j", "5")
