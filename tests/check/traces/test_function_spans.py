"""Evidence from ordinary spans, which name a function and know nothing of penstock."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from penstock.check.evidence import Fact, Seen, load
from penstock.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.check.evidence import Evidence

FLOWS = """
from penstock import flow

orders, audit = flow("orders"), flow("audit")

@orders.entrypoint
def receive(): ...

class Till:
    @audit.entrypoint(name="look")
    @orders.step(after="receive")
    def pay(self): ...

@orders.step(after="pay")
def rows():
    yield 1

@orders.step(after="rows", name="send_mail")
def send(): ...

def helper(): ...
"""
MILLISECOND = 10**6
DAY = 1_795_000_000 * 10**9

Span = tuple[str, str, int, int]
"""The name of a function, that of the span around, when it begins and when it ends."""

SPANS: list[Span] = [
    ("shop_flows.receive", "", 0, 100),
    ("shop_flows.helper", "shop_flows.receive", 5, 95),
    ("shop_flows.Till.pay", "shop_flows.helper", 10, 20),
    ("shop_flows.rows", "shop_flows.helper", 30, 60),
    ("shop_flows.send", "shop_flows.helper", 40, 50),
]


def new(name: str) -> dict[str, str]:
    """Return the attribute of today."""
    return {"code.function.name": name}


def old(name: str) -> dict[str, str]:
    """Return the attributes of before, the class in the namespace."""
    space, _, function = name.rpartition(".")
    return {"code.namespace": space, "code.function": function}


def qualified(name: str) -> dict[str, str]:
    """Return the attributes of before, the class in the function's name."""
    space, _, function = name.partition(".")
    return {"code.namespace": space, "code.function": function}


def doubled(name: str) -> dict[str, str]:
    """Return the attributes of before, with the namespace twice."""
    return {"code.namespace": name.partition(".")[0], "code.function": name}


def colon(name: str) -> dict[str, str]:
    """Return the name as Python's entry points have it."""
    return {"code.function.name": name.replace(".", ":", 1)}


def otlp(spans: list[Span], attributes: Any, **more: Any) -> dict[str, Any]:
    """Return an ExportTraceServiceRequest."""
    listed = [
        {
            "traceId": "1" * 32,
            "spanId": name.encode().hex()[-16:],
            "parentSpanId": around.encode().hex()[-16:],
            "startTimeUnixNano": str(DAY + start * MILLISECOND),
            "endTimeUnixNano": str(DAY + end * MILLISECOND),
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes(name).items()],
            **more,
        }
        for name, around, start, end in spans
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": listed}]}]}


