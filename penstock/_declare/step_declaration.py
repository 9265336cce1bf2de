"""Declarations of a flow's steps before their functions are known."""

from __future__ import annotations

from penstock._util.call_site import body_of, calling_frame, here, place_of
from penstock.errors import DeclarationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from penstock._declare.patches import Patch

    T = TypeVar("T")


class StepDeclaration:
    """Details of a step: a decorator for its function, or a patch of a function known by name.

    Args:
        flow: The flow's name.
        kind: The step's name if given, and whether it is an entrypoint.
        decorate: Decorates a function; also takes the location and the execution of the declaration.
    """

    __slots__ = ("_decorate", "_flow", "_kind")

    def __init__(self, flow: str, kind: tuple[str | None, bool], decorate: Callable[..., Any]) -> None:
        self._flow = flow
        self._kind = kind
        self._decorate = decorate

    def __call__(self, target: T, /) -> T:
        """Return the decorated function."""
        result: T = self._decorate(target)
        return result

    def patch(self, target: str, /) -> Patch:
        """Patch the step into the place of a function, in all modules that hold it, once its module is imported.

        Args:
            target: The function, as ``package.module:function`` or ``package.module:Class.method``.

        Returns:
            An object that undoes the patch: by ``undo()``, or as a context manager.

        Raises:
            DeclarationError: ``target`` is not a text. A name without a function is reported as a problem of the flow.
        """
        if not isinstance(target, str):
            raise DeclarationError(f"{here()}: patch() takes the name of a function: patch('shop.orders:pay')")
        from penstock._declare.patches import Patch, PatchLocation  # noqa: PLC0415 - importing penstock must stay cheap

        frame = calling_frame()
        declaration = place_of(frame), body_of(frame)
        place = PatchLocation(*declaration[0], str(frame.f_globals.get("__name__", "")))
        patch = Patch(self._flow, target, self._kind, place, lambda function: self._decorate(function, declaration))
        patch.begin()
        return patch
