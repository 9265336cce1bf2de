"""The applications under ``docs/examples`` run, and their flows are what they do."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, get_args

import pytest

from penstock import get_flow
from penstock.config import Config
from penstock.model import State
from penstock.proof import prove

if TYPE_CHECKING:
    from types import FrameType

    from penstock.model import Flow

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
LINE = re.compile(r"^\S+ \S+ (?P<id>\S+) [A-Z]+ (?P<logger>\S+) (?P<text>.*)$", re.MULTILINE)
SERVICE_LINE = re.compile(r"(\w+) +(\d+) (\S+) (.*)\n")
FLOW_ID = re.compile(r"[0-9a-f]{32}")

DESCRIBE = """
import importlib, json, sys, threading
for module in sys.argv[1:]:
    importlib.import_module(module)
from penstock import flows
print(json.dumps({
    "edges": {flow.name: [[edge.source, edge.target, edge.label] for edge in flow.edges] for flow in flows()},
    "triggers": {flow.name: [step.trigger for step in flow.entrypoints] for flow in flows()},
    "effects": {flow.name: [effect for step in flow.steps for effect in step.effects] for flow in flows()},
    "problems": [str(problem) for flow in flows() for problem in flow.problems],
    "threads": threading.active_count(),
}))
"""

MODULES = {
    "parts": ["parts.bom_sync", "parts.user_update", "parts.__main__"],
    "shop": ["shop.orders", "shop.shipping", "shop.__main__"],
    "online": ["online.web", "online.carrier"],
    "mkdocs_build": ["flows"],
    "states": ["states"],
}

FOLDERS = {"online": "shop"}
"""Where an example stands that has no folder of its own."""


class _Described(NamedTuple):
    """What an example declares; the first three by the name of the flow."""

    edges: dict[str, list[list[str]]]
    triggers: dict[str, list[str]]
    effects: dict[str, list[str]]
    problems: list[str]
    threads: int


def _run(example: str, *arguments: str, stdout: int | socket.socket = subprocess.PIPE) -> str:
    """Run Python in an example's folder and return what it printed, unless that went elsewhere."""
    folder = EXAMPLES / FOLDERS.get(example, example)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"},
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _writes_of(example: str, *arguments: str) -> list[str]:
    """Run Python in an example's folder without buffers and return each write to its standard output.

    Processes that share a standard output tear each other's lines where one of them writes a line in two pieces.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        _run(example, "-u", *arguments, stdout=theirs)
        theirs.close()
        return [write.decode() for write in iter(lambda: ours.recv(1 << 16), b"")]


@cache
def _describe(example: str) -> _Described:
    """Import an example in a child process and return what it declares."""
    if example == "mkdocs_build":
        pytest.importorskip("mkdocs", reason="the example shows MkDocs' own code")
    if example == "online":
        for package in ("fastapi", "celery", "httpx"):
            pytest.importorskip(package)
    return _Described(**json.loads(_run(example, "-c", DESCRIBE, *MODULES[example])))


def _lines_of(output: str, subject: str) -> list[tuple[str, str]]:
    """Return flow ID and text of every log line about ``subject``."""
    return [(found["id"], found["text"]) for found in LINE.finditer(output) if found["text"].startswith(f"{subject} ")]


@pytest.fixture(scope="module")
def shop_output() -> str:
    """What the shop prints while it works on three orders."""
    return _run("shop", "-m", "shop")


@pytest.fixture(scope="module")
def parts_output() -> str:
    """What the parts catalogue prints while it works on messages and users."""
    return _run("parts", "-m", "parts")


@pytest.mark.parametrize("example", MODULES)
def test_import_has_no_side_effects(example: str) -> None:
    """Importing an example prints nothing, starts no thread and declares flows without a problem."""
    described = _describe(example)

    assert ([], 1) == (described.problems, described.threads)


def test_parts_arrows() -> None:
    """The catalogue's flows have the arrows that their functions name."""
    assert {
        "bom_sync": [
            ["handle_kafka_message", "fetch_from_api", ""],
            ["fetch_from_api", "sync_to_database", ""],
        ],
        "user_update": [
            ["handle_api_request", "process_user_update", ""],
            ["handle_admin_action", "process_user_update", ""],
        ],
    } == _describe("parts").edges


def test_shop_arrows() -> None:
    """The shop's flows have branches with labels, and a join."""
    assert {
        "order_processing": [
            ["handle_kafka_message", "validate_order", ""],
            ["handle_api_request", "validate_order", ""],
            ["validate_order", "charge_payment", "if valid"],
            ["validate_order", "reserve_inventory", "if valid"],
            ["validate_order", "reject_order", "else"],
            ["charge_payment", "send_confirmation", ""],
            ["reserve_inventory", "send_confirmation", ""],
        ],
        "shipping": [["handle_shipment", "pack_parcels", ""], ["pack_parcels", "hand_over", ""]],
    } == _describe("shop").edges


def test_shop_channel() -> None:
    """What order processing sends to is what starts shipping."""
    described = _describe("shop")

    assert ["kafka:shipments"] == described.triggers["shipping"]
    assert "kafka:shipments" in described.effects["order_processing"]


