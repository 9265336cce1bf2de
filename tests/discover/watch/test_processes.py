"""Processes that a watched command starts, and how they end."""

from __future__ import annotations

import sys

import pytest

from discoveries import draw_roots, draw_shape, record
from penstock.discover.watched_command import WatchOptions, watch_command

APPLICATION = """
import multiprocessing, os, signal, subprocess, sys

def prepare(): ...

def work_in_pool(number):
    prepare()
    return number

def work_in_killed_process(): ...
def work_in_spawned_process(): ...
def work_after_fork(): ...
def work_in_subprocess(): ...

def start_all():
    prepare()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(work_in_pool, range(3))
    spawned = multiprocessing.get_context("spawn").Process(target=work_in_spawned_process)
    spawned.start()
    spawned.join()
    subprocess.run([sys.executable, "-c", "import app; app.work_in_subprocess()"], cwd=os.path.dirname(__file__), check=True)
    for function in (work_after_fork, work_in_killed_process):
        child = os.fork()
        if not child:
            function()
            os.kill(os.getpid(), signal.SIGKILL) if function is work_in_killed_process else os._exit(0)
        os.waitpid(child, 0)
    prepare()
"""

EXPECTED = {
    "start_all": "start_all >process:python(2 x prepare)",
    "work_in_pool": "work_in_pool(prepare)",
    "work_in_spawned_process": "work_in_spawned_process",
    "work_in_subprocess": "work_in_subprocess",
    "work_after_fork": "work_after_fork",
    "work_in_killed_process": "work_in_killed_process",
}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Return what the functions of all processes did."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "app.py").write_text(f"{APPLICATION}\nif __name__ == '__main__':\n    start_all()\n")
    recording = record(folder, sys.executable, str(folder / "app.py"))
    return {draw_shape(recording, root.shape) for root in recording.roots}


@pytest.mark.parametrize("name", EXPECTED)
def test_processes(roots, name):
    """Every Python is watched, and its part is kept when it ends without saying so."""
    assert EXPECTED[name] in roots


def test_interrupt(tmp_path):
    """Ctrl-C ends the command, as a server is ended, and keeps what was seen."""
    (tmp_path / "app.py").write_text(
        "import os, signal\n"
        "def handle(): ...\n"
        "def serve():\n"
        "    handle()\n"
        "    for process in (os.getppid(), os.getpid()):\n"
        "        os.kill(process, signal.SIGINT)\n"
        "    signal.pause()\n"
        "try:\n"
        "    serve()\n"
        "except KeyboardInterrupt:\n"
        "    raise SystemExit(7)\n"
    )
    recording, code = watch_command([sys.executable, str(tmp_path / "app.py")], WatchOptions(project=tmp_path))
    assert (["serve!(handle)"], 7) == (draw_roots(recording), code)
