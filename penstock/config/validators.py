"""Readers of setting values: each validates a value from a file and returns it, or raises an error."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.config.guesses import guess_choice, guess_number, guess_truth
from penstock.config.module_paths import module_of_file
from penstock.errors import did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Collection
    from dataclasses import Field

Reader = Callable[[object, Path], object]
"""Takes a value and the base folder of relative paths."""


NO_CHOICES: Mapping[str, Collection[str]] = MappingProxyType({})


class BadValueError(ValueError):
    """An invalid value of a setting.

    Attributes:
        instead: The likely intended value, or ``None``.
        companions: Other settings that the intended value needs.
    """

    def __init__(self, message: str, instead: object = None, beside: Mapping[str, object] = NO_CHOICES) -> None:
        self.instead = instead
        self.companions = beside
        super().__init__(message)


def text(value: object, _base: Path) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise BadValueError(f"must be a string, not {_kind(value)}")
    return value


def truth(value: object, _base: Path) -> bool:
    """Read a boolean."""
    if not isinstance(value, bool):
        raise BadValueError(f"must be true or false, not {_kind(value)}", guess_truth(value))
    return value


def path(value: object, base: Path) -> str:
    """Read a path, made absolute; a relative one counts from ``base``, and an empty one stays empty."""
    if not isinstance(value, str | os.PathLike):
        raise BadValueError(f"must be the path of a file, not {_kind(value)}")
    return str(absolute(value, base)) if os.fspath(value) else ""


def tables(
    make: Callable[..., object], *, lists: Collection[str] = (), choices: Mapping[str, Collection[str]] = NO_CHOICES
) -> Reader:
    """Return a reader of a list of tables, each converted by ``make`` from its keys.

    Args:
        make: A dataclass whose fields are texts, or tuples of texts if they are among ``lists``.
        lists: The keys whose values are lists.
        choices: The allowed values of some keys.
    """
    known_fields: Mapping[str, Field[object]] = make.__dataclass_fields__  # type: ignore[attr-defined]

    def read(table: object) -> object:
        """Return a table as the dataclass, or raise a BadValueError that names the key at fault."""
        if not isinstance(table, Mapping):
            raise BadValueError(f"must be a list of tables, and {table!r} in it is {_kind(table)}")
        for key, value in table.items():
            _check_key(str(key), known_fields)
            _check_entry(str(key), value, list if key in lists else str, choices.get(str(key), ()))
        missing = [name for name, field in known_fields.items() if field.default is MISSING and name not in table]
        if missing:
            raise BadValueError(f"needs {missing[0]!r} in each of its tables")
        return make(**{key: tuple(value) if key in lists else value for key, value in table.items()})

    def reader(value: object, _base: Path) -> tuple[object, ...]:
        """Return the tables of a list as a tuple of the dataclass."""
        if not isinstance(value, list | tuple):
            intended = [dict(value)] if isinstance(value, Mapping) and value else None
            raise BadValueError(f"must be a list of tables, not {_kind(value)}", intended)
        return tuple(map(read, value))

    return reader


def _check_key(key: str, names: Collection[str]) -> None:
    if key not in names:
        hint = did_you_mean(near_names(key, names)) or f" Known keys: {', '.join(names)}."
        raise BadValueError(f"contains the unknown key {key!r}.{hint}")


def _check_entry(key: str, value: object, kind: type, choices: Collection[str]) -> None:
    if not isinstance(value, kind):
        type_name = "a list" if kind is list else "a string"
        raise BadValueError(f"must have {type_name} for {key!r}, not {_kind(value)}")
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise BadValueError(f"must have a list of strings for {key!r}")
    if choices and value not in choices:
        hint = did_you_mean(near_names(str(value), choices)) or f" Known: {', '.join(choices)}."
        raise BadValueError(f"has a table with an unknown {key} {value!r}.{hint}")


def strings(value: object, _base: Path) -> dict[str, str]:
    """Read a table of strings."""
    if not isinstance(value, Mapping):
        raise BadValueError(f"must be a table of strings, not {_kind(value)}")
    for name, item in value.items():
        if not isinstance(item, str):
            intended = str(item).lower() if isinstance(item, bool) else str(item)
            raise BadValueError(f"must contain strings only, and {name!r} is {_kind(item)}", {str(name): intended})
    return {str(name): item for name, item in value.items()}


def string_lists(value: object, _base: Path) -> dict[str, tuple[str, ...]]:
    """Read a table of lists of strings; a single string stands for a list of one."""
    if not isinstance(value, Mapping):
        raise BadValueError(f"must be a table of lists of strings, not {_kind(value)}")
    return {str(name): (item,) if isinstance(item, str) else tuple(_list(item)) for name, item in value.items()}


def modules(value: object, base: Path) -> tuple[str, ...]:
    """Read module names, each of which may end in ``.*``."""
    return tuple(dict.fromkeys(_module(name, name.removesuffix(".*"), base) for name in _list(value)))


def mocks(value: object, base: Path) -> tuple[str, ...]:
    """Read module names."""
    names = _list(value)
    for name in names:
        if name.endswith(".*") and _is_dotted_name(name[:-2]):
            raise BadValueError(f"contains {name!r}; a mocked package includes its modules", [name[:-2]])
    return tuple(dict.fromkeys(_module(name, name, base) for name in names))


def setup(value: object, base: Path) -> str:
    """Read ``module:function``."""
    name = text(value, base)
    module, colon, function = name.partition(":")
    if name and not (colon and _is_dotted_name(module) and _is_dotted_name(function)):
        intended = ":".join(name.rsplit(".", 1)) if _is_dotted_name(name) and "." in name else None
        raise BadValueError(f"must be a module and a function with a colon between, not {name!r}", intended)
    return name


def seconds(value: object, _base: Path) -> float:
    """Read a positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValueError(f"must be a number of seconds, not {_kind(value)}", guess_number(value))
    if not (value > 0 and math.isfinite(value)):
        raise BadValueError(f"must be more than 0 seconds, and finite, not {value}")
    return float(value)


