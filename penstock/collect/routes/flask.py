"""Flask: the rules in the URL maps of applications."""

from __future__ import annotations

from typing import Any

from penstock.collect.routes.own_modules import has_base
from penstock.collect.routes.route_table import Route, RouteTable


def read_routes(objects: list[Any]) -> RouteTable | None:
    """Return the rules of the applications among some objects, or ``None`` without one.

    They are not all where a blueprint waits for an application that is not there.
    """
    applications = [value for value in objects if has_base(value, "flask.app", "Flask")]
    if not applications:
        return None
    blueprints = [value for value in objects if has_base(value, "flask.blueprints", "Blueprint")]
    registered_ids = {id(blueprint) for application in applications for blueprint in application.blueprints.values()}
    routes = (
        Route(rule.rule, frozenset(rule.methods or ()))
        for application in applications
        for rule in application.url_map.iter_rules()
    )
    is_whole = all(id(blueprint) in registered_ids for blueprint in blueprints)
    return RouteTable("Flask", tuple(dict.fromkeys(routes)), is_whole)
