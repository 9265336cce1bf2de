"""A run of another flow is no company: what a step does there neither confirms nor accuses, nor excuses anything."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import json
import queue
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from penstock import carry, flow, flow_context, observing
from penstock._recording.process_recorder import Recorder
from penstock.check.evidence import dumps, load, loads
from penstock.observers.evidence import EvidenceObserver
from verdicts import failures, states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNDECLARED = {"ping>send": "undeclared"}


@pytest.fixture
def app() -> SimpleNamespace:
    """Two flows: one of them has an arrow that nobody declared, from ping to send."""
    web, batch = flow("web"), flow("batch")

    @web.step(after="request")
    def build() -> None: ...

    @web.step(after="build")
    def send() -> None: ...

    @web.entrypoint
    def request() -> None:
        build()
        send()

    @web.entrypoint
    def ping() -> None:
        send()

    @batch.entrypoint
    def nightly(*calls: Callable[[], object]) -> None:
        for call in calls:
            call()

    @batch.step(after="nightly")
    def work(*calls: Callable[[], object]) -> None:
        for call in calls:
            call()

    return SimpleNamespace(build=build, send=send, request=request, ping=ping, nightly=nightly, work=work)


def in_thread(call: Callable[[], object]) -> None:
    """Call in a plain thread."""
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def from_queue(call: Callable[[], object]) -> None:
    """Let a thread take the call from a queue."""
    waiting: queue.Queue[Callable[[], object]] = queue.Queue()

    def work() -> None:
        waiting.get()()

    thread = threading.Thread(target=work)
    thread.start()
    waiting.put(call)
    thread.join()


async def in_task(call: Callable[[], object]) -> None:
    """Call in a task of its own."""

    async def run() -> None:
        call()

    await asyncio.create_task(run())


def alone_in(begin: Callable[[], object]) -> Callable[[], object]:
    """Call with a context in which nothing has begun."""
    return lambda: contextvars.Context().run(begin)


FOREIGN: dict[str, Callable[[SimpleNamespace], object]] = {
    "an entrypoint of another flow": lambda app: app.nightly(app.build),
    "a step of another flow": lambda app: app.nightly(lambda: app.work(app.build)),
    "a step of another flow, alone": lambda app: app.work(app.build),
    "a thread that is carried": lambda app: app.nightly(lambda: in_thread(carry(app.build))),
    "a plain thread": lambda app: app.nightly(lambda: in_thread(app.build)),
    "a plain thread outside of any run": lambda app: in_thread(app.build),
    "a queue": lambda app: app.nightly(lambda: from_queue(app.build)),
    "a task": lambda app: asyncio.run(in_task(lambda: app.nightly(app.build))),
    "a run without a flow": lambda app: _in(flow_context(), app.build),
    "a run of its flow": lambda app: _in(flow_context(flow="web"), app.build),
    "a run that another flow joined": lambda app: _in(flow_context(), lambda: app.nightly(app.build)),
    "a context of its own": lambda app: app.nightly(alone_in(app.build)),
    "alone": lambda app: app.build(),
}


def _in(context: flow_context, call: Callable[[], object]) -> None:
    with context:
        call()


@pytest.mark.parametrize("way", FOREIGN)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_what_other_runs_show_stands(way: str, first: bool, app: SimpleNamespace, observer: EvidenceObserver) -> None:
    """Where a step runs elsewhere, too, an arrow that nobody declared is still one."""
    if first:
        FOREIGN[way](app)
    app.request()
    for _ in range(3):
        app.ping()
    if not first:
        FOREIGN[way](app)
    assert {"request>build": "confirmed", "build>send": "confirmed", **UNDECLARED} == states("web", observer.evidence())


def test_steps_that_two_flows_share() -> None:
    """Each flow has its own predecessor of a shared step, and is judged by its own runs."""
    sync, late = flow("sync"), flow("late")

    @late.step(after="start_late")
    @sync.step(after="start")
    def build() -> None: ...

    @late.step(after="build")
    @sync.step(after="build")
    def send() -> None: ...

    @sync.entrypoint
    def start(*, skip: bool = False) -> None:
        if not skip:
            build()
        send()

    @late.entrypoint
    def start_late() -> None:
        build()
        send()

    with observing(EvidenceObserver()) as observer:
        assert isinstance(observer, EvidenceObserver)
        start_late()
        start()
        start(skip=True)
        evidence = observer.evidence()
    assert {"start>send": "undeclared"} == failures("sync", evidence)
    assert {"start_late>build": "confirmed", "build>send": "confirmed"} == states("late", evidence)


@pytest.mark.parametrize("way", ["an entrypoint of another flow", "a step of another flow"])
def test_a_run_of_another_flow_confirms_nothing(way: str, app: SimpleNamespace, observer: EvidenceObserver) -> None:
    """What only it shows is not exercised."""
    app.nightly(app.build, app.send)
    FOREIGN[way](app)
    assert {"request>build": "unexercised", "build>send": "unexercised"} == states("web", observer.evidence())
    assert {"nightly": "confirmed"}.keys() == {
        arrow.partition(">")[0] for arrow in states("batch", observer.evidence())
    }


def test_a_lost_context_abstains_only_where_it_was_lost(app: SimpleNamespace, observer: EvidenceObserver) -> None:
    """A run in which a predecessor was lost is excused, and no other one."""
    other = flow("web").entrypoint(name="other")(lambda *calls: [call() for call in calls])
    other(lambda: in_thread(app.build), app.send)
    assert {"request>build": "context-lost", "build>send": "context-lost"} == states("web", observer.evidence())
    app.ping()
    assert UNDECLARED == failures("web", observer.evidence())
    app.request()
    assert UNDECLARED == failures("web", observer.evidence())


def test_what_lost_its_context_may_come_after_what_ran_then(app: SimpleNamespace, observer: EvidenceObserver) -> None:
    """Where a step was lost while the one before it was running, other runs do not refute the arrow."""
    flow("web").entrypoint(name="other")(lambda *calls: [call() for call in calls])(
        app.build, lambda: in_thread(app.send)
    )
    flow("web").step(after="build", name="log")(app.ping)
    assert "context-lost" == states("web", observer.evidence())["build>send"]


PROGRAM = """
import subprocess, sys
from penstock import flow

