"""The manifest: the same flows, the same bytes, and nothing lost on the way."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import Edge, Flow, Problem, Step
from penstock.errors import ManifestError, OutputError, UnknownFlowError
from penstock.manifest import Inputs, Manifest, build, dumps, load, loads, merge, save, schema
from penstock.model import Blind, Call, EvidenceSummary, Kind, Numbers, NumbersOrigin
from penstock.model.numbers import NumbersSource
from penstock.model.resource_uses import ResourceUse, StaticTouch

DECLARED = """
from penstock import flow, entrypoint, step

@flow("b", title="B")
@flow("a")
@entrypoint(trigger="http")
def start(x: int = 1) -> None:
    '''Begin.'''

@flow("a")
@step(after={"start": "now"}, effects={"db:two", "db:one", "mail"})
class Work:
    '''Work.'''

@flow("a")
@step(after={"Work", "start", "nobody", "start_"})
async def end(): ...

@step(after=object())
def unclaimed(): ...
"""

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import declared
from penstock import flows, manifest
from penstock._resolve import resolution
sys.stdout.write(manifest.dumps(manifest.build(flows(), resolution.problems(), project=Path(sys.argv[1]), service="s")))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with flows in it."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "declared.py").write_text(DECLARED)
    return project


def collected(folder: Path, seed: str = "0") -> str:
    """Import the project's flows in a process of its own and return their manifest."""
    command = [sys.executable, "-B", "-c", CHILD, str(folder)]
    env = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=600).stdout


def test_the_same_flows_give_the_same_bytes(folder: Path) -> None:
    """Neither the seed of Python's hashes nor the project's folder changes the manifest."""
    moved = folder.with_name("elsewhere")
    moved.mkdir()
    (moved / "declared.py").write_text(DECLARED)
    assert 1 == len({collected(folder, "0"), collected(folder, "1"), collected(moved, "77")})


def test_the_manifest_names_nothing_of_this_machine(folder: Path) -> None:
    """Files are relative to the project, in steps and in problems, messages included."""
    text = collected(folder)
    assert str(folder) not in text
    assert str(Path.home()) not in text
    found = loads(text)
    assert {"declared.py"} == {step.file for flow in found.flows for step in flow.steps}
    everything = [*found.problems, *(problem for flow in found.flows for problem in flow.problems)]
    assert {"declared.py"} == {problem.file for problem in everything}
    assert ["unclaimed", "unknown-after", "unknown-after"] == sorted(problem.code for problem in everything)


def test_the_manifest_follows_its_schema(folder: Path) -> None:
    """What is written is valid, and the schema is one."""
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(collected(folder)), schema())
    jsonschema.validate(json.loads(dumps(Manifest())), schema())


SINCE_1_0 = {
    "imports",
    "calls",
    "blind",
    "touches",
    "evidence",
    "state",
    "witness",
    "note",
    "advice",
    "missing",
    "untested",
    "tests",
    "numbers",
    "uses",
    "helper_hash",
    "refuted",
}


def test_the_schema_knows_every_field() -> None:
    """A field that is added to the model must be added to the schema too."""
    definitions = schema()["$defs"]
    kinds = {
        "flow": Flow,
        "step": Step,
        "edge": Edge,
        "problem": Problem,
        "inputs": Inputs,
        "call": Call,
        "blind": Blind,
        "touch": StaticTouch,
        "evidence": EvidenceSummary,
        "numbers_origin": NumbersOrigin,
        "use": ResourceUse,
    }
    for name, kind in kinds.items():
        fields = {field.name for field in dataclasses.fields(kind)}
        assert fields == set(definitions[name]["properties"]) - {"provenance"}
        assert fields - SINCE_1_0 == set(definitions[name]["required"])
    assert {field.name for field in dataclasses.fields(Numbers)} == set(definitions["numbers"]["properties"])
    assert get_args(Kind) == tuple(definitions["step"]["properties"]["kind"]["enum"])


