"""Correlation IDs in Celery tasks, with workers in this process and with processes of their own."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

celery = pytest.importorskip("celery")

from celery import chain, chord, group, signals  # noqa: E402
from celery.contrib.testing.worker import start_worker  # noqa: E402

from penstock import current_flow_id, entrypoint, flow, flow_context, step  # noqa: E402
from penstock.contrib.celery import install  # noqa: E402
from penstock.contrib.logging import FlowFilter  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*superuser"),
]

app = celery.Celery("test", broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False
app.conf.broker_transport_options = {"polling_interval": 0.01}
install()

SEEN: list[str | None] = []


@app.task(name="tell")
def tell(*_):
    return current_flow_id()


@app.task(name="note")
def note(*_):
    SEEN.append(current_flow_id())


@app.task(name="note_again", bind=True, max_retries=2, default_retry_delay=0)
def note_again(self):
    SEEN.append(current_flow_id())
    if self.request.retries < 2:
        raise self.retry()


@app.task(name="crash")
def crash():
    raise RuntimeError("on purpose")


@app.task(name="again", bind=True, max_retries=2, default_retry_delay=0)
def again(self):
    if self.request.retries < 2:
        raise self.retry()
    return current_flow_id()


@app.task(
    name="again_by_itself", autoretry_for=(RuntimeError,), max_retries=2, retry_backoff=False, default_retry_delay=0
)
def again_by_itself():
    if celery.current_task.request.retries < 2:
        raise RuntimeError("on purpose")
    return current_flow_id()


@app.task(name="log_line")
def log_line():
    return logged()


@app.task(name="pack")
@flow("orders")
@step(after="receive")
def pack():
    return logged()


@app.task(name="ship")
@flow("shipping")
@entrypoint
def ship():
    return logged()


@app.task(name="pack_again", bind=True, max_retries=2, default_retry_delay=0)
def pack_again(self):
    if self.request.retries < 2:
        raise self.retry()
    return logged()


def logged():
    """Return the flow's name as a log line shows it."""
    record = logging.makeLogRecord({})
    FlowFilter(flow=True).filter(record)
    return record.flow


@app.task(name="nested")
def nested():
    before = current_flow_id()
    inner = tell.apply().get()
    return [before, inner, current_flow_id()]


@pytest.fixture(scope="module", params=["solo", "threads"])
def worker(request):
    """A worker in this process."""
    with start_worker(app, pool=request.param, concurrency=2, perform_ping_check=False, shutdown_timeout=60):
        yield request.param


WAIT = {"timeout": 60, "interval": 0.01, "disable_sync_subtasks": False}


@pytest.mark.parametrize(
    "send",
    [
        lambda: tell.delay().get(**WAIT),
        lambda: tell.apply_async(countdown=0.1).get(**WAIT),
        lambda: again.delay().get(**WAIT),
        lambda: again_by_itself.delay().get(**WAIT),
        lambda: chain(tell.s(), tell.s(), tell.s())().get(**WAIT),
        lambda: group(tell.s(), tell.s())().get(**WAIT)[1],
        lambda: nested.delay().get(**WAIT)[0],
        lambda: nested.delay().get(**WAIT)[1],
        lambda: nested.delay().get(**WAIT)[2],
    ],
    ids=["delay", "countdown", "retry", "autoretry", "chain", "group", "nested", "applied inside", "after apply"],
)
def test_the_id_arrives(worker, send):
    """However a task is sent, it is in the run of its sender."""
    with flow_context("order-17"):
        assert "order-17" == send()


@pytest.mark.parametrize("options", [{"link": note.si()}, {"link_error": note.si()}], ids=["link", "link_error"])
def test_the_id_arrives_in_callbacks(worker, options):
    """What is called after a task, or after its failure, is in the run of its sender."""
    SEEN.clear()
    with flow_context("order-17"):
        (tell if "link" in options else crash).apply_async(**options)
    deadline = time.monotonic() + 600
    while not SEEN and time.monotonic() < deadline:
        time.sleep(0.01)

    assert ["order-17"] == SEEN


def test_nothing_leaks_into_the_next_task(worker):
    """A task that nobody sent from a run is a run of its own, also after others on the same worker, failed ones too."""
    with flow_context("order-17"):
        tell.delay().get(**WAIT)
        crash.delay().get(**WAIT, propagate=False)
    ids = {tell.delay().get(**WAIT) for _ in range(4)}

    assert (4, {32}) == (len(ids), {len(each) for each in ids})


def test_log_lines_of_a_worker_name_the_flow(worker):
    """A task belongs to the flow of the run that sent it, as what that run calls does; also when it is tried again."""
    tasks = [log_line, pack, ship, pack_again]
    with flow_context("order-17", flow="sales"):
        sent = [task.delay() for task in tasks]
        assert ["sales"] * 4 == [task.apply().get() for task in tasks]

    assert ["sales"] * 4 == [each.get(**WAIT) for each in sent]


def test_tasks_that_nobody_sent_name_their_own_flow(worker):
    """A task that was sent outside every run belongs to the flow that it is a step of, if it is one."""
    sent = [task.delay() for task in (log_line, pack, ship)]

    assert ["-", "orders", "shipping"] == [each.get(**WAIT) for each in sent]


