"""Reads and writes recordings as JSON, and joins several."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import own_folder, read_text, write_atomically
from penstock._util.source_paths import relative
from penstock._util.versioned_json import VersionedFormat, check_natural, check_text
from penstock.discover.recording import Child, Function, Recording, Root, Shape
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FORMAT = VersionedFormat(
    name="penstock-discovery",
    version=(1, 0),
    subject="recording",
    cure="make one with: penstock discover -- COMMAND",
    error=EvidenceError,
    merge="Record again with: penstock discover -- COMMAND",
)

_DAMAGES = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)


def find_recording_file(project: Path) -> Path:
    """Return the file in which a project keeps its latest recording."""
    return project / ".penstock" / "discovery.json"


def save(recording: Recording, path: Path) -> None:
    """Write a recording, whole or not at all.

    Args:
        recording: The recording.
        path: The file; a folder ``.penstock`` around it is made, and excluded from version control.

    Raises:
        OutputError: The file cannot be written.
    """
    if path.parent.name == ".penstock":
        own_folder(path.parent)
    write_atomically(path, dumps(recording).encode())


def load(path: Path) -> Recording:
    """Return the recording in a file.

    Args:
        path: A file that :func:`save` has written.

    Raises:
        EvidenceError: The file cannot be read, or is no recording.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise EvidenceError(f"cannot read the recording: {error.strerror}", path=path) from None
    content = FORMAT.content(text, path)
    try:
        return decode_rows(content)
    except _DAMAGES as error:
        cure = "Record again with: penstock discover -- COMMAND"
        raise EvidenceError(f"the recording is damaged ({error!r:.80}). {cure}", path=path) from None


def dumps(recording: Recording) -> str:
    """Return a recording as JSON text, a row a line."""
    head = {
        "format": FORMAT.name,
        "version": ".".join(map(str, FORMAT.version)),
        "command": list(recording.command),
        "notes": list(recording.notes),
    }
    rows = {
        "functions": [list(function) for function in recording.functions],
        "shapes": [_encode_shape(shape) for shape in recording.shapes],
        "roots": [[*root[:3], int(root.is_inside), count] for root, count in recording.roots.items()],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    lines += [f"{json.dumps(key)}: {_encode_rows(value)}" for key, value in rows.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _encode_rows(rows: Iterable[object]) -> str:
    lines = ",\n".join(f"  {json.dumps(row, separators=(',', ':'))}" for row in rows)
    return f"[\n{lines}\n]" if lines else "[]"


def _encode_shape(shape: Shape) -> list[object]:
    children = [list(child) for child in shape.children]
    return [
        shape.function,
        children,
        shape.writes,
        shape.reads,
        int(shape.partial),
        int(shape.failed),
        shape.missing,
        shape.head,
    ]


def decode_rows(content: Mapping[str, Any], project: Path | None = None) -> Recording:
    """Return the recording in the rows of a file, or of the part of a process.

    Args:
        content: The rows.
        project: The folder to which files are to be relative.

    Raises:
        ValueError: A number is wrong; other errors mean that a row has another form.
    """
    functions = tuple(_decode_function(row, project) for row in content["functions"])
    shapes: list[Shape] = []
    for row in content["shapes"]:
        shapes.append(_decode_shape(row, len(functions), len(shapes)))
    roots: dict[Root, int] = {}
    for shape, trigger, quiet, is_inside, count in content["roots"]:
        missing = _check_indexes(quiet, len(functions))
        root = Root(_check_index(shape, len(shapes)), check_text(trigger), missing, bool(check_natural(is_inside)))
        roots[root] = roots.get(root, 0) + check_natural(count)
    command, notes = content.get("command", ()), content.get("notes", ())
    return Recording(functions, tuple(shapes), roots, tuple(map(check_text, command)), tuple(map(check_text, notes)))


def _decode_function(row: Sequence[Any], project: Path | None) -> Function:
    module, qualname, file, line, kind = row
    path = relative(check_text(file), project) if project is not None else check_text(file)
    return Function(check_text(module), check_text(qualname), path, check_natural(line), check_text(kind))


def _decode_shape(row: Sequence[Any], functions: int, shapes: int) -> Shape:
    function, children, writes, reads, partial, failed, missing, head = row
    return Shape(
        _check_index(function, functions),
        tuple(map(check_text, writes)),
        tuple(map(check_text, reads)),
        tuple(_decode_child(child, place, shapes) for place, child in enumerate(children)),
        bool(check_natural(partial)),
        bool(check_natural(failed)),
        _check_indexes(missing, functions),
        check_natural(head),
    )


def _decode_child(row: Sequence[Any], place: int, shapes: int) -> Child:
    shape, running, times = row
    return Child(_check_index(shape, shapes), _check_indexes(running, place), check_natural(times))


def _check_index(value: object, length: int) -> int:
    if check_natural(value) >= length:
        raise ValueError(f"{value} is beyond the {length} rows before it")
    return check_natural(value)


def _check_indexes(values: Iterable[object], length: int) -> tuple[int, ...]:
    return tuple(_check_index(value, length) for value in values)


def merge(recordings: Sequence[Recording], command: Sequence[str] = ()) -> Recording:
    """Return several recordings as one; shapes of no outermost call are left out.

    Args:
        recordings: The recordings, such as those of several processes.
        command: The command that was watched.
    """
    functions: dict[Function, int] = {}
    shapes: dict[Shape, int] = {}
    roots: dict[Root, int] = {}
    for recording in recordings:
        numbers = [functions.setdefault(function, len(functions)) for function in recording.functions]
        places: dict[int, int] = {}
        used = _find_used_shapes(recording)
        for place in sorted(used):
            shape = _renumber_shape(recording.shapes[place], numbers, places)
            places[place] = shapes.setdefault(shape, len(shapes))
        for root, count in recording.roots.items():
            key = root._replace(shape=places[root.shape], quiet=_renumber(root.quiet, numbers))
            roots[key] = roots.get(key, 0) + count
    notes = dict.fromkeys(note for recording in recordings for note in recording.notes)
    return Recording(tuple(functions), tuple(shapes), roots, tuple(command), tuple(notes))


def _find_used_shapes(recording: Recording) -> set[int]:
    used: set[int] = set()
    waiting = [root.shape for root in recording.roots]
    while waiting:
        place = waiting.pop()
        if place not in used:
            used.add(place)
            waiting += [child.shape for child in recording.shapes[place].children]
    return used


def _renumber_shape(shape: Shape, functions: Sequence[int], shapes: Mapping[int, int]) -> Shape:
    children = tuple(child._replace(shape=shapes[child.shape]) for child in shape.children)
    missing = _renumber(shape.missing, functions)
    return shape._replace(function=functions[shape.function], children=children, missing=missing)


def _renumber(indexes: Iterable[int], functions: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(functions[index] for index in indexes))
