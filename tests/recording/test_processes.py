"""What runs in the processes that tests start becomes evidence, too."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from recorded_runs import WHOLE, evidence, facts, run, runs, visits

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.check.evidence import Evidence


def orphans(found: Evidence) -> set[tuple[str, bool]]:
    """Return the steps that began alone."""
    return {(each.step.step, each.concurrent) for each in found.orphans}


def test_workers_of_xdist_take_part(folder: Path) -> None:
    """Every worker of pytest-xdist takes part; a step that a test calls alone has lost nothing there either."""
    pytest.importorskip("xdist")
    test = "import pytest, shop\n@pytest.mark.parametrize('n', range(6))\ndef test_it(n): shop.handle()\n"
    test += "@pytest.mark.xdist_group('g')\ndef test_alone(): shop.charge()"
    run(folder, test, "--penstock", "-n", "2", "--dist", "loadgroup", installed=True)
    found = evidence(folder)
    ids = {f"test_it.py::test_it[{number}]": {"handle", "validate", "charge"} for number in range(6)}
    assert {**ids, "test_it.py::test_alone": {"charge"}} == visits(found)
    assert (6, dict.fromkeys(WHOLE, 6)) == (runs(found), facts(found))
    assert {("charge", False)} == orphans(found)


PROCESSES = {
    "subprocess": "subprocess.run([sys.executable, '-c', 'import shop; shop.handle()'], check=True)",
    "two levels": (
        "subprocess.run([sys.executable, '-c', 'import subprocess, sys; "
        'subprocess.run([sys.executable, "-c", "import shop; shop.handle()"])'
        "'], check=True)"
    ),
    "fork": "pid = os.fork()\n    if not pid:\n        shop.handle(); os._exit(0)\n    os.waitpid(pid, 0)",
    "multiprocessing, forked": "work('fork')",
    "multiprocessing, spawned": "work('spawn')",
    "multiprocessing, from a server": "work('forkserver')",
}


@pytest.mark.parametrize("start", PROCESSES.values(), ids=PROCESSES)
def test_processes_that_a_test_starts_take_part(start: str, folder: Path) -> None:
    """A process that a test starts takes part, however it is started."""
    test = f"""
import multiprocessing, os, subprocess, sys, shop
def work(method):
    process = multiprocessing.get_context(method).Process(target=shop.handle)
    process.start()
    process.join()
    assert process.exitcode == 0
def test_it():
    {start}
"""
    run(folder, test, "--penstock", "-W", "ignore::DeprecationWarning")
    assert (1, WHOLE) == (runs(evidence(folder)), facts(evidence(folder)))


def test_a_fork_inside_a_run(folder: Path) -> None:
    """A child that was forked in a step goes on in it, and nothing is counted twice."""
    test = """
import os, shop
def child():
    pid = os.fork()
    if not pid:
        shop.charge(); os._exit(0)
    os.waitpid(pid, 0)
def test_it(): shop.handle(child)
"""
    run(folder, test, "--penstock", "-W", "ignore::DeprecationWarning")
    assert (1, WHOLE) == (runs(evidence(folder)), facts(evidence(folder)))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_processes(method: str, folder: Path) -> None:
    """A call that is carried into another process knows the steps around; one that is not has lost them."""
    test = f"""
import multiprocessing, shop
from concurrent.futures import ProcessPoolExecutor
from penstock import carry
CONTEXT = multiprocessing.get_context({method!r})
def calls():
    with ProcessPoolExecutor(1, CONTEXT) as pool:
        pool.submit(carry(shop.charge)).result()
def plain():
    process = CONTEXT.Process(target=shop.charge)
    process.start()
    process.join()
