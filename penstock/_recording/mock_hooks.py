"""Lets the patchers of ``unittest.mock`` and pytest report replaced objects during a recording.

Only these lines read private attributes of both. If one is missing, nothing is noticed, and nothing breaks.
"""

from __future__ import annotations

import contextlib
import sys
from functools import wraps
from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from penstock._recording.substitutions import replacements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Swaps = Iterator[tuple[Any, Any]]
    """Pairs of a replaced object and its substitute."""

_depth = 0
_hooks: dict[tuple[type, str], tuple[Any, Any]] = {}
"""A hooked method of a class: the original, and the hook."""


def watch() -> None:
    """Start watching patchers; each call needs a matching :func:`unwatch`."""
    global _depth  # noqa: PLW0603 - as patches, this is about the whole process
    import unittest.mock  # noqa: F401, PLC0415 - needed only for a recording

    _depth += 1
    look()


def look() -> None:
    """Also watch patchers imported since."""
    for name in ("unittest.mock", "mock.mock"):  # the second one is its backport
        module = sys.modules.get(name)
        _hook(getattr(module, "_patch", None), __enter__=_note_patch, __exit__=_undone)
        _hook(getattr(module, "_patch_dict", None), _patch_dict=_patched_dict, _unpatch_dict=_undone)
    monkey = getattr(sys.modules.get("_pytest.monkeypatch"), "MonkeyPatch", None)
    _hook(monkey, setattr=_set, delattr=_set, setitem=_set_item, delitem=_set_item, undo=_undone)


def unwatch() -> None:
    """Restore the original patchers when the last recording ends."""
    global _depth  # noqa: PLW0603 - see above
    _depth = max(_depth - 1, 0)
    if _depth:
        return
    for (owner, name), (before, hook) in _hooks.items():
        if vars(owner).get(name) is hook:  # else other code has wrapped it again, and the hook has no effect now
            setattr(owner, name, before)
    _hooks.clear()
    replacements.clear()


def _hook(owner: Any, **noted: Callable[[Any], object]) -> None:
    """Call a function with the object after methods of a class, whatever their arguments."""
    for name, note in noted.items():
        before = getattr(owner, "__dict__", {}).get(name)
        if callable(before) and (owner, name) not in _hooks:
            hook = _noting(before, note)
            setattr(owner, name, hook)
            _hooks[owner, name] = before, hook


def _noting(method: Any, note: Callable[[Any], object]) -> Any:
    @wraps(method)
    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the method, note what it replaced while a recorder is active, and return its result."""
        __tracebackhide__ = True
        result = method(self, *args, **kwargs)
        if _depth:
            with contextlib.suppress(Exception):  # a test must not fail because of the recorder
                note(self)
        return result

    return noting


def _undone(patcher: Any) -> None:
    replacements.let_go(patcher)


def _note_patch(patcher: Any) -> None:
    new = getattr_static(patcher.target, patcher.attribute, None)
    replacements.hold(patcher, [(patcher.temp_original, new)])


def _patched_dict(patcher: Any) -> None:
    replacements.hold(patcher, _find_swaps(patcher._original, patcher.in_dict))
    replacements.watch_table(patcher, patcher._original, patcher.in_dict)


def _find_swaps(before: Any, table: Any) -> Swaps:
    """Yield the removed values of a table, and its new keys: a framework's table of overrides has steps as its keys."""
    for key, value in before.items():
        new = table.get(key)
        if new is not value:
            yield value, new
    yield from ((key, table[key]) for key in table if key not in before)


def _set(patcher: Any) -> None:
    target, name, before = patcher._setattr[-1]
    new = getattr_static(target, name, None)
    bases = target.__mro__[1:] if isinstance(target, type) else ()
    inherited_values = [vars(base)[name] for base in bases if name in vars(base)]
    replacements.hold(patcher, [(value, new) for value in (before, *inherited_values[:1])])


def _set_item(patcher: Any) -> None:
    table, key, before = patcher._setitem[-1]
    new = table.get(key)
    replacements.hold(patcher, [(key, new), (before, new)])
