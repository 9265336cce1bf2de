"""``penstock trace``, as a user runs it."""

from __future__ import annotations

import json

import pytest

from command import FLOWS, run

LINES = [
    {
        "event": "received",
        "ts": 1_795_000_000,
        "level": "info",
        "run": "order-1",
        "stage": "handle_kafka_message",
        "shard": 7,
        "key": "s3cret",
    },
    {"event": "fetched", "ts": 1_795_000_001, "level": "info", "run": "order-1", "stage": "fetch_from_api"},
    {"event": "fetched", "ts": 1_795_000_001, "level": "info", "run": "order-17", "stage": "fetch_from_api"},
]
NAMES = ("--name", "id=run", "--name", "step=stage")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project with a log."""
    path = tmp_path_factory.mktemp("project")
    (path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    (path / "flows.py").write_text(FLOWS)
    (path / "log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in LINES))
    return path


def test_timeline_of_log_lines(folder):
    """The timeline is plain text in a pipe, and prints only the fields that are asked for."""
    result = run("trace", "order-1", "log.jsonl", *NAMES, "--field", "shard", cwd=folder)
    expected = """\
Run order-1
2026-11-18 11:06:40.000 UTC, 1.00 s, 2 steps, 1 flow, 2 log lines, 0 spans

bom_sync
◆ handle_kafka_message      +0 ms   log only
    +0 ms INFO received shard=7
· fetch_from_api          +1.00 s   log only
    +1.00 s INFO fetched

bom_sync: without a trace in these files, so they may have run or not: sync_to_database

note: Of steps without a span, only log lines show that they ran: not when they began, how long they took, or what called them.
read 3 lines of 1 file
"""
    assert (0, expected) == (result.returncode, result.stdout)


def test_settings_name_the_fields(folder):
    """The settings can name the fields, and the suffix of the output the format; the file is written whole."""
    (folder / "settings").mkdir()
    names = 'trace_fields = { id = ["run"], step = ["stage"], show = ["shard"] }\n'
    (folder / "settings/pyproject.toml").write_text(f'[tool.penstock]\nmodules = ["flows"]\npath = [".."]\n{names}')
    result = run("trace", "order-1", "../log.jsonl", "-o", "run.json", cwd=folder / "settings")
    assert (0, "wrote run.json\n") == (result.returncode, result.stderr)
    content = json.loads((folder / "settings/run.json").read_text())
    assert {"shard": "7"} == content["steps"][0]["lines"][0]["fields"]
    assert "s3cret" not in json.dumps(content)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope", "log.jsonl"), "penstock: no run 'nope' in log.jsonl (3 lines). Is it the whole ID"),
        (("order-1", "gone.jsonl"), "penstock: gone.jsonl: cannot be read: No such file or directory"),
        (
            ("order-1", "log.jsonl", "--name", "stepp=x"),
            "penstock: --name: names the unknown kind of field 'stepp'. Did you mean 'step'?",
        ),
        (
            ("order-1", "log.jsonl", "--name", "step"),
            "penstock: --name: 'step' must be a kind and a field with = between",
        ),
        (("order-1", "log.jsonl", *NAMES, "-o", "run.pdf"), "penstock: there is no format '.pdf'."),
    ],
)
def test_mistakes(folder, arguments, message):
    """A mistake is a line that says what to do, and the command fails."""
    result = run("trace", *arguments, cwd=folder)
    assert (2, True, "") == (result.returncode, result.stderr.startswith(message), result.stdout)
