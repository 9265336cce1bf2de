"""What a manifest of others can say, wherever it is read: nothing that is a file, a command, or more than a person reads."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hostile import evil_texts, save
from penstock import manifest
from penstock.cli.main import main
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import Config
from penstock.errors import ManifestError
from penstock.model import Edge, EvidenceSummary, Flow, Numbers, NumbersOrigin, Problem, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from penstock.manifest import Manifest


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Manifest]:
    """Return a function that reads a flow as a manifest of others, or of one's own."""

    def read(flow: Flow, **settings: bool) -> Manifest:
        save(flow, tmp_path / "it.json")
        return collect(CollectPlan.of(Config(project=tmp_path, manifests=(tmp_path / "it.json",), **settings)))

    return read


@pytest.mark.parametrize(
    "file",
    [
        *(
            "../x.py",
            "/etc/passwd.py",
            "a/../../x.py",
            "a/..",
            "..",
            "C:/x.py",
            "C:x.py",
            r"\\host\x.py",
            r"a\..\..\x.py",
        ),
        "\x00../x.py",
        "\u202e/../x.py",
        "x" * 3000,
    ],
)
def test_a_file_that_leaves_the_project_is_none(read, file):
    """Neither place nor lines are told of it."""
    step = Step(name="go", entrypoint=True, file=file, line=3, end_line=5)
    found = read(Flow(name="f", steps=(step,))).flow("f").step("go")
    assert ("", 0, 0) == (found.file, found.line, found.end_line)


@pytest.mark.parametrize("file", ["shop/orders.py", "a..b/x..y.py", "<stdin>", ".hidden/x.py", "straße/x.py"])
def test_a_file_in_the_project_stays(read, file):
    """It is what `penstock export` writes."""
    step = Step(name="go", entrypoint=True, file=file, line=3, end_line=5)
    assert step == read(Flow(name="f", steps=(step,))).flow("f").step("go")


@pytest.mark.parametrize("module", ["../../x", "os/../x", "a b", "a\nimport os", "x;y", "."])
def test_a_module_is_a_name(read, module):
    """What is none is left out."""
    step = Step(name="go", entrypoint=True, module=module, qualname=module, imports=(module,), source_hash="../x")
    found = read(Flow(name="f", steps=(step,))).flow("f").step("go")
    assert ("", (), "") == (found.module, found.imports, found.source_hash)


def test_a_usual_manifest_is_read_as_it_is(read):
    """Only what misleads is changed."""
    steps = (
        Step(
            name="begin",
            title="Begin: the first, „quoted“ — 始める.",
            docstring="Begin::\n\n    code\n\nEnd.",
            signature="(a: int = 3, *, b: 'B[C]' = …) -> None",
            imports=("shop.b.B", "typing as t"),
            module="shop.orders",
            qualname="outer.<locals>.begin",
            file="shop/orders.py",
            line=3,
            end_line=5,
            kind="coroutine",
            entrypoint=True,
            trigger="kafka:orders",
            effects=("postgres:parts",),
            source_hash="0123456789abcdef",
        ),
        Step(name="end"),
    )
    problem = Problem(code="cycle", message="It is.", file="x.py", line=1, step="end")
    edge = Edge(source="begin", target="end", label="if a::b", state="confirmed", witness="call", note="Seen.")
    flow = Flow(name="f", title="F", service="s", tags=("a",), description="One.\n\nTwo.", steps=steps, edges=(edge,))
    flow = replace(
        flow, problems=(problem,), evidence=EvidenceSummary(runs=3, commit="2.1; build 7", date="2026-11-20")
    )
    steps = (replace(steps[0], numbers=Numbers(runs=4, errors=1, p50=0.01, p95=0.02)), steps[1])
    origin = NumbersOrigin(source="production", runs=4, first="2026-11-20", last="2026-11-27")
    flow = replace(flow, steps=steps, edges=(replace(edge, numbers=Numbers(runs=3, share=0.75)),), numbers=origin)
    assert (flow, {"s/f": "it.json"}) == (read(flow).flows[0], read(flow).origins)


def test_what_is_trusted_is_read_as_it_is(read):
    """With ``trust_manifests``, nothing is changed, and no flow has an origin."""
    flow = evil_texts("\x1b[31m../x\x00")
    found = read(flow, trust_manifests=True)
    assert ((flow,), {}) == (found.flows, found.origins)


