"""Locks that do not outlive a fork: a child process would wait for ever for a thread that only its parent has.

A fork waits a moment for those that hold one of these locks, so that the child finds what they guard whole. Where one is
held for longer, the child takes it for free. The ``logging`` of Python does the same, but waits without a limit.
"""

from __future__ import annotations

import os
from _thread import RLock, allocate_lock, get_ident  # threading itself would double the time of importing penstock
from _weakref import ref
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType
    from typing import Any

    Lock = RLock | LockType

_PATIENCE = 0.3
"""Seconds that a fork waits at most: who holds a lock may itself wait for the thread that forks."""

_locks: dict[ref[Lock], None] = {}
_held: dict[int, list[Lock]] = {}
"""What each thread that forks just now has taken for it."""


def make_reentrant_lock() -> RLock:
    """Return a lock that a thread may take several times, free in each child process."""
    lock = RLock()
    _watch(lock)
    return lock


def make_lock() -> LockType:
    """Return a lock that is taken once, free in each child process."""
    lock = allocate_lock()
    _watch(lock)
    return lock


def _watch(lock: Lock) -> None:
    _locks[ref(lock, _forget)] = None


def _forget(dead: ref[Lock]) -> None:
    _locks.pop(dead, None)


def _living() -> list[Lock]:
    return [lock for lock in (each() for each in list(_locks)) if lock is not None]


def _take_all() -> None:
    """Take all locks before a fork, as far as their holders give them up in time."""
    taken = _held[get_ident()] = []
    deadline = monotonic() + _PATIENCE
    for lock in _living():
        if lock.acquire(timeout=max(deadline - monotonic(), 0.0)):
            taken.append(lock)


def _release() -> None:
    """Give all locks back in the parent, the last one first."""
    for lock in reversed(_held.pop(get_ident(), [])):
        lock.release()


def _renew() -> None:
    """Give all locks back in the child; those that another thread of the parent still holds begin free."""
    taken = {id(lock) for lock in _held.get(get_ident(), [])}
    others: list[Any] = [lock for lock in _living() if id(lock) not in taken]
    for lock in others:
        lock._at_fork_reinit()
    _release()
    _held.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_take_all, after_in_parent=_release, after_in_child=_renew)
