"""The rows of the table: functions of libraries, and what a call of each touches or starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Literal

    Verb = Literal["reads", "writes"]
    Reader = Callable[[Mapping[str, Any]], Iterable["Touch | Trigger"]]


class Touch(NamedTuple):
    """Something outside the process that a call reads or writes.

    Attributes:
        verb: Whether it is read or written.
        target: Its kind and name, as in ``postgres:orders``, ``kafka:orders`` or ``https://crm.example/orders/*``.
    """

    verb: Verb
    target: str


class Trigger(NamedTuple):
    """Something that starts work in the process.

    Attributes:
        name: As in ``POST /orders``, ``celery:shop.tasks.ship``, ``kafka:orders`` or ``command:import_parts``.
    """

    name: str


class LibraryFunction(NamedTuple):
    """A Python function of a library whose calls touch or start something.

    Attributes:
        module: The module that defines it.
        qualname: Its qualified name there, as its code object has it.
        read: Returns what a call touches or starts, from its arguments by name. It runs before the function's first
            line, and raises nothing that matters: an exception counts as nothing.
        surrounds: Whether the work that the call starts runs inside it. Then what starts the work may also be read later,
            when the work begins.
        needs: An attribute of ``self`` without which a call neither touches nor starts anything, where most calls are such.
    """

    module: str
    qualname: str
    read: Reader
    surrounds: bool = False
    needs: str = ""


class BuiltinFunction(NamedTuple):
    """A function written in C, which is recognised where it is called.

    Attributes:
        owner: The module and class of a method, as in ``cimpl.Producer``, or the module of a function.
        name: Its name there.
        parameters: The names of its positional parameters, without ``self``.
        read: As of :class:`LibraryFunction`; an argument that cannot be read without running code is missing.
    """

    owner: str
    name: str
    parameters: tuple[str, ...]
    read: Reader
