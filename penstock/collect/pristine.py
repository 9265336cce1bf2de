"""The standard library as it was before an application was imported, which may have replaced any part of it."""

from __future__ import annotations

import ast
import builtins
import collections
import contextlib
import functools
import gc
import hashlib
import io
import json
import json.decoder
import json.encoder
import linecache
import os
import os.path
import pathlib
import re
import sys
import sysconfig
import time
import tokenize
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_MODULES: tuple[ModuleType, ...] = (
    *(ast, builtins, collections, contextlib, functools, gc, hashlib, io, json, json.decoder, json.encoder, linecache),
    *(os, os.path, pathlib, re, sysconfig, time, tokenize),
)
_CLASSES: tuple[type[Any], ...] = (
    *(json.JSONEncoder, json.JSONDecoder, pathlib.PurePath, pathlib.Path, pathlib.PosixPath, pathlib.PurePosixPath),
)

Saved = list[tuple[Any, dict[str, Any]]]


class StandardLibrary:
    """What the parts of the standard library that penstock uses hold now."""

    def __init__(self) -> None:
        self._saved: Saved = _save()
        self._path = list(sys.path)

    @contextlib.contextmanager
    def put_library_back(self) -> Iterator[None]:
        """Put everything back for a while; what the application has made of it comes back afterwards."""
        replaced, path = _put_back(self._saved), sys.path[:]
        sys.path[:] = dict.fromkeys((*path, *self._path))
        try:
            yield
        finally:
            sys.path[:] = path
            for owner, name, value in replaced:
                _set_attribute(owner, name, value)


def _save() -> Saved:
    return [(owner, dict(vars(owner))) for owner in (*_MODULES, *_CLASSES)]


_set_attribute, _get_attributes = setattr, vars  # the built-in functions may be among those that were replaced


def _put_back(saved: Saved) -> list[tuple[Any, str, Any]]:
    """Set what is not as it was saved, and return what was there instead."""
    replaced: list[tuple[Any, str, Any]] = []
    for owner, values in saved:
        now = _get_attributes(owner)
        for name, value in values.items():
            if name[:2] != "__" and now.get(name) is not value:
                replaced += [(owner, name, now.get(name))]
                _set_attribute(owner, name, value)
    return replaced