def jaeger(spans: list[Span], attributes: Any, **more: Any) -> dict[str, Any]:
    """Return what Jaeger answers."""
    listed = [
        {
            "traceID": "1",
            "spanID": name,
            "references": [{"refType": "CHILD_OF", "traceID": "1", "spanID": around}] if around else [],
            "startTime": DAY // 1000 + start * 1000,
            "duration": (end - start) * 1000,
            "tags": [{"key": key, "value": value} for key, value in {**attributes(name), **more}.items()],
        }
        for name, around, start, end in spans
    ]
    return {"data": [{"spans": listed, "processes": {}}]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with flows."""
    (tmp_path / "shop_flows.py").write_text(FLOWS, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop_flows"]\npath = ["."]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(folder: Path, document: object, *options: str, kind: str = "from-otlp", code: int = 0) -> Evidence | None:
    """Read a document; return the evidence that was written."""
    (folder / "traces.json").write_text(json.dumps(document), encoding="utf-8")
    assert code == main(["evidence", kind, "traces.json", "-o", "out.json", *options])
    return None if code else load(folder / "out.json")


PAY, RECEIVE, ROWS = Seen("pay"), Seen("receive"), Seen("rows")
FACTS = {
    Fact("orders", PAY, RECEIVE): 1,
    Fact("orders", ROWS, RECEIVE, frozenset({PAY})): 1,
    Fact("orders", Seen("send_mail"), RECEIVE, frozenset({PAY, ROWS})): 1,
}
RUNS = {("orders", RECEIVE): 1, ("audit", Seen("look")): 1}


@pytest.mark.parametrize("attributes", [new, old, qualified, doubled, colon])
@pytest.mark.parametrize(("kind", "document"), [("from-otlp", otlp), ("from-jaeger", jaeger)])
def test_spans_are_mapped_by_the_names_of_functions(
    kind: str, document: Any, attributes: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Functions are the steps that they are declared as, in all of their flows; others are seen through."""
    found = read(folder, document(SPANS, attributes), kind=kind)
    assert found is not None
    facts = {
        Fact(fact.flow, fact.step, fact.parent, fact.done - {fact.parent}): count for fact, count in found.facts.items()
    }
    assert (FACTS, RUNS, {}) == (facts, found.runs, found.orphans)
    assert "wrote out.json: 2 runs; 4 spans matched to steps by function name\n" == capsys.readouterr().out


@pytest.mark.parametrize("kind", [3, 4, "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER"])
def test_calls_to_other_services_are_no_steps(kind: object, folder: Path) -> None:
    """The span of an outgoing call names the function that makes it, which began before and goes on after."""
    document = otlp(SPANS[:1], new)
    document["resourceSpans"] += otlp(SPANS[2:3], new, kind=kind)["resourceSpans"]
    found = read(folder, document)
    assert found is not None
    assert ({("orders", RECEIVE): 1}, {}) == (found.runs, found.facts)
    calls = jaeger(SPANS[2:], new, **{"span.kind": "client"})
    assert read(folder, calls, kind="from-jaeger", code=2) is None


def test_the_flows_may_be_named_on_the_command_line(folder: Path) -> None:
    """The options say where the flows are, as for all commands."""
    (folder / "pyproject.toml").unlink()
    found = read(folder, otlp(SPANS, new), "-m", "shop_flows", "-p", ".")
    assert found is not None
    assert RUNS == found.runs


REFUSED = {
    "no module": ("", SPANS, "no modules are configured. Name them: penstock evidence from-otlp -m shop.flows"),
    "a module that fails": (
        '[tool.penstock]\nmodules = ["broken"]\npath = ["."]',
        SPANS,
        "It is unknown which functions are steps: ",
    ),
    "no step": (
        '[tool.penstock]\nmodules = ["shop_flows"]\npath = ["."]',
        SPANS[1:2],
        "1 name functions that are not steps (first: shop_flows.helper)",
    ),
}


@pytest.mark.parametrize(("settings", "spans", "said"), REFUSED.values(), ids=REFUSED)
def test_spans_that_cannot_be_mapped(
    settings: str, spans: list[Span], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written, and the message says what is missing."""
    (folder / "pyproject.toml").write_text(settings)
    (folder / "broken.py").write_text("import nothing_like_it")
    read(folder, otlp(spans, new), code=2)
    error = capsys.readouterr().err
    assert ("no span belongs to a step. " in error, said in error) == (True, True), error
    assert not (folder / "out.json").exists()


def test_steps_need_no_configuration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spans of steps say themselves what they are; where others could not be mapped, a note says so."""
    (folder / "pyproject.toml").unlink()
    known = {"penstock.step": "receive", "penstock.flow": "orders"}
    read(folder, otlp(SPANS[:1], lambda _: known))
    assert "" == capsys.readouterr().err
    read(folder, otlp(SPANS[:2], lambda name: known if "receive" in name else new(name)))
    assert "note: It is unknown which functions are steps: no modules are configured." in capsys.readouterr().err


def test_what_a_span_says_of_its_step_counts_more(folder: Path) -> None:
    """A span of a step that also names a function is that step's."""
    known = {"penstock.step": "other", "penstock.flow": "orders", "code.function.name": "shop_flows.receive"}
    found = read(folder, otlp(SPANS[:1], lambda _: known))
    assert found is not None
    assert {"other"} == {orphan.step.step for orphan in found.orphans}


def test_the_application_is_not_imported_here(folder: Path) -> None:
    """Another process imports it."""
    read(folder, otlp(SPANS, new))
    assert "shop_flows" not in sys.modules
