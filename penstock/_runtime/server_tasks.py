"""Tells the tasks and threads of servers from those of applications."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SERVERS = frozenset({"aiohttp", "anyio", "daphne", "granian", "hypercorn", "uvicorn"})
"""Packages whose tasks and threads serve consecutive requests."""


def is_served() -> bool:
    """Return whether a server's own task, or a thread that works for it, calls this code.

    Such a task may have the context of an earlier request (https://github.com/python/cpython/issues/140947); all
    others have the context of the code that started them.
    """
    task = _current_task()
    if task is None:
        threading: Any = sys.modules.get("threading")
        return threading is not None and _is_of_server(type(threading.current_thread()).__module__)
    frame = getattr(task.get_coro(), "cr_frame", None)
    return frame is not None and _is_of_server(frame.f_globals.get("__name__"))


def _current_task() -> Any:
    asyncio: Any = sys.modules.get("asyncio")
    try:
        return asyncio and asyncio.current_task()
    except RuntimeError:  # no event loop runs in this thread
        return None


def _is_of_server(module: object) -> bool:
    return str(module).partition(".")[0] in SERVERS
