"""The second service: the carrier's, which trusts the IDs of the shop's own machines."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI
from pydantic import BaseModel

from online.log import logging_as
from penstock import flow
from penstock.contrib.asgi import FlowMiddleware

log = logging.getLogger(__name__)

collection = flow(
    "collection",
    title="Collection",
    description="What the carrier does with parcels that are announced.",
    tags=["parcels"],
)

app = FastAPI(title="The carrier", lifespan=logging_as("carrier"))
app.add_middleware(FlowMiddleware, trust=["127.0.0.0/8"])


class Announcement(BaseModel):
    """What the shop announces."""

    number: str
    parcels: int


@app.post("/parcels", status_code=HTTPStatus.NO_CONTENT)
@collection.entrypoint(trigger="POST /parcels")
async def take_note(announcement: Announcement) -> None:
    """Take note of parcels that wait in the shop.

    Parameters
    ----------
    announcement : Announcement
        Which order they belong to, and how many they are.
    """
    log.info("order %s: %d parcels are waiting", announcement.number, announcement.parcels)
    await plan_tour(announcement)


@collection.step(after=take_note)
async def plan_tour(announcement: Announcement) -> None:
    """Put the shop on tomorrow's tour.

    Parameters
    ----------
    announcement : Announcement
        What to collect there.
    """
    log.info("order %s: the shop is on tomorrow's tour", announcement.number)
