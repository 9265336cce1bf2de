"""Redis, with redis-py: keys, channels and streams, by command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.names import mask_key
from penstock.effects.rows import LibraryFunction, Touch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.effects.rows import Verb


_READS_WORDS = """
    GET MGET GETRANGE STRLEN EXISTS TTL PTTL TYPE HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSCAN LRANGE
    LLEN LINDEX LPOS SMEMBERS SISMEMBER SMISMEMBER SCARD SRANDMEMBER SSCAN SINTER SUNION SDIFF ZRANGE
    ZRANGEBYSCORE ZREVRANGE ZREVRANGEBYSCORE ZSCORE ZMSCORE ZRANK ZREVRANK ZCARD ZCOUNT ZSCAN XRANGE XREVRANGE
    XLEN XREAD XREADGROUP XPENDING BITCOUNT GETBIT GEOPOS GEODIST GEOSEARCH PFCOUNT BLPOP BRPOP LPOP RPOP
    BZPOPMIN BZPOPMAX JSON.GET JSON.MGET
"""
_READS = frozenset(_READS_WORDS.split())
"""Commands that read. Those that take the next item of a queue are among them: the queue was written by others."""

_WRITES_WORDS = """
    SET SETEX PSETEX SETNX GETSET GETDEL GETEX MSET MSETNX APPEND SETRANGE INCR INCRBY INCRBYFLOAT DECR DECRBY
    DEL UNLINK EXPIRE PEXPIRE EXPIREAT PERSIST RENAME HSET HMSET HSETNX HINCRBY HINCRBYFLOAT HDEL LPUSH RPUSH
    LPUSHX RPUSHX LSET LREM LTRIM LINSERT LMOVE RPOPLPUSH BLMOVE SADD SREM SPOP SMOVE SINTERSTORE SUNIONSTORE
    SDIFFSTORE ZADD ZREM ZINCRBY ZPOPMIN ZPOPMAX ZREMRANGEBYSCORE ZREMRANGEBYRANK ZRANGESTORE XADD XDEL XTRIM
    XACK PUBLISH SPUBLISH SETBIT PFADD PFMERGE GEOADD EVAL EVALSHA FCALL JSON.SET JSON.DEL
"""
_WRITES = frozenset(_WRITES_WORDS.split())
_MANY_KEYS = frozenset(["DEL", "UNLINK", "EXISTS", "MGET", "SINTER", "SUNION", "SDIFF"])
_STREAMS = frozenset({"XREAD", "XREADGROUP"})
_SCRIPTS = frozenset({"EVAL", "EVALSHA", "FCALL"})
_OWN_PREFIXES = ("_kombu", "celery-task-meta-", "unacked", "rq:", "huey.", "dramatiq:", "taskiq")
"""Prefixes of keys that task queues keep in Redis; their tasks have names of their own."""


def _read_command(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    return read_command(arguments["args"])


def read_command(parts: Sequence[Any]) -> tuple[Touch, ...]:
    """Return what a command touches: its keys, without those that other libraries make for themselves."""
    words = _text(parts[0]).upper().split()
    command, rest = words[0], [*words[1:], *parts[1:]]
    verb: Verb = "reads" if command in _READS else "writes"
    if command not in _READS and command not in _WRITES:
        return ()
    names = {mask_key(key) for key in _find_keys(command, rest) if not _text(key).startswith(_OWN_PREFIXES)}
    return tuple(Touch(verb, f"redis:{name}") for name in sorted(names) if name)


def _find_keys(command: str, rest: list[Any]) -> list[Any]:
    if command in _STREAMS:
        words = [_text(part).upper() for part in rest]
        keys = rest[words.index("STREAMS") + 1 :]
        return keys[: len(keys) // 2]
    if command in _SCRIPTS:
        return rest[2 : 2 + int(rest[1])]
    if command in {"MSET", "MSETNX"}:
        return rest[::2]
    return rest if command in _MANY_KEYS else rest[:1]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


FUNCTIONS = tuple(
    LibraryFunction(module, name, _read_command)
    for module, names in {
        "redis.client": ("Redis.execute_command", "Pipeline.execute_command"),
        "redis.asyncio.client": ("Redis.execute_command", "Pipeline.execute_command"),
        "redis.cluster": ("RedisCluster.execute_command", "ClusterPipeline.execute_command"),
        "redis.asyncio.cluster": ("RedisCluster.execute_command", "ClusterPipeline.execute_command"),
    }.items()
    for name in names
)
