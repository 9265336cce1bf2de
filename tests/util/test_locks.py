"""Forks in a program with threads: gunicorn's workers, Celery's pool and multiprocessing begin like this."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from penstock import add_observer, current_flow_id, entrypoint, flow, generate_dag, step
from penstock.check.evidence import load
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


class Tags(list[str]):
    """Tags that do something while the registry reads them, as those from a database do."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(["tag"])
        self._act = act

    def __iter__(self) -> Iterator[str]:
        self._act()
        return super().__iter__()


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    """An event for which the reader of the registry waits until the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def read_in_thread(read: Callable[[], object], go_on: threading.Event) -> threading.Thread:
    """Declare a flow, and let a thread hang in reading it."""
    reached = threading.Event()

    def wait() -> None:
        reached.set()
        go_on.wait(20)

    flow("slow", tags=Tags(wait)).entrypoint(name="slow")(current_flow_id)
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert reached.wait(20)
    return thread


def run_in_child(action: Callable[[], object]) -> int:
    """Return the exit code of a fork that does something; a negative number if it had to be killed."""
    child = os.fork()
    if not child:
        signal.alarm(10)
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def declare() -> None:
    """Declare one more flow."""

    @flow("late").entrypoint
    def late() -> None:
        pass

    late()


ACTIONS: dict[str, Callable[[], Any]] = {
    "declare": declare,
    "mark": lambda: step(declare),
    "run": entrypoint(current_flow_id),
    "draw": lambda: generate_dag("other"),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_a_child_needs_no_lock_of_a_thread_of_its_parent(name: str, go_on: threading.Event) -> None:
    """While a thread of the parent reads the registry, a child can declare, run and draw flows."""
    flow("other").entrypoint(name="start")(lambda: None)
    generate_dag("other")
    read_in_thread(lambda: generate_dag("slow"), go_on)
    assert run_in_child(ACTIONS[name]) == 0


def test_a_process_of_multiprocessing_needs_no_lock_of_its_parent(go_on: threading.Event) -> None:
    """Processes that multiprocessing forks can declare flows."""
    read_in_thread(lambda: generate_dag("slow"), go_on)
    process = multiprocessing.get_context("fork").Process(target=declare)
    process.start()
    process.join(10)
    code = process.exitcode
    process.kill()
    assert code == 0


def test_a_thread_that_forks_needs_no_lock_of_another(go_on: threading.Event) -> None:
    """A fork in a thread that is not the main one can declare flows."""
    read_in_thread(lambda: generate_dag("slow"), go_on)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(run_in_child(declare)))
    thread.start()
    thread.join(20)
    assert codes == [0]


def test_a_child_of_a_child_needs_no_lock(go_on: threading.Event) -> None:
    """A fork of a fork can declare flows."""
    read_in_thread(lambda: generate_dag("slow"), go_on)
    assert run_in_child(lambda: os._exit(run_in_child(declare))) == 0


def test_the_parent_goes_on_after_a_fork(go_on: threading.Event) -> None:
    """After a fork, the thread that was reading and the one that forked both take the lock again."""
    thread = read_in_thread(lambda: generate_dag("slow"), go_on)
    assert run_in_child(lambda: None) == 0
    go_on.set()
    thread.join(20)
    declare()
    assert generate_dag("late") == generate_dag("late")


def test_a_child_writes_evidence_while_its_parent_does(tmp_path: Path, go_on: threading.Event) -> None:
    """A child writes what it has seen, also where a thread of the parent was writing when it was forked."""
    observer = EvidenceObserver(tmp_path / "parent.json")
    add_observer(observer)
    flow("seen").entrypoint(name="start")(current_flow_id)()
    read_in_thread(observer.write, go_on)

    def write() -> None:
        go_on.set()
        observer.file = tmp_path / "child.json"
        observer.write()

    run_in_child(write)
    assert list(load(tmp_path / "child.json").runs.values()) == [1]


def test_a_fork_inside_a_lock_keeps_it() -> None:
    """Tags that fork while the registry reads them, as those from a command do, break neither process."""
    codes: list[int] = []

    def fork() -> None:
        if not codes:
            codes.append(run_in_child(declare))

    flow("forking", tags=Tags(fork)).entrypoint(name="forking")(current_flow_id)
    generate_dag("forking")
    assert codes == [0]
