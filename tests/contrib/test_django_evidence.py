"""``manage.py test --penstock``: what the tests of a Django project run becomes evidence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("django")

from penstock.check.evidence import load

FILES = {
    "pyproject.toml": '[tool.penstock]\nmodules = ["urls"]\n',
    "settings.py": """
SECRET_KEY = "test"
ROOT_URLCONF = "urls"
MIDDLEWARE = ["penstock.contrib.django.FlowMiddleware"]
TEST_RUNNER = "penstock.contrib.django_test.FlowTestRunner"
""",
    "manage.py": """
import multiprocessing, os, sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    multiprocessing.set_start_method(os.environ["START"])
    execute_from_command_line(sys.argv)
""",
    "urls.py": """
from django.http import HttpResponse
from django.urls import path
from penstock import flow

orders = flow("orders")

@orders.entrypoint
def receive(request):
    check()
    return HttpResponse()

@orders.step(after="receive")
def check(): ...

@orders.step(after="check")
def store(): ...

@orders.entrypoint
def receive_all(request):
    receive(request)
    check()
    store()
    return HttpResponse()

urlpatterns = [path("orders", receive), path("all", receive_all)]
""",
    "tests.py": """
from django.test import SimpleTestCase
from urls import check

class Whole(SimpleTestCase):
    def test_order(self):
        self.assertEqual(200, self.client.post("/orders").status_code)

class Alone(SimpleTestCase):
    def test_step(self):
        check()
""",
}


@pytest.fixture
def folder(tmp_path):
    """A Django project."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def manage(folder, *options, start="fork", code=0):
    """Run the project's tests; return what was printed, on both streams."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "START": start}
    command = [sys.executable, "manage.py", "test", *options]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert code == done.returncode, done.stderr
    return done.stdout, done.stderr


def seen(file):
    """Return how often each step ran, as runs, in another step, and alone; those that have lost their context, last."""
    found = load(file)
    return (
        {step.step: count for (_, step), count in found.runs.items()},
        {(fact.parent.step, fact.step.step): count for fact, count in found.facts.items()},
        {orphan.step.step: count for orphan, count in found.orphans.items() if not orphan.concurrent},
        {orphan.step.step: count for orphan, count in found.orphans.items() if orphan.concurrent},
    )


WHOLE = ({"receive": 1}, {("receive", "check"): 1}, {"check": 1}, {})


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("options", [(), ("--parallel", "2")], ids=["alone", "parallel"])
def test_the_tests_of_a_project_are_recorded(folder, options, start):
    """One file has what was run in all processes of the tests, and a step that a test calls alone has lost nothing."""
    said, _ = manage(folder, "--penstock", *options, start=start)

    assert said.endswith("1 run, 2 steps of 1 flow recorded in .penstock/evidence.json. Now: penstock check\n")
    assert WHOLE == seen(folder / ".penstock" / "evidence.json")


def test_nothing_is_recorded_unasked(folder):
    """Without the option, the runner is Django's own."""
    manage(folder)

    assert not (folder / ".penstock").exists()


def test_the_file_can_be_chosen(folder):
    """The option with the file is enough to record, and another one adds durations."""
    manage(folder, "--penstock-evidence", "parts/unit.json", "--penstock-times")

    assert WHOLE == seen(folder / "parts" / "unit.json")
    timings = load(folder / "parts" / "unit.json").measurements["tests"].values()
    assert [1, 1, 1] == [timing.durations.count for timing in timings]


def test_evidence_stays_where_no_test_runs(folder):
    """A call that finds no test leaves alone what was recorded before."""
    manage(folder, "--penstock")
    (folder / "tests.py").write_text("")
    manage(folder, "--penstock", code=5 if sys.version_info >= (3, 12) else 0)

    assert WHOLE == seen(folder / ".penstock" / "evidence.json")


NO_STEP = """
from unittest import skip
from django.test import SimpleTestCase

class Tests(SimpleTestCase):
    def test_nothing(self): ...
    @skip("not now")
    def test_skipped(self): ...
    def test_failing(self):
        with self.subTest(1):
            FAIL("so")
"""


@pytest.mark.parametrize("options", [(), ("--parallel", "2"), ("--failfast",)])
def test_evidence_stays_where_no_step_runs(folder, options):
    """Tests in which no step runs do not replace what was recorded before, and the summary says so."""
    manage(folder, "--penstock")
    (folder / "tests.py").write_text(NO_STEP.replace("FAIL", "self.fail"))
    said, _ = manage(folder, "--penstock", *options, code=1)

    assert "no step of a flow ran, so .penstock/evidence.json stays as it was, with 1 run" in said
    assert WHOLE == seen(folder / ".penstock" / "evidence.json")


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [((), 1, (3, 2)), (("--parallel", "2"), 0, (3, 2)), (("tests.Alone", "tests.Whole"), 0, (2, 10**6))],
    ids=["all", "parallel", "some"],
)
def test_the_tests_of_a_file_are_counted(folder, options, code, expected):
    """The evidence knows how many tests of each file passed, and how many were left out."""
    fail = "self.fail" if code else "self.skipTest"  # no traceback can be sent from a process
    (folder / "tests.py").write_text(FILES["tests.py"] + NO_STEP.replace("FAIL", fail))
    manage(folder, "--penstock", *options, code=code)

    assert {"tests.py": expected} == load(folder / ".penstock" / "evidence.json").history.tests


def test_lost_evidence_fails(folder):
    """Where the evidence cannot be written, the tests have failed, and it is said why."""
    (folder / ".penstock").write_text("no folder")

    said, _ = manage(folder, "--penstock", code=1)

    assert "the evidence is lost: " in said


def test_a_wrong_setting_is_named(folder):
    """A setting that is none is told in one line, and no test runs."""
    (folder / "pyproject.toml").write_text("[tool.penstock]\nmoduls = []\n")
    [line] = manage(folder, "--penstock", code=1)[1].splitlines()

    assert "there is no setting 'moduls'. Did you mean 'modules'?" in line


REPLACED = {
    "decorator": """
from unittest import mock
from django.test import SimpleTestCase

class Tests(SimpleTestCase):
    @mock.patch("urls.receive")
    @mock.patch("urls.check")
    def test_order(self, check, receive):
        self.client.post("/all")
        check.assert_called()

class Others(SimpleTestCase):
    def test_nothing(self): ...
""",
    "by hand": """
import urls
from django.test import SimpleTestCase

class Tests(SimpleTestCase):
    def test_order(self):
        kept = urls.receive, urls.check
        urls.receive = urls.check = lambda *_: None
        self.addCleanup(lambda: (setattr(urls, "receive", kept[0]), setattr(urls, "check", kept[1])))
        self.client.post("/all")
""",
}


@pytest.mark.parametrize(
    ("how", "start", "options"),
    [("decorator", "fork", ()), ("decorator", "spawn", ("--parallel", "2")), ("by hand", "fork", ())],
)
def test_steps_that_tests_replace(folder, how, start, options):
    """What runs without them is not taken for what the application does, in this process and in others."""
    (folder / "tests.py").write_text(REPLACED[how])
    manage(folder, "--penstock", *options, start=start)

    found = load(folder / ".penstock" / "evidence.json")
    assert {("receive_all", "store")} == {(fact.parent.step, fact.step.step) for fact in found.facts}
    assert {frozenset({"receive", "check"})} == {*found.replaced.values()}
