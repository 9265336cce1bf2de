"""The pages about other queues: RQ with a Redis and a worker, taskiq, Huey and Procrastinate."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from penstock import current_flow, current_flow_id, flow, flow_context
from penstock.contrib.arguments import ARGUMENT, receive_run, run_arguments

PAGE = Path(__file__).parents[2] / "docs/how-to/other-queues.md"
SEND = """
import jobs

flow_id, job = jobs.handle_request(17)
print(flow_id, job.id)
"""
RECEIVE = """
import sys
import jobs

print(jobs.FlowJob.fetch(sys.argv[1], connection=jobs.queue.connection).return_value())
"""


def test_a_job_of_rq_stays_in_its_run(redis_url, tmp_path):
    """A job that is sent in a run is worked off in the same run, by a worker in another process."""
    pytest.importorskip("rq")
    written = re.search(r"`jobs\.py`:\n\n```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert written
    (tmp_path / "jobs.py").write_text(written[1], "utf-8")
    environment = {**os.environ, "REDIS_URL": redis_url}

    def run(*command):
        options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
        return subprocess.run([sys.executable, *command], **options, check=True, timeout=600).stdout.split()

    flow_id, job_id = run("-c", SEND)
    run("-m", "rq.cli", "worker", "--url", redis_url, "--job-class", "jobs.FlowJob", "--burst")

    assert [flow_id] == run("-c", RECEIVE, job_id)


def told(number=0, *, color="red"):
    """Tell where it runs."""
    return current_flow_id(), number, color


async def told_later(number=0, *, color="red"):
    """Tell where it runs."""
    return told(number, color=color)


def finish(result):
    return asyncio.run(result) if inspect.iscoroutine(result) else result


@pytest.mark.parametrize("function", [told, told_later])
def test_the_run_is_an_argument(function):
    """A function is called in the run that its arguments tell of, and gets the others."""
    with flow_context("order-17"):
        sent = json.loads(json.dumps({"number": 17, **run_arguments()}))
    with flow_context("of the worker".replace(" ", "-")):
        assert ("order-17", 17, "red") == finish(receive_run(function)(**sent))
        assert "of-the-worker" == current_flow_id()
    assert current_flow_id() is None


@pytest.mark.parametrize("function", [told, told_later])
@pytest.mark.parametrize("argument", [{}, {ARGUMENT: 17}, {ARGUMENT: {"X-Correlation-ID": "a b"}}], ids=str)
def test_without_a_run_in_the_arguments(function, argument):
    """Without the argument, or where it tells nothing, a call is a run of its own, each time another one."""
    ids = [finish(receive_run(function)(17, **argument))[0] for _ in range(2)]
    assert (2, {32}) == (len({*ids}), {len(each) for each in ids})


def test_a_call_without_the_argument_joins_the_run():
    """A function that is called in a run, as a test does, is in it."""
    with flow_context("order-17"):
        assert "order-17" == receive_run(told)()[0]


def test_nothing_is_sent_outside_every_run():
    """Outside every run there is no argument to add."""
    assert {} == run_arguments()


@pytest.mark.parametrize("function", [told, told_later])
def test_functions_stay_what_they_are(function):
    """A function keeps its name, signature and kind; to decorate it again changes nothing."""
    received = receive_run(function)

    assert received is receive_run(received)
    assert inspect.signature(function) == inspect.signature(received)
    assert (function.__name__, inspect.iscoroutinefunction(function)) == (
        received.__name__,
        inspect.iscoroutinefunction(received),
    )


def test_the_flow_of_the_sender_is_told():
    """A function belongs to the flow of the run that sent it; without one, to the flow that it is a step of."""
    received = receive_run(flow("orders").entrypoint(lambda: current_flow().flow))
    with flow_context("order-17", flow="sales"):
        sent = run_arguments()
    with flow_context("order-18"):
        other = run_arguments()

    assert ["sales", "orders"] == [received(**sent), received(**other)]


@pytest.fixture
def page(monkeypatch):
    """Return a function that executes a section of the pages, and returns its names."""

    def of(title):
        text = PAGE.read_text("utf-8") + PAGE.with_name("dramatiq-and-taskiq.md").read_text("utf-8")
        section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        namespace = {"__name__": "page_of_queues"}
        monkeypatch.setitem(sys.modules, "page_of_queues", type(sys)("page_of_queues"))
        for block in re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
            exec(block, namespace)
        return namespace

    return of


def test_tasks_of_taskiq_stay_in_their_runs(page):
    """Tasks that are sent at the same time are each in the run of their sender; one from outside is a run of its own."""
    made = page("taskiq")

    async def send(flow_id):
        with flow_context(flow_id):
            return await made["invoice"].kiq(17)

    async def send_all():
        sent = [*await asyncio.gather(*map(send, ["order-1", "order-2"])), await made["invoice"].kiq(17)]
        return [(await each.wait_result()).return_value for each in sent]

    *ids, own = asyncio.run(send_all())
    assert (["order-1", "order-2"], 32) == (ids, len(own))
    assert {} == made["invoice"].labels


def test_a_task_of_huey_stays_in_its_run(page):
    """A task that is tried again, or called at once, is in the same run."""
    made = page("Huey")
    huey, seen = made["huey"], []

    @huey.task(retries=2, retry_delay=0)
    @receive_run
    def fail():
        seen.append(current_flow_id())
        raise ValueError("on purpose")

    with flow_context("order-17"):
        fail()
    while (task := huey.dequeue()) is not None:
        huey.execute(task)
    huey.immediate = True
    with flow_context("order-18"):
        assert "order-18" == made["weigh"](18).get()

    assert ["order-17"] * 3 == seen


def test_a_job_of_procrastinate_stays_in_its_run(page):
    """A job that is tried again is in the same run."""
    made = page("Procrastinate")
    jobs, seen = made["jobs"], []

    @jobs.task(name="fail", retry=2)
    @receive_run
    def fail():
        seen.append(current_flow_id())
        raise ValueError("on purpose")

    async def work():
        async with jobs.open_async():
            with flow_context("order-17"):
                await fail.defer_async(**run_arguments())
            await jobs.run_worker_async(wait=False)

    asyncio.run(work())
    assert ["order-17"] * 3 == seen
