"""Recordings of AppMap."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from penstock.discover.others.appmap import read_appmap
from penstock.discover.proposal import Choice
from penstock.discover.propose import propose
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"shop.views": "shop/views.py", "shop.store": "shop/store.py", "lib": "../lib/site-packages/lib.py"}


def call(number: int, name: str = "", thread: int = 1, **more: Any) -> dict[str, Any]:
    """Return the event of a call, such as ``shop.views:place`` or ``shop.views:Desk.pay``."""
    event = {"id": number, "event": "call", "thread_id": thread, **more}
    if name:
        module, _, qualname = name.partition(":")
        owner, _, function = f"{module}.{qualname}".rpartition(".")
        event |= {"defined_class": owner, "method_id": function, "path": FILES[module], "lineno": 1 + len(qualname)}
    return event


def end(number: int, parent: int, thread: int = 1) -> dict[str, Any]:
    """Return the event of a return."""
    return {"id": number, "event": "return", "thread_id": thread, "parent_id": parent}


EVENTS = [
    call(1, http_server_request={"request_method": "POST", "path_info": "/orders/7"}),
    call(2, "shop.views:place"),
    call(3, "shop.views:Desk.pay"),
    call(4, "lib:send"),
    call(5, "shop.store:save"),
    call(6, sql_query={"sql": "INSERT INTO orders VALUES (7)", "database_type": "postgres"}),
    end(7, 6),
    end(8, 5),
    end(9, 4),
    end(10, 3),
    end(11, 2),
    end(12, 1),
]


def write(folder: Path, events: object) -> Path:
    """Write an AppMap, and the files that its functions are in."""
    for file in ("shop/views.py", "shop/store.py"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).touch()
    path = folder / "place.appmap.json"
    path.write_text(json.dumps({"version": "1.9", "events": events}))
    return path


def test_an_appmap_is_a_recording(tmp_path: Path) -> None:
    """Functions of the project, what started them and what they wrote are read; other code passes its calls on."""
    recording = read_appmap([write(tmp_path, EVENTS)], tmp_path)
    flow = propose(recording, "place", Choice(), tmp_path)
    steps = {step.function.address: ([*step.after], step.effects, step.trigger) for step in flow.steps}
    assert {
        "shop.views:place": ([], (), "POST /orders/*"),
        "shop.views:Desk.pay": (["place"], (), ""),
        "shop.store:save": (["pay"], ("postgres:orders",), ""),
    } == steps


def test_a_return_ends_the_calls_inside_too(tmp_path: Path) -> None:
    """A call that an exception ended may have no event of its own."""
    events = [call(1, "shop.views:place"), call(2, "shop.store:a"), end(3, 1), call(4, "shop.store:b"), end(5, 4)]
    recording = read_appmap([write(tmp_path, events)], tmp_path)
    assert {"place", "b"} == {
        recording.functions[recording.shapes[root.shape].function].name for root in recording.roots
    }


def test_threads_have_calls_of_their_own(tmp_path: Path) -> None:
    """A call is inside one of the same thread."""
    events = [call(1, "shop.views:place"), call(2, "shop.store:a", thread=2), end(3, 1), end(4, 2, thread=2)]
    assert 2 == len(read_appmap([write(tmp_path, events)], tmp_path).roots)


@pytest.mark.parametrize("events", [None, [{}], [1], "no"])
def test_other_files_are_refused(events: object, tmp_path: Path) -> None:
    """The error names the file."""
    file = write(tmp_path, events)
    with pytest.raises(EvidenceError, match=r"place\.appmap\.json.*not a recording of AppMap"):
        read_appmap([file], tmp_path)
