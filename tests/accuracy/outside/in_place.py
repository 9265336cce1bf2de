"""Puts decorated functions where an application looks up its own: at their owner, and wherever they were imported to."""

from __future__ import annotations

import inspect
import sys
from typing import Any


def put(declare: Any, owner: Any, name: str) -> None:
    """Let ``declare`` decorate a function of a module or class, and put what it returns in the function's place."""
    plain = inspect.getattr_static(owner, name)
    decorated = declare(plain)
    for module in [owner, *sys.modules.values()]:
        for key, value in list(getattr(module, "__dict__", {}).items()):
            if value is plain:
                setattr(module, key, decorated)
