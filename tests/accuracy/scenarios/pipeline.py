"""Generators inside each other, and one that is asynchronous."""

import asyncio

from penstock import flow

etl = flow("etl")


@etl.entrypoint
def nightly(count):
    return load(transform(extract(count)))


@etl.entrypoint
async def hourly(count):
    return load([row async for row in poll(count)])


@etl.step(after="nightly")
def extract(count):
    yield from range(count)


@etl.step(after="hourly")
async def poll(count):
    for number in range(count):
        yield number


@etl.step(after="extract")
def transform(numbers):
    return (number + 1 for number in numbers)


@etl.step(after=["transform", "poll"])
def load(numbers):
    return sum(numbers)


def run():
    nightly(3)
    asyncio.run(hourly(2))
