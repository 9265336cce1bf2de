"""The worker: Celery packs the parcels and announces them to the carrier."""

from __future__ import annotations

import logging
import os
from typing import Any

import httpx
from celery import Celery
from celery.signals import setup_logging

from online.log import log_to_stdout
from penstock import flow, step
from penstock.contrib.celery import flow_task
from penstock.contrib.httpx import flow_hook

log = logging.getLogger(__name__)

REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CARRIER = os.environ.get("CARRIER_URL", "http://127.0.0.1:8001")
PIECES_PER_PARCEL = 3

app = Celery("online", broker=REDIS, backend=REDIS)
app.set_default()  # so that the web service, too, sends its tasks to this broker


@setup_logging.connect
def log_as_worker(**_: Any) -> None:
    """Log like the other services, in place of what Celery would set up."""
    log_to_stdout("worker")


@flow("online_order")
@flow_task(after={"order_online": "task"})
def pack(number: str, pieces: int) -> int:
    """Pack the pieces of an order, at most three to a parcel.

    Parameters
    ----------
    number : str
        The order's number.
    pieces : int
        How many pieces there are.

    Returns
    -------
    int
        The number of parcels.
    """
    parcels = -(-pieces // PIECES_PER_PARCEL)
    log.info("order %s packed: %d parcels", number, parcels)
    announce(number, parcels)
    return parcels


@flow("online_order")
@step(after="pack", effects=["POST /parcels"])
def announce(number: str, parcels: int) -> None:
    """Tell the carrier over HTTP how many parcels there are to collect.

    Parameters
    ----------
    number : str
        The order's number.
    parcels : int
        How many parcels wait.
    """
    with httpx.Client(base_url=CARRIER, event_hooks={"request": [flow_hook]}) as client:
        client.post("/parcels", json={"number": number, "parcels": parcels}).raise_for_status()
    log.info("order %s announced", number)
