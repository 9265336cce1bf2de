"""Evidence from traces: the same verdict as the recorder's, from files as others write them."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import entrypoint, flow, get_flow, observing, step
from penstock.check.evidence import Fact, Orphan, Seen, load
from penstock.check.traces.jaeger import JAEGER
from penstock.check.traces.otlp import OTLP
from penstock.check.traces.reader import Damage, read
from penstock.check.verdict.judgement import judge
from penstock.cli.main import main
from penstock.errors import EvidenceError
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from penstock.check.evidence import Evidence

SECOND = 10**9
DAY = 1_795_000_000 * SECOND


def attributes(**values: object) -> list[dict[str, object]]:
    """Return attributes as OTLP has them."""
    kinds = {str: "stringValue", bool: "boolValue"}
    return [
        {
            "key": key.replace("_", ".", 1),
            "value": {"arrayValue": {"values": [{"stringValue": each} for each in value]}},
        }
        if isinstance(value, list)
        else {"key": key.replace("_", ".", 1), "value": {kinds[type(value)]: value}}
        for key, value in values.items()
    ]


def span(name: str, start: int, end: int, parent: str = "", trace: str = "1", **more: Any) -> dict[str, Any]:
    """Return the span of a step that has the name of its ID; a name with a dot is no step's."""
    told = {} if "." in name else {"penstock_step": more.pop("step", name), "penstock_flow": "f"}
    links = [{"traceId": more.pop("linked").rjust(32, "0"), "spanId": _id(more.pop("link"))}] if "link" in more else []
    return {
        "traceId": trace.rjust(32, "0"),
        "spanId": _id(name + more.pop("number", "")),
        "parentSpanId": _id(parent) if parent else "",
        "startTimeUnixNano": str(DAY + start),
        "endTimeUnixNano": str(DAY + end),
        "attributes": attributes(**told, **more),
        "links": links,
    }


def _id(name: str) -> str:
    return name.encode().hex().rjust(16, "0")[-16:]


def request(*spans: dict[str, Any], **resource: str) -> str:
    """Return a line."""
    scope = {"scope": {"name": "penstock"}, "spans": list(spans)}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": attributes(**resource)}, "scopeSpans": [scope]}]})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the traces are."""
    return tmp_path / "traces.jsonl"


def told(file: Path, *lines: str) -> Evidence:
    """Return what lines tell."""
    file.write_text("\n".join(lines))
    return read([file], OTLP, Damage())


def shown(evidence: Evidence) -> set[str]:
    """Return the facts, as ``parent>step after done``."""
    return {
        f"{fact.parent.step}>{fact.step.step} after {','.join(sorted(each.step for each in fact.done))}"
        for fact in evidence.facts
    }


GO = span("go", 0, 100, penstock_entrypoint=True)


def test_a_trace(file: Path) -> None:
    """Parents may be further out, and what has ended before is done."""
    found = told(file, request(span("a", 10, 20, "go"), span("b", 20, 30, "x.y"), span("x.y", 15, 40, "go"), GO))
    go, a, b = Seen("go"), Seen("a"), Seen("b")
    expected = {Fact("f", a, go): 1, Fact("f", b, go, frozenset({a})): 1}
    assert (expected, {("f", go): 1}, {}) == (found.facts, found.runs, found.orphans)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((10, 20), (20, 30), "go>b after a"),
        ((10, 21), (20, 30), "go>b after "),
        ((10, 10), (10, 10), "go>b after a"),
        ((10, 20), (20, 20), "go>b after a"),
        ((5, 1), (6, 7), "go>b after a"),
    ],
    ids=["before", "overlapping", "a clock that stands still", "no time", "a clock that goes backwards"],
)
def test_order(a: tuple[int, int], b: tuple[int, int], expected: str, file: Path) -> None:
    """A step is done when it has ended before another begins; at one moment, in the order of the file."""
    assert expected in shown(told(file, request(span("a", *a, "go"), span("b", *b, "go"), GO)))


def test_spans_in_any_order_over_lines_and_files(tmp_path: Path) -> None:
    """Traces that interleave over lines and files are put together again."""
    traces = [f"{number:032x}" for number in range(1, 60)]
    spans = [
        {**each, "traceId": trace}
        for trace in traces
        for each in (span("a", 10, 20, "go"), span("b", 20, 30, "a"), span("c", 40, 50, "go"), GO)
    ]
    random.Random(17).shuffle(spans)
    files = [tmp_path / "1", tmp_path / "2"]
    for number, path in enumerate(files):
        path.write_text("\n".join(request(each) for each in spans[number::2]))
    found = read(files, OTLP, Damage())
    assert {"go>a after ", "a>b after ", "go>c after a,b"} == shown(found)
    assert ({59}, 59) == ({*found.facts.values()}, sum(found.runs.values()))


