"""The first service: FastAPI takes orders and leaves the rest to the worker."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI
from pydantic import BaseModel

from online.log import logging_as
from online.tasks import app as worker
from online.tasks import pack
from penstock import current_flow_id, flow
from penstock.contrib.asgi import FlowMiddleware

log = logging.getLogger(__name__)

online_order = flow(
    "online_order",
    title="Online order",
    description="From an order over HTTP, through the worker, to the carrier's service.",
)

app = FastAPI(title="The shop, online", lifespan=logging_as("web"))
app.add_middleware(FlowMiddleware)  # what strangers send as an ID is ignored


class OnlineOrder(BaseModel):
    """What a customer's browser sends."""

    number: str
    pieces: int


class Accepted(BaseModel):
    """What it gets back: where to ask for the order, and what to quote when something is wrong."""

    task: str
    flow_id: str | None


@app.post("/orders/online", status_code=HTTPStatus.ACCEPTED)
@online_order.entrypoint(trigger="POST /orders/online")
def order_online(order: OnlineOrder) -> Accepted:
    """Accept an order; a worker packs it later.

    Parameters
    ----------
    order : OnlineOrder
        The order's number, and how many pieces to pack.

    Returns
    -------
    Accepted
        The task to ask for, and the correlation ID.
    """
    log.info("order %s received", order.number)
    return Accepted(task=pack.delay(order.number, order.pieces).id, flow_id=current_flow_id())


@app.get("/tasks/{task}")
def state_of(task: str) -> str:
    """Return how far a task is, in Celery's words, such as ``SUCCESS``."""
    state: str = worker.AsyncResult(task).state
    return state
