"""Files that are none: pipes without a writer, devices without an end, sockets and folders."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from penstock import manifest
from penstock.check import evidence
from penstock.check.findings import baseline
from penstock.check.traces.otlp import OTLP
from penstock.check.traces.reader import Damage, read
from penstock.cli.main import main
from penstock.config import load
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")

READERS: dict[str, Callable[[Path], Any]] = {
    "evidence": evidence.load,
    "manifest": manifest.load,
    "baseline": baseline.read,
    "traces": lambda path: read([path], OTLP, Damage()),
    "settings": lambda path: load(path.parent),
}


@pytest.fixture(params=["pipe", "socket", "device", "folder"])
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A path at which no file stands; it is called as the settings are."""
    path = tmp_path / "pyproject.toml"
    with socket.socket(socket.AF_UNIX) as listener:
        if request.param == "pipe":
            os.mkfifo(path)
        elif request.param == "socket":
            before = os.getcwd()  # noqa: PTH109 - a socket's path may only be short
            os.chdir(tmp_path)
            listener.bind(path.name)
            os.chdir(before)
        elif request.param == "device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
        yield path


@pytest.mark.parametrize("what", READERS)
def test_what_is_no_file_is_refused(what: str, special: Path) -> None:
    """A pipe is not waited for, nor a device read; the error names the path."""
    with pytest.raises(
        PenstockError, match=r"pyproject\.toml.*(it is a (pipe|device|folder), not a file|No such device)"
    ):
        READERS[what](special)


def test_a_pipe_of_the_shell_is_read(tmp_path: Path) -> None:
    """What a shell hands on as ``<(command)`` is read to its end."""
    text, (reader, writer) = evidence.dumps(evidence.Evidence()), os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    output = tmp_path / "evidence.json"
    assert 0 == main(["evidence", "merge", f"/dev/fd/{reader}", "-o", str(output)])
    os.close(reader)
    assert text == output.read_text()
