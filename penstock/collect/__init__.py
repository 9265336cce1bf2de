"""Makes a manifest from a plan, without importing the application into this process.

As long as nothing changes, the application is not imported again: the last manifest is cached, in this process and in
the project's folder ``.penstock/cache``, with the state of every input file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from penstock.collect.collection import collect, input_files, input_folders, last_good

__all__ = ["collect", "input_files", "input_folders", "last_good"]


if not TYPE_CHECKING:  # type checkers would accept any misspelled name otherwise

    def __getattr__(name: str) -> object:
        """Import a function when it is first asked for (PEP 562): the child needs none of them, and their imports take time."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - the same

        value = getattr(import_module(f"{__name__}.collection"), name)
        globals()[name] = value
        return value
