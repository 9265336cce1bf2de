"""Compares triggers with what the frameworks of the application really have: routes, tasks, commands; a file each.

A trigger is only called unknown where all that could answer it is at hand. Where in doubt, nothing is said.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from penstock.collect.routes import celery, django, flask, starlette
from penstock.collect.routes.own_modules import collect_objects, find_own_modules, mentions_names
from penstock.collect.routes.route_table import RouteTable
from penstock.errors import near_names
from penstock.model.resource_uses import ResourceUse
from penstock.model.resources import read_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.model import Flow, Step

UNKNOWN = "route-unknown"
_OTHERS = ("aiohttp.web", "bottle", "cherrypy", "falcon", "litestar", "pyramid", "quart", "sanic", "tornado.web")
"""Frameworks whose routes are not read."""
_FACTORIES = frozenset({"FastAPI", "Flask", "Starlette", "Router"})
"""Names of what an application is made with; a function that has one makes another application at run time."""


class UnansweredTrigger(NamedTuple):
    """A trigger that nothing answers.

    Attributes:
        framework: The framework that was asked.
        near: What it has that is alike.
        total: How many others it has.
    """

    framework: str
    near: tuple[str, ...]
    total: int


def mark_unknown_triggers(flows: Iterable[Flow], is_own: Callable[[str], bool]) -> tuple[Flow, ...]:
    """Return flows in which triggers that no framework knows are uses with the state ``route-unknown``.

    Args:
        flows: The flows of this process.
        is_own: Returns whether a file is the user's own code.
    """
    batch = tuple(flows)
    with suppress(Exception, SystemExit):  # frameworks of any version are read, and urls of the application imported
        find = _make_finder(batch, is_own)
        return tuple(_mark_flow(flow, find) for flow in batch)
    return batch


def _make_finder(flows: tuple[Flow, ...], is_own: Callable[[str], bool]) -> Callable[[Step], UnansweredTrigger | None]:
    """Return a function that returns what is wrong with the trigger of a step, if anything is."""
    triggers = [step.trigger for flow in flows for step in flow.steps if step.trigger]
    has_routes = any(read_resource(trigger).family == "route" for trigger in triggers)
    table = _read_routes(is_own) if has_routes else None

    def find(step: Step) -> UnansweredTrigger | None:
        """Return what is wrong with the trigger of a step, or ``None``."""
        resource = read_resource(step.trigger)
        if resource.family == "route":
            if table is None or table.has(resource.kind, resource.path):
                return None
            return UnansweredTrigger(table.framework, table.find_near(resource.path), len(table.routes))
        word, _, name = step.trigger.partition(":")
        for framework in (celery, django):
            known = framework.find_others(step, is_own)
            if known is not None:
                near = tuple(f"{word}:{other}" for other in near_names(name.strip(), known))
                return UnansweredTrigger(framework.NAME, near, len(known))
        return None

    return find


def _read_routes(is_own: Callable[[str], bool]) -> RouteTable | None:
    """Return the routes of all applications, or ``None`` where there may be more."""
    modules = find_own_modules(is_own)
    if mentions_names(modules, _FACTORIES, _OTHERS):
        return None
    objects = collect_objects(modules)
    tables = [framework.read_routes(objects) for framework in (django, flask, starlette)]
    found_tables = [table for table in tables if table is not None]
    if not found_tables or any(not table.is_whole for table in found_tables):
        return None
    names = " and ".join(table.framework for table in found_tables)
    return RouteTable(names, tuple(route for table in found_tables for route in table.routes))


def _mark_flow(flow: Flow, find: Callable[[Step], UnansweredTrigger | None]) -> Flow:
    wrong = ((step, unknown) for step in flow.steps if step.trigger and (unknown := find(step)) is not None)
    return replace(flow, uses=tuple(_mark_step(step, unknown) for step, unknown in wrong))


def _mark_step(step: Step, unknown: UnansweredTrigger) -> ResourceUse:
    others = f"{unknown.total:,} other{'' if unknown.total == 1 else 's'}"
    note = f"{unknown.framework} has {others}, and none is like it."
    if unknown.near:
        note = f"The nearest that {unknown.framework} has: {', '.join(unknown.near)}."
    return ResourceUse(step=step.name, verb="starts on", resource=step.trigger, state=UNKNOWN, note=note, refuted=True)
