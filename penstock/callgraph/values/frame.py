"""The frame: what values and models may ask of the function in which they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import ast
    from contextlib import AbstractContextManager
    from types import FunctionType

    from penstock.callgraph.call_paths import PastSteps, Reach
    from penstock.callgraph.codebase import Codebase
    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.values.base import Arguments, Outcome, Value, ValueSet


class Frame(Protocol):
    """The function that is being interpreted.

    Attributes:
        code: The user's code.
        body: The function.
        past_steps: The steps that have run on some path to this point.
    """

    code: Codebase
    body: Body
    past_steps: PastSteps

    def where(self, node: ast.AST) -> tuple[Any, ...]:
        """Return the key that identifies a node."""

    def find(self, name: str) -> ValueSet:
        """Return the possible values of a name."""

    # Calls ----------------------------------------------------------------------------------------------------

    def can_run(self, function: FunctionType) -> bool:
        """Return whether a function is the user's own, and its source is at hand."""

    def run(self, body: Body, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a function."""

    def run_function(self, function: FunctionType, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a function that exists since the import."""

    def run_as_step(self, tags: tuple[int, ...], arguments: Arguments, inside: Outcome, node: ast.AST) -> Outcome:
        """Return the outcome of calling a step whose code is not analysed as a function of its own."""

    def send(self) -> AbstractContextManager[None]:
        """Let calls happen in another process, to which what they touch belongs."""

    def commit(self, outcome: Outcome) -> ValueSet:
        """Let a call happen here: its steps follow all that have run. Return its result."""

    def wait_for(self, steps: Reach) -> None:
        """Let started steps have run from here on."""

    def is_forgotten(self, values: ValueSet, node: ast.AST) -> bool:
        """Return whether a value was omitted from the context; if so, record a gap of the analysis here."""

    def give_up(self, node: ast.AST, reason: str) -> None:
        """Record a gap of the analysis here."""

    # Libraries ------------------------------------------------------------------------------------------------

    def call_library(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a third-party callable."""

    def call_library_object(self, value: Value, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of calling an object that a library has a model of, or ``None``."""

    def call_library_method(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of a method that a library has a model of, or ``None``."""

    def find_library_method(self, value: Value, name: str) -> Value | None:
        """Return a method that a library adds to an object once it is asked for, or ``None``."""

    def call_unknown(self, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a callable of which only the name is known."""

    # Memory ---------------------------------------------------------------------------------------------------

    def remember(self, thing: Any, name: str, values: ValueSet) -> None:
        """Record an assignment to an attribute or item of an object that exists since the import."""

    def recall(self, thing: Any, name: str) -> ValueSet:
        """Return the values of the recorded assignments to an attribute or item."""

    def remembers(self, thing: Any, name: str) -> bool:
        """Return whether an assignment to an attribute or item was recorded."""

    def find_declared_attributes(self, kind: type) -> dict[str, ValueSet]:
        """Return the attributes that annotations in a class body declare, with their values."""
