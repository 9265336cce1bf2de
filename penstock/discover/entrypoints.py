"""Finds the function that a reader names as an entrypoint, and what starts it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from penstock.discover.choice.runs import collect_below
from penstock.errors import ConfigError, did_you_mean, near_names

if TYPE_CHECKING:
    from penstock.discover.recording import Recording


def find_function(recording: Recording, name: str, verb: str = "ran") -> int:
    """Return the index of a function, by its address, or its qualified or bare name if that is unique.

    Args:
        recording: The recording.
        name: The address or the name.
        verb: What functions did to be in it, for the message.

    Raises:
        ConfigError: None is called so, or several are.
    """
    functions = recording.functions
    for spelling in ("address", "qualname", "name"):
        indices = [index for index, function in enumerate(functions) if getattr(function, spelling) == name]
        addresses = sorted({functions[index].address for index in indices})
        if len(addresses) > 1:
            raise ConfigError(
                f"several functions are called {name!r}; name one of {', '.join(addresses)}", where="--from"
            )
        if indices:  # a definition that was replaced has the same address
            shapes = Counter(shape.function for shape in recording.shapes)
            return max(indices, key=lambda index: shapes[index])
    known = [spelling for function in functions for spelling in (function.address, function.qualname, function.name)]
    hint = (
        did_you_mean(near_names(name, known)) or " An address is a module and a name in it: shop.views:OrderView.post."
    )
    raise ConfigError(f"no function {name!r} {verb}.{hint}", where="--from")


def find_trigger(recording: Recording, function: int) -> str:
    """Return what most often started the outermost call around a function, or an empty string."""
    below = collect_below(recording)
    triggers: Counter[str] = Counter()
    for root, times in recording.roots.items():
        if root.trigger and (recording.shapes[root.shape].function == function or below[root.shape] >> function & 1):
            triggers[root.trigger] += times
    return min(triggers, key=lambda trigger: (-triggers[trigger], trigger), default="")