web, batch = flow("web"), flow("batch")

def elsewhere(call):
    subprocess.run([sys.executable, "-c", f"import program; program.{call}()"], check=True)

@web.entrypoint
def request():
    build()
    send()

@web.entrypoint
def ping():
    send()

@web.entrypoint
def remote():
    elsewhere("build")
    send()

@batch.entrypoint
def nightly():
    build()

@web.step(after="request")
def build(): ...

@web.step(after="build")
def send(): ...
"""


@pytest.mark.parametrize("call", ["nightly", "build"])
def test_another_process(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it loses may belong to the runs that are going on meanwhile, and to no others."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PENSTOCK_EVIDENCE", str(tmp_path))
    program = importlib.import_module("program")
    observer = Recorder()
    observer.follow(str(tmp_path), times=False)
    with observing(observer):
        program.request()
        program.ping()
        program.elsewhere(call)
        program.remote()
        program.ping()
    observer.write()
    sys.modules.pop("program")
    parts = [load(path) for path in tmp_path.glob("*.json")]
    assert 3 == len(parts)
    assert UNDECLARED == failures("web", *parts)
    assert {"request>build": "confirmed", "build>send": "confirmed"}.items() <= states("web", *parts).items()


def test_evidence_of_an_older_format(app: SimpleNamespace, observer: EvidenceObserver) -> None:
    """It does not tell of which run a context was lost, so none is judged, as before."""
    app.ping()
    in_thread(app.build)
    text = dumps(observer.evidence())
    assert UNDECLARED == failures("web", loads(text))
    content = {
        key: value
        for key, value in json.loads(text).items()
        if key not in ("exact", "circumstances", "meanwhile", "checksum")
    }
    older = loads(json.dumps({**content, "version": "1.2"}))
    assert {} == failures("web", older)
    assert {} == failures("web", older, observer.evidence())
