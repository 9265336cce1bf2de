"""What steps are seen to touch while evidence is recorded."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
import subprocess
import sys
import threading
from http.client import HTTPConnection
from unittest import mock

import pytest

from penstock import flow, observing
from penstock._recording import mock_hooks
from penstock._recording.effects import effect_hooks
from penstock.observers.evidence import EvidenceObserver


@pytest.fixture
def recorded():
    """A recorder that observes, and is told of touches."""
    with observing(EvidenceObserver()) as observer:
        effect_hooks.watch(observer)
        mock_hooks.watch()
        yield observer
        mock_hooks.unwatch()
        effect_hooks.unwatch()


@pytest.fixture
def database():
    """A database that was opened while touches were watched."""
    connection = sqlite3.connect(":memory:")
    connection.executescript("CREATE TABLE stock (part); CREATE TABLE shelf (part)")
    yield connection
    connection.close()


def list_touches(observer):
    """Return the steps with what they touched, sorted."""
    return sorted((touch.step.step, touch.verb, touch.target) for touch in observer.evidence().touches)


def list_watched(observer):
    """Return the watched steps, each with the kinds of targets that could not be seen."""
    return {step.step: sorted(kinds) for (_, step), kinds in observer.evidence().watched.items()}


def test_innermost_step(recorded, database):
    """A touch belongs to the innermost step around it, and is counted."""
    orders = flow("orders")

    @orders.entrypoint
    def place():
        reserve()
        database.execute("SELECT * FROM shelf")

    @orders.step(after="place")
    def reserve():
        database.executemany("INSERT INTO stock VALUES (?)", [["bolt"]])

    place()
    place()
    database.execute("DELETE FROM shelf")
    assert [("place", "reads", "sqlite:shelf"), ("reserve", "writes", "sqlite:stock")] == list_touches(recorded)
    assert {2} == set(recorded.evidence().touches.values())
    assert {"place": [], "reserve": []} == list_watched(recorded)


def test_step_of_several_flows(recorded, database):
    """A step of several flows touches the same in each of them."""
    orders, returns = flow("orders"), flow("returns")

    @orders.entrypoint
    @returns.entrypoint
    def handle():
        database.execute("DELETE FROM stock")

    handle()
    assert {"orders", "returns"} == {touch.flow for touch in recorded.evidence().touches}


def test_files_and_processes(recorded, tmp_path):
    """Files and processes are told by audit events."""
    exports = flow("exports")

    @exports.entrypoint
    def export():
        (tmp_path / "stock.csv").touch()
        subprocess.run([sys.executable, "-c", ""], check=True)

    export()
    assert [("export", "writes", "files:*.csv"), ("export", "writes", "process:python")] == list_touches(recorded)


def test_thread(recorded):
    """In a thread, a touch belongs to the step whose context the thread has."""
    orders = flow("orders")
    carried = []

    @orders.entrypoint
    def place():
        import contextvars

        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(ask,))
        thread.start()
        thread.join()

    def ask():
        connection = HTTPConnection("127.0.0.1", 9)
        with pytest.raises(OSError, match="refused"):
            connection.request("GET", "/prices/17")
        carried.append(connection)

    place()
    assert carried
    assert [("place", "reads", "http://127.0.0.1/prices/*")] == list_touches(recorded)


def test_coroutine(recorded):
    """A function of a library stays a coroutine function, and passes its exceptions on."""
    httpx = pytest.importorskip("httpx")
    orders = flow("orders")

    @orders.entrypoint
    async def place():
        async with httpx.AsyncClient() as client:
            await client.post("http://127.0.0.1:9/orders/17")

    assert inspect.iscoroutinefunction(httpx.AsyncClient._send_single_request)
    with pytest.raises(httpx.ConnectError):
        asyncio.run(place())
    assert [("place", "writes", "http://127.0.0.1/orders/*")] == list_touches(recorded)


def test_restored_functions():
    """When the last recording ends, the functions of libraries are those of before."""
    original = HTTPConnection.putrequest
    observer = EvidenceObserver()
    effect_hooks.watch(observer)
    effect_hooks.watch(observer)
    effect_hooks.unwatch()
    assert original is inspect.unwrap(HTTPConnection.putrequest)
    assert original is not HTTPConnection.putrequest
    effect_hooks.unwatch()
    assert original is HTTPConnection.putrequest


def test_unwatched_observer(database):
    """An observer of one's own, outside of a recording of tests, watches no touches, and does not say that it did."""
    orders = flow("orders")

    @orders.entrypoint
    def place():
        database.execute("DELETE FROM stock")

    with observing(EvidenceObserver()) as observer:
        place()
    assert ([], {}) == (list_touches(observer), list_watched(observer))


def test_many_targets(recorded):
    """A step with very many targets has a star for the last part of further ones."""
    requests = pytest.importorskip("requests")
    imports = flow("imports")

    @imports.entrypoint
    def fetch():
        for number in range(500):
            word = "x" * (number % 25 + 1) + "y" * (number // 25 % 8)
            with pytest.raises(requests.ConnectionError):
                session.get(f"http://crm.example/{word}")

    class Adapter(requests.adapters.BaseAdapter):
        """Reaches nothing."""

        def send(self, *_arguments, **_options):
            raise requests.ConnectionError

    session = requests.Session()
    session.mount("http://", Adapter())
    fetch()
    targets = [target for _, _, target in list_touches(recorded)]
    assert (65, "http://crm.example/*") == (len(targets), targets[0])


@pytest.mark.parametrize(
    ("target", "kinds"),
    [
        ("http.client.HTTPConnection", ["host"]),
        ("sqlite3.connect", ["table"]),
        ("subprocess.run", ["process"]),
        ("effect_probe.probe_effects", ["*"]),
        ("time.sleep", []),
    ],
)
def test_replaced_client(recorded, target, kinds):
    """Where a test replaces a client, the evidence says what could not be seen."""
    orders = flow("orders")
    place = orders.entrypoint(name="pay")(lambda: None)
    with mock.patch(target):
        place()
    assert {"pay": kinds} == list_watched(recorded)


def test_client_in_place(recorded):
    """One call without replaced clients shows what the others could not."""
    orders = flow("orders")

    @orders.entrypoint
    def place():
        """Place an order."""

    with mock.patch("http.client.HTTPConnection"), mock.patch("sqlite3.connect"):
        place()
    with mock.patch("sqlite3.connect"):
        place()
    assert {"place": ["table"]} == list_watched(recorded)
    place()
    assert {"place": []} == list_watched(recorded)


def test_replaced_step(recorded):
    """A replaced step hides no touches but its own."""
    orders = flow("orders")

    class Shop:
        """A shop."""

        @orders.step(after="place")
        def reserve(self):
            """Reserve the parts."""

    @orders.entrypoint
    def place():
        Shop().reserve()

    with mock.patch.object(Shop, "reserve"):
        place()
    assert {"place": []} == list_watched(recorded)