texts = st.text(st.characters(codec=None), max_size=12).filter(
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
"""Any text, lone surrogates too; two that make a pair are one letter in JSON."""

lines = st.integers(0, 10**6)
seconds = st.none() | st.floats(0, 10**6)
numbers = st.builds(
    Numbers, runs=lines, errors=st.none() | lines, p50=seconds, p95=seconds, share=st.none() | st.floats(0, 1)
)
steps = st.builds(
    Step,
    name=texts,
    title=texts,
    docstring=texts,
    signature=texts,
    imports=texts.map(lambda text: (text,)),
    module=texts,
    qualname=texts,
    file=texts.filter(lambda text: not text.startswith("/")),
    line=lines,
    end_line=lines,
    kind=st.sampled_from(get_args(Kind)),
    entrypoint=st.booleans(),
    trigger=texts,
    effects=st.lists(texts, max_size=3).map(tuple),
    source_hash=st.sampled_from(["", "0123456789abcdef"]),
    numbers=st.none() | numbers,
)
problems = st.lists(st.builds(Problem, code=texts, message=texts, line=lines, step=texts), max_size=2).map(tuple)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Draw a flow of anything."""
    found = draw(st.lists(steps, max_size=4, unique_by=lambda step: step.name))
    ends = st.sampled_from([step.name for step in found]) if found else st.nothing()
    arrows = st.builds(Edge, source=ends, target=ends, label=texts, numbers=st.none() | numbers)
    edges = draw(st.lists(arrows, max_size=4)) if found else []
    sources = st.sampled_from(get_args(NumbersSource))
    text = draw(texts)
    evidence = draw(st.none() | st.builds(EvidenceSummary, runs=lines, commit=texts, date=texts))
    return Flow(
        name=draw(texts) or "f",
        title=text,
        steps=tuple(found),
        edges=tuple(edges),
        problems=draw(problems),
        evidence=evidence,
        numbers=draw(st.none() | st.builds(NumbersOrigin, source=sources, runs=lines, first=texts, last=texts)),
    )


@given(st.lists(flows(), max_size=3, unique_by=lambda flow: flow.name), problems, texts)
def test_nothing_is_lost(found: list[Flow], outside: tuple[Problem, ...], service: str) -> None:
    """Any texts survive writing and reading, as JSON text and as UTF-8 bytes, and what is written is valid."""
    manifest = build(found, outside, project=Path("/nowhere"), service=service, inputs=Inputs(config="c"))
    text = dumps(manifest)
    assert manifest == loads(text.encode().decode())
    assert text == dumps(loads(text))
    jsonschema.validate(json.loads(text), schema())


@pytest.mark.parametrize("version", ["2.0", "10.3", "2"])
def test_a_newer_major_version_is_a_clear_error(version: str) -> None:
    """A reader says what it reads, and what to do."""
    with pytest.raises(ManifestError, match=rf"version {version}, this penstock reads up to 1\.x\. Upgrade penstock\."):
        loads(changed(version=version))


def changed(**changes: object) -> str:
    """Return the text of a manifest with one flow, and some changes."""
    manifest = Manifest(flows=(Flow(name="f", steps=(Step(name="a"),), edges=(Edge(source="a", target="a"),)),))
    return json.dumps({**json.loads(dumps(manifest)), **changes})


def test_a_newer_minor_version_is_read() -> None:
    """Keys that a reader does not know are passed over."""
    content = json.loads(changed(version="1.7", news=[1]))
    content["flows"][0]["news"] = content["flows"][0]["steps"][0]["news"] = {"a": 1}
    assert ("f",) == loads(json.dumps(content)).names


def damaged(path: str, value: object) -> str:
    """Return a manifest in which something else stands at a path; nothing, where the value is `...`."""
    content = json.loads(changed())
    *most, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    place: Any = content
    for part in most:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(content)


DAMAGES = [
    "",
    "[]",
    "nothing",
    "{" * 100_000,
    '{"a":' * 100_000,
    '{"format": "other"}',
    changed(version="x"),
    changed(version=None),
    changed(flows=None),
    changed(flows=[3]),
    changed(service=3),
    changed(inputs=[]),
    changed(problems=[{"code": "x"}]),
    damaged("flows", ...),
    damaged("inputs/files", ...),
    damaged("inputs/files", {"a.py": 3}),
    damaged("flows/0/name", ...),
    damaged("flows/0/name", 3),
    damaged("flows/0/title", None),
    damaged("flows/0/steps/0/name", ["a"]),
    damaged("flows/0/steps/0/line", "3"),
    damaged("flows/0/steps/0/effects", "db"),
    damaged("flows/0/steps/0/effects", [3]),
    damaged("flows/0/steps/0/entrypoint", 1),
    damaged("flows/0/steps", {"a": 1}),
    damaged("flows/0/edges/0/source", "nobody"),
    damaged("flows/0/edges/0/target", None),
    damaged("flows/0/steps", [{"name": "a"}, {"name": "a"}]),
    damaged("flows/0/numbers", 3),
    damaged("flows/0/numbers", {"source": "tests"}),
    damaged("flows/0/steps/0/numbers", {"runs": -1}),
    damaged("flows/0/steps/0/numbers", {"runs": 10**400}),
    damaged("flows/0/steps/0/numbers", {"runs": 1, "p50": float("nan")}),
    damaged("flows/0/steps/0/numbers", {"runs": 1, "p95": 10**400}),
    damaged("flows/0/steps/0/numbers", {"runs": 1, "p50": "12 ms"}),
    damaged("flows/0/edges/0/numbers", {"runs": 1, "share": 1.5}),
]


def test_numbers_of_a_newer_source_have_an_unknown_one() -> None:
    """The numbers of runs that only a newer version can name are shown without the name."""
    content = json.loads(changed())
    content["flows"][0]["numbers"] = {"source": "staging", "runs": 3}
    assert NumbersOrigin(source="", runs=3) == loads(json.dumps(content)).flows[0].numbers


def test_numbers_that_are_not_known_take_no_room() -> None:
    """A manifest of flows without numbers has no key for them, and numbers have only those that are known."""
    assert "numbers" not in changed()
    step = Step(name="a", numbers=Numbers(runs=3, errors=0))
    content = json.loads(dumps(Manifest(flows=(Flow(name="f", steps=(step,)),))))
    assert {"runs": 3, "errors": 0} == content["flows"][0]["steps"][0]["numbers"]


@pytest.mark.parametrize("text", DAMAGES, ids=lambda text: text[:20])
def test_a_damaged_manifest_is_one_error(text: str, tmp_path: Path) -> None:
    """Whatever is wrong with a file, there is one kind of error, and it names the file."""
    file = tmp_path / "flows.json"
    file.write_text(text)
    with pytest.raises(ManifestError) as caught:
        load(file)
    assert file == caught.value.path
    assert str(caught.value).startswith(f"{file}: ")
    assert 400 > len(str(caught.value))


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), (b"\xff\xfe", "UTF-8")])
def test_an_unreadable_file_is_the_same_error(content: bytes | None, why: str, tmp_path: Path) -> None:
    """A missing file and one that is no text are told apart from a damaged manifest."""
    file = tmp_path / "flows.json"
    if content:
        file.write_bytes(content)
    with pytest.raises(ManifestError, match=rf"flows\.json: cannot read the manifest: .*{why}"):
        load(file)


def of(*names: str, service: str = "", title: str = "") -> Manifest:
    """Return a manifest with flows of those names."""
    return build([Flow(name=name, title=title) for name in names], project=Path(), service=service)


def test_several_manifests_are_merged() -> None:
    """All flows are there, sorted by service and name; a flow that two have alike is there once."""
    merged = merge([of("z", service="b"), of("c", "a"), of("a"), of("a", service="a")])
    assert ["a", "c", "a/a", "b/z"] == [flow.full_name for flow in merged.flows]
    assert ("a", "a/a", "c", "z") == merged.names


def test_problems_are_merged_too() -> None:
    """What is wrong outside the flows stays, once."""
    problem = Problem(code="c", message="m")
    assert (problem,) == merge([build([], [problem], project=Path()) for _ in "ab"]).problems


def test_two_flows_of_one_name_in_one_service_are_an_error() -> None:
    """Contradictions are told with their cure."""
    with pytest.raises(ManifestError, match=r"two manifests have different flows named 'a'\. Give each .* `service`"):
        merge([of("a", title="one"), of("a", title="two")])


def test_a_name_that_two_services_share_must_be_told_apart() -> None:
    """The bare name is an error that lists the full ones; these work, as does a bare name that only one has."""
    merged = merge([of("order", "pay", service="shop"), of("order", service="billing")])
    with pytest.raises(
        ManifestError, match="several services have a flow 'order'; name the service: billing/order or shop/order"
    ):
        merged.flow("order")
    assert "billing" == merged.flow("billing/order").service
    assert "shop" == merged.flow("pay").service
    assert merged.flow("pay") is merged.flow("shop/pay")


def test_an_unknown_flow_lists_what_there_is() -> None:
    """The error offers the shortest names that are not ambiguous."""
    merged = merge([of("order", "pay", service="shop"), of("order", service="billing")])
    with pytest.raises(UnknownFlowError) as caught:
        merged.flow("billing/ordr")
    assert ("billing/order", "pay", "shop/order") == caught.value.known
    assert "billing/order" == caught.value.near[0]


def test_saved_and_loaded(tmp_path: Path) -> None:
    """A file gives the manifest back; folders are made as needed."""
    file = tmp_path / "new" / "folder" / "flows.json"
    save(of("ä"), file)
    assert of("ä") == load(file)
    assert [file] == list(file.parent.iterdir())


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    """Writing through a symbolic link replaces what it points to; a new file has the usual permissions."""
    real, link, new = tmp_path / "real.json", tmp_path / "link.json", tmp_path / "new.json"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    save(of("a"), link)
    save(of("a"), new)
    assert link.is_symlink()
    assert of("a") == load(real)
    (tmp_path / "plain").write_text("")
    assert (0o640, (tmp_path / "plain").stat().st_mode) == (real.stat().st_mode & 0o777, new.stat().st_mode)


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """A pipe (as /dev/null and /dev/stdout) gets the bytes and stays what it is."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    save(of("a"), pipe)
    reader.join(10)
    assert of("a") == loads(got[0].decode())
    assert pipe.is_fifo()


UNWRITABLE = [
    pytest.param(lambda folder: folder, id="a folder"),
    pytest.param(
        lambda folder: (folder / "file").write_text("x") and folder / "file" / "flows.json", id="below a file"
    ),
    pytest.param(lambda folder: folder / ("x" * 300), id="too long a name"),
    pytest.param(lambda folder: folder / "null\0.json", id="a null in the name"),
    pytest.param(lambda folder: Path("/proc/flows.json"), id="no place for files"),
]


@pytest.mark.parametrize("where", UNWRITABLE)
def test_a_place_that_cannot_be_written_is_one_error(where: Any, tmp_path: Path) -> None:
    """The error names the file and the reason, and no temporary file stays behind."""
    file = where(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match=r"^cannot write "):
        save(of("a"), file)
    assert before == sorted(tmp_path.iterdir())


def test_an_interrupt_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle keeps what was there."""
    file = tmp_path / "flows.json"
    file.write_text("old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(of("a"), file)
    assert ("old", [file]) == (file.read_text(), list(tmp_path.iterdir()))


WRITING = """
import sys
from pathlib import Path
from penstock import Flow
from penstock.manifest import build, save
both = [build([Flow(name=name, description=name * 3_000_000)], project=Path()) for name in "ab"]
print("ready", flush=True)
while True:
    for manifest in both:
        save(manifest, Path(sys.argv[1]))
"""


def test_a_kill_while_writing_never_leaves_a_part(tmp_path: Path) -> None:
    """Whoever reads during and after a kill finds a whole manifest."""
    file = tmp_path / "flows.json"
    for pause in (0.0, 0.013, 0.029):
        with subprocess.Popen([sys.executable, "-c", WRITING, str(file)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            while not file.exists():
                assert child.poll() is None
            threading.Event().wait(pause)
            assert load(file).names in (("a",), ("b",))
            child.send_signal(signal.SIGKILL)
        assert load(file).names in (("a",), ("b",))


def read_old(provenance: object, version: str = "1.1") -> EvidenceSummary | None:
    """Return the evidence of a flow that an older version wrote."""
    content = json.loads(dumps(Manifest(flows=(Flow(name="f"),))))
    content["version"] = version
    content["flows"][0].pop("evidence")
    content["flows"][0] |= {} if provenance is None else {"provenance": provenance}
    (flow,) = loads(json.dumps(content)).flows
    return flow.evidence


@pytest.mark.parametrize(
    ("provenance", "evidence"),
    [
        ("", None),
        ("0 of 0 arrows confirmed", EvidenceSummary()),
        ("2 of 2 arrows confirmed by the code; 1 not declared", EvidenceSummary()),
        ("1 of 2 arrows confirmed, 1 of them by the code alone; 1 not exercised", EvidenceSummary()),
        ("1 of 1 arrow confirmed by 1 run", EvidenceSummary(runs=1)),
        ("1 of 2 arrows confirmed by 340 runs on 2026-11-20; 1 outdated", EvidenceSummary(runs=340, date="2026-11-20")),
        (
            "2 of 9 arrows confirmed by 1,234 runs at 2.1; build 7, 2026-11-20, 1 of them by the code alone; 1 outdated",
            EvidenceSummary(runs=1234, commit="2.1; build 7", date="2026-11-20"),
        ),
        ("Seen by the auditors.", EvidenceSummary()),
    ],
)
def test_version_1_1(provenance: str, evidence: EvidenceSummary | None) -> None:
    """The sentence of version 1.1 is read as the record that replaced it."""
    assert evidence == read_old(provenance)


def test_version_1_0() -> None:
    """A flow of version 1.0 was not checked."""
    assert read_old(None, "1.0") is None


@pytest.mark.parametrize("evidence", [3, "x", [1], {"runs": "3"}, {"runs": True}, {"commit": None}])
def test_evidence_of_another_type(evidence: object) -> None:
    """Evidence that is no record is a damaged manifest."""
    content = json.loads(dumps(Manifest(flows=(Flow(name="f"),))))
    content["flows"][0]["evidence"] = evidence
    with pytest.raises(ManifestError, match="the manifest is damaged"):
        loads(json.dumps(content))
