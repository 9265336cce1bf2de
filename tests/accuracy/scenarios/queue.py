"""Celery tasks that send each other, with a worker and a broker in memory."""

import time

from celery import Celery
from celery.contrib.testing.worker import start_worker

from penstock import flow
from penstock.contrib.celery import install

app = Celery(__name__, broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False, task_default_queue=__name__)
app.conf.broker_transport_options = {"polling_interval": 0.01}
install()

pictures = flow("pictures")


@pictures.entrypoint
def upload(picture):
    return shrink.delay(picture)


@app.task
@pictures.step(after="upload")
def shrink(picture):
    return index.apply_async(args=[picture])


@app.task
@pictures.step(after="shrink")
def index(picture):
    return _notify_all(picture)


def _notify_all(picture):
    tell.si(picture).delay()


@app.task
@pictures.step(after="index")
def tell(picture):
    DONE.append(picture)
    return picture


DONE = []


def run():
    DONE.clear()
    with start_worker(app, perform_ping_check=False, pool="solo", loglevel="ERROR"):
        upload(1)
        until = time.monotonic() + 1
        while not DONE and time.monotonic() < until:
            time.sleep(0.02)
