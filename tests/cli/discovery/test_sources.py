"""What `penstock discover` makes proposals from: a command, the last recording, recordings of others, or the code."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from penstock.cli.main import main
from recorded_bakery import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EVENTS: list[Mapping[str, object]] = [
    {
        "id": number,
        "event": "call",
        "thread_id": 1,
        "defined_class": f"bakery.{module}",
        "method_id": name,
        "path": f"bakery/{module}.py",
        "lineno": 1,
        "static": True,
    }
    for number, module, name in ((1, "orders", "place_order"), (2, "stock", "reserve"))
]
EVENTS += [{"id": 3, "event": "return", "thread_id": 1, "parent_id": 2}]
EVENTS += [{"id": 4, "event": "return", "thread_id": 1, "parent_id": 1}]


@pytest.fixture
def bakery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example without flows, as the working directory."""
    shutil.copytree(EXAMPLE, tmp_path, ignore=shutil.ignore_patterns("__pycache__", ".*"), dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_is_watched_and_its_exit_code_reported(bakery: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What the command prints comes first; that it failed is a note, and the proposal is made all the same."""
    program = "from bakery import prices; print('begin'); prices.price_order('rye', 2); raise SystemExit(3)"
    assert 0 == main(["discover", "--", sys.executable, "-c", program])
    printed = capfd.readouterr()
    assert ["begin", "", "1  bakery.prices:price_order  1 run, 0 functions inside"] == printed.out.splitlines()[:3]
    assert "ended with exit code 3." in printed.err


def test_a_recording_is_kept_for_the_next_command(bakery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After a command was watched, a flow is proposed without it."""
    main(["discover", "--", sys.executable, "-c", "from bakery import prices; prices.price_order('rye', 2)"])
    assert 0 == main(["discover", "--from", "price_order"])
    assert "Add up the prices of an order (price_order)" in capsys.readouterr().out


def test_a_command_that_runs_no_own_code_is_an_error(bakery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cure is the name of the package."""
    assert 2 == main(["discover", "--", sys.executable, "-c", "pass"])
    message = capsys.readouterr().err
    assert "no function of the code in" in message
    assert f"penstock discover -m PACKAGE -- {sys.executable} -c pass" in message


def test_recordings_of_others_are_read_and_kept(bakery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording of AppMap takes the place of a command."""
    (bakery / "a.appmap.json").write_text(json.dumps({"version": "1.9", "events": EVENTS}))
    assert 0 == main(["discover", "a.appmap.json"])
    assert "1  bakery.orders:place_order  1 run, 1 function inside" in capsys.readouterr().out
    assert 0 == main(["discover", "--from", "place_order"])
    assert "1 of 1 arrow confirmed by 1 run" in capsys.readouterr().out


def test_recordings_of_two_tools_are_an_error(bakery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files of AppMap and of OpenTelemetry are not mixed."""
    for name in ("a.appmap.json", "b.jsonl"):
        (bakery / name).touch()
    assert 2 == main(["discover", "a.appmap.json", "b.jsonl"])
    assert "give recordings of AppMap, or of OpenTelemetry: not both" in capsys.readouterr().err


def test_the_code_alone_is_enough(bakery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A static proposal says that nothing was seen, and its next command is static, too."""
    assert 0 == main(["discover", "--static", "--from", "place_order"])
    printed = capsys.readouterr()
    assert "penstock discover --static --from place_order --write decorators" in printed.out
    assert "note: Nothing was seen of it" in printed.err
