"""What effects and triggers mean: two texts may name the same table, topic, host, route or file.

``postgres:parts``, ``db:parts`` and ``INSERT INTO public.parts`` are one table. What cannot be read as one of the usual
forms names itself, without regard to case and spaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ANY = ""
"""The kind of a resource whose family is known, but not its product."""

_KINDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "table": MappingProxyType(
            {
                **dict.fromkeys(("db", "database", "sql", "table", "rdbms"), ANY),
                **dict.fromkeys(("postgres", "postgresql", "pg", "psql"), "postgres"),
                **dict.fromkeys(("mysql", "mariadb"), "mysql"),
                **dict.fromkeys(("sqlite", "sqlite3"), "sqlite"),
                **dict.fromkeys(("mssql", "sqlserver"), "mssql"),
                **{name: name for name in ("oracle", "cockroachdb", "duckdb", "snowflake", "redshift", "bigquery")},
            }
        ),
        "message": MappingProxyType(
            {
                **dict.fromkeys(("topic", "queue", "channel", "event", "events"), ANY),
                **dict.fromkeys(("celery", "task"), "celery"),
                **dict.fromkeys(("amqp", "rabbitmq", "rabbit"), "amqp"),
                **{name: name for name in ("kafka", "sqs", "sns", "nats", "mqtt", "pubsub", "rq", "dramatiq", "huey")},
            }
        ),
        "host": MappingProxyType(dict.fromkeys(("http", "https", "rest", "api"), ANY)),
        "mail": MappingProxyType(dict.fromkeys(("mail", "email", "smtp"), ANY)),
        "maildir": MappingProxyType({"maildir": ANY}),
        "file": MappingProxyType(dict.fromkeys(("file", "files", "fs"), ANY)),
        "key": MappingProxyType({"cache": ANY, **{name: name for name in ("redis", "memcached", "valkey")}}),
        "process": MappingProxyType(dict.fromkeys(("process", "subprocess"), ANY)),
    }
)
"""The kinds of each family, by the words for them."""

_FAMILIES = {word: (family, kind) for family, kinds in _KINDS.items() for word, kind in kinds.items()}
_SCHEMAS = ("public", "dbo", "main")
"""The schemas that a table is in where none is named."""

_SQL = re.compile(
    r"\s*(?:insert\s+into|replace\s+into|merge\s+into|update|delete\s+from|truncate(?:\s+table)?)\s+(\S+)",
    re.IGNORECASE,
)
_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_+-]*):(?!//)\s*(.*)", re.DOTALL)
_ROUTE = re.compile(r"(?:([A-Z]+)\s+)?(https?://[^/\s]*)?(/\S*)?", re.IGNORECASE)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PARAMETER = re.compile(r"\{[^/{}]*\}|\(\?P<\w+>[^/]*\)|<[^/<>]*>|:\w+")
_QUOTES = "\"`'[];"


class Resource(NamedTuple):
    """Something outside the process, as far as a text names it.

    Attributes:
        family: What it is: ``"table"``, ``"message"``, ``"host"``, ``"route"``, …; ``""`` where that is not known.
        kind: The product, such as ``postgres``; of a host and a route, the method of the request; or empty.
        name: Its name: of a table with its schema, of a host without its path.
        path: The path of a host's address, or of a route.
    """

    family: str
    kind: str
    name: str
    path: str = ""

    @property
    def bucket(self) -> tuple[str, str]:
        """A key that all resources have in common which this one may be the same as."""
        match self.family:
            case "table" | "message":
                return self.family, self.name.rpartition(".")[2]
            case "host":
                return self.family, self.name.partition(".")[0]
            case "route":
                return self.family, self.path
            case "":
                return self.family, self.name
            case _:
                return self.family, ""


@lru_cache(maxsize=4096)
def read_resource(text: str) -> Resource:
    """Return the resource that a text names, such as ``kafka:orders``, ``POST /orders`` or ``UPDATE parts``."""
    text = text.strip()
    if match := _SQL.match(text):
        return Resource("table", ANY, _fold_table(match[1]))
    if match := _WORD.fullmatch(text):
        word, name = match[1].lower(), match[2].strip()
        family, kind = _FAMILIES.get(word, ("", ""))
        if family:
            return _read_kind(family, kind, name)
    elif text.lower() in _KINDS["mail"]:
        return Resource("mail", ANY, "")
    elif (match := _ROUTE.fullmatch(text)) and (match[2] or match[3]) and _is_method(match[1]):
        return _read_route(match)
    return Resource("", "", " ".join(text.lower().split()))


def _read_kind(family: str, kind: str, name: str) -> Resource:
    if family == "table":
        return _read_table(kind, name)
    if family == "host":
        host, slash, path = name.lower().strip("/").partition("/")
        return Resource(family, ANY, host, _fold_path(slash + path))
    return Resource(family, kind, name if family in {"file", "key"} else name.lower())


def _read_table(kind: str, name: str) -> Resource:
    statement = _SQL.match(name)
    return Resource("table", kind, _fold_table(statement[1] if statement else name))


def _read_route(match: re.Match[str]) -> Resource:
    method, path = (match[1] or "").upper(), _fold_path(match[3] or "")
    if match[2]:
        host = match[2].partition("//")[2].rpartition("@")[2].lower()
        return Resource("host", method, host, path)
    return Resource("route", method, "", path or "/")


def _is_method(word: str | None) -> bool:
    return word is None or word.upper() in _METHODS


def _fold_table(name: str) -> str:
    parts = [part.strip(_QUOTES).lower() for part in name.partition("(")[0].split(".")]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] in _SCHEMAS else parts)


def _fold_path(path: str) -> str:
    """Return a path with a star for each parameter, whatever the framework's way to write one."""
    return _PARAMETER.sub("*", path.partition("?")[0].strip("^$")).rstrip("/")


