"""Celery tasks keep the types of their functions; mypy --strict reads this file, with the types of Celery's."""

# ruff: noqa: D103 - the types are what these functions say

from __future__ import annotations

from typing import Any, assert_type

from celery import Task
from celery.result import AsyncResult

from penstock import flow
from penstock.contrib.celery import flow_task


class OurTask(Task[Any, Any]):
    """A base of an application's tasks."""

    customer = ""


@flow("orders")
@flow_task
def receive(number: int, /, *, urgent: bool = False) -> str:
    return f"{number} {urgent}"


@flow("orders")
@flow_task(after=[receive, {"count": "if paid"}], queue="slow", name="shop.pack")
def pack(number: int) -> list[str]:
    return [str(number)]


@flow("orders")
@flow_task(after="pack", bind=True, max_retries=3)
def ship(self: Task[[int], bytes], number: int) -> bytes:
    return bytes(number)


@flow("orders")
@flow_task(trigger="cron", base=OurTask, bind=True)
def count(self: OurTask) -> None: ...


assert_type(receive(1, urgent=True), str)
assert_type(pack(1), list[str])
assert_type(pack.delay(number=1), AsyncResult[list[str]])
assert_type(ship.delay(1), AsyncResult[bytes])
assert_type(ship(1), bytes)
assert_type(count, OurTask)
pack("1")  # type: ignore[arg-type]
ship.delay("1")  # type: ignore[arg-type]
flow_task(after=3)  # type: ignore[call-overload]
