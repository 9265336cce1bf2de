"""Celery tasks that are steps: ``flow_task``."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

celery = pytest.importorskip("celery")


from penstock import current_flow, entrypoint, flow, get_flow, step  # noqa: E402
from penstock.contrib.celery import flow_task, install  # noqa: E402
from penstock.errors import DeclarationError  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*superuser"),
]
app = celery.Celery("flow_tasks", broker="memory://", backend="cache+memory://", set_as_current=False)
install()


@pytest.fixture(autouse=True)
def _current_app(monkeypatch):
    """Let tasks look for themselves in an application that this file has made, whatever other tests have left."""
    monkeypatch.setattr(celery._state._tls, "current_app", app)


def test_flow_task_is_a_task_and_a_step():
    """A function becomes a real task, and an entrypoint or a step of the flow above it."""

    @flow("async_processing")
    @flow_task
    def receive(number):
        """Receive."""
        return current_flow().flow

    @flow("async_processing")
    @flow_task(after=receive, bind=True, max_retries=7, name="test.pack", effects=["postgres:parcels"])
    def pack(self, number):
        """Pack."""
        return self.request.id

    found = get_flow("async_processing")
    assert [("receive", True, "Receive."), ("pack", False, "Pack.")] == [
        (each.name, each.entrypoint, each.docstring) for each in found.steps
    ]
    assert ("receive", "pack") == (found.edges[0].source, found.edges[0].target)
    assert () == found.problems
    assert isinstance(pack, celery.Task)
    assert ("test.pack", 7) == (pack.name, pack.max_retries)
    assert "test.pack" == pack.s(1).task
    assert "async_processing" == receive.apply((1,)).get()
    assert pack.apply((1,)).get()
    assert pickle.loads(pickle.dumps(pack)).name == "test.pack"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"after_": "x"}, r"flow_task\(\) takes no after_=, and neither does Celery\. Did you mean 'after'\?"),
        ({"after": "x", "effect": "db"}, r"takes no effect=.* Did you mean 'effects'\?"),
        ({"trigerr": "y"}, r"takes no trigerr=.* Did you mean 'trigger'\?"),
        ({"inherits": False}, r"takes no inherits=.* Did you mean 'inherit'\?"),
        ({"step": "x"}, r"takes no step=.* Did you mean 'step_name'\?"),
        ({"after": "x", "trigger": "y"}, r"flow_task\(after=…\) makes a step; trigger= is for entrypoints"),
        ({"after": (), "inherit": False}, r"flow_task\(after=…\) makes a step; inherit= is for entrypoints"),
    ],
)
def test_misspelt_options_are_named(options, message):
    """An option that is none, and looks like one of ours, is an error where it stands; nothing is declared."""
    line = sys._getframe().f_lineno + 2
    with pytest.raises(DeclarationError, match=message) as caught:
        flow_task(**options)

    assert str(caught.value).startswith(f"{__file__}:{line}: ")


def test_options_of_celery_pass():
    """What looks like an option of ours, and is one of Celery's or of the task's base, is passed on."""

    class Base(celery.Task):
        effect = "none"

    @flow_task(base=Base, name="test.options", effect="some", shadow_name=None, unheard_of=17)
    def receive(): ...

    assert ("some", 17) == (receive.effect, receive.unheard_of)


@pytest.mark.parametrize(
    ("below", "message"),
    [
        ("receive", r"@flow_task\('receive'\) is not a function; did you mean @flow_task\(after='receive'\)\?"),
        (["receive"], "@flow_task cannot decorate an object of type list: it is not callable"),
    ],
)
def test_what_is_no_function_is_named(below, message):
    """What is given in place of a function is an error that says so, bare or below the called form."""
    with pytest.raises(DeclarationError, match=message):
        flow_task(below)
    with pytest.raises(DeclarationError, match=message):
        flow_task(after="x")(below)


TYPED = """
from typing import Any

from penstock import flow
from penstock.contrib.celery import flow_task

@flow("orders")
@flow_task
def receive(number: int) -> str: return ""

