"""Tracks the clients that tests have replaced at present: what they would have touched cannot be seen."""

from __future__ import annotations

import sys
from types import BuiltinFunctionType, FunctionType, MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from penstock._callables.unwrap import underlying
from penstock.check.evidence.circumstances import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "*"
"""All kinds: an object of the application was replaced, or of a library that is in no table."""

_PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("requests", "httpx", "httpx2", "aiohttp", "urllib3", "urllib", "http", "botocore"), "host"),
        **dict.fromkeys(("sqlalchemy", "psycopg", "psycopg2", "asyncpg", "sqlite3", "_sqlite3", "aiosqlite"), "table"),
        **dict.fromkeys(("pymysql", "MySQLdb", "peewee", "tortoise"), "table"),
        **dict.fromkeys(("celery", "kombu", "confluent_kafka", "cimpl", "aiokafka", "faststream", "pika"), "message"),
        **dict.fromkeys(("rq", "dramatiq", "taskiq", "huey", "procrastinate", "django_tasks"), "message"),
        **dict.fromkeys(("redis", "redis_lock", "fakeredis"), "key"),
        **dict.fromkeys(("subprocess", "_posixsubprocess", "multiprocessing"), "process"),
        "smtplib": "mail",
        **dict.fromkeys(("shutil", "pathlib", "io", "_io", "tempfile", "zipfile", "os", "posix"), "file"),
    }
)
"""The kinds of targets that the objects of packages touch."""

_SILENT = frozenset({"", "builtins", "django", "penstock", "pytest", "_pytest"})
"""Packages whose other objects touch nothing themselves."""

_BY_MODULE = {"django.core.mail": "mail", "django.db": "table", "django.core.files": "file", "django.core.cache": "key"}


class HiddenEffects:
    """The replaced clients in this process.

    Attributes:
        now: The kinds of targets that cannot be seen at present.
    """

    def __init__(self) -> None:
        self.now = NOTHING
        self._held: list[tuple[object, str]] = []

    def hold(self, owner: object, original: object) -> None:
        """Note an object that a patcher has replaced, until the patcher restores it."""
        if kind := find_hidden_kind(original):
            self._change([*self._held, (owner, kind)])

    def let_go(self, owner: object) -> None:
        """Note that a patcher has restored everything that it had replaced."""
        if self._held:
            self._change([held for held in self._held if held[0] is not owner])

    def clear(self) -> None:
        """Discard all state."""
        self._change([])

    def _change(self, held: list[tuple[object, str]]) -> None:
        self._held = held
        self.now = frozenset(kind for _, kind in held)


hidden_effects = HiddenEffects()
"""The process-wide registry: patches affect the whole process."""


def find_hidden_kind(original: object) -> str:
    """Return the kind of targets that an object may touch, :data:`ANY`, or an empty string if it touches nothing."""
    module = _find_module(original)
    top = module.partition(".")[0]
    for name, kind in _BY_MODULE.items():
        if f"{module}.".startswith(f"{name}."):
            return kind
    return _PACKAGES.get(top) or ("" if top in sys.stdlib_module_names or top in _SILENT else ANY)


def _find_module(original: Any) -> str:
    """Return the name of the module that defines an object, or else its class; lazy objects are not woken."""
    target = underlying(original)
    kind = type(target)
    if issubclass(kind, ModuleType):
        return str(ModuleType.__getattribute__(target, "__name__"))
    module = target.__module__ if issubclass(kind, (FunctionType, BuiltinFunctionType, type)) else kind.__module__
    return module if isinstance(module, str) else ""
