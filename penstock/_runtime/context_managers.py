"""Context managers of contextlib below a mark: the step or run lasts until the block ends."""

from __future__ import annotations

from contextlib import _AsyncGeneratorContextManager, _GeneratorContextManager
from functools import partial
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from penstock._runtime.context import KEEP, current_run
from penstock._runtime.generators import hold
from penstock._runtime.runs import BLOCK
from penstock._runtime.scope import CallScope, open_scope, watching
from penstock._runtime.tracebacks import add_frame

if TYPE_CHECKING:
    from types import TracebackType

    from penstock._declare.marks import StepMark


def open_manager(target: Any, mark: StepMark, args: Any, kwargs: Any) -> Any:
    """Return a context manager of contextlib whose step lasts until its block ends."""
    manager = target(*args, **kwargs)
    # used as a decorator, it makes one for each call
    manager._recreate_cm = partial(open_manager, target, mark, args, kwargs)
    if watching or mark.entrypoint:
        manager.gen = hold(manager.gen, partial(open_scope, mark, kind=_BlockScope))
    if mark.entrypoint:
        manager.__class__ = _RunManager if type(manager.gen) is GeneratorType else _AsyncRunManager
    return manager


class _BlockScope(CallScope):
    """The scope of a context manager: it stays bound during the block, whose code is not the step's."""

    __slots__ = ()

    def suspend(self) -> None:
        """Hand over to the code of the block."""
        event: Any = self.event
        if event is not KEEP:
            event.notes[BLOCK] = True

    def resume(self) -> None:
        """Return to the step's own code."""
        event: Any = self.event
        if event is not KEEP:
            event.notes.pop(BLOCK, None)


# contextlib restores an exception's traceback from the block, without the frame that knows the run.


class _RunManager(_GeneratorContextManager[Any]):
    """A block that may be a run; an exception that leaves it can be traced to the run."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        run = current_run.get()
        is_handled = super().__exit__(kind, error, trace)
        if not is_handled and error is not None and run is not None and run is not current_run.get():
            add_frame(error, run)
        del error, trace  # see add_frame()
        return is_handled


class _AsyncRunManager(_AsyncGeneratorContextManager[Any]):
    """The same for an asynchronous block."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        run = current_run.get()
        is_handled = await super().__aexit__(kind, error, trace)
        if not is_handled and error is not None and run is not None and run is not current_run.get():
            add_frame(error, run)
        del error, trace  # see add_frame()
        return is_handled