@flow("orders")
@flow_task(after=receive, queue="slow")
def pack(number: int) -> str: return ""

@flow("orders")
@flow_task(after="pack", bind=True)
def ship(self: Any, number: int) -> str: return ""

receive.delay(1)
pack.s(1)
"""

UNTYPED_CELERY = """
[mypy]
strict = true
[mypy-celery.*]
follow_imports = skip
"""


def test_types_do_not_need_those_of_celery(tmp_path):
    """Without types for Celery, strict mypy accepts all forms; tests/typing has what it knows with them."""
    api = pytest.importorskip("mypy.api")
    (tmp_path / "mypy.ini").write_text(UNTYPED_CELERY)
    (tmp_path / "tasks.py").write_text(TYPED)
    cache = ["--cache-dir", str(tmp_path / "cache")]
    said, _, code = api.run(["--config-file", str(tmp_path / "mypy.ini"), *cache, str(tmp_path / "tasks.py")])

    assert (0, "Success: no issues found in 1 source file\n") == (code, said)


def test_the_signature_of_a_bound_task_is_without_the_task():
    """What Celery gives a task with bind=True itself is not shown, however it is called and wherever it was declared."""

    @flow("bound")
    @flow_task(bind=True, name="test.bound_start")
    def start(task, number: int = 1) -> str:
        """Start."""

    @app.task(bind=True, name="test.bound_pack")
    @flow("bound")
    @step(after=start)
    def pack(self, number: int) -> str:
        """Pack."""

    @flow("bound")
    @flow_task(after=pack, name="test.unbound")
    def ship(task, number: int) -> str:
        """Ship."""

    found = get_flow("bound")
    assert ["(number: int = 1) -> str", "(number: int) -> str", "(task, number: int) -> str"] == [
        each.signature for each in found.steps
    ]
    assert (("start", "pack", "ship"), ()) == (tuple(each.name for each in found.steps), found.problems)


def test_a_task_that_nobody_has_used_yet_is_named_by_itself():
    """The function that `after=` names may be a task whose application makes its tasks later, as all do at import."""
    fresh = celery.Celery("fresh", set_as_current=False)

    @fresh.task(shared=False)  # others would get it, too
    @flow("fresh")
    @entrypoint
    def receive(): ...

    @flow("fresh")
    @step(after=receive)
    def pack(): ...

    assert not fresh.finalized
    found = get_flow("fresh")
    assert ([("receive", "pack")], ()) == ([(edge.source, edge.target) for edge in found.edges], found.problems)


LOGGING = """
import logging
from celery import Celery
from celery.utils.log import get_task_logger
from penstock import flow_context

app = Celery("shop", broker="memory://")
{page}
app.log.setup(loglevel="INFO")
with flow_context("order-17", flow="orders"):
    logging.getLogger("plain").info("packed")
    get_task_logger("task").info("sent")
logging.getLogger("plain").info("ready")
"""


def test_log_lines_of_a_worker_as_the_page_says():
    """What the page tells to put beside the application gives the worker's log lines the ID."""
    page = Path(__file__).parents[2] / "docs/how-to/celery.md"
    (found,) = re.findall(
        r"^```python\n(from celery.signals.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    code = LOGGING.replace("{page}", found)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    lines = [line.split(" ", 2)[2] for line in done.stderr.splitlines()]

    assert ["order-17 orders packed", "order-17 orders ???: sent", "- - ready"] == lines


DECLARING = """
from celery import Celery
from penstock import flow
from penstock.contrib.celery import flow_task

app = Celery("shop", broker="memory://")

@flow("shop")
@flow_task
def receive(): ...

@flow("shop")
@flow_task(after=receive)
def pack(): ...

asleep = app.finalized
pack.name
print(asleep, app.finalized)
"""


def test_declaring_leaves_the_application_asleep():
    """Declaring flow tasks reads no attribute of a task, for that would finalize the application."""
    done = subprocess.run([sys.executable, "-c", DECLARING], capture_output=True, text=True, check=True, timeout=600)

    assert "False True" == done.stdout.strip()
