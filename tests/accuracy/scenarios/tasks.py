"""Coroutines, records and as tasks, and a thread that asyncio starts."""

import asyncio

from penstock import flow

aio = flow("aio")


@aio.entrypoint
async def serve(number):
    loaded = await load(number)
    both = await asyncio.gather(left(loaded), asyncio.create_task(right(loaded)))
    return await join(both)


@aio.step(after="serve")
async def load(number):
    await asyncio.sleep(0)
    return number


@aio.step(after="load")
async def left(number):
    await asyncio.sleep(0.001)
    return await asyncio.to_thread(block, number)


@aio.step(after="load")
async def right(number):
    await asyncio.sleep(0)
    return number


@aio.step(after="left")
def block(number):
    return number


@aio.step(after=["left", "right"])
async def join(both):
    return both


def run():
    asyncio.run(serve(1))