def test_a_span_that_was_sent_twice_counts_once(file: Path) -> None:
    """Exporters try again, and files may be given twice."""
    line = request(span("a", 10, 20, "go"), GO)
    assert told(file, line, line) == told(file, line)


@pytest.mark.parametrize("trace", ["1", "2"], ids=["in the same trace", "in another trace"])
def test_links_are_parents_where_there_is_no_other(trace: str, file: Path) -> None:
    """A message that begins a trace of its own belongs to the step that sent it."""
    sent = span("b", 200, 210, trace=trace, link="a", linked="1")
    found = told(
        file, request(sent), request(span("c", 201, 205, "b", trace=trace)), request(span("a", 1, 2, "go"), GO)
    )
    assert {"go>a after ", "a>b after ", "b>c after "} == shown(found)


def test_a_long_chain_of_links(file: Path) -> None:
    """Traces that are linked one to the other, without end, neither overflow nor take for ever."""
    chain = [span("a", n, n, trace=f"{n + 1:x}", step=f"a{n % 3}", link="a", linked=f"{n:x}") for n in range(3000)]
    assert {"a0>a1", "a1>a2", "a2>a0"} == {each.partition(" ")[0] for each in shown(told(file, request(*chain)))}


def test_a_step_of_several_flows(file: Path) -> None:
    """Each flow has its own facts."""
    found = told(file, request(span("a", 1, 2, "go", penstock_flows=["f", "g"]), {**GO}))
    assert {("f", "a", "go")} == {(fact.flow, fact.step.step, fact.parent.step) for fact in found.facts}
    assert {Orphan("g", Seen("a"), concurrent=False): 1} == found.orphans


def test_a_step_is_never_its_own_parent(file: Path) -> None:
    """Recursion and retries are not arrows."""
    spans = (span("a", 1, 9, "go"), span("a", 2, 8, "a", number="2"), span("b", 3, 4, "a2"), GO)
    assert {"go>a after ", "go>a after b".replace(" after b", " after "), "a>b after "} == shown(
        told(file, request(*spans))
    )


@pytest.mark.parametrize("spans", [[span("a", 1, 2, "b"), span("b", 1, 2, "a")], [span("a", 1, 2, "a")]])
def test_spans_around_each_other(spans: list[dict[str, Any]], file: Path) -> None:
    """Spans that are each other's parents, or their own, do not hang the reader."""
    assert sum(told(file, request(*spans)).orphans.values()) == 1


def test_steps_alone(file: Path) -> None:
    """A step whose parent is missing has lost its context, and so has one that began while its flow was running."""
    lost = span("lost", 10, 20, "gone", trace="2")
    beside, alone = span("beside", 50, 60, trace="3"), span("alone", 500, 600, trace="4")
    found = told(file, request(lost, beside, alone, GO))
    assert {("lost", True), ("beside", True), ("alone", False)} == {
        (each.step.step, each.concurrent) for each in found.orphans
    }


def test_generators(file: Path) -> None:
    """A generator counts as done from its beginning, for those who consume it, too."""
    spans = [
        span("rows", 20, 90, "load", penstock_lazy=True),
        span("save", 30, 40, "load"),
        span("load", 10, 95, "go"),
        GO,
    ]
    assert {"go>load after rows", "load>rows after go", "load>save after rows"} == shown(told(file, request(*spans)))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"vcs_ref.head.revision": "3f2a1c", "service_version": "1.2"}, {"3f2a1c": "2026-11-18"}),
        ({"service_version": "1.2"}, {"1.2": "2026-11-18"}),
        ({}, {"": "2026-11-18"}),
    ],
    ids=["commit", "version", "nothing"],
)
def test_what_was_deployed(resource: dict[str, str], expected: dict[str, str], file: Path) -> None:
    """The commit that the resource tells, else its version, is in the evidence, with the day of its last span."""
    assert expected == told(file, request(GO, **resource)).commits


