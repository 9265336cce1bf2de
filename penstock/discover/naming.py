"""Names for proposed steps: the function's name, with its class or module in front where two are equal."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.discover.recording import Function


_GENERIC = frozenset(
    {
        "call",
        "delete",
        "dispatch",
        "execute",
        "get",
        "handle",
        "main",
        "patch",
        "perform",
        "post",
        "process",
        "put",
        "run",
    }
)
"""Names of functions that frameworks give, which do not say what happens."""

_GENERIC_OWNERS = frozenset({"app", "command", "handler", "job", "task"})


def name_flow(function: Function) -> str:
    """Return a name for the flow that begins at a function: the function's, with its class or module in front if that says little."""
    name = function.name.strip("_") or function.name
    if name not in _GENERIC:
        return name
    modules = [part for part in function.module.split(".") if part != "__main__"] or ["program"]
    owner = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", f".{function.qualname}".split(".")[-2]).lower().strip("_")
    if owner in _GENERIC_OWNERS:
        return modules[-1]
    return f"{owner or modules[-1]}_{name}"


def name_steps(functions: Iterable[Function], wishes: Mapping[str, str]) -> dict[str, str]:
    """Return a name for each function, by its address; no two are equal.

    Args:
        functions: The functions, the one that keeps its name where all else is equal first.
        wishes: The reader's names, by address, which go before all others.
    """
    names = {function.address: wishes.get(function.address, "") for function in functions}
    open_ = [function for function in functions if not names[function.address]]
    for variants in zip(*(_list_variants(function) for function in open_), strict=True) if open_ else ():
        counts = Counter([*filter(None, names.values()), *variants])
        for function, variant in zip(open_, variants, strict=True):
            if not names[function.address] and counts[variant] == 1:
                names[function.address] = variant
    for function in open_:
        names[function.address] = names[function.address] or _number(function.name, {*names.values()})
    return names


def _list_variants(function: Function) -> tuple[str, ...]:
    """Return names for a function, the shortest first."""
    module = function.module.rpartition(".")[2]
    return function.name, function.qualname, f"{module}.{function.name}", f"{function.module}.{function.qualname}"


def _number(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
