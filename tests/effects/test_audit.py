"""What audit events tell of files, processes and mail."""

from __future__ import annotations

import mailbox
import os
import shutil
import smtplib
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from effect_probe import probe_effects


def test_written_file(tmp_path):
    """A file that is written is told by its suffix only."""
    with probe_effects() as probe:
        (tmp_path / "Ann Smith.CSV").write_text("x", "utf-8")
        (tmp_path / "invoice").write_bytes(b"x")
    assert ["files", "files:*.csv"] == probe.writes


def test_read_file(tmp_path):
    """A file that is only read is not told."""
    (tmp_path / "a.txt").touch()
    with probe_effects() as probe:
        (tmp_path / "a.txt").read_bytes()
    assert ([], []) == (probe.writes, probe.reads)


@pytest.mark.parametrize(
    "change",
    [
        lambda old, new: old.rename(new),
        shutil.copyfile,
        shutil.move,
        lambda old, new: new.symlink_to(old),
        os.link,
        lambda old, new: shutil.copytree(old.parent / "folder", new),
    ],
)
def test_new_name(tmp_path, change):
    """A file that gets a name is told by the new one."""
    old = tmp_path / "a.part"
    old.touch()
    (tmp_path / "folder").mkdir()
    with probe_effects() as probe:
        change(old, tmp_path / "a.pdf")
    assert ["files:*.pdf"] == probe.writes


@pytest.mark.parametrize(("folder", "name"), [("outbox", "outbox"), ("test_three_orders0", "*")])
def test_mail_folder(tmp_path, folder, name):
    """A message in a Maildir is told by the folder, and not by its own name, which has the host in it."""
    outbox = mailbox.Maildir(tmp_path / folder)
    with probe_effects() as probe:
        outbox.add("Subject: x")
    assert {f"maildir:{name}"} == {*probe.writes}


@pytest.mark.parametrize("change", [Path.unlink, lambda path: os.truncate(path, 0)])
def test_changed_file(tmp_path, change):
    """A file that is removed or cut is told."""
    path = tmp_path / "a.txt"
    path.touch()
    with probe_effects() as probe:
        change(path)
    assert ["files:*.txt"] == probe.writes


def test_files_of_tools(tmp_path):
    """Temporary files, hidden folders, compiled code and devices are not told."""
    for folder in ("__pycache__", ".cache"):
        (tmp_path / folder).mkdir()
    with probe_effects() as probe:
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            file.write(b"x")
        for name in ("__pycache__/a.txt", ".cache/a.txt", "a.pyc", "a.tmp", ".coverage"):
            (tmp_path / name).touch()
        Path(os.devnull).write_text("x", "utf-8")
    assert [] == probe.writes


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (lambda: subprocess.run([sys.executable, "-c", "'secret'"], check=True), "process:python"),
        (lambda: subprocess.run(["/bin/true", "--token=x"], check=True), "process:true"),
        (lambda: subprocess.run("true --token=x", shell=True, check=True), "process:true"),
        (lambda: subprocess.run("$CMD true || true", shell=True, check=True), "process:sh"),
        (lambda: os.system("true --token=x"), "process:true"),
        (lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0), "process:true"),
    ],
)
def test_process(start, name):
    """A program that is started is told by its name, without version and arguments; in a shell, the first word."""
    with probe_effects() as probe:
        start()
    assert [name] == probe.writes


def test_mail():
    """A mail that is sent is told, without its receivers."""
    with probe_effects() as probe:
        sys.audit("smtplib.send", smtplib.SMTP, b"DATA")
    assert ["mail"] == probe.writes