def test_whole_documents(file: Path) -> None:
    """A document over several lines is read, too; so is a list of them, the older protocol, and what Jaeger answers."""
    line = json.loads(request(span("a", 1, 2, "go"), GO))
    expected = told(file, json.dumps(line))
    older = {"resourceSpans": [{"instrumentationLibrarySpans": line["resourceSpans"][0]["scopeSpans"]}]}
    for document in (line, [line], {"result": line}, older):
        assert expected == told(file, json.dumps(document, indent=2))
        assert expected == told(file, json.dumps(document))


def test_compressed_files(tmp_path: Path) -> None:
    """A file of gzip is read; one that is cut off, up to there."""
    packed = gzip.compress(f"{request(GO)}\n".encode() * 2000)
    (tmp_path / "whole.gz").write_bytes(packed)
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    damage = Damage()
    assert read([tmp_path / "whole.gz"], OTLP, damage).runs == read([tmp_path / "cut.gz"], OTLP, damage).runs
    assert "the compressed file is cut off or damaged" in str(damage)


BOMBS = {
    "one line": b'{"resourceSpans": [' + b" " * 3_000_000 + b"]}",
    "a document": b"[\n" + b"[],\n" * 700_000 + b"[]]",
    "no line end": b"\0" * 3_000_000,
    "a long second line": b"{}\n" + b" " * 3_000_000,
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_compressed_files_that_grow(content: bytes, tmp_path: Path) -> None:
    """A small file that becomes a large document is refused before it fills the memory."""
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(content))
    with pytest.raises(EvidenceError, match=r"bomb\.gz: it holds a line or document of more than 2 MB .*--max-size MB"):
        read([bomb], OTLP, Damage(), max_size=2_000_000)


def test_a_large_compressed_file_of_short_lines(tmp_path: Path) -> None:
    """Only what has to be in memory at once is limited, not the file."""
    (tmp_path / "long.gz").write_bytes(gzip.compress(f"{request(GO)}\n".encode() * 10_000))
    assert read([tmp_path / "long.gz"], OTLP, Damage(), max_size=100_000).runs


