"""Correlation IDs in the tasks of Django: django.tasks of Django 6, else the package django-tasks."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

django = pytest.importorskip("django")

from django.conf import settings  # noqa: E402

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="test")
    django.setup()

TASKS = "django.tasks" if importlib.util.find_spec("django.tasks") else "django_tasks"
tasks = pytest.importorskip(TASKS)
immediate = importlib.import_module(f"{TASKS}.backends.immediate")
dummy = importlib.import_module(f"{TASKS}.backends.dummy")

from django.test import override_settings  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from penstock import current_flow, current_flow_id, flow, flow_context, get_flow, observing  # noqa: E402
from penstock._recording.process_recorder import Recorder  # noqa: E402
from penstock._runtime.evidence_header import set_evidence_source  # noqa: E402
from penstock.check.evidence import load  # noqa: E402
from penstock.contrib.arguments import ARGUMENT  # noqa: E402
from penstock.contrib.django_tasks import FlowBackendMixin  # noqa: E402
from penstock.errors import DeclarationError  # noqa: E402

WAITING = []


class WaitingBackend(immediate.ImmediateBackend):
    """Keeps what it is given for a worker."""

    def _execute_task(self, task_result):
        WAITING.append((task_result.task.module_path, json.dumps([task_result.args, task_result.kwargs])))


class FlowWaitingBackend(FlowBackendMixin, WaitingBackend): ...


class FlowImmediateBackend(FlowBackendMixin, immediate.ImmediateBackend): ...


class FlowDummyBackend(FlowBackendMixin, dummy.DummyBackend): ...


def work(times=1):
    """Do in another thread what a worker does; return what the first task that waits returns, each time."""
    path, sent = WAITING.pop(0)
    args, kwargs = json.loads(sent)
    task = import_string(path)

    def call():
        assert current_flow_id() is None
        try:
            return task.call(*args, **kwargs)
        finally:
            assert current_flow_id() is None

    with ThreadPoolExecutor(1) as pool:
        return [pool.submit(call).result() for _ in range(times)]


@pytest.fixture
def declared(request, monkeypatch):
    """Return a function that makes tasks of module-level functions, for a backend of this module."""

    @contextmanager
    def of(backend, *functions, **options):
        with override_settings(TASKS={"default": {"BACKEND": f"{__name__}.{backend}"}}):
            made = [tasks.task(**options)(function) for function in functions]
            for task in made:
                monkeypatch.setitem(globals(), task.name, task)
            yield made[0] if len(made) == 1 else made

    WAITING.clear()
    return of


def tell(*args, **kwargs):
    return [current_flow_id(), [*args], kwargs]


async def tell_later(*args, **kwargs):
    await asyncio.sleep(0)
    return tell_now(*args, **kwargs)


tell_now = tell


def tell_context(context, *args):
    return [current_flow_id(), context.attempt, [*args]]


def fail():
    raise RuntimeError("on purpose")


def tell_flow():
    return current_flow().flow


@pytest.mark.parametrize("function", [tell, tell_later], ids=["function", "coroutine function"])
@pytest.mark.parametrize("backend", ["FlowImmediateBackend", "FlowWaitingBackend"])
@pytest.mark.parametrize("way", ["enqueue", "aenqueue", "using"])
def test_the_id_arrives(declared, function, backend, way):
    """However a task is enqueued, it is in the run of its sender, and gets the arguments that the sender gave."""
    with declared(backend, function) as task, flow_context("order-17"):
        if way == "aenqueue":
            result = asyncio.run(task.aenqueue(17, color="red"))
        else:
            result = (task.using(priority=5) if way == "using" else task).enqueue(17, color="red")
        done = work()[0] if WAITING else result.return_value

    assert ["order-17", [17], {"color": "red"}] == done
    assert ([17], {"color": "red"}) == (result.args, result.kwargs)


def test_a_task_that_is_tried_again(declared):
    """A task that a worker executes more than once is in the same run each time."""
    with declared("FlowWaitingBackend", tell) as task:
        with flow_context("order-17"):
            task.enqueue()
        assert ["order-17"] * 3 == [each[0] for each in work(3)]


def test_nothing_leaks_into_the_next_task(declared):
    """A task that was enqueued outside every run is a run of its own, also after another one that has failed."""
    with declared("FlowWaitingBackend", fail, tell) as (failing, telling):
        with flow_context("order-17"):
            failing.enqueue()
        telling.enqueue()
        telling.enqueue()
        with pytest.raises(RuntimeError, match="on purpose"):
            work()
        ids = {work()[0][0], work()[0][0]}

    assert (2, {32}) == (len(ids), {len(each) for each in ids})


def test_a_task_of_an_older_process(declared):
    """A worker also executes what a process without the mixin has enqueued, as a run of its own."""
    with declared("FlowWaitingBackend", tell) as task:
        WAITING.append((task.module_path, "[[17], {}]"))
        flow_id, *rest = work()[0]

    assert (32, [[17], {}]) == (len(flow_id), rest)


@pytest.mark.parametrize(
    "headers", [17, "order-17", None, ["order-17"], {"X-Correlation-ID": "a b"}, {"x": {}}], ids=repr
)
def test_hostile_arguments_are_dropped(declared, headers):
    """What is no run in the argument counts as missing."""
    with declared("FlowWaitingBackend", tell) as task:
        WAITING.append((task.module_path, json.dumps([[], {ARGUMENT: headers}])))
        flow_id, *rest = work()[0]

    assert (32, [[], {}]) == (len(flow_id), rest)


def test_a_backend_without_the_mixin(declared):
    """A task that goes to a backend which does not know the argument is not given it."""
    with declared("WaitingBackend", tell) as task, flow_context("order-17"):
        task.enqueue(17)
        assert [17] == work()[0][1]


def test_a_task_that_was_made_for_another_backend(declared):
    """A task that was made for a backend without the mixin goes to one with it as it is."""
    both = {name: {"BACKEND": f"{__name__}.{name}"} for name in ("WaitingBackend", "FlowWaitingBackend")}
    with override_settings(TASKS=both), flow_context("order-17"):
        tasks.task(backend="WaitingBackend")(tell).using(backend="FlowWaitingBackend").enqueue(17)

    assert [[[17], {}]] == [json.loads(sent) for _, sent in WAITING]


def test_the_context_is_the_first_argument(declared):
    """A task that takes the context gets it."""
    with declared("FlowImmediateBackend", tell_context, takes_context=True) as task, flow_context("order-17"):
        assert ["order-17", 1, [17]] == task.enqueue(17).return_value


def test_the_dummy_backend_keeps_what_it_was_given(declared):
    """A test that looks at what was enqueued sees the arguments of the application."""
    with declared("FlowDummyBackend", tell) as task, flow_context("order-17"):
        kept = task.enqueue(17, color="red")
        assert [{"color": "red"}] * 3 == [
            each.kwargs for each in (kept, task.get_backend().results[0], task.get_result(kept.id))
        ]


@pytest.mark.parametrize("backend", ["FlowImmediateBackend", "FlowWaitingBackend"])
def test_tasks_that_are_called(declared, backend):
    """A task that a test calls is in its run, or in one of its own."""
    with declared(backend, tell) as task:
        with flow_context("order-17"):
            assert "order-17" == task.call()[0] == task.func()[0]
        assert 32 == len(task.call()[0])
    assert current_flow_id() is None


def test_the_flow_of_the_sender_is_told(declared):
    """A task belongs to the flow of the run that enqueued it; without one, to the flow that it is a step of."""
    orders = flow("orders")
    with declared("FlowWaitingBackend", orders.entrypoint(tell_flow)) as task:
        with flow_context("order-17", flow="sales"):
            task.enqueue()
        with flow_context("order-18"):
            task.enqueue()
        assert ["sales", "orders"] == [work()[0], work()[0]]


def test_tasks_are_named_in_after(declared):
    """A task stands for its step where ``after=`` names it, and a flow may stand above the task."""
    with declared("FlowImmediateBackend", flow("orders").entrypoint(tell)) as task:
        flow("orders").step(after=task)(fail)
        found = get_flow("orders")

    assert ([("tell", "fail")], ()) == ([(edge.source, edge.target) for edge in found.edges], found.problems)


def test_the_wrong_order_is_an_error(declared):
    """A mark above a task is an error that says where, and what is right."""
    message = "cannot decorate an object of type Task: it is not callable. Put it right above the function, below @property, @task"
    with declared("FlowImmediateBackend", tell) as task:
        mark = flow("orders").step(after="x")
        line = sys._getframe().f_lineno + 2
        with pytest.raises(DeclarationError, match=message) as told:
            mark(task)

    assert str(told.value).startswith(f"{__file__}:{line}: ")


def test_messages_tell_of_the_steps_around(declared):
    """While evidence is recorded, a task that a worker executes ran inside the step that enqueued it."""
    orders = flow("orders")
    with declared("FlowWaitingBackend", orders.step(after="receive")(tell)) as task:
        recorder = Recorder()
        set_evidence_source(recorder.encode_step_context)
        try:
            with observing(recorder):
                orders.entrypoint(name="receive")(task.enqueue)(17)
                work()
        finally:
            set_evidence_source(None)

    assert [("receive", "tell")] == [(fact.parent.step, fact.step.step) for fact in recorder.evidence().facts]
    assert () == tuple(recorder.evidence().orphans)


TEST = """
import subprocess, sys
import django
django.setup()
from django.core.management import call_command
import orders

def test_orders():
    call_command("migrate", verbosity=0)
    orders.receive(17)
    subprocess.run([sys.executable, "manage.py", "db_worker", "--batch", "--no-startup-delay"], check=True)
"""


def test_a_worker_is_recorded(tmp_path):
    """What a worker does in another process becomes evidence of the test that has enqueued it."""
    pytest.importorskip("django_tasks_db")
    page = Path(__file__).parents[2] / "docs/how-to/django-tasks.md"
    for name, text in re.findall(
        r"`(\w+\.py)`:\n\n```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "test_orders.py").write_text(TEST, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--penstock",
        "--penstock-evidence",
        "evidence.json",
        "-p",
        "no:django",
    ]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert 0 == done.returncode, done.stdout
    evidence = load(tmp_path / "evidence.json")

    assert [("receive", "pack")] == [(fact.parent.step, fact.step.step) for fact in evidence.facts]
    assert () == tuple(evidence.orphans)