@pytest.mark.parametrize(
    ("subject", "texts"),
    [
        ("BOM B-100", ["changed", "fetched", "stored: 2 parts"]),
        ("BOM B-200", ["changed", "fetched", "stored: 3 parts"]),
        ("BOM B-404", ["changed", "skipped: the supplier has no BOM B-404"]),
        ("user 1", ["asks for a new address", "has a new address"]),
        ("user 2", ["gets a new address", "has a new address"]),
        ("user 3", ["asks for a new address"]),
    ],
)
def test_parts_log(parts_output: str, subject: str, texts: list[str]) -> None:
    """Each message and each change is worked on step by step."""
    assert [f"{subject} {text}" for text in texts] == [text for _, text in _lines_of(parts_output, subject)]


@pytest.mark.parametrize(
    ("subject", "texts"),
    [
        (
            "order A-1",
            {
                "received at /orders",
                "checked: valid",
                "reserved: 2 of lamp",
                "paid: 4900 cents",
                "confirmed",
                "packed a parcel of 2",
                "shipped, parcels: 1",
            },
        ),
        (
            "order A-2",
            {
                "received from topic orders",
                "checked: valid",
                "reserved: 4 of chair",
                "paid: 35600 cents",
                "confirmed",
                "packed a parcel of 3",
                "packed a parcel of 1",
                "shipped, parcels: 2",
            },
        ),
        (
            "order A-3",
            {
                "received at /orders",
                "checked: between 1 and 8 pieces can be ordered, not 99; there are 8 pieces of lamp",
                "rejected",
            },
        ),
    ],
)
def test_shop_log(shop_output: str, subject: str, texts: set[str]) -> None:
    """Each order goes through exactly the steps that are meant for it."""
    assert {f"{subject} {text}" for text in texts} == {text for _, text in _lines_of(shop_output, subject)}


@pytest.mark.parametrize("subject", ["order A-1", "order A-2"])
def test_shop_order_of_steps(shop_output: str, subject: str) -> None:
    """A valid order is checked first, then paid and reserved in any order, then confirmed, then shipped."""
    texts = [text.removeprefix(f"{subject} ").split()[0] for _, text in _lines_of(shop_output, subject)]

    assert ["received", "checked:", "paid:", "reserved:", "confirmed"] == [*texts[:2], *sorted(texts[2:4]), texts[4]]
    assert "shipped," == texts[-1]


@pytest.mark.parametrize(
    ("output", "subjects"),
    [
        ("shop_output", ["order A-1", "order A-2", "order A-3"]),
        ("parts_output", ["BOM B-100", "BOM B-200", "BOM B-404", "user 1", "user 2", "user 3"]),
    ],
)
def test_one_flow_id_each(request: pytest.FixtureRequest, output: str, subjects: list[str]) -> None:
    """All log lines of one run carry one flow ID, and no two runs share theirs."""
    ids = [{flow_id for flow_id, _ in _lines_of(request.getfixturevalue(output), subject)} for subject in subjects]

    assert [1] * len(subjects) == [len(found) for found in ids]
    assert len(subjects) == len({flow_id for flow_id in chain(*ids) if FLOW_ID.fullmatch(flow_id)})


def test_shop_answers_with_the_flow_id(shop_output: str) -> None:
    """The customer is told the ID that the log lines of the order carry."""
    answers = [json.loads(text.partition(": ")[2]) for _, text in _lines_of(shop_output, "POST")]

    assert [("A-1", []), ("A-3", answers[1]["reasons"])] == [(told["order"], told["reasons"]) for told in answers]
    for told in answers:
        assert {told["flow_id"]} == {flow_id for flow_id, _ in _lines_of(shop_output, f"order {told['order']}")}


STATES = {
    "confirmed": {"confirmed": 1},
    "unexercised": {"confirmed": 1, "unexercised": 1},
    "never_seen": {"confirmed": 3, "never-seen": 1},
    "no_longer_seen": {"confirmed": 1, "no-longer-seen": 1},
    "indirect": {"confirmed": 2, "indirect": 1, "undeclared": 1},
    "undeclared": {"confirmed": 2, "undeclared": 1},
    "outdated": {"outdated": 1},
    "context_lost": {"context-lost": 1},
}


@pytest.fixture(scope="module")
def recorded_flows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Flow]:
    """All flows of the examples, judged by what ran in the examples' own tests."""
    evidence = tmp_path_factory.mktemp("evidence") / "evidence.json"
    subprocess.run([sys.executable, str(EXAMPLES / "record.py"), str(evidence)], check=True, timeout=600)
    modules = ("parts.*", "shop.*", "online.*", "states")
    config = Config(
        modules=modules,
        path=tuple(EXAMPLES / name for name in ("parts", "shop", "states")),
        project=EXAMPLES,
        evidence=str(evidence),
    )
    return {flow.name: flow for flow in prove(config).manifest.flows}


def test_every_state_of_an_edge_has_an_example() -> None:
    """The gallery of states leaves none out; the one that is drawn on request is in the gallery of options."""
    assert set(get_args(State)) - {"", "untested"} == {state for states in STATES.values() for state in states}