@dataclass(frozen=True)
class Vocabulary:
    """The words for resources.

    Attributes:
        aliases (Mapping[str, Sequence[str]]): What further words stand for: texts, in which a star stands for anything.
    """

    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def agree(self, first: str, second: str) -> bool:
        """Return whether two texts name the same resource."""
        return (
            _are_same(read_resource(first), read_resource(second))
            or self._stands_for(first, second)
            or self._stands_for(second, first)
        )

    def _stands_for(self, word: str, text: str) -> bool:
        return any(
            fnmatchcase(text.lower(), pattern.lower()) or _are_same(read_resource(pattern), read_resource(text))
            for pattern in self.aliases.get(word, ())
        )

    def find(self, text: str, others: Iterable[str]) -> list[str]:
        """Return those of some texts that name the same resource as a text."""
        return [other for other in others if self.agree(text, other)]

    def match(self, texts: Iterable[str], others: Iterable[str]) -> dict[str, list[str]]:
        """Return for each text those of some others that name the same resource, without comparing all with all."""
        others = list(others)
        by_bucket: dict[tuple[str, str], list[str]] = {}
        for other in others:
            by_bucket.setdefault(read_resource(other).bucket, []).append(other)
        rest = [other for other in others if other in self.aliases]
        return {
            text: self.find(
                text,
                others
                if text in self.aliases
                else dict.fromkeys([*by_bucket.get(read_resource(text).bucket, ()), *rest]),
            )
            for text in texts
        }


PLAIN_WORDS = Vocabulary()
"""The words that need no configuration."""


def _are_same(first: Resource, second: Resource) -> bool:
    if first.family != second.family:
        return False
    compare = _COMPARERS.get(first.family)
    return compare(first, second) if compare else first == second


def _are_same_tables(first: Resource, second: Resource) -> bool:
    """SQLite often stands in for another database in tests."""
    kinds = {first.kind, second.kind}
    if len(kinds) > 1 and kinds.isdisjoint({ANY, "sqlite"}):
        return False
    return _end_alike(first.name, second.name)


def _are_same_messages(first: Resource, second: Resource) -> bool:
    kinds = {first.kind, second.kind}
    if len(kinds) > 1 and ANY not in kinds:
        return False
    return first.name == second.name or ("celery" in kinds and _end_alike(first.name, second.name))


def _are_same_hosts(first: Resource, second: Resource) -> bool:
    names = sorted((first.name, second.name), key=len)
    is_same_host = names[0] == names[1] or ("." not in names[0] and names[1].partition(".")[0] == names[0])
    return (
        is_same_host
        and _have_same_method(first, second)
        and (not first.path or not second.path or _are_alike(first.path, second.path))
    )


def _are_same_routes(first: Resource, second: Resource) -> bool:
    return _have_same_method(first, second) and first.path == second.path


def _are_same_names(first: Resource, second: Resource) -> bool:
    kinds = {first.kind, second.kind}
    if len(kinds) > 1 and ANY not in kinds:
        return False
    return not first.name or not second.name or _are_alike(first.name, second.name)


def _have_same_method(first: Resource, second: Resource) -> bool:
    return not first.kind or not second.kind or first.kind == second.kind


def _end_alike(first: str, second: str) -> bool:
    """Return whether names are equal, or one has a schema or module in front that the other leaves out."""
    short, long = sorted((first, second), key=len)
    return short == long or ("." not in short and long.rpartition(".")[2] == short)


def _are_alike(first: str, second: str) -> bool:
    return first == second or fnmatchcase(first, second) or fnmatchcase(second, first)


_COMPARERS = {
    "table": _are_same_tables,
    "message": _are_same_messages,
    "host": _are_same_hosts,
    "route": _are_same_routes,
    **dict.fromkeys(("mail", "maildir", "file", "key", "process"), _are_same_names),
}