def test_hostile_names_are_dropped(worker):
    """A header that can be no name of a flow counts as missing, for log lines are made of it; nor is such a name sent."""
    values = ["-" * 201, "a\nb", "", ["a", "b"], 17, None]
    sent = [log_line.apply_async(headers={"X-Penstock-Flow": value}) for value in values]
    with flow_context("order-17", flow="a\nb"):
        sent += [log_line.delay()]

    assert ["-"] * 7 == [each.get(**WAIT) for each in sent]


@pytest.mark.parametrize("value", ["-" * 100_000, "a b", "a\n", "\u0661", ["a", "b"], None])
def test_hostile_headers_are_dropped(worker, value):
    """A header that is no ID counts as missing."""
    assert 32 == len(tell.apply_async(headers={"X-Correlation-ID": value}).get(**WAIT))


def test_applied_tasks_join():
    """A task that is called at once, without a worker, is in the run of its caller, or in one of its own."""
    with flow_context("order-17"):
        assert "order-17" == tell.apply().get()
        assert "order-17" == tell()
    assert 32 == len(tell.apply().get())
    assert current_flow_id() is None


def test_receivers_of_signals_are_in_the_run():
    """What is called before and after each task is in its run, whether it was connected before or after penstock's own."""
    seen = []

    def before(**_):
        seen.append(current_flow_id())

    def after(**_):
        seen.append(current_flow_id())

    signals.task_prerun.disconnect(dispatch_uid="penstock_begin")
    signals.task_prerun.connect(before)
    install()
    signals.task_postrun.connect(after)
    told = [tell.apply().get(), tell.apply().get()]

    assert [told[0]] * 2 + [told[1]] * 2 == seen
    assert current_flow_id() is None


@pytest.mark.parametrize("around", [nullcontext(), flow_context("order-17")], ids=["outside", "in a run"])
def test_retries_of_applied_tasks(around):
    """A task that is called at once has the same ID each time it is tried."""
    SEEN.clear()
    with around:
        note_again.apply()

    assert (3, 1) == (len(SEEN), len({*SEEN}))
    assert current_flow_id() is None


WORKER = """
import os, sys, time
from celery import Celery
from penstock import current_flow_id
from penstock.contrib.celery import install

app = Celery("killed", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"], set_as_current=False)
app.conf.update(
    task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)
install()

def say(text):
    with open(os.environ["LOG"], "a") as file:
        file.write(f"{text} {os.getpid()} {current_flow_id()}\\n")

@app.task(name="work")
def work():
    say("work")
    if not os.path.exists(os.environ["LOG"] + ".again"):
        open(os.environ["LOG"] + ".again", "w").close()
        time.sleep(120)

@app.task(name="first")
def first(*_):
    return current_flow_id()

@app.task(name="second")
def second(results):
    return [*results, current_flow_id()]

@app.task(name="lost", acks_late=False)
def lost():
    os.kill(os.getpid(), 9)

@app.task(name="mourn")
def mourn(task_id):
    say("mourn")
"""


@contextmanager
def process(*command, **environment):
    """Keep a process running; end it, and wait for it."""
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        try:
            yield child
        finally:
            child.send_signal(signal.SIGQUIT)  # which waits for no task
            try:
                child.wait(600)
            except subprocess.TimeoutExpired:
                child.kill()


@pytest.fixture
def prefork(redis_url, tmp_path, monkeypatch):
    """A worker with processes of its own, over a real Redis; gives the application and its log."""
    log = tmp_path / "log"
    for name, value in {"REDIS_URL": redis_url, "LOG": str(log)}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "killed.py").write_text(WORKER)
    command = (
        sys.executable,
        "-m",
        "celery",
        "--workdir",
        str(tmp_path),
        "-A",
        "killed",
        "worker",
        "--pool",
        "prefork",
    )
    namespace: dict[str, object] = {}
    with process(*command, "--concurrency", "1", "--without-mingle", "--without-gossip"):
        exec(WORKER, namespace)
        try:
            yield namespace, log
        finally:
            disconnect(namespace["app"])


def disconnect(app):
    """Close every connection of an application; a later test must not find them unclosed."""
    app.pool.force_close_all()
    app.backend.result_consumer.stop()
    app.backend.client.connection_pool.disconnect()
    app.close()


def until(condition):
    """Wait for something to become true; return it."""
    deadline = time.monotonic() + 600
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found
    return found


def lines(log: Path, word: str):
    """Return the words of each line of the log that begins with this one."""
    return [line.split() for line in (log.read_text().splitlines() if log.exists() else []) if line.startswith(word)]


def test_processes_that_are_killed(prefork):
    """A task whose process is killed is delivered again with its ID; what waits for its failure has it, too."""
    namespace, log = prefork
    with flow_context("order-17"):
        joined = chord([namespace["first"].s(), namespace["first"].s()])(namespace["second"].s())
        assert ["order-17"] * 3 == joined.get(timeout=60)
        namespace["work"].delay()
    (begun,) = until(lambda: lines(log, "work"))
    os.kill(int(begun[1]), signal.SIGKILL)
    _, again = until(lambda: len(lines(log, "work")) == 2 and lines(log, "work"))
    with flow_context("order-18"):
        namespace["lost"].apply_async(link_error=namespace["mourn"].s())
    (mourned,) = until(lambda: lines(log, "mourn"))

    assert ["order-17", "order-17", "order-18"] == [begun[2], again[2], mourned[2]]
    assert begun[1] != again[1]
