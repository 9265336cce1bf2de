"""Knows which calls of libraries touch something outside the process, and what starts work in it.

One module a library; :data:`LIBRARIES` lists them. Only names are read, never values: a table, a topic, a host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.effects.libraries import (
    aiohttp,
    celery,
    django,
    drivers,
    flask,
    http_client,
    httpx,
    kafka,
    rabbitmq,
    redis,
    requests,
    sqlalchemy,
    starlette,
    task_queues,
)

if TYPE_CHECKING:
    from types import ModuleType

LIBRARIES: tuple[ModuleType, ...] = (
    aiohttp,
    celery,
    django,
    drivers,
    flask,
    http_client,
    httpx,
    kafka,
    rabbitmq,
    redis,
    requests,
    sqlalchemy,
    starlette,
    task_queues,
)
"""Each has ``FUNCTIONS``, rows of :class:`~penstock.effects.rows.LibraryFunction`; some have ``BUILTINS``."""
