"""Recordings as files, and several as one."""

from __future__ import annotations

import pytest

from discoveries import draw_roots
from penstock.discover.recording import Child, Function, Recording, Root, Shape
from penstock.discover.recording_file import dumps, find_recording_file, load, merge, save
from penstock.errors import EvidenceError

PLACE = Function("shop", "place_order", "shop.py", 3)
CHECK = Function("shop", "check", "shop.py", 9, "coroutine")
STORE = Function("shop", "store", "shop.py", 12)

RECORDING = Recording(
    (PLACE, CHECK),
    (
        Shape(1, reads=("postgres:parts",)),
        Shape(1, writes=("postgres:orders",), failed=True),
        Shape(0, children=(Child(0, times=10), Child(1, running=(0,))), missing=(1,)),
        Shape(1, partial=True),
    ),
    {Root(2, "POST /orders", (1,)): 3, Root(3): 1, Root(3, "GET /", is_inside=True): 1},
    ("pytest", "-q"),
    ("A note.",),
)
OTHER = Recording(
    (STORE, CHECK, PLACE),
    (Shape(1, reads=("postgres:parts",)), Shape(0), Shape(2, children=(Child(1), Child(0)))),
    {Root(2): 1, Root(0): 2},
    notes=("A note.", "Another note."),
)


def test_round_trip(tmp_path):
    """A recording is read as it was written, and its folder stays out of version control."""
    path = find_recording_file(tmp_path)
    save(RECORDING, path)
    assert (RECORDING, "*\n") == (load(path), (path.parent / ".gitignore").read_text())


def test_merge_joins_equal_rows():
    """Recordings of several processes are one, in which equal functions and shapes stand once."""
    merged = merge([RECORDING, OTHER], ["make", "test"])
    assert [
        "2 x check <postgres:parts",
        "check…",
        "place_order(store, check <postgres:parts)",
        "GET /: check…",
        "POST /orders: 3 x place_order(10 x check <postgres:parts, check! >postgres:orders&0)",
    ] == draw_roots(merged)
    assert (("make", "test"), ("A note.", "Another note."), 3, 6) == (
        merged.command,
        merged.notes,
        len(merged.functions),
        len(merged.shapes),
    )


def test_merge_keeps_what_roots_need():
    """Shapes that belong to no outermost call are left out."""
    recording = Recording((PLACE, CHECK), (Shape(0), Shape(1)), {Root(1): 1})
    assert (Shape(1),) == merge([recording]).shapes


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("penstock-discovery", "penstock-evidence", "this is no penstock recording; make one with: penstock discover -- COMMAND"),
        ('"1.0"', '"2.0"', "the recording has version 2.0, this penstock reads up to 1.x. Upgrade penstock."),
        ("[0,[[0,[],10]", "[0,[[2,[],10]", "the recording is damaged (ValueError('2 is beyond the 2 rows before it')). "),
        ('"shop.py",3', '"shop.py",-3', "the recording is damaged (ValueError('-3 is no number of anything')). "),
        ('"POST /orders"', "7", "the recording is damaged (TypeError('7 is no text')). "),
        ('{\n"', "[", "this is not JSON: "),
    ],
)  # fmt: skip
def test_bad_files(tmp_path, old, new, message):
    """What is no recording, or a damaged one, is refused with its file and a cure."""
    path = tmp_path / "discovery.json"
    text = dumps(RECORDING)
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(EvidenceError) as caught:
        load(path)
    assert f"{path}: {message}" == str(caught.value)[: len(f"{path}: {message}")]


def test_missing_file(tmp_path):
    """A file that does not exist is an error with its path."""
    with pytest.raises(EvidenceError) as caught:
        load(tmp_path / "discovery.json")
    assert f"{tmp_path / 'discovery.json'}: cannot read the recording: No such file or directory" == str(caught.value)
