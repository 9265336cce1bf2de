"""Log lines that can be found again."""

from __future__ import annotations

import logging
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from penstock.contrib.logging import FlowFilter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager


def log_to_stdout(service: str) -> None:
    """Log to standard output, every line with the service, its process and the flow ID."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(FlowFilter())
    handler.setFormatter(logging.Formatter(f"{service:<7} %(process)d %(flow_id)s %(message)s"))
    logger = logging.getLogger("online")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)


def logging_as(service: str) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return the lifespan of a web service that logs under this name."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        log_to_stdout(service)
        yield

    return lifespan
