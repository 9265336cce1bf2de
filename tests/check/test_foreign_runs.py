"""A run of another flow is no company: what a step does there neither confirms nor accuses, nor excuses anything."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from typing import TYPE_CHECKING

import pytest
from verdicts import states

from penstock import carry, flow, flow_context, observing
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import SimpleNamespace

UNDECLARED = {"ping>send": "undeclared"}


@pytest.fixture
def recorded() -> Iterator[EvidenceObserver]:
    """A recorder that observes."""
    with observing(EvidenceObserver()) as observer:
        assert isinstance(observer, EvidenceObserver)
        yield observer


@pytest.fixture
def app() -> SimpleNamespace:
    """Two flows: one of them has an arrow that nobody declared, from ping to send."""
    from types import SimpleNamespace

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
    thread = threading.Thread(target=waiting.get())
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
    "a run without a flow": lambda app: flow_context().__class__ and _in(flow_context(), app.build),
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
def test_what_other_runs_show_stands(way: str, first: bool, app: SimpleNamespace, recorded: EvidenceObserver) -> None:
    """Where a step runs elsewhere, too, an arrow that nobody declared is still one."""
    if first:
        FOREIGN[way](app)
    app.request()
    for _ in range(3):
        app.ping()
    if not first:
        FOREIGN[way](app)
    assert {"request>build": "confirmed", "build>send": "confirmed", **UNDECLARED} == states("web", recorded.evidence())