def paths(value: object, base: Path) -> tuple[Path, ...]:
    """Read paths; relative ones are resolved against ``base``."""
    return tuple(dict.fromkeys(absolute(entry, base) for entry in _list(value, str | os.PathLike)))


def folders(value: object, base: Path) -> tuple[Path, ...]:
    """Read paths that must exist."""
    folder_paths = paths(value, base)
    for path in folder_paths:
        if not path.exists():
            raise BadValueError(f"names a folder that does not exist: {path}")
    return folder_paths


def interpreter(value: object, base: Path) -> str:
    """Read the path of an executable, or a bare name on PATH."""
    if not isinstance(value, str | os.PathLike):
        raise BadValueError(f"must be the path of a Python, not {_kind(value)}")
    name = os.fspath(value)
    return _executable(name, base) if _has_separator(name) else _on_path(name)


def engine(value: object, base: Path) -> str:
    """Read the name of a layout engine, or the path of its executable."""
    name = text(value, base)
    return _executable(name, base) if _has_separator(name) else str(one_of("graphviz-pure", "dot")(name, base))


def one_of(*names: str, **aliases: str) -> Reader:
    """Return a reader of one of these names; an alias is read as its target.

    If ``off`` is one of them, false is read as ``off``: YAML 1.1 does not distinguish them without quotes.
    """
    choice_list = ", ".join(names[:-1]) + f" or {names[-1]}"

    def reader(value: object, _base: Path) -> str:
        """Return the name that a value stands for, or raise a BadValueError that lists the names."""
        if value is False and "off" in names:
            return "off"
        if not isinstance(value, str):
            raise BadValueError(f"must be {choice_list}, not {_kind(value)}")
        name = aliases.get(value, value)
        if name not in names:
            raise BadValueError(f"must be {choice_list}, not {name!r}", guess_choice(name, names))
        return name

    return reader


def template(value: object, base: Path) -> str:
    """Read a URL with ``{file}``, ``{line}`` and ``{end_line}`` in it."""
    url = text(value, base)
    variables = ("file", "line", "end_line")
    try:
        fields = [field for field in Formatter().parse(url) if field[1] is not None]
    except ValueError as error:
        raise BadValueError(f"is not a URL template ({error})") from None
    for _, name, spec, conversion in fields:
        if name not in variables or spec or conversion:
            name = f"{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}"  # noqa: PLW2901
            raise BadValueError(f"knows {{file}}, {{line}} and {{end_line}}, not {{{name}}}")
    return url


def absolute(value: str | os.PathLike[str], base: Path) -> Path:
    """Return a path made absolute without following links, because an environment's Python is a link."""
    return Path(os.path.abspath(base / Path(value).expanduser()))  # noqa: PTH100 - see above


def _list(value: object, of: object = str) -> list[str]:
    if isinstance(value, str | os.PathLike):
        raise BadValueError("must be a list, not a string", [os.fspath(value)])
    if not isinstance(value, list | tuple):
        raise BadValueError(f"must be a list of strings, not {_kind(value)}")
    for item in value:
        if not isinstance(item, of):  # type: ignore[arg-type]
            raise BadValueError(f"must be a list of strings, and {item!r} in it is {_kind(item)}")
        if not os.fspath(item):
            raise BadValueError("contains an empty string")
    return list(value)


def _module(name: str, bare: str, base: Path) -> str:
    if _is_dotted_name(bare):
        return name
    message = f"contains {name!r}, which is not a module name"
    module, folder = module_of_file(name, base)
    if not _is_dotted_name(module.removesuffix(".*")):
        raise BadValueError(message)
    raise BadValueError(message, [module], {} if folder == Path() else {"path": [folder.as_posix()]})


def _is_dotted_name(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _has_separator(name: str) -> bool:
    return "/" in name or os.sep in name


def _on_path(name: str) -> str:
    executable = shutil.which(name)
    if not executable:
        raise BadValueError(f"names {name!r}, which is not on PATH (a path has a slash in it)")
    return os.path.abspath(executable)  # noqa: PTH100 - a link stays a link


def _executable(name: str, base: Path) -> str:
    path = absolute(name, base)
    if path.is_dir():
        raise BadValueError(f"names a folder, not the executable in it: {path}")
    if not path.is_file():
        raise BadValueError(f"names an executable that does not exist: {path}")
    if not os.access(path, os.X_OK):
        raise BadValueError(f"names a file that is not executable: {path}")
    return str(path)


def _kind(value: object) -> str:
    kinds = {str: "string", bool: "truth value", int: "number", float: "number", list: "list", dict: "table"}
    return f"a {kinds.get(type(value), type(value).__name__)}"


def has_truth(value: object) -> bool:
    """Return whether a value is a boolean, or contains one."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else (value,)
    return any(isinstance(entry, bool) for entry in inner)