def test_the_limit_can_be_raised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--max-size`` takes a number of megabytes, and says so of anything else."""
    packed, output = tmp_path / "large.gz", str(tmp_path / "evidence.json")
    packed.write_bytes(gzip.compress(f"{' ' * 1_500_000}{request(GO)}".encode()))
    command = ["evidence", "from-otlp", str(packed), "-o", output, "--max-size"]
    assert [2, 0, 2, 2] == [main([*command, size]) for size in ("1", "2", "0", "much")]
    assert "--max-size: 'much' is not a whole number of megabytes" in capsys.readouterr().err


DAMAGED = {
    "cut off": request(GO)[:-20],
    "no JSON": "{}}",
    "no bytes of JSON": "\x00\x01",
    "a number": "17",
    "a text": '"resourceSpans"',
    "null": "null",
    "deep": "[" * 100_000,
    "no list": '{"resourceSpans": {}}',
    "numbers": '{"resourceSpans": [3]}',
    "no spans": '{"resourceSpans": [{"scopeSpans": [{"spans": 3}]}]}',
    "no time": request({**GO, "startTimeUnixNano": "soon"}),
    "a negative time": request({**GO, "startTimeUnixNano": "-1"}),
    "end of time": request({**GO, "endTimeUnixNano": "9" * 30}),
    "endless digits": request({**GO, "endTimeUnixNano": "9" * 5000}),
    "a list of times": request({**GO, "endTimeUnixNano": []}),
    "no trace": request({key: value for key, value in GO.items() if key != "traceId"}),
    "a number as ID": request({**GO, "spanId": 3}),
    "an empty ID": request({**GO, "spanId": ""}),
    "attributes": request({**GO, "attributes": {"penstock.step": "go"}}),
}


@pytest.mark.parametrize("line", DAMAGED.values(), ids=DAMAGED)
def test_damaged_lines(line: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damage is left out, and said once, with file and line of the first."""
    file.write_text("\n".join([request(GO), line, request(span("a", 1, 2, "go")), line]))
    assert 0 == main(["evidence", "from-otlp", str(file), "-o", str(tmp_path / "out.json")])
    said = capsys.readouterr().err
    assert f"damaged: skipped 2 malformed lines or spans (first: {file}:2: " in said
    assert (1, True) == (said.count("\n"), len(said) < 400 + len(str(file)))
    assert {"go>a after "} == shown(load(tmp_path / "out.json"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (request(span("x.y", 1, 2)).encode(), "no span belongs to a step. Steps make spans with"),
        (b"not JSON", "no span belongs to a step. Skipped 1 malformed line or span"),
        (b"", "no span belongs to a step"),
        (b"\x28\xb5\x2f\xfd....", "it is compressed with Zstandard. Write: zstd -dc"),
        (None, "cannot be read"),
    ],
    ids=["no step", "damaged", "empty", "zstd", "missing"],
)
def test_files_that_tell_nothing(
    content: bytes | None, expected: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written, and the message says what to do."""
    if content is not None:
        file.write_bytes(content)
    assert 2 == main(["evidence", "from-otlp", str(file), "-o", str(file.with_name("out.json"))])
    assert expected in capsys.readouterr().err
    assert not file.with_name("out.json").exists()


def test_spans_that_show_no_arrow_erase_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spans that have all lost their context do not take the place of evidence that shows something."""
    out = file.with_name("out.json")
    for line, code in ((request(span("a", 1, 2, "go"), GO), 0), (request(span("a", 1, 2, "gone")), 2)):
        file.write_text(line)
        assert code == main(["evidence", "from-otlp", str(file), "-o", str(out)])
    assert "the new evidence shows no edge, so " in capsys.readouterr().err
    assert {"go>a after "} == shown(load(out))


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_standard_input(packed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A dash reads what another program writes, compressed or not."""
    command = [sys.executable, "-m", "penstock", "evidence", "from-otlp", "-", "-o", str(tmp_path / "out.json")]
    subprocess.run(command, input=packed(request(GO).encode()), check=True, timeout=60)
    assert {("f", Seen("go")): 1} == load(tmp_path / "out.json").runs


def test_a_jaeger_span_that_never_ends(tmp_path: Path) -> None:
    """A span that would end after all time is damaged, and left out."""
    tags = [{"key": "penstock.step", "value": "go"}, {"key": "penstock.flow", "value": "f"}]
    one = {"traceID": "7", "spanID": "1", "startTime": 9 * 10**15, "duration": 5, "tags": tags}
    file, damage = tmp_path / "traces.json", Damage()
    file.write_text(json.dumps({"data": [{"spans": [one, {**one, "spanID": "2", "duration": 9 * 10**15}]}]}))
    assert {Orphan("f", Seen("go"), concurrent=False): 1} == read([file], JAEGER, damage).orphans
    assert str(damage).startswith(f"skipped 1 malformed line or span (first: {file}:1: ValueError(")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "resourceSpans",
                        "scopeSpans",
                        "spans",
                        "resource",
                        "attributes",
                        "links",
                        "key",
                        "value",
                        "data",
                        "tags",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_any_json(document: Any) -> None:
    """No document whatever makes a traceback."""
    for kind in (OTLP, JAEGER):
        with pytest.raises(EvidenceError):
            _read_text(json.dumps(document), kind)


def _read_text(text: str, kind: Any) -> Evidence:
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        return read([Path(file.name)], kind, Damage())


def test_jaeger(tmp_path: Path) -> None:
    """What Jaeger exports tells the same: references, microseconds, tags, and processes with their version."""
    spans = [
        {"spanID": "1", "operationName": "go", "startTime": 10, "duration": 100, "references": []},
        {"spanID": "2", "operationName": "a", "startTime": 20, "duration": 5, "references": ["1"]},
        {"spanID": "3", "operationName": "b", "startTime": 25, "duration": 5, "references": ["1"]},
    ]
    for each in spans:
        each |= {"traceID": "7", "processID": "p1"}
        each["references"] = [{"refType": "CHILD_OF", "traceID": "7", "spanID": one} for one in each["references"]]
        each["tags"] = [{"key": "penstock.step", "type": "string", "value": each["operationName"]}]
        each["tags"] += [{"key": "penstock.flow", "type": "string", "value": "f"}]
    spans[0]["tags"] += [{"key": "penstock.entrypoint", "type": "bool", "value": True}]
    spans[2]["tags"] += [{"key": "penstock.flows", "type": "string", "value": '["f","g"]'}]
    process = {"serviceName": "shop", "tags": [{"key": "service.version", "type": "string", "value": "1.2"}]}
    file = tmp_path / "traces.json"
    file.write_text(json.dumps({"data": [{"traceID": "7", "spans": spans, "processes": {"p1": process}}]}, indent=1))
    assert 0 == main(["evidence", "from-jaeger", str(file), "-o", str(tmp_path / "out.json")])
    found = load(tmp_path / "out.json")
    assert {"go>a after ", "go>b after a"} == shown(found)
    assert ({("f", Seen("go")): 1}, {"1.2": "1970-01-01"}) == (found.runs, found.commits)
    assert {Orphan("g", Seen("b"), concurrent=False): 1} == found.orphans


def exported(spans: Iterable[Any]) -> str:
    """Return spans of the SDK as lines of OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding)."""
    return "\n".join(
        request(
            {
                "traceId": f"{each.context.trace_id:032x}",
                "spanId": f"{each.context.span_id:016x}",
                "parentSpanId": f"{each.parent.span_id:016x}" if each.parent else "",
                "name": each.name,
                "startTimeUnixNano": str(each.start_time),
                "endTimeUnixNano": str(each.end_time),
                "attributes": attributes(
                    **{k.replace(".", "_", 1): [*v] if isinstance(v, tuple) else v for k, v in each.attributes.items()}
                ),
            }
        )
        for each in spans
    )


@pytest.fixture
def both() -> Iterator[tuple[EvidenceObserver, Any]]:
    """A recorder and a real exporter, side by side."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from penstock.observers.otel import OpenTelemetryObserver

    exporter, recorder = InMemorySpanExporter(), EvidenceObserver()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with observing(OpenTelemetryObserver(provider)), observing(recorder):
        yield recorder, exporter
    provider.shutdown()


def states(name: str, evidence: Evidence) -> dict[str, tuple[str, str]]:
    """Return the state and the witness of each arrow."""
    edges = judge(get_flow(name), evidence).flow.edges
    return {f"{edge.source}>{edge.target}": (edge.state, edge.witness) for edge in edges}


def test_the_shop_by_spans_and_by_recorder(
    both: tuple[EvidenceObserver, Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example shop gets the same verdict from its spans as from the recorder."""
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "docs/examples/shop")
    for module in [each for each in sys.modules if each.partition(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, module)
    from shop.__main__ import run

    recorder, exporter = both
    (file.parent / "shop").mkdir()
    run(file.parent / "shop")
    found = told(file, exported(exporter.get_finished_spans()))
    for name in ("order_processing", "shipping"):
        assert states(name, recorder.evidence()) == states(name, found)
        assert ("confirmed", "call") in states(name, found).values() or ("confirmed", "order") in states(
            name, found
        ).values()
    assert {(of, seen.step): count for (of, seen), count in recorder.evidence().runs.items()} == {
        (of, seen.step): count for (of, seen), count in found.runs.items()
    }


def test_generators_and_tasks_by_spans_and_by_recorder(both: tuple[EvidenceObserver, Any], file: Path) -> None:
    """The same for generators, tasks, recursion, and a step of two flows."""
    handle = flow("f")

    @handle.step(after="go")
    def rows() -> Iterator[int]:
        yield from range(3)

    @handle.step(after="rows")
    def clean(given: Iterable[int]) -> Iterator[int]:
        yield from given

    @flow("g")
    @step(after="h")
    @flow("f")
    @step(after="clean")
    async def save(number: int) -> None:
        await asyncio.sleep(0)
        if number:
            await save(0)

    @flow("g")
    @entrypoint
    def h() -> None:
        asyncio.run(save(1))

    @handle.entrypoint
    async def go() -> None:
        for number in clean(rows()):
            await save(number)
        await asyncio.gather(save(1), save(2))

    recorder, exporter = both
    asyncio.run(go())
    h()
    found = told(file, exported(exporter.get_finished_spans()))
    for name in ("f", "g"):
        assert states(name, recorder.evidence()) == states(name, found)
        assert {"confirmed"} == {state for state, _ in states(name, found).values()}


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Reading thirty megabytes takes little more than reading three."""
    benchmark = Path(__file__).parents[2] / "benchmarks" / "evidence.py"
    program = (
        "import runpy, sys; made = runpy.run_path(sys.argv[1]); "
        "open(sys.argv[2], 'w').writelines(made['lines'](int(sys.argv[3]) * 10**6))"
    )
    peaks = []
    for size in (3, 30):
        file = tmp_path / f"{size}.jsonl"
        subprocess.run([sys.executable, "-c", program, str(benchmark), str(file), str(size)], check=True, timeout=300)
        reading = (
            "import resource, sys; from penstock.cli.main import main; "
            "main(['evidence', 'from-otlp', sys.argv[1], '-o', sys.argv[1] + '.out']); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", reading, str(file)], check=True, timeout=300, capture_output=True, text=True
        )
        peaks.append(int(done.stdout.split()[-1]))
    assert peaks[1] - peaks[0] < 60_000  # kibibytes; the temporary files keep up to half a megabyte each in memory