def test_it(): shop.handle(calls)
def test_plain(): shop.handle(plain) if {method!r} != "fork" else None
"""
    run(folder, test, "--penstock", "-W", "ignore::DeprecationWarning")
    found = evidence(folder)
    assert 1 == facts(found)["handle>charge after validate"]
    assert (set() if method == "fork" else {("charge", True)}) == orphans(found)


@pytest.mark.parametrize(
    ("pool", "call", "end"),
    [
        (
            "concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context('fork'))",
            "submit(f).result",
            "POOL[0].shutdown()",
        ),
        ("multiprocessing.get_context('fork').Pool(1)", "apply_async(f).get", "POOL[0].close(); POOL[0].join()"),
    ],
)
def test_a_pool_that_outlives_the_step_in_which_it_was_forked(pool: str, call: str, end: str, folder: Path) -> None:
    """A pool's call has none of the steps around in which its process was forked, and knows those that it brings along."""
    test = f"""
import concurrent.futures, multiprocessing, shop
from penstock import carry, set_value
POOL = []
def wait(f): POOL[0].{call}()
def plain():
    set_value("tenant", "acme")
    shop.charge()
def start():
    POOL.append({pool})
    wait(int)
def test_it():
    shop.handle(start)
    shop.handle(lambda: wait(shop.charge))
    shop.handle(lambda: wait(plain))
    shop.handle(lambda: wait(carry(shop.charge)))
    {end}
"""
    run(folder, test, "--penstock", "-W", "ignore::DeprecationWarning")
    found = evidence(folder)
    assert {"handle>validate after ": 4, "handle>charge after validate": 1} == facts(found)
    assert {("charge", True)} == orphans(found)


def test_a_kill_loses_at_most_the_last_moment(folder: Path) -> None:
    """A process that is killed has left what its runs had shown before; nothing that is half written counts."""
    test = """
import subprocess, sys
def test_it():
    program = "import os, signal, shop; shop.handle(); shop.handle(lambda: os.kill(os.getpid(), signal.SIGKILL))"
    assert -9 == subprocess.run([sys.executable, "-c", program]).returncode
"""
    run(folder, test, "--penstock")
    assert (1, WHOLE) == (runs(evidence(folder)), facts(evidence(folder)))


def test_a_part_that_cannot_be_read(folder: Path) -> None:
    """The other parts are kept, the summary tells of the one that is not, and the session fails."""
    test = """
import os, pathlib, shop
def test_it():
    shop.handle()
    pathlib.Path(os.environ["PENSTOCK_EVIDENCE"], "broken.json").write_text("{")
"""
    said = run(folder, test, "--penstock", code=1)
    assert (1, True) == (runs(evidence(folder)), "without a part that cannot be read" in said)


def test_a_process_that_outlives_the_recording(folder: Path) -> None:
    """Whoever comes too late is not heard, and is none the worse for it."""
    late = (
        "import os, sys, time, shop\n"
        "while os.getppid() == int(sys.argv[1]): time.sleep(0.02)\n"
        "shop.handle(); open('late', 'w').close()"
    )
    test = f"import os, subprocess, sys\ndef test_it(): subprocess.Popen([sys.executable, '-c', {late!r}, str(os.getpid())])\n"
    run(folder, test, "--penstock", "-W", "ignore::ResourceWarning")
    _until((folder / "late").exists)
    assert 0 == runs(evidence(folder))


def test_a_message_tells_the_steps_around(folder: Path) -> None:
    """A message tells the process that receives it of the steps around; what is damaged or too long tells nothing."""
    test = """
import json, shop
from penstock import flow_context, inject
from penstock.propagation import read, run_from
from penstock._runtime.context import ContextBinding
SENT = []
def test_it():
    shop.handle(lambda: SENT.append(inject({})))
    assert "charge" not in SENT[0]["X-Penstock-Evidence"]
    received(SENT[0])
    for text in ["{", "[]", "3", '{"orders": 3}', '{"orders": [3]}', '{"orders": [["a", 1]]}', "x" * 10000, '{"orders": {}}']:
        received({**SENT[0], "X-Penstock-Evidence": "1" + text})
    received({**SENT[0], "X-Penstock-Evidence": SENT[0]["X-Penstock-Evidence"].replace("1", "2", 1)})
def received(headers):
    with ContextBinding(run_from(read(headers)), None):
        shop.charge()
"""
    run(folder, test, "--penstock")
    found = evidence(folder)
    assert 1 == facts(found)["handle>charge after validate"]
    assert {("charge", True)} == orphans(found)


