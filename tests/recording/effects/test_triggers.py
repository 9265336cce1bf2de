"""What is seen to start runs while evidence is recorded."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from penstock import flow, observing
from penstock._recording.effects import effect_hooks
from penstock._recording.effects.run_triggers import clear_start
from penstock.observers.evidence import EvidenceObserver


@pytest.fixture
def recorded():
    """A recorder that observes, and is told of triggers."""
    with observing(EvidenceObserver()) as observer:
        effect_hooks.watch(observer)
        yield observer
        clear_start()
        effect_hooks.unwatch()


@pytest.fixture
def place():
    """An entrypoint."""
    orders = flow("orders")

    @orders.entrypoint
    def place():
        pay()

    @orders.step(after="place")
    def pay():
        """Pay."""

    return place


def list_triggers(observer):
    """Return what started runs, and how often."""
    return {row.trigger: count for row, count in observer.evidence().triggers.items()}


def test_flask(recorded, place):
    """A request to Flask starts the runs of its view; afterwards, nothing is known to have started a run."""
    flask = pytest.importorskip("flask")
    app = flask.Flask(__name__)
    app.add_url_rule("/orders/<int:order>", "place", lambda order: place() or str(order), methods=["POST"])
    app.test_client().post("/orders/17")
    place()
    assert {"POST /orders/<int:order>": 1} == list_triggers(recorded)


def test_fastapi(recorded, place):
    """A request to FastAPI starts the runs of its function, which may run in another thread."""
    fastapi = pytest.importorskip("fastapi")
    pytest.importorskip("httpx2")
    from fastapi.testclient import TestClient

    threads = set()

    def handle():
        threads.add(threading.current_thread())
        place()

    app = fastapi.FastAPI()
    app.post("/orders")(handle)
    TestClient(app).post("/orders")
    assert threading.current_thread() not in threads
    assert {"POST /orders": 1} == list_triggers(recorded)


def test_django(recorded, place):
    """A request to Django starts the runs of its view, synchronous or not."""
    django = pytest.importorskip("django")
    from django.conf import settings
    from django.http import HttpResponse
    from django.test import AsyncClient, Client, override_settings
    from django.urls import include, path

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="test")
        django.setup()
    views = [path("orders/<int:order>/", lambda _request, order: place() or HttpResponse(str(order)))]
    with override_settings(ROOT_URLCONF=(path("shop/", include(views)),), MIDDLEWARE=[]):
        Client().post("/shop/orders/17/")
        asyncio.run(AsyncClient().get("/shop/orders/17/"))
    place()
    assert {"POST /shop/orders/<int:order>/": 1, "GET /shop/orders/<int:order>/": 1} == list_triggers(recorded)


def test_celery(recorded, place):
    """A task of Celery starts the runs inside it."""
    celery = pytest.importorskip("celery")
    app = celery.Celery("shop", set_as_current=False)

    def handle():
        place()

    app.task(handle, name="shop.place").apply()
    place()
    assert {"celery:shop.place": 1} == list_triggers(recorded)


def test_kafka(recorded, place):
    """A message of Kafka starts the run that handles it, also where the consumer is written in C."""
    kafka = pytest.importorskip("confluent_kafka")
    producer = kafka.Producer({"test.mock.num.brokers": 1, "log_level": 3})
    producer.produce("orders", b"17", partition=0)
    producer.flush(60)
    broker = next(iter(producer.list_topics().brokers.values()))
    consumer = kafka.Consumer({"bootstrap.servers": f"{broker.host}:{broker.port}", "group.id": "g", "log_level": 3})
    consumer.assign([kafka.TopicPartition("orders", 0, 0)])
    assert b"17" == consumer.poll(60).value()
    place()
    consumer.close()
    assert {"kafka:orders": 1} == list_triggers(recorded)


def test_topic_of_compiled_producer(recorded):
    """A step that produces with confluent-kafka writes the topic, and the class is the original one afterwards."""
    kafka = pytest.importorskip("confluent_kafka")
    orders = flow("orders")
    producer = kafka.Producer({"test.mock.num.brokers": 1, "log_level": 3})

    @orders.entrypoint
    def announce():
        producer.produce("orders", value=b"17")

    announce()
    producer.flush(60)
    assert [("writes", "kafka:orders")] == [(row.verb, row.target) for row in recorded.evidence().touches]


def test_restored_class():
    """After the recording, confluent-kafka has its own classes again."""
    kafka = pytest.importorskip("confluent_kafka")
    original = kafka.Producer
    effect_hooks.watch(EvidenceObserver())
    assert original is not kafka.Producer
    assert issubclass(kafka.Producer, original)
    effect_hooks.unwatch()
    assert original is kafka.Producer is sys.modules["confluent_kafka.cimpl"].Producer


def test_entrypoint_inside_a_step(recorded, place):
    """An entrypoint that a step of another flow calls is started by that step, not by the request."""
    flask = pytest.importorskip("flask")
    app = flask.Flask(__name__)
    checkout = flow("checkout")

    @checkout.entrypoint
    def check_out():
        place()
        return ""

    app.add_url_rule("/checkout", "check_out", check_out)
    app.test_client().get("/checkout")
    assert {"checkout"} == {row.flow for row in recorded.evidence().triggers}


def test_signal(recorded, place):
    """A signal of Django's models starts the runs of its receivers."""
    django = pytest.importorskip("django")
    from django.conf import settings

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="test")
        django.setup()
    from django.db.models.signals import post_save

    def receive(**_named):
        place()

    post_save.send(sender=object)
    post_save.connect(receive)
    post_save.send(sender=object)
    post_save.disconnect(receive)
    assert {"signal:post_save": 1} == list_triggers(recorded)
