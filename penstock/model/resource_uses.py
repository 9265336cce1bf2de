"""Uses of resources: what the steps of a flow write and read outside the process, and what starts its runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Flow

Verb = Literal["writes", "reads", "starts on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceUse:
    """A step, and a resource that it uses.

    Attributes:
        step (str): The step's name.
        verb (Verb): Whether it writes the resource, reads it, or is started by it.
        resource (str): The resource, as it was declared, or as it was observed.
        origin (str): ``declared`` for an effect or a trigger of the declaration, ``seen`` for one only observed.
        state (str): The result of the check; empty if the use was not checked.
        note (str): The result in words, one sentence.
        witness (str): The evidence that confirmed it: ``runs``, or ``static`` for the code, else empty.
        refuted (bool): Whether what runs show leaves no doubt that the declaration is wrong.
    """

    step: str
    verb: Verb
    resource: str
    origin: str = "declared"
    state: str = ""
    note: str = ""
    witness: str = ""
    refuted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticTouch:
    """Something outside the process that the code of a step plainly reads or writes.

    Attributes:
        step (str): The step's name.
        verb (str): ``reads`` or ``writes``.
        target (str): Its kind and name, such as ``db:parts``, ``kafka:orders`` or ``https://crm.example/orders/*``.
        file (str): The file, relative to the project in a manifest.
        line (int): The line, counted from 1.
    """

    step: str
    verb: str
    target: str
    file: str = ""
    line: int = 0


def declared_uses(flow: Flow) -> Iterator[ResourceUse]:
    """Yield the triggers and effects of a flow's declaration, in flow order."""
    for step in flow.steps:
        if step.trigger:
            yield ResourceUse(step=step.name, verb="starts on", resource=step.trigger)
        for effect in step.effects:
            yield ResourceUse(step=step.name, verb="writes", resource=effect)


def list_uses(flow: Flow) -> tuple[ResourceUse, ...]:
    """Return what is known of the uses of a flow, and what its steps declare beside that."""
    known = {(use.step, use.verb, use.resource) for use in flow.uses}
    return (*flow.uses, *(use for use in declared_uses(flow) if (use.step, use.verb, use.resource) not in known))