def test_headers_of_any_queue(folder: Path) -> None:
    """Given to `flow_context`, what was extracted tells of the steps around; a copy of its text tells nothing."""
    test = """
import shop
from penstock import extract, flow_context, inject
SENT = []
def test_it():
    shop.handle(lambda: SENT.append(inject({})))
    with flow_context(extract(SENT[0])):
        shop.charge()
"""
    run(folder, test, "--penstock")
    assert 1 == facts(evidence(folder))["handle>charge after validate"]
    assert not orphans(evidence(folder))
    run(folder, test.replace("extract(SENT[0])", "str(extract(SENT[0]))"), "--penstock")
    assert orphans(evidence(folder))


def test_without_a_recording_headers_tell_nothing(folder: Path) -> None:
    """Nobody sends what nobody reads."""
    run(
        folder,
        "import shop\nfrom penstock import inject\ndef test_it(): shop.handle(lambda: ID.append(inject({})))\nID = []\n"
        "def test_more(): assert ID and 'X-Penstock-Evidence' not in ID[0]",
    )


TASKS = """
import os
from celery import Celery
from penstock import flow
from penstock.contrib.celery import flow_task

app = Celery("tasks", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.broker_connection_retry_on_startup = True

@flow("orders")
@flow_task
def receive():
    return pack.delay(3).id

@flow("orders")
@flow_task(after="receive", bind=True, max_retries=2, default_retry_delay=0)
def pack(self, number):
    if self.request.retries < 2:
        raise self.retry()
    ship.delay()
    return number

@flow("orders")
@flow_task(after="pack")
def ship(): ...

@flow("night")
@flow_task
def clean_up():
    return ship.delay().id
"""

CELERY_TEST = """
import os, subprocess, sys, pytest
from celery.result import AsyncResult
import tasks

@pytest.fixture
def worker():
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "-c", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield
        process.terminate()
        process.wait(60)

def test_it(worker):
    packed = tasks.receive.delay().get(timeout=600)
    assert 3 == AsyncResult(packed, app=tasks.app).get(timeout=600)
    AsyncResult(tasks.clean_up.delay().get(timeout=600), app=tasks.app).get(timeout=600)
    import time; time.sleep(1)
"""


def test_workers_of_celery_take_part(folder: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
    """Workers of Celery take part; a task knows the step that sent it, also when it is tried again, and of what flow."""
    pytest.importorskip("celery")
    monkeypatch.setenv("REDIS_URL", redis_url)
    (folder / "tasks.py").write_text(TASKS)
    run(folder, CELERY_TEST, "--penstock")
    found = evidence(folder)
    # how often is not told exactly by a worker that is ended, only what it saw
    assert {"receive>pack after ", "pack>ship after "} == set(facts(found))
    assert ({"receive", "clean_up"}, {}) == ({seen.step for _, seen in found.runs}, found.orphans)
    assert {"test_it.py::test_it": {"receive", "pack", "ship", "clean_up"}} == visits(found)


def _until(condition: object) -> None:
    deadline = time.monotonic() + 600
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


TOUCHING_SHOP = """
import sqlite3
from penstock import flow

orders = flow("orders")

@orders.entrypoint
def handle(file):
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE IF NOT EXISTS stock (part)")
        database.execute("INSERT INTO stock VALUES ('bolt')")
    database.close()
"""


def test_touches_of_all_processes(folder: Path) -> None:
    """What a step touches is recorded in the process of the tests, and in those that they start."""
    (folder / "shop.py").write_text(TOUCHING_SHOP)
    test = """
import subprocess, sys, shop
def test_it():
    shop.handle("stock.db")
    subprocess.run([sys.executable, "-c", "import shop; shop.handle('stock.db')"], check=True)
"""
    run(folder, test, "--penstock")
    found = evidence(folder)
    assert {("handle", "writes", "sqlite:stock"): 2} == {
        (touch.step.step, touch.verb, touch.target): count for touch, count in found.touches.items()
    }
    assert [frozenset()] == list(found.watched.values())