def test_a_manifest_cannot_claim_to_be_trusted(tmp_path, read):
    """What it says of origins or trust is passed over."""
    read(Flow(name="f", steps=(Step(name="go", entrypoint=True),)))
    content = json.loads((tmp_path / "it.json").read_text())
    claims = {"origins": {}, "trust_manifests": True, "trusted": True}
    content |= claims
    content["flows"][0] |= claims
    (tmp_path / "it.json").write_text(json.dumps(content))
    assert {"f": "it.json"} == collect(
        CollectPlan.of(Config(project=tmp_path, manifests=(tmp_path / "it.json",)))
    ).origins


@pytest.mark.parametrize("day", ["today", "2026-11-20\n%%{init", "<b>2026-11-20</b>", "2026-11-201"])
def test_a_day_is_a_date(read, day):
    """What stands in the place of a day, and is none, is left out."""
    origin = NumbersOrigin(source="production", runs=4, first=day, last="2026-11-27")
    flow = Flow(name="f", steps=(Step(name="go", entrypoint=True),), numbers=origin)
    assert replace(origin, first="") == read(flow).flows[0].numbers


def test_texts_have_a_length(read):
    """A name, a line and a text are as long as a person reads."""
    step = Step(name="n" * 10**6, title="t" * 10**6, docstring="d" * 10**6, signature="s" * 10**6, entrypoint=True)
    found = read(Flow(name="f", steps=(step,), description="x" * 10**6)).flow("f")
    (shown,) = found.steps
    assert [200, 2_000, 20_000, 2_000, 20_000] == [
        len(text) for text in (shown.name, shown.title, shown.docstring, shown.signature, found.description)
    ]


def test_a_signature_that_is_nested_deep_is_left_out(read):
    """What parses it goes down by recursion."""
    step = Step(name="go", entrypoint=True, signature=f"(a={'-' * 1500}1)")
    assert "(...)" == read(Flow(name="f", steps=(step,))).flow("f").step("go").signature


def test_names_that_differ_in_nothing_visible_are_refused(read):
    """The error names the file and the flow."""
    steps = (Step(name="a\x00b", entrypoint=True), Step(name="ab"))
    with pytest.raises(
        ManifestError, match=r"it\.json: two steps of the flow 'f' have names that differ only in invisible characters"
    ):
        read(Flow(name="f", steps=steps))


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"format": "penstock-manifest", "version": "1.1", "flows": [' + "9" * 10_000 + "]}"],
    ids=["nested", "digits"],
)
def test_what_no_reader_bears_is_an_error(tmp_path, content):
    """The error names the file, whatever is wrong with it."""
    (tmp_path / "it.json").write_text(content)
    with pytest.raises(ManifestError, match=r"it\.json"):
        manifest.load(tmp_path / "it.json")


EVIL = [
    "\x1b[2J\x1b]0;title\x07",
    "\n::error file=x::pwned",
    "::stop-commands::pwned",
    "##vso[task.setvariable variable=x]pwned",
    "\r\n##teamcity[pwned]",
    "\u202eevil",
    "\x9b31m",
]


@pytest.mark.parametrize("text", EVIL)
@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("show", "f"),
        ("show", "f", "--paths"),
        ("check",),
        ("check", "-f", "github"),
        ("render", "f", "-f", "text"),
    ],
    ids=" ".join,
)
def test_no_text_is_a_command_of_a_terminal_or_a_log(tmp_path, capfd, text, command):
    """Whatever a command prints, no control character and no line that GitHub or Azure would obey is a manifest's."""
    flow = replace(evil_texts(text), name="f", description=f"{'word ' * 20}{text}")
    save(flow, tmp_path / "it.json", Problem(code="import", message=text, file=text, line=1))
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["it.json"]\n')
    main([command[0], "-C", str(tmp_path), *command[1:]])
    lines = "".join(capfd.readouterr()).split("\n")
    own = "::error title=penstock ", "::error file=", "::notice "
    assert [] == [line for line in lines if not line.isprintable() or "\u202e" in line]
    obeyed = [line for line in lines if line.strip().startswith("::") or "##vso[" in line or "##teamcity[" in line]
    assert [] == [line for line in obeyed if not (command[-1] == "github" and line.startswith(own))]
