"""Files of traces: compressed, damaged, large, and in several formats."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otlp import GO, request, shown, span, told
from penstock.check.evidence import Orphan, Seen, load
from penstock.check.traces.jaeger import JAEGER
from penstock.check.traces.otlp import OTLP
from penstock.check.traces.reader import Damage, read
from penstock.cli.main import main
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.check.evidence import Evidence


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
    subprocess.run(command, input=packed(request(GO).encode()), check=True, timeout=600)
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


def test_jaeger_tells_the_same(tmp_path: Path) -> None:
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


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Reading fifteen megabytes takes little more than reading two."""
    benchmark = Path(__file__).parents[2] / "benchmarks" / "evidence.py"
    program = (
        "import runpy, sys; made = runpy.run_path(sys.argv[1]); "
        "open(sys.argv[2], 'w').writelines(made['lines'](int(sys.argv[3]) * 10**6))"
    )
    peaks = []
    for size in (2, 15):
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
