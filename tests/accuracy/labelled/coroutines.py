"""Coroutines, tasks and threads that asyncio starts."""

# calls: a>b a>c a>d a>e
# data: b>c b>d c>e d>e

import asyncio


async def b(x):
    return x


async def c(x):
    return x


def d(x):
    return x


async def e(xs):
    return xs


async def a(x):
    y = await b(x)
    task = asyncio.create_task(c(y))
    other = await asyncio.to_thread(d, y)
    return await e([await task, other])
