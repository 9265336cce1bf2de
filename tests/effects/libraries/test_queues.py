"""What clients of queues and Redis send, and what starts work there: with real brokers, or those of the libraries."""

from __future__ import annotations

import asyncio

import pytest

from effect_probe import probe_effects
from penstock.effects.libraries.kafka import BUILTINS


def ship(order=0):
    """Return the order."""
    return order


def test_celery():
    """A task that is sent is told by its name, and so is one that runs."""
    celery = pytest.importorskip("celery")
    app = celery.Celery("shop", broker="memory://", set_as_current=False)
    task = app.task(ship, name="shop.ship")
    with probe_effects() as probe:
        app.send_task("mail.thank", [17])
        task.apply_async([17])
        assert [] == probe.triggers
        task.apply([17])
    assert (["celery:mail.thank", "celery:shop.ship"], ["celery:shop.ship"]) == (probe.writes, probe.triggers)


def test_redis(redis_url):
    """A command tells its keys, without identifiers; connections, transactions and scripts' texts are left out."""
    redis = pytest.importorskip("redis")
    with probe_effects() as probe, redis.Redis.from_url(redis_url) as client:
        client.set("cart:17", "secret")
        client.mset({"price:1": 1, "stock:1": 2})
        client.eval("return redis.call('SET', KEYS[1], ARGV[1])", 1, "lock:17", "secret")
        client.publish("news", "secret")
        client.xadd("events", {"secret": 1})
        with client.pipeline() as pipeline:
            pipeline.lpush("jobs", "secret").execute()
        client.xread({"events": 0}, block=1)
        client.get("cart:17")
        client.mget("a:1", "b:2")
        client.brpop("jobs", timeout=1)
        client.ping()
        client.set("rq:job:17", 1)
    writes = [
        "redis:cart:*",
        "redis:events",
        "redis:jobs",
        "redis:lock:*",
        "redis:news",
        "redis:price:*",
        "redis:stock:*",
    ]
    assert writes == probe.writes
    assert ["redis:a:*", "redis:b:*", "redis:cart:*", "redis:events", "redis:jobs"] == probe.reads


def test_redis_of_tasks(redis_url):
    """The asynchronous client tells the same."""
    redis = pytest.importorskip("redis.asyncio")

    async def main():
        async with redis.Redis.from_url(redis_url) as client:
            await client.set("cart:17", "secret")
            async with client.pipeline() as pipeline:
                await pipeline.lpush("jobs", "secret").execute()
            await client.get("cart:17")

    with probe_effects() as probe:
        asyncio.run(main())
    assert (["redis:cart:*", "redis:jobs"], ["redis:cart:*"]) == (probe.writes, probe.reads)


def test_rq(redis_url):
    """A job of RQ is told when it is sent and when it runs, and the keys that RQ keeps in Redis are not."""
    rq = pytest.importorskip("rq")
    redis = pytest.importorskip("redis")
    with redis.Redis.from_url(redis_url) as client:
        queue = rq.Queue(connection=client, is_async=False)
        with probe_effects() as probe:
            queue.enqueue("builtins.print", "")
    assert (["rq:builtins.print"], ["rq:builtins.print"]) == (probe.writes, probe.triggers)


def test_dramatiq():
    """A message to an actor is told, and the actor that runs."""
    dramatiq = pytest.importorskip("dramatiq")
    from dramatiq.brokers.stub import StubBroker

    broker = StubBroker()
    actor = dramatiq.actor(ship, broker=broker, actor_name="ship")
    with probe_effects() as probe:
        actor.send(17)
        assert [] == probe.triggers
        actor(17)
    broker.close()
    assert (["dramatiq:ship"], ["dramatiq:ship"]) == (probe.writes, probe.triggers)


def test_taskiq():
    """A task of TaskIQ is told when it is sent and when it runs."""
    taskiq = pytest.importorskip("taskiq")
    broker = taskiq.InMemoryBroker()
    task = broker.register_task(ship, task_name="shop:ship")

    async def main():
        await task.kiq(17)
        await broker.wait_all()
        await broker.shutdown()

    with probe_effects() as probe:
        asyncio.run(main())
    assert (["taskiq:shop:ship"], ["taskiq:shop:ship"]) == (probe.writes, probe.triggers)


def test_huey():
    """A task of Huey is told when it is sent and when it runs."""
    huey = pytest.importorskip("huey")
    queue = huey.MemoryHuey()
    task = queue.task(name="ship")(ship)
    with probe_effects() as probe:
        task(17)
        assert [] == probe.triggers
        queue.execute(queue.dequeue())
    assert (["huey:ship"], ["huey:ship"]) == (probe.writes, probe.triggers)


def test_procrastinate():
    """A job of Procrastinate is told when it is sent."""
    procrastinate = pytest.importorskip("procrastinate")
    from procrastinate.testing import InMemoryConnector

    app = procrastinate.App(connector=InMemoryConnector())
    task = app.task(ship, name="shop.ship")

    async def main():
        await task.defer_async(order=17)

    with app.open(), probe_effects() as probe:
        task.defer(order=17)
        asyncio.run(main())
    assert ["procrastinate:shop.ship"] == probe.writes


def test_pika():
    """A message is told by its exchange, or by its queue where the exchange has no name."""
    blocking = pytest.importorskip("pika.adapters.blocking_connection")

    class Channel(blocking.BlockingChannel):
        """A channel without its connection: there is no broker to be had here."""

        def __init__(self):
            """Connect to nothing."""

        def __del__(self):
            """Close nothing."""

    with probe_effects() as probe:
        for exchange in ("events", ""):
            with pytest.raises(AttributeError):
                Channel().basic_publish(exchange, "orders", b"secret")
    assert ["rabbitmq:events", "rabbitmq:orders"] == probe.writes


def test_confluent_kafka():
    """A producer tells its topic; a consumer with one topic tells it, and starts work with it."""
    kafka = pytest.importorskip("confluent_kafka")
    produce, poll, _consume = BUILTINS
    producer = kafka.Producer({"test.mock.num.brokers": 1, "log_level": 3})
    broker = next(iter(producer.list_topics().brokers.values()))
    consumer = kafka.Consumer({"bootstrap.servers": f"{broker.host}:{broker.port}", "group.id": "g", "log_level": 3})
    consumer.assign([kafka.TopicPartition("orders", 0)])
    expected = [("reads", "kafka:orders"), ("kafka:orders",)]
    assert expected == [tuple(note) for note in poll.read({"self": consumer})]
    consumer.close()
    assert [("writes", "kafka:orders")] == [tuple(note) for note in produce.read({"topic": "orders"})]


def test_aiokafka():
    """Aiokafka tells the topics that are sent, and those of the messages that come."""
    aiokafka = pytest.importorskip("aiokafka")
    kafka = pytest.importorskip("confluent_kafka")
    broker = kafka.Producer({"test.mock.num.brokers": 1, "log_level": 3})
    servers = next(iter(broker.list_topics().brokers.values()))

    async def main():
        address = f"{servers.host}:{servers.port}"
        async with aiokafka.AIOKafkaProducer(bootstrap_servers=address) as producer:
            await producer.send_and_wait("orders", b"secret")
        options = {"bootstrap_servers": address, "auto_offset_reset": "earliest"}
        async with aiokafka.AIOKafkaConsumer("orders", **options) as consumer:
            assert b"secret" == (await consumer.getone()).value

    with probe_effects() as probe:
        asyncio.run(main())
    assert (["kafka:orders"], ["kafka:orders"], ["kafka:orders"]) == (probe.writes, probe.reads, probe.triggers)
