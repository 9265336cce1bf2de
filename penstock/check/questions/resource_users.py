"""Who uses a resource: the steps of all flows that write it, read it, or are started by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.errors import UnknownResourceError
from penstock.model import Flow, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.check.questions.application import Application, Node
    from penstock.model.resource_uses import ResourceUse


@dataclass(frozen=True, slots=True)
class ResourceUser:
    """A step that uses a resource.

    Attributes:
        node: The step.
        use: How it uses the resource.
    """

    node: Node
    use: ResourceUse


@dataclass(frozen=True, slots=True)
class ResourceUsers:
    """A resource, and all that use it.

    Attributes:
        resource: The resource, as asked for.
        users: The steps: those that write it, then those that it starts, then those that read it.
    """

    resource: str
    users: tuple[ResourceUser, ...]

    def having(self, verb: str) -> tuple[ResourceUser, ...]:
        """Return those that use it in one way."""
        return tuple(user for user in self.users if user.use.verb == verb)


ORDER = ("writes", "starts on", "reads")
"""The order in which users are listed."""


def find_users(application: Application, resource: str) -> ResourceUsers:
    """Return all steps that use a resource, however it is spelled there.

    Raises:
        UnknownResourceError: No step uses it; the error lists near names.
    """
    resources = {use.resource for uses in application.uses.values() for use in uses}
    same = {*application.vocabulary.find(resource, resources)}
    if not same:
        raise UnknownResourceError(resource, resources)
    users = [ResourceUser(node, use) for node, uses in application.uses.items() for use in uses if use.resource in same]
    return ResourceUsers(resource, tuple(sorted(users, key=lambda user: ORDER.index(user.use.verb))))


def list_resources(application: Application) -> list[ResourceUsers]:
    """Return every resource with its users, each once, in alphabetical order of the first spelling."""
    spellings: dict[str, list[str]] = {}
    resources = sorted({use.resource for uses in application.uses.values() for use in uses})
    matching = application.vocabulary.match(resources, resources)
    listed: set[str] = set()
    for resource in resources:
        if resource not in listed:
            spellings[resource] = [name for name in matching[resource] if name not in listed]
            listed.update(spellings[resource])
    return [find_users(application, resource) for resource in spellings]


def draw_users(application: Application, users: ResourceUsers) -> Flow:
    """Return the map round a resource, as a flow: a step for each user, all joined by the resource."""
    return Flow(
        name=users.resource,
        title=users.resource,
        steps=tuple(_draw_step(application, node, users) for node in dict.fromkeys(user.node for user in users.users)),
    )


def _draw_step(application: Application, node: Node, users: ResourceUsers) -> Step:
    verbs = {user.use.verb for user in users.users if user.node == node}
    step = application.step(node)
    is_started = not verbs.isdisjoint({"starts on", "reads"})
    return Step(
        name=str(node),
        title=step.title,
        file=step.file,
        line=step.line,
        entrypoint="starts on" in verbs,
        trigger=users.resource if is_started else "",
        effects=(users.resource,) if "writes" in verbs else (),
    )


def describe_user(application: Application, user: ResourceUser) -> Iterator[tuple[str, object]]:
    """Yield what is known of a user, by the names that it has in JSON."""
    flow, step = application.by_name[user.node.flow], application.step(user.node)
    yield "flow", flow.name
    yield "service", flow.service
    yield "step", step.name
    yield "verb", user.use.verb
    yield "resource", user.use.resource
    yield "origin", user.use.origin
    yield "state", user.use.state
    yield "file", step.file
    yield "line", step.line
