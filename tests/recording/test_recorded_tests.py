"""Which test a step ran in: across fixtures, threads, processes and messages. One recording serves all tests here."""

from __future__ import annotations

import pytest

from recorded_runs import SHOP, evidence, run, visits

TESTS = """
import os, queue, subprocess, sys, threading
from concurrent.futures import ThreadPoolExecutor
import pytest, shop
from penstock import extract, flow_context, inject

POOL = ThreadPoolExecutor(1)
START, LATE, MESSAGES = threading.Event(), [], []

def serve(jobs):
    for job, done in iter(jobs.get, None):
        job()
        done.set()

def ask(jobs, job):
    done = threading.Event()
    jobs.put((job, done))
    done.wait()

@pytest.fixture(scope="module")
def server():
    jobs = queue.Queue()
    thread = threading.Thread(target=serve, args=(jobs,))
    thread.start()
    yield jobs
    jobs.put(None)
    thread.join()

CODE = "import shop, sys\\nfor line in sys.stdin: shop.handle(); print('done', flush=True)"

def start_process():
    return subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

def use(process):
    process.stdin.write("now\\n")
    process.stdin.flush()
    process.stdout.readline()

@pytest.fixture(scope="module")
def worker():
    with start_process() as process:
        yield process

def test_plain(): shop.handle()

@pytest.mark.parametrize("call", [shop.charge, None], ids=["a b", "c"])
def test_variants(call): shop.handle(call)

def test_alone(): shop.charge()

def test_nothing(): pass

def test_failing():
    shop.handle()
    assert 0

class TestClass:
    @pytest.fixture(scope="class", autouse=True)
    def prepared(self): shop.handle()

    def test_first(self): pass

    def test_second(self): pass

@pytest.fixture
def torn():
    yield
    shop.handle()

def test_teardown(torn): pass

def test_mocked(monkeypatch):
    monkeypatch.setattr(shop, "validate", lambda: None)
    shop.handle()

def test_by_hand():
    before, shop.validate = shop.validate, lambda: None
    shop.handle()
    shop.validate = before

def test_thread():
    thread = threading.Thread(target=shop.handle)
    thread.start()
    thread.join()

def test_server_first(server): ask(server, shop.validate)

def test_server_again(server): ask(server, shop.handle)

def test_pool_first(): POOL.submit(shop.validate).result()

def test_pool_again(): POOL.submit(shop.handle).result()

def go_on():
    def late():
        START.wait()
        return shop.charge()
    shop.handle(late)
    shop.handle()

def test_leftover():
    LATE.append(threading.Thread(target=go_on))
    LATE[0].start()

def test_after_leftover():
    START.set()
    LATE[0].join()

def test_process():
    with start_process() as process:
        use(process)

def test_worker_first(worker): use(worker)

def test_worker_again(worker): use(worker)

def test_lazy_process():
    LATE.append(start_process())
    use(LATE[-1])

def test_after_lazy_process():
    use(LATE[-1])
    LATE[-1].communicate()

@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork():
    child = os.fork()
    if not child:
        shop.handle()
        shop.quit()
    os.waitpid(child, 0)

def test_sender(): shop.handle(lambda: MESSAGES.append(inject({})))

def test_receiver():
    with flow_context(extract(MESSAGES[0])):
        shop.charge()
"""

ALL = {"handle", "validate", "charge"}


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The steps that each test ran, once for all tests."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        patch.chdir(folder)
        quit_code = "\n\ndef quit():\n    import atexit, os\n    atexit._run_exitfuncs()\n    os._exit(0)\n"
        (folder / "shop.py").write_text(SHOP + quit_code)
        (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\n')
        run(folder, TESTS, "--penstock", code=1)
    return visits(evidence(folder))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("test_plain", ALL),
        ("test_variants[a b]", ALL),
        ("test_variants[c]", ALL),
        ("test_alone", {"charge"}),
        ("test_nothing", set()),
        ("test_failing", ALL),
        ("TestClass::test_first", ALL),
        ("TestClass::test_second", set()),
        ("test_teardown", ALL),
        ("test_mocked", {"handle without validate", "charge without validate"}),
        ("test_by_hand", {"handle without validate", "charge without validate"}),
        ("test_thread", ALL),
        ("test_server_first", {"validate"}),
        ("test_server_again", ALL),
        ("test_pool_first", {"validate"}),
        ("test_pool_again", ALL),
        ("test_leftover", ALL),
        ("test_after_leftover", set()),
        ("test_process", ALL),
        ("test_worker_first", ALL),
        ("test_worker_again", ALL),
        ("test_lazy_process", ALL),
        ("test_after_lazy_process", set()),
        ("test_fork", ALL),
        ("test_sender", {"handle", "validate", "charge"}),
        ("test_receiver", set()),
    ],
)
def test_each_step_belongs_to_the_test_that_caused_it(
    test: str, expected: set[str], steps: dict[str, set[str]]
) -> None:
    """A run belongs to the test in which it began, or to none where that is not certain."""
    assert expected == steps.get(f"test_it.py::{test}", set())