@pytest.mark.parametrize("name", STATES)
def test_each_state_is_shown(recorded_flows: dict[str, Flow], name: str) -> None:
    """Each flow of the gallery has the state that it is named for."""
    assert STATES[name] == Counter(edge.state for edge in recorded_flows[name].edges)


@pytest.mark.parametrize(
    "name", ["bom_sync", "user_update", "order_processing", "shipping", "online_order", "collection"]
)
def test_every_edge_of_an_application_ran(recorded_flows: dict[str, Flow], name: str) -> None:
    """The examples' own tests confirm all edges of the applications."""
    assert {"confirmed"} == {edge.state for edge in recorded_flows[name].edges}


def test_online_arrows() -> None:
    """The online shop is two flows; what the first does last is what starts the second."""
    described = _describe("online")

    assert {
        "online_order": [["order_online", "pack", "task"], ["pack", "announce", ""]],
        "collection": [["take_note", "plan_tour", ""]],
    } == described.edges
    assert described.triggers["collection"] == described.effects["online_order"]


def test_online_has_one_id_in_three_processes() -> None:
    """The web service, the worker and the carrier's service log one ID, the one that the customer was told."""
    _describe("online")  # skips where a package is missing
    if shutil.which("redis-server") is None:
        assert "CI" not in os.environ, "redis-server is missing"
        pytest.skip("redis-server is missing")

    written = _writes_of("online", "-m", "online")
    lines = [found.groups() for found in map(SERVICE_LINE.fullmatch, written) if found]

    assert {
        ("web", "order A-1 received"),
        ("client", "is what the shop answered"),
        ("worker", "order A-1 packed: 2 parcels"),
        ("carrier", "order A-1: 2 parcels are waiting"),
        ("carrier", "order A-1: the shop is on tomorrow's tour"),
        ("worker", "order A-1 announced"),
    } == {(service, text) for service, _, _, text in lines}
    assert 4 == len({process for _, process, _, _ in lines})
    assert 1 == len({flow_id for _, _, flow_id, _ in lines if FLOW_ID.fullmatch(flow_id)})
    assert 1 == len({flow_id for _, _, flow_id, _ in lines})


def test_parts_given_database(tmp_path: Path) -> None:
    """A database that is given on the command line stays, and a second run finds it as it was."""
    database = str(tmp_path / "parts.db")

    assert [True, True] == ["5 parts in the database" in _run("parts", "-m", "parts", database) for _ in range(2)]
    assert Path(database).is_file()


def test_mkdocs_build_prints_the_flow() -> None:
    """The MkDocs example builds a site and lists every step of its flow."""
    edges = _describe("mkdocs_build").edges["mkdocs_build"]
    steps = {name for edge in edges for name in edge[:2]}

    printed = _run("mkdocs_build", "-m", "flows").splitlines()

    assert "Built 404.html, index.html, next/index.html" == printed[0]
    assert sorted(steps) == sorted(line.partition(" ->")[0] for line in printed[1:])


def test_mkdocs_build_is_true() -> None:
    """In a real build each declared arrow is taken, and no step comes without one of its declared predecessors."""
    edges = _describe("mkdocs_build").edges["mkdocs_build"]

    taken, unexpected = json.loads(_run("mkdocs_build", __file__))

    assert [] == unexpected
    assert sorted(edge[:2] for edge in edges) == taken


class _Witness:
    """Sees real calls, and notes for each which declared predecessors enclose it or have ended before it.

    Args:
        names: The step that each module and qualified name stands for.
        edges: The declared arrows.
    """

    def __init__(self, names: dict[tuple[str, str], str], edges: set[tuple[str, str]]) -> None:
        self.taken: set[tuple[str, str]] = set()
        self.unexpected: set[tuple[str, str]] = set()
        self._names = names
        self._edges = edges
        self._stack: list[tuple[str, set[str]]] = [("", set())]

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        name = self._names.get((frame.f_globals.get("__name__", ""), frame.f_code.co_qualname))
        if name and event == "call":
            self._begin(name)
        elif name and event == "return":
            _, done = self._stack.pop()
            self._stack[-1][1].update(done, {name})

    def _begin(self, name: str) -> None:
        parent, done = self._stack[-1]
        justified = {(source, name) for source in {parent, *done}} & self._edges
        self.taken |= justified
        if parent and not justified:
            self.unexpected.add((parent, name))
        self._stack.append((name, set()))


def _watch_mkdocs_build() -> None:
    """Build the example's small site under a witness and print what it saw."""
    flows = import_module("flows")
    flow = get_flow("mkdocs_build")
    witness = _Witness(
        {(step.module, step.qualname): step.name for step in flow.steps},
        {(edge.source, edge.target) for edge in flow.edges},
    )
    with TemporaryDirectory() as folder:
        sys.setprofile(witness)
        try:
            flows.build_small_site(Path(folder).resolve())
        finally:
            sys.setprofile(None)
    sys.stdout.write(json.dumps([sorted(witness.taken), sorted(witness.unexpected)]))


if __name__ == "__main__":
    _watch_mkdocs_build()
